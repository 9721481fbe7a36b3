/* adabelief: adam whose divisor is how far gradients stray from their mean, not how large they are.
 *
 *     m <- beta1 · m + (1 - beta1) · g
 *     s <- beta2 · s + (1 - beta2) · (g - m)² + epsilon
 *     w <- w - learning_rate · (m̂ / (√ŝ + epsilon) + weight_decay · w)
 *     m̂ = m / (1 - beta1ᵗ),  ŝ = s / (1 - beta2ᵗ)
 *
 * J. Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients",
 * NeurIPS 2020, algorithm 2, with the decoupled weight decay and the epsilon of the authors'
 * program (epsilon enters s squared in scale, so it is far smaller than adam's).
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.001", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.999", SLOPE_IN_0_1, "decay of the mean squared deviation"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-16", SLOPE_NOT_NEGATIVE,
                       "added to the squared deviation and to the divisor"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "takes learning_rate * weight_decay * w from w, biases included"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"deviation", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const double correction1 = 1 - slope_power(c->beta1, call->step);
    const double correction2 = 1 - slope_power(c->beta2, call->step);
    const real rate = (real)(call->learning_rate / correction1);
    const real scale = (real)(1 / sqrt(correction2)); /* √ŝ = √s · scale */
    const real keep = (real)(1 - call->learning_rate * c->weight_decay);
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1);
    const real keep2 = (real)c->beta2, take2 = (real)(1 - c->beta2);
    const real epsilon = (real)c->epsilon;
    real *restrict w = call->weights, *restrict m = call->slots[0], *restrict s = call->slots[1];
    const real *restrict g = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        m[i] = keep1 * m[i] + take1 * g[i];
        const real stray = g[i] - m[i];
        s[i] = keep2 * s[i] + take2 * stray * stray + epsilon;
        w[i] = keep * w[i] - rate * m[i] / (slope_sqrt(s[i]) * scale + epsilon);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "adabelief",
               .version = "1.0",
               .summary = "adam that trusts gradients which agree with their mean",
               .description =
                   "m <- beta1 * m + (1 - beta1) * g,                 mhat = m / (1 - beta1^t)\n"
                   "s <- beta2 * s + (1 - beta2) * (g - m)^2 + epsilon, shat = s / (1 - beta2^t)\n"
                   "w <- w - learning_rate * (mhat / (sqrt(shat) + epsilon) + weight_decay * w)\n"
                   "Zhuang et al. 2020.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
