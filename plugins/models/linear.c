/* linear: the linear score function s = x W + b.
 *
 * One tensor of weights, features × outputs, and one bias per output. With softmax it is
 * multinomial logistic regression, with svm a multiclass support vector machine. Hidden layers: see
 * mlp. */
#include <slope/model.h>

#include <string.h>

enum { WEIGHT, BIAS, TENSORS };

static slope_status tensors(const slope_host *host, const void *config,
                            const slope_model_shape *shape, size_t capacity, slope_tensor *out,
                            size_t *count)
{
    (void)host, (void)config;
    const slope_tensor all[TENSORS] = {
        [WEIGHT] = {.name = "weight",
                    .role = SLOPE_WEIGHT,
                    .rank = 2,
                    .extents = {shape->features, shape->outputs},
                    .fan_in = shape->features,
                    .fan_out = shape->outputs},
        [BIAS] = {.name = "bias", .role = SLOPE_BIAS, .rank = 1, .extents = {shape->outputs}},
    };
    *count = TENSORS;
    if (capacity > 0) memcpy(out, all, (capacity < TENSORS ? capacity : TENSORS) * sizeof *out);
    return SLOPE_OK;
}

static void forward(const slope_model_call *c)
{
    c->host->kernels->affine(c->host, c->rows, c->shape.features, c->shape.outputs, c->x, c->ldx,
                             c->weights + c->offsets[WEIGHT], c->shape.outputs,
                             c->weights + c->offsets[BIAS], SLOPE_IDENTITY, c->scores,
                             c->shape.outputs);
}

static void backward(const slope_model_call *c)
{
    const slope_kernels *k = c->host->kernels;
    k->affine_weights(c->host, c->rows, c->shape.features, c->shape.outputs, c->x, c->ldx,
                      c->score_gradient, c->shape.outputs, c->gradient + c->offsets[WEIGHT],
                      c->shape.outputs);
    k->affine_bias(c->host, c->rows, c->shape.outputs, c->score_gradient, c->shape.outputs,
                   c->gradient + c->offsets[BIAS]);
}

SLOPE_PLUGIN(slope_model) = {
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = "linear", .version = "1.0",
               .summary = "linear scores s = x W + b",
               .description = "s = x W + b with W of features × outputs and b of outputs.\n"
                              "Tensors: weight, bias."},
    .initialisation = "zeros",
    .tensors = tensors,
    .forward = forward,
    .backward = backward,
};
