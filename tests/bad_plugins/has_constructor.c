/* has_constructor: runs code of its own when it is loaded. `slope test`: "runs nothing when it is
 * loaded". */
#include "simple_rule.h"

#if SLOPE_REAL_BITS == 32 && !defined(SLOPE_VARIANT)
static int loads;

__attribute__((constructor)) static void count_loads(void)
{
    ++loads;
}
#endif

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("has_constructor"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
