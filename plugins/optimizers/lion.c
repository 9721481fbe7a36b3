/* lion: steps of one size, by the sign of a blend of the gradient and its mean.
 *
 *     c <- beta1 · m + (1 - beta1) · g
 *     w <- w - learning_rate · (sign(c) + weight_decay · w)
 *     m <- beta2 · m + (1 - beta2) · g
 *
 * X. Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023, algorithm 2. The
 * authors advise a learning rate three to ten times smaller than adamw's, and a weight decay as
 * many times greater.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.0001", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1,
                       "share of the mean in the blend whose sign counts"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.99", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "takes learning_rate * weight_decay * w from w, biases included"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate;
    const real keep = (real)(1 - call->learning_rate * c->weight_decay);
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1);
    const real keep2 = (real)c->beta2, take2 = (real)(1 - c->beta2);
    real *restrict w = call->weights, *restrict m = call->slots[0];
    const real *restrict g = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real blend = keep1 * m[i] + take1 * g[i];
        const real down = blend < 0 ? -1 : blend, sign = blend > 0 ? 1 : down; /* nan stays nan */
        w[i] = keep * w[i] - rate * sign;
        m[i] = keep2 * m[i] + take2 * g[i];
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "lion", .version = "1.0",
               .summary = "steps of one size, by the sign of a blend of gradient and mean",
               .description = "c = beta1 * m + (1 - beta1) * g\n"
                              "w <- w - learning_rate * (sign(c) + weight_decay * w)\n"
                              "m <- beta2 * m + (1 - beta2) * g\n"
                              "Chen et al. 2023.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
