/* momentum: gradient descent with a velocity (the heavy ball).
 *
 *     g <- g + weight_decay · w
 *     v <- momentum · v + (1 - dampening) · g      (first step: v <- g)
 *     w <- w - learning_rate · v
 *
 * B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR
 * Computational Mathematics and Mathematical Physics 4, 1964. The formula of torch.optim.SGD, whose
 * velocity does not contain the learning rate and starts at the first gradient, undamped.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, momentum, dampening, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.001", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, momentum, "0.9", SLOPE_IN_0_1, "how much of the velocity is kept"),
    SLOPE_PARAM_NUMBER(config, dampening, "0", SLOPE_BETWEEN(0.0, 1.0),
                       "how much of the gradient is kept out of the velocity"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"velocity", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate, decay = (real)c->weight_decay;
    const real keep = (real)c->momentum, take = (real)(call->step == 1 ? 1 : 1 - c->dampening);
    real *restrict w = call->weights, *restrict v = call->slots[0];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        v[i] = keep * v[i] + take * (gradient[i] + decay * w[i]);
        w[i] -= rate * v[i];
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "momentum",
               .version = "1.0", .summary = "gradient descent with a velocity (heavy ball)",
               .description = "g <- g + weight_decay * w\n"
                              "v <- momentum * v + (1 - dampening) * g    (first step: v <- g)\n"
                              "w <- w - learning_rate * v\n"
                              "Polyak 1964; torch.optim.SGD with momentum.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
