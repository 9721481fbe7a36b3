/* other_in_double: another rule in float64. `slope test`: "precisions agree". */
#include "simple_rule.h"

static slope_status update(const slope_update *call)
{
    slope_update longer = *call;
    longer.learning_rate *= SLOPE_REAL_BITS == 64 ? 1.01 : 1.0;
    return descend(&longer);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("other_in_double"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
