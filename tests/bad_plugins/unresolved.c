/* unresolved: calls a function that nobody defines. */
#include "simple_rule.h"

extern double function_that_nobody_defines(double x);

static slope_status update(const slope_update *call)
{
    real *w = call->weights;
    for (size_t i = 0; i < call->n; ++i) w[i] = (real)function_that_nobody_defines(w[i]);
    return descend(call);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("unresolved"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
