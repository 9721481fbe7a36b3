/* my_model: a model as somebody outside this project would write it: linear in the features and
 * their squares,
 *
 *     s = W x + V (x ∘ x) + b
 *
 * so that classes may lie inside each other. */
#include <slope/model.h>

#include <string.h>

enum { LINEAR, SQUARE, BIAS, TENSORS };

static slope_status tensors(const slope_host *host, const void *config,
                            const slope_model_shape *shape, size_t capacity, slope_tensor *out,
                            size_t *count)
{
    (void)host, (void)config;
    const slope_tensor weight = {.role = SLOPE_WEIGHT,
                                 .rank = 2,
                                 .extents = {shape->outputs, shape->features},
                                 .fan_in = 2 * shape->features,
                                 .fan_out = shape->outputs};
    slope_tensor all[TENSORS] = {
        weight,
        weight,
        {.name = "bias", .role = SLOPE_BIAS, .rank = 1, .extents = {shape->outputs}}};
    strcpy(all[LINEAR].name, "linear");
    strcpy(all[SQUARE].name, "square");
    *count = TENSORS;
    if (capacity > 0) memcpy(out, all, (capacity < TENSORS ? capacity : TENSORS) * sizeof *out);
    return SLOPE_OK;
}

/* The squares, which backward needs again, and their scores. */
static size_t workspace(const void *config, const slope_model_shape *shape, size_t rows)
{
    (void)config;
    return rows * (shape->features + shape->outputs);
}

static void forward(const slope_model_call *call)
{
    const slope_kernels *kernels = call->host->kernels;
    const size_t in = call->shape.features, out = call->shape.outputs;
    real *squares = call->workspace, *more = squares + call->rows * in;

    for (size_t r = 0; r < call->rows; r++)
        for (size_t i = 0; i < in; i++)
            squares[r * in + i] = call->x[r * call->ldx + i] * call->x[r * call->ldx + i];
    kernels->affine(call->host, call->rows, in, out, call->x, call->ldx,
                    call->weights + call->offsets[LINEAR], in, call->weights + call->offsets[BIAS],
                    SLOPE_IDENTITY, call->scores, out);
    kernels->affine(call->host, call->rows, in, out, squares, in,
                    call->weights + call->offsets[SQUARE], in, NULL, SLOPE_IDENTITY, more, out);
    for (size_t i = 0; i < call->rows * out; i++) call->scores[i] += more[i];
}

static void backward(const slope_model_call *call)
{
    const slope_kernels *kernels = call->host->kernels;
    const size_t in = call->shape.features, out = call->shape.outputs;
    const real *d = call->score_gradient;

    kernels->affine_weights(call->host, call->rows, in, out, call->x, call->ldx, d, out,
                            call->gradient + call->offsets[LINEAR], in);
    kernels->affine_weights(call->host, call->rows, in, out, call->workspace, in, d, out,
                            call->gradient + call->offsets[SQUARE], in);
    kernels->affine_bias(call->host, call->rows, out, d, out, call->gradient + call->offsets[BIAS]);
}

SLOPE_PLUGIN(slope_model) = {
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = "my_model", .version = "0.1",
               .summary = "linear in the features and their squares",
               .description = "s = W x + V (x * x) + b\nTensors: linear, square, bias."},
    .initialisation = "zeros",
    .tensors = tensors,
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
