/* uphill: a sign error: it maximises. `slope test`: "goes downhill". */
#include "simple_rule.h"

static slope_status update(const slope_update *call)
{
    slope_update other = *call;
    other.learning_rate = -call->learning_rate;
    return descend(&other);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("uphill"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
