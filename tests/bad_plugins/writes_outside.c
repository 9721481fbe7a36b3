/* writes_outside: one element too many. Loads without complaint; the conformance tests must find it. */
#include "simple_rule.h"

static slope_status update(const slope_update *call)
{
    real *w = call->weights;
    const slope_status status = descend(call);
    w[call->n] += 1;
    return status;
}

SLOPE_PLUGIN(slope_optimizer) = {
    SIMPLE_PLUGIN("writes_outside"), .scope = SLOPE_SCOPE_ELEMENT, .update = update};
