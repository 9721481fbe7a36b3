/* dog: gradient descent with distance over gradients as its step; nothing to tune.
 *
 *     r <- max(r, |w - w₀|)                  (at first r = initial_distance · (1 + |w₀|))
 *     G <- G + |g|²                          (at first G = epsilon)
 *     w <- w - learning_rate · r / √G · g,   g <- g + weight_decay · w before all that
 *
 * M. Ivgi, O. Hinder and Y. Carmon, "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size
 * Schedule", ICML 2023, algorithm 1, with the first distance and the epsilon of the authors'
 * program. The paper also averages the weights, which is not done here.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, initial_distance, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "1.0", SLOPE_POSITIVE,
                       "factor of the step; meant to stay 1"),
    SLOPE_PARAM_NUMBER(config, initial_distance, "1e-6", SLOPE_POSITIVE,
                       "first guess of the distance to go, over 1 + |w|"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-8", SLOPE_NOT_NEGATIVE,
                       "where the sum of squared norms starts"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

enum { WAY, FORCE, DISTANCE, SQUARES };
static const slope_slot slots[] = {{"way", SLOPE_PER_ELEMENT, .copies = 1}, /* w - w₀, see update */
                                   {"force", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"distance", SLOPE_PER_MODEL, .copies = 1},
                                   {"sum_of_squares", SLOPE_PER_MODEL, .copies = 1}};

static slope_status begin(const slope_update *call)
{
    const config *c = call->config;
    const slope_kernels *k = call->host->kernels;
    double *distance = call->slots[DISTANCE], *squares = call->slots[SQUARES];
    const real *restrict w = call->weights, *restrict gradient = call->gradient;
    const real decay = (real)c->weight_decay;
    real *restrict g = call->slots[FORCE];

    for (size_t i = 0; i < call->n; i++) g[i] = gradient[i] + decay * w[i];
    if (call->step == 1) {
        *squares = c->epsilon;
        *distance = c->initial_distance * (1 + sqrt(k->sum_squares(call->host, call->n, w)));
    }
    const double way = sqrt(k->sum_squares(call->host, call->n, call->slots[WAY]));
    if (way > *distance) *distance = way;
    *squares += k->sum_squares(call->host, call->n, g);
    return SLOPE_OK;
}

/* w - w₀ is added up step by step: a difference would at first be mostly rounding in float32. */
static slope_status update(const slope_update *call)
{
    const double *distance = call->slots[DISTANCE], *squares = call->slots[SQUARES];
    const double step = *squares == 0 ? 0 : *distance / sqrt(*squares);
    const real rate = (real)(call->learning_rate * step);
    real *restrict w = call->weights, *restrict way = call->slots[WAY];
    const real *restrict g = call->slots[FORCE];

    for (size_t i = 0; i < call->n; i++) {
        w[i] -= rate * g[i];
        way[i] -= rate * g[i];
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "dog", .version = "1.0",
               .summary = "gradient descent by distance over gradients, with nothing to tune",
               .description =
                   "g <- g + weight_decay * w\n"
                   "r <- max(r, |w - w0|), r = initial_distance * (1 + |w0|) at first\n"
                   "G <- G + |g|^2, G = epsilon at first\n"
                   "w <- w - learning_rate * r / sqrt(G) * g\n"
                   "Ivgi, Hinder and Carmon 2023, without their averaging. Leave learning_rate 1.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .begin = begin,
    .update = update,
};
