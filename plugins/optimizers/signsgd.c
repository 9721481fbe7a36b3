/* signsgd: steps of one size, by the sign of the gradient or of its mean.
 *
 *     g <- g + weight_decay · w
 *     m <- momentum · m + (1 - momentum) · g
 *     w <- w - learning_rate · sign(m)
 *
 * J. Bernstein, Y.-X. Wang, K. Azizzadenesheli and A. Anandkumar, "signSGD: Compressed Optimisation
 * for Non-Convex Problems", ICML 2018, algorithm 1 (momentum 0) and algorithm 2 (signum, momentum
 * 0.9 there).
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, momentum, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.001", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, momentum, "0", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate, decay = (real)c->weight_decay;
    const real keep = (real)c->momentum, take = (real)(1 - c->momentum);
    real *restrict w = call->weights, *restrict m = call->slots[0];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        m[i] = keep * m[i] + take * (gradient[i] + decay * w[i]);
        const real down = m[i] < 0 ? -1 : m[i], sign = m[i] > 0 ? 1 : down; /* nan stays nan */
        w[i] -= rate * sign;
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "signsgd", .version = "1.0",
               .summary = "steps of one size, by the sign of the gradient",
               .description = "g <- g + weight_decay * w\n"
                              "m <- momentum * m + (1 - momentum) * g\n"
                              "w <- w - learning_rate * sign(m)\n"
                              "Bernstein et al. 2018; with momentum: signum.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
