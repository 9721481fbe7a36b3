/* changes_gradient: uses the gradient as its own memory. `slope test`: "writes its slice only". */
#include "simple_rule.h"

static slope_status update(const slope_update *call)
{
    real *gradient = (real *)(uintptr_t)call->gradient;
    const slope_status status = descend(call);
    for (size_t i = 0; i < call->n; ++i) gradient[i] = 0;
    return status;
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("changes_gradient"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
