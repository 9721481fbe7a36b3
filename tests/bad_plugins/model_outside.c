/* model_outside: writes behind its tensor. `slope test`: "writes only where it may". */
#include "simple_model.h"

static void backward(const slope_model_call *call)
{
    add_gradient(call);
    call->gradient[call->offsets[0] + call->shape.features * call->shape.outputs] = 1;
}

SLOPE_PLUGIN(slope_model) = {SIMPLE_MODEL("model_outside"), .tensors = one_tensor,
                             .forward = scores, .backward = backward};
