/* yogi: adam whose mean square moves by a share of g² at most, so that it cannot collapse.
 *
 *     g <- g + weight_decay · w
 *     m <- beta1 · m + (1 - beta1) · g
 *     v <- v - (1 - beta2) · sign(v - g²) · g²      (v starts at initial_accumulator_value)
 *     w <- w - learning_rate · m / (√v + epsilon)
 *
 * M. Zaheer, S. Reddi, D. Sachan, S. Kale and S. Kumar, "Adaptive Methods for Nonconvex
 * Optimization", NeurIPS 2018, algorithm 2. As there, m and v are not corrected for their start
 * (some libraries do correct them).
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, epsilon, initial_accumulator_value, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.01", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.999", SLOPE_IN_0_1, "1 - beta2 is the share of g^2"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-3", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, initial_accumulator_value, "1e-6", SLOPE_NOT_NEGATIVE,
                       "where the mean square starts"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_square", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate, decay = (real)c->weight_decay;
    const real start = (real)(call->step == 1 ? c->initial_accumulator_value : 0);
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1);
    const real take2 = (real)(1 - c->beta2), epsilon = (real)c->epsilon;
    real *restrict w = call->weights, *restrict m = call->slots[0], *restrict v = call->slots[1];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        const real square = g * g, before = v[i] + start;
        const real down = before < square ? -square : before - before; /* nan stays nan */
        m[i] = keep1 * m[i] + take1 * g;
        v[i] = before - take2 * (before > square ? square : down);
        w[i] -= rate * m[i] / (slope_sqrt(v[i]) + epsilon);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "yogi", .version = "1.0",
               .summary = "adam whose mean square moves by a share of g^2 at most",
               .description = "g <- g + weight_decay * w\n"
                              "m <- beta1 * m + (1 - beta1) * g\n"
                              "v <- v - (1 - beta2) * sign(v - g^2) * g^2"
                              "   (v starts at initial_accumulator_value)\n"
                              "w <- w - learning_rate * m / (sqrt(v) + epsilon)\n"
                              "Zaheer et al. 2018.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
