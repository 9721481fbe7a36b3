/* mlp: a multilayer perceptron, affine layers with a nonlinearity between them.
 *
 *     a_0 = x,  a_l = φ(W_l a_(l-1) + b_l),  s = W_(L+1) a_L + b_(L+1)
 *
 * Backpropagation (Rumelhart, Hinton and Williams 1986) with the derivative of φ taken from its
 * value: relu 1[a > 0], tanh 1 - a², sigmoid a (1 - a). At 0 the derivative of relu is 0. */
#include <slope/model.h>

#include <stdio.h>
#include <string.h>

static const char *const activations[] = {"relu", "tanh", "sigmoid", NULL};
static const slope_activation kernels_name[] = {SLOPE_RELU, SLOPE_TANH, SLOPE_SIGMOID};

typedef struct config {
    slope_integers hidden;
    int64_t activation;
} config;

static const slope_parameter parameters[] = {
    {.key = "hidden",
     .type = SLOPE_INTEGERS,
     .offset = offsetof(config, hidden),
     .fallback = "[100]",
     SLOPE_BETWEEN(1, 1e6),
     .doc = "units of each hidden layer, first to last; [] gives a linear model"},
    SLOPE_PARAM_CHOICE(config, activation, "relu", activations, "nonlinearity after hidden layers"),
};

/* Layers from 0 to hidden.count; the last one gives the scores. */
static size_t inputs(const config *m, const slope_model_shape *shape, size_t layer)
{
    return layer ? (size_t)m->hidden.values[layer - 1] : shape->features;
}

static size_t units(const config *m, const slope_model_shape *shape, size_t layer)
{
    return layer < m->hidden.count ? (size_t)m->hidden.values[layer] : shape->outputs;
}

static slope_status tensors(const slope_host *host, const void *config_,
                            const slope_model_shape *shape, size_t capacity, slope_tensor *out,
                            size_t *count)
{
    const config *m = config_;
    (void)host;
    *count = 2 * (m->hidden.count + 1);
    for (size_t layer = 0; layer <= m->hidden.count && 2 * layer + 2 <= capacity; layer++) {
        const size_t in = inputs(m, shape, layer), width = units(m, shape, layer);
        slope_tensor *weight = &out[2 * layer], *bias = weight + 1;
        *weight = (slope_tensor){.role = SLOPE_WEIGHT,
                                 .rank = 2,
                                 .extents = {width, in},
                                 .fan_in = in,
                                 .fan_out = width};
        *bias = (slope_tensor){.role = SLOPE_BIAS, .rank = 1, .extents = {width}};
        snprintf(weight->name, sizeof weight->name, "layer%zu.weight", layer + 1);
        snprintf(bias->name, sizeof bias->name, "layer%zu.bias", layer + 1);
    }
    return SLOPE_OK;
}

/* Distance between rows of so many units in the workspace. Rows that are a power of two apart would
 * crowd a few sets of the cache, so these are kept an odd number of cache lines apart. */
static size_t row_length(size_t width)
{
    enum { LINE = 64 / sizeof(real) };
    return width % (2 * LINE) == 0 ? width + LINE : width;
}

/* Workspace: the activations of every hidden layer, which backward turns into their gradients. */
static size_t workspace(const void *config_, const slope_model_shape *shape, size_t rows)
{
    const config *m = config_;
    (void)shape;
    size_t reals = 0;
    for (size_t l = 0; l < m->hidden.count; l++)
        reals += rows * row_length((size_t)m->hidden.values[l]);
    return reals;
}

/* Output of hidden layer `layer`. */
static real *activation_of(const slope_model_call *c, size_t layer)
{
    const config *m = c->config;
    real *a = c->workspace;
    for (size_t l = 0; l < layer; l++) a += c->rows * row_length((size_t)m->hidden.values[l]);
    return a;
}

/* Distance between the rows that layer `layer` reads, and between those that it puts out. */
static size_t input_row_length(const slope_model_call *c, size_t layer)
{
    return layer ? row_length(inputs(c->config, &c->shape, layer)) : c->ldx;
}

static size_t output_row_length(const slope_model_call *c, size_t layer)
{
    const config *m = c->config;
    const size_t width = units(m, &c->shape, layer);
    return layer < m->hidden.count ? row_length(width) : width;
}

/* Where layer `layer` puts what it computes. */
static real *output_of(const slope_model_call *c, size_t layer)
{
    const config *m = c->config;
    return layer < m->hidden.count ? activation_of(c, layer) : c->scores;
}

static slope_activation nonlinearity(const config *m, size_t layer)
{
    return layer < m->hidden.count ? kernels_name[m->activation] : SLOPE_IDENTITY;
}

