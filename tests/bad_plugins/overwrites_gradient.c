/* overwrites_gradient: a linear model without bias whose backward pass sets the gradient instead of
 * adding to it, so that only the last chunk of rows counts. Loads without complaint; the conformance
 * tests must find it. */
#include <slope/model.h>

#include <string.h>

static slope_status tensors(const slope_host *host, const void *config,
                            const slope_model_shape *shape, size_t capacity, slope_tensor *out,
                            size_t *count)
{
    (void)host;
    (void)config;
    *count = 1;
    if (capacity > 0)
        out[0] = (slope_tensor){.name = "weight", .role = SLOPE_WEIGHT, .rank = 2,
                                .extents = {shape->features, shape->outputs},
                                .fan_in = shape->features, .fan_out = shape->outputs};
    return SLOPE_OK;
}

static void forward(const slope_model_call *call)
{
    const slope_model_shape *n = &call->shape;
    call->host->kernels->affine(call->host, call->rows, n->features, n->outputs, call->x, call->ldx,
                                call->weights + call->offsets[0], n->outputs, NULL, SLOPE_IDENTITY,
                                call->scores, n->outputs);
}

static void backward(const slope_model_call *call)
{
    const slope_model_shape *n = &call->shape;
    real *gradient = call->gradient + call->offsets[0];
    memset(gradient, 0, n->features * n->outputs * sizeof *gradient);
    call->host->kernels->affine_weights(call->host, call->rows, n->features, n->outputs, call->x,
                                        call->ldx, call->score_gradient, n->outputs, gradient,
                                        n->outputs);
}

SLOPE_PLUGIN(slope_model) = {
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = "overwrites_gradient",
               .version = "1.0", .summary = "a linear model that forgets chunks of rows",
               .description = "Wrong on purpose."},
    .initialisation = "zeros",
    .tensors = tensors,
    .forward = forward,
    .backward = backward,
};
