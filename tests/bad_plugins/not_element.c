/* not_element: says that any slice may be updated on its own, but divides by the length of the
 * gradient in the slice. `slope test`: "slices give the bits of one call". */
#include "simple_rule.h"

static slope_status update(const slope_update *call)
{
    const real *gradient = call->gradient;
    double square = 0;
    for (size_t i = 0; i < call->n; ++i) square += (double)gradient[i] * (double)gradient[i];
    slope_update scaled = *call;
    scaled.learning_rate /= 1 + sqrt(square);
    return descend(&scaled);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("not_element"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
