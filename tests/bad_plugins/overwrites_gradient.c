/* overwrites_gradient: its backward pass sets the gradient instead of adding to it, so that only
 * the last chunk of rows counts. `slope test`: "rows are independent". */
#include "simple_model.h"

#include <string.h>

static void backward(const slope_model_call *call)
{
    const size_t count = call->shape.features * call->shape.outputs;
    memset(call->gradient + call->offsets[0], 0, count * sizeof *call->gradient);
    add_gradient(call);
}

SLOPE_PLUGIN(slope_model) = {SIMPLE_MODEL("overwrites_gradient"), .tensors = one_tensor,
                             .forward = scores, .backward = backward};
