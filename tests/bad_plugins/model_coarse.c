/* model_coarse: gives larger scores in float64. `slope test`: "precisions agree". */
#include "simple_model.h"

static void longer(real *values, size_t count)
{
    for (size_t i = 0; SLOPE_REAL_BITS == 64 && i < count; ++i) values[i] *= (real)1.01;
}

static void forward(const slope_model_call *call)
{
    scores(call);
    longer(call->scores, call->rows * call->shape.outputs);
}

static void backward(const slope_model_call *call)
{
    longer(call->score_gradient, call->rows * call->shape.outputs);
    add_gradient(call);
}

SLOPE_PLUGIN(slope_model) = {SIMPLE_MODEL("model_coarse"), .tensors = one_tensor,
                             .forward = forward, .backward = backward};
