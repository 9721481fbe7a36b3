/* nesterov: gradient descent with a velocity that looks one step ahead.
 *
 *     g <- g + weight_decay · w
 *     v <- momentum · v + g
 *     w <- w - learning_rate · (g + momentum · v)
 *
 * Y. Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)",
 * Soviet Mathematics Doklady 27, 1983; in this form, which needs the gradient at w only:
 * I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and
 * momentum in deep learning", ICML 2013. The formula of torch.optim.SGD with nesterov=True.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, momentum, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.001", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, momentum, "0.9", SLOPE_IN_0_1, "how much of the velocity is kept"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"velocity", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate, decay = (real)c->weight_decay;
    const real keep = (real)c->momentum;
    real *restrict w = call->weights, *restrict v = call->slots[0];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        v[i] = keep * v[i] + g;
        w[i] -= rate * (g + keep * v[i]);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "nesterov",
               .version = "1.0", .summary = "gradient descent with Nesterov's accelerated velocity",
               .description =
                   "g <- g + weight_decay * w\n"
                   "v <- momentum * v + g\n"
                   "w <- w - learning_rate * (g + momentum * v)\n"
                   "Nesterov 1983, Sutskever et al. 2013; torch.optim.SGD, nesterov=True.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
