/* prodigy: adam that finds its own learning rate, from how far the gradients want to go.
 *
 *     m <- beta1 · m + (1 - beta1) · d · g,    v <- beta2 · v + (1 - beta2) · d² · g²
 *     r <- beta3 · r + (1 - beta3) · γ · d² · <g, w₀ - w>,    beta3 = √beta2
 *     s <- beta3 · s + (1 - beta3) · γ · d² · g
 *     w <- w - γ · d · (m / (√v + d · epsilon) + weight_decay · w),    γ = learning_rate
 *     d <- max(d, d_coefficient · r / |s|₁)                            (at first d = initial_d)
 *
 * d is a growing estimate, from below, of the distance from the start to a solution.
 *
 * K. Mishchenko and A. Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", ICML
 * 2024 (arXiv 2306.06101, 2023), algorithm 4; d_coefficient and decoupled weight decay as in the
 * authors' program.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, epsilon, initial_d, d_coefficient, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "1.0", SLOPE_POSITIVE,
                       "factor of the step; meant to stay 1, under a schedule"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.999", SLOPE_IN_0_1, "decay of the mean square"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-8", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, times d, against division by zero"),
    SLOPE_PARAM_NUMBER(config, initial_d, "1e-6", SLOPE_POSITIVE, "first estimate of the distance"),
    SLOPE_PARAM_NUMBER(config, d_coefficient, "1", SLOPE_POSITIVE,
                       "factor of the estimate; what to tune, if anything"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "takes learning_rate * d * weight_decay * w from w, biases included"),
};

enum { MEAN, MEAN_SQUARE, WAY, SUM, D, NEXT_D, CORRELATION };
static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_square", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"way", SLOPE_PER_ELEMENT, .copies = 1}, /* w - w₀, see update */
                                   {"gradient_sum", SLOPE_PER_ELEMENT, .copies = 1}, /* s */
                                   {"d", SLOPE_PER_MODEL, .copies = 1},
                                   {"next_d", SLOPE_PER_MODEL, .copies = 1},
                                   {"correlation", SLOPE_PER_MODEL, .copies = 1}}; /* r */

/* d of this step and of the next. In r and s, d is taken over initial_d, whose square float32 could
 * not hold; their quotient is the same. */
static slope_status begin(const slope_update *call)
{
    const config *c = call->config;
    const slope_kernels *k = call->host->kernels;
    double *d = call->slots[D], *next_d = call->slots[NEXT_D], *r = call->slots[CORRELATION];
    *d = call->step == 1 ? c->initial_d : *next_d;
    const double beta3 = sqrt(c->beta2), share = *d / c->initial_d;
    const double weight = (1 - beta3) * call->learning_rate * share * share;
    const real keep = (real)beta3, take = (real)weight;
    real *restrict s = call->slots[SUM];
    const real *restrict g = call->gradient;

    *r = beta3 * *r - weight * k->dot(call->host, call->n, g, call->slots[WAY]);
    for (size_t i = 0; i < call->n; i++) s[i] = keep * s[i] + take * g[i];
    const double size = k->sum_absolute(call->host, call->n, s);
    const double estimate = size > 0 ? c->d_coefficient * *r / size : 0;
    *next_d = estimate > *d ? estimate : *d;
    return SLOPE_OK;
}

/* w - w₀ is added up step by step: a difference would at first be mostly rounding in float32. */
static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const double d = *(const double *)call->slots[D];
    const real rate = (real)(call->learning_rate * d);
    const real decay = (real)(call->learning_rate * d * c->weight_decay);
    const real keep1 = (real)c->beta1, take1 = (real)((1 - c->beta1) * d);
    const real keep2 = (real)c->beta2, take2 = (real)sqrt(1 - c->beta2), scale = (real)d;
    const real epsilon = (real)(d * c->epsilon);
    real *restrict w = call->weights, *restrict m = call->slots[MEAN];
    real *restrict v = call->slots[MEAN_SQUARE], *restrict way = call->slots[WAY];
    const real *restrict g = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real root = take2 * (scale * g[i]);
        m[i] = keep1 * m[i] + take1 * g[i];
        v[i] = keep2 * v[i] + root * root;
        const real step = rate * m[i] / (slope_sqrt(v[i]) + epsilon) + decay * w[i];
        w[i] -= step;
        way[i] -= step;
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin =
        {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "prodigy", .version = "1.0",
         .summary = "adam that finds its own learning rate",
         .description =
             "m <- beta1 * m + (1 - beta1) * d * g, v <- beta2 * v + (1 - beta2) * d^2 * g^2\n"
             "r <- beta3 * r + (1 - beta3) * learning_rate * d^2 * <g, w0 - w>\n"
             "s <- beta3 * s + (1 - beta3) * learning_rate * d^2 * g, beta3 = sqrt(beta2)\n"
             "w <- w - learning_rate * d * (m / (sqrt(v) + d * epsilon) + weight_decay * w)\n"
             "d <- max(d, d_coefficient * r / |s|_1), d = initial_d at first\n"
             "Mishchenko and Defazio 2023. Leave learning_rate 1.",
         SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .begin = begin,
    .update = update,
};
