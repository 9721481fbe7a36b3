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

/* Workspace: the activations of every hidden layer, then two buffers for gradients that take turns.
 */
static size_t widest(const config *m)
{
    size_t width = 0;
    for (size_t l = 0; l < m->hidden.count; l++)
        if ((size_t)m->hidden.values[l] > width) width = (size_t)m->hidden.values[l];
    return width;
}

static size_t workspace(const void *config_, const slope_model_shape *shape, size_t rows)
{
    const config *m = config_;
    (void)shape;
    size_t reals = 2 * rows * widest(m);
    for (size_t l = 0; l < m->hidden.count; l++) reals += rows * (size_t)m->hidden.values[l];
    return reals;
}

/* Output of hidden layer `layer`. */
static real *activation_of(const slope_model_call *c, size_t layer)
{
    const config *m = c->config;
    real *a = c->workspace + 2 * c->rows * widest(m);
    for (size_t l = 0; l < layer; l++) a += c->rows * (size_t)m->hidden.values[l];
    return a;
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
                                 l ? in : c->ldx, c->weights + c->offsets[2 * l], in,
                                 c->weights + c->offsets[2 * l + 1], nonlinearity(m, l),
                                 output_of(c, l), width);
    }
}

static void forward(const slope_model_call *c)
{
    forward_from(c, 0);
}

static void add_layer(const slope_model_call *c, size_t layer, const real *d, bool separate)
{
    const config *m = c->config;
    const slope_kernels *k = c->host->kernels;
    const size_t in = inputs(m, &c->shape, layer), width = units(m, &c->shape, layer);
    const real *x = layer ? activation_of(c, layer - 1) : c->x;
    real *w = c->gradient + c->offsets[2 * layer], *b = c->gradient + c->offsets[2 * layer + 1];
    const size_t ldx = layer ? in : c->ldx;
    if (separate) {
        k->affine_weights_many(c->host, 1, c->rows, in, width, x, ldx, &d, width, &w, in, true);
        k->affine_bias_many(c->host, 1, c->rows, width, &d, width, &b, true);
    } else {
        k->affine_weights(c->host, c->rows, in, width, x, ldx, d, width, w, in);
        k->affine_bias(c->host, c->rows, width, d, width, b);
    }
}

/* All layers but the first. Returns the gradient of what the first one gives. */
static const real *backward_to_first(const slope_model_call *c, bool separate)
{
    const config *m = c->config;
    const real *d = c->score_gradient;
    for (size_t l = m->hidden.count; l > 0; l--) {
        const size_t in = inputs(m, &c->shape, l), width = units(m, &c->shape, l);
        real *e = c->workspace + l % 2 * c->rows * widest(m);
        add_layer(c, l, d, separate);
        c->host->kernels->affine_input(
            c->host, c->rows, in, width, d, width, c->weights + c->offsets[2 * l], in,
            kernels_name[m->activation], activation_of(c, l - 1), in, e, in);
        d = e;
    }
    return d;
}

static void backward(const slope_model_call *c)
{
    add_layer(c, 0, backward_to_first(c, false), false);
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
                                      w, c->shape.features, b, nonlinearity(m, 0), y, width);
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
        const size_t width = units(c->config, &c->shape, 0);
        for (size_t i = 0; i < n; i++) {
            d[i] = backward_to_first(&c[i], separate);
            w[i] = c[i].gradient + c[i].offsets[0];
            b[i] = c[i].gradient + c[i].offsets[1];
        }
        k->affine_weights_many(c->host, n, c->rows, c->shape.features, width, c->x, c->ldx, d,
                               width, w, c->shape.features, separate);
        k->affine_bias_many(c->host, n, c->rows, width, d, width, b, separate);
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