static void forward_from(const slope_model_call *c, size_t layer)
{
    const config *m = c->config;
    for (size_t l = layer; l <= m->hidden.count; l++) {
        const size_t in = inputs(m, &c->shape, l), width = units(m, &c->shape, l);
        c->host->kernels->affine(c->host, c->rows, in, width, l ? activation_of(c, l - 1) : c->x,
                                 input_row_length(c, l), c->weights + c->offsets[2 * l], in,
                                 c->weights + c->offsets[2 * l + 1], nonlinearity(m, l),
                                 output_of(c, l), output_row_length(c, l));
    }
}

static void forward(const slope_model_call *c)
{
    forward_from(c, 0);
}

/* The gradient of what layer `layer` puts out: that of a hidden layer has taken its place. */
static const real *gradient_of(const slope_model_call *c, size_t layer)
{
    const config *m = c->config;
    return layer < m->hidden.count ? activation_of(c, layer) : c->score_gradient;
}

static void backward_layer(const slope_model_call *c, size_t layer, bool separate)
{
    const config *m = c->config;
    const size_t in = inputs(m, &c->shape, layer), width = units(m, &c->shape, layer);
    const size_t ldx = input_row_length(c, layer);
    real *before = layer ? activation_of(c, layer - 1) : NULL;
    c->host->kernels->affine_backward(
        c->host, c->rows, in, width, layer ? before : c->x, ldx, gradient_of(c, layer),
        output_row_length(c, layer), c->gradient + c->offsets[2 * layer], in,
        c->gradient + c->offsets[2 * layer + 1], separate, c->weights + c->offsets[2 * layer], in,
        kernels_name[m->activation], before, ldx);
}

/* All layers but the first. */
static void backward_to_first(const slope_model_call *c, bool separate)
{
    const config *m = c->config;
    for (size_t l = m->hidden.count; l > 0; l--) backward_layer(c, l, separate);
}

static void backward(const slope_model_call *c)
{
    backward_to_first(c, false);
    backward_layer(c, 0, false);
}

/* ---- several at once: their first layers, with one input, are one product -------------------- */

enum { AT_ONCE = 64 }; /* what is shared is paid for by fewer */

static void forward_many(size_t count, const slope_model_call *calls)
{
    const real *w[AT_ONCE], *b[AT_ONCE];
    real *y[AT_ONCE];
    for (size_t first = 0; first < count; first += AT_ONCE) {
        const slope_model_call *c = calls + first;
        const config *m = c->config;
        const size_t n = count - first < AT_ONCE ? count - first : AT_ONCE;
        const size_t width = units(m, &c->shape, 0);
        for (size_t i = 0; i < n; i++) {
            w[i] = c[i].weights + c[i].offsets[0];
            b[i] = c[i].weights + c[i].offsets[1];
            y[i] = output_of(&c[i], 0);
        }
        c->host->kernels->affine_many(c->host, n, c->rows, c->shape.features, width, c->x, c->ldx,
                                      w, c->shape.features, b, nonlinearity(m, 0), y,
                                      output_row_length(c, 0));
        for (size_t i = 0; i < n; i++) forward_from(&c[i], 1);
    }
}

static void backward_many(size_t count, const slope_model_call *calls, bool separate)
{
    const real *d[AT_ONCE];
    real *w[AT_ONCE], *b[AT_ONCE];
    for (size_t first = 0; first < count; first += AT_ONCE) {
        const slope_model_call *c = calls + first;
        const slope_kernels *k = c->host->kernels;
        const size_t n = count - first < AT_ONCE ? count - first : AT_ONCE;
        const size_t width = units(c->config, &c->shape, 0), ldd = output_row_length(c, 0);
        for (size_t i = 0; i < n; i++) {
            backward_to_first(&c[i], separate);
            d[i] = gradient_of(&c[i], 0);
            w[i] = c[i].gradient + c[i].offsets[0];
            b[i] = c[i].gradient + c[i].offsets[1];
        }
        k->affine_weights_many(c->host, n, c->rows, c->shape.features, width, c->x, c->ldx, d, ldd,
                               w, c->shape.features, separate);
        k->affine_bias_many(c->host, n, c->rows, width, d, ldd, b, separate);
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
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = "mlp", .version = "1.0",
               .summary = "multilayer perceptron with relu, tanh or sigmoid units",
               .description = "a_0 = x, a_l = phi(W_l a_(l-1) + b_l), s = W_(L+1) a_L + b_(L+1).\n"
                              "Tensors: layer1.weight, layer1.bias, layer2.weight, …",
               SLOPE_PARAMETERS(parameters, config), .extension = extension},
    .initialisation = "he",
    .tensors = tensors,
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
