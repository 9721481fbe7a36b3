/* other_major: built against another major version of the contract. Must be refused by its bytes:
 * the constructor, which a load would run, gives itself away. */
#include <slope/plugin.h>

#undef SLOPE_MAJOR
#define SLOPE_MAJOR 7u

#include "simple_rule.h"

#if SLOPE_REAL_BITS == 32 && !defined(SLOPE_VARIANT)
#include <stdio.h>

__attribute__((constructor)) static void give_away(void)
{
    puts("code of a refused plugin ran");
    fflush(stdout);
}
#endif

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("other_major"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
