/* other_rounding: changes the direction of rounding of the whole program when it is loaded. */
#include "simple_rule.h"

#if SLOPE_REAL_BITS == 32 && !defined(SLOPE_VARIANT)
#include <fenv.h>

__attribute__((constructor)) static void round_up(void)
{
    fesetround(FE_UPWARD);
}
#endif

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("other_rounding"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
