/* double_gradient: its gradient is twice the derivative. `slope test`: "gradient is the
 * derivative". */
#include "simple_model.h"

static void backward(const slope_model_call *call)
{
    const size_t count = call->rows * call->shape.outputs;
    for (size_t i = 0; i < count; ++i) call->score_gradient[i] *= 2;
    add_gradient(call);
}

SLOPE_PLUGIN(slope_model) = {SIMPLE_MODEL("double_gradient"), .tensors = one_tensor,
                             .forward = scores, .backward = backward};
