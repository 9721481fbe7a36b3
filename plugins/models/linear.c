/* linear: the linear score function s = W x + b.
 *
 * One tensor of weights, outputs × features, and one bias per output. With softmax it is
 * multinomial logistic regression, with svm a multiclass support vector machine. Models trained
 * side by side are one product (SLOPE_MODEL_MANY). Hidden layers: see mlp. */
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
                    .extents = {shape->outputs, shape->features},
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
                             c->weights + c->offsets[WEIGHT], c->shape.features,
                             c->weights + c->offsets[BIAS], SLOPE_IDENTITY, c->scores,
                             c->shape.outputs);
}

static void backward(const slope_model_call *c)
{
    c->host->kernels->affine_backward(
        c->host, c->rows, c->shape.features, c->shape.outputs, c->x, c->ldx, c->score_gradient,
        c->shape.outputs, c->gradient + c->offsets[WEIGHT], c->shape.features,
        c->gradient + c->offsets[BIAS], false, NULL, 0, SLOPE_IDENTITY, NULL, 0);
}

/* ---- several at once ------------------------------------------------------------------------- */

enum { AT_ONCE = 64 }; /* what is shared is paid for by fewer */

static void forward_many(size_t count, const slope_model_call *calls)
{
    const real *w[AT_ONCE], *b[AT_ONCE];
    real *scores[AT_ONCE];
    for (size_t first = 0; first < count; first += AT_ONCE) {
        const slope_model_call *c = calls + first;
        const size_t n = count - first < AT_ONCE ? count - first : AT_ONCE;
        for (size_t i = 0; i < n; i++) {
            w[i] = c[i].weights + c[i].offsets[WEIGHT];
            b[i] = c[i].weights + c[i].offsets[BIAS];
            scores[i] = c[i].scores;
        }
        c->host->kernels->affine_many(c->host, n, c->rows, c->shape.features, c->shape.outputs,
                                      c->x, c->ldx, w, c->shape.features, b, SLOPE_IDENTITY, scores,
                                      c->shape.outputs);
    }
}

static void backward_many(size_t count, const slope_model_call *calls, bool separate)
{
    const real *d[AT_ONCE];
    real *w[AT_ONCE], *b[AT_ONCE];
    for (size_t first = 0; first < count; first += AT_ONCE) {
        const slope_model_call *c = calls + first;
        const slope_kernels *k = c->host->kernels;
        const size_t n = count - first < AT_ONCE ? count - first : AT_ONCE, out = c->shape.outputs;
        for (size_t i = 0; i < n; i++) {
            d[i] = c[i].score_gradient;
            w[i] = c[i].gradient + c[i].offsets[WEIGHT];
            b[i] = c[i].gradient + c[i].offsets[BIAS];
        }
        k->affine_weights_many(c->host, n, c->rows, c->shape.features, out, c->x, c->ldx, d, out, w,
                               c->shape.features, separate);
        k->affine_bias_many(c->host, n, c->rows, out, d, out, b, separate);
    }
}

static const void *extension(const char *name)
{
    static const slope_model_many many = {
        .size = sizeof many, .forward = forward_many, .backward = backward_many};
    static const slope_model_rows rows = {.size = sizeof rows};
    if (strcmp(name, SLOPE_MODEL_ROWS) == 0) return &rows;
    return strcmp(name, SLOPE_MODEL_MANY) == 0 ? &many : NULL;
}

SLOPE_PLUGIN(slope_model) = {
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = "linear", .version = "1.0",
               .summary = "linear scores s = W x + b",
               .description = "s = W x + b with W of outputs × features and b of outputs.\n"
                              "Tensors: weight, bias.",
               .extension = extension},
    .initialisation = "zeros",
    .tensors = tensors,
    .forward = forward,
    .backward = backward,
};
