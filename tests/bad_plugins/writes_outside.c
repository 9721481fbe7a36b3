/* writes_outside: one element too many. `slope test`: "writes its slice only". */
#include "simple_rule.h"

static slope_status update(const slope_update *call)
{
    real *w = call->weights;
    if (call->first == 0) w[-1] += 1;
    return descend(call);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("writes_outside"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
