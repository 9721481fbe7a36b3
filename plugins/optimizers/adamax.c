/* adamax: adam with the greatest gradient of late in place of the root mean square.
 *
 *     g <- g + weight_decay · w
 *     m <- beta1 · m + (1 - beta1) · g
 *     u <- max(beta2 · u, |g| + epsilon)
 *     w <- w - learning_rate / (1 - beta1ᵗ) · m / u
 *
 * D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, section 7.1. The
 * formula of torch.optim.Adamax, which adds epsilon to the gradient's size.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.002", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.999", SLOPE_IN_0_1, "decay of the greatest gradient"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-8", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"greatest", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)(call->learning_rate / (1 - slope_power(c->beta1, call->step)));
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1), keep2 = (real)c->beta2;
    const real epsilon = (real)c->epsilon, decay = (real)c->weight_decay;
    real *restrict w = call->weights, *restrict m = call->slots[0], *restrict u = call->slots[1];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        const real faded = keep2 * u[i], size = (g < 0 ? -g : g) + epsilon;
        m[i] = keep1 * m[i] + take1 * g;
        u[i] = faded > size ? faded : size;
        w[i] -= rate * m[i] / u[i];
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "adamax", .version = "1.0",
               .summary = "adam with the greatest gradient of late as divisor",
               .description = "g <- g + weight_decay * w\n"
                              "m <- beta1 * m + (1 - beta1) * g\n"
                              "u <- max(beta2 * u, |g| + epsilon)\n"
                              "w <- w - learning_rate / (1 - beta1^t) * m / u\n"
                              "Kingma and Ba 2015, section 7.1; torch.optim.Adamax.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
