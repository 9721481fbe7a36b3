/* adan: adam with Nesterov's look ahead, which it takes from the change of the gradient.
 *
 *     d = g - g′                                    (g′: the gradient before; at first g)
 *     m <- beta1 · m + (1 - beta1) · g
 *     v <- beta2 · v + (1 - beta2) · d
 *     n <- beta3 · n + (1 - beta3) · (g + beta2 · d)²
 *     w <- (w - learning_rate · (m̂ + beta2 · v̂) / (√n̂ + epsilon)) / (1 + learning_rate ·
 * weight_decay)
 *
 * X. Xie, P. Zhou, H. Li, Z. Lin and S. Yan, "Adan: Adaptive Nesterov Momentum Algorithm for Faster
 * Optimizing Deep Models", IEEE TPAMI 2024 (arXiv 2208.06677), algorithm 1, as in the authors'
 * program: there the betas are what is kept (1 - β of the paper), and m, v and n are corrected for
 * their start at 0 as in adam.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, beta3, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.001", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.98", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.92", SLOPE_IN_0_1, "decay of the mean change"),
    SLOPE_PARAM_NUMBER(config, beta3, "0.99", SLOPE_IN_0_1, "decay of the mean square"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-8", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "divides w by 1 + learning_rate * weight_decay, biases included"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_change", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_square", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"gradient_before", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const double correction1 = 1 - slope_power(c->beta1, call->step);
    const double correction2 = 1 - slope_power(c->beta2, call->step);
    const double correction3 = 1 - slope_power(c->beta3, call->step);
    const real rate_m = (real)(call->learning_rate / correction1);
    const real rate_v = (real)(call->learning_rate * c->beta2 / correction2);
    const real scale = (real)(1 / sqrt(correction3)); /* √n̂ = √n · scale */
    const real shrink = (real)(1 / (1 + call->learning_rate * c->weight_decay));
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1);
    const real keep2 = (real)c->beta2, take2 = (real)(1 - c->beta2);
    const real keep3 = (real)c->beta3, take3 = (real)(1 - c->beta3);
    const real known = (real)(call->step > 1), epsilon = (real)c->epsilon;
    real *restrict w = call->weights, *restrict m = call->slots[0], *restrict v = call->slots[1];
    real *restrict n = call->slots[2], *restrict before = call->slots[3];
    const real *restrict g = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real change = known * (g[i] - before[i]), ahead = g[i] + keep2 * change;
        m[i] = keep1 * m[i] + take1 * g[i];
        v[i] = keep2 * v[i] + take2 * change;
        n[i] = keep3 * n[i] + take3 * ahead * ahead;
        const real step = (rate_m * m[i] + rate_v * v[i]) / (slope_sqrt(n[i]) * scale + epsilon);
        w[i] = (w[i] - step) * shrink;
        before[i] = g[i];
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "adan", .version = "1.0",
               .summary = "adam with a look ahead from the change of the gradient",
               .description =
                   "d = g - g'                    (g': the gradient before; at first g)\n"
                   "m <- beta1 * m + (1 - beta1) * g,                  mhat = m / (1 - beta1^t)\n"
                   "v <- beta2 * v + (1 - beta2) * d,                  vhat = v / (1 - beta2^t)\n"
                   "n <- beta3 * n + (1 - beta3) * (g + beta2 * d)^2,  nhat = n / (1 - beta3^t)\n"
                   "w <- w - learning_rate * (mhat + beta2 * vhat) / (sqrt(nhat) + epsilon)\n"
                   "w <- w / (1 + learning_rate * weight_decay)\n"
                   "Xie et al. 2024, in the form of the authors' program.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
