/* wide_differs: takes other steps where it is compiled for wider vectors. `slope test`: "gives the
 * same on wider vectors". */
#include "simple_rule.h"

static slope_status update(const slope_update *call)
{
    slope_update longer = *call;
#if defined(SLOPE_VARIANT)
    longer.learning_rate *= 1.000001;
#endif
    return descend(&longer);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("wide_differs"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
