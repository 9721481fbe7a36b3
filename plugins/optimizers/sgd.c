/* sgd: plain stochastic gradient descent.
 *
 *     w <- w - learning_rate · (g + weight_decay · w)
 *
 * H. Robbins and S. Monro, "A Stochastic Approximation Method", Annals of Mathematical Statistics
 * 22, 1951. The formula of torch.optim.SGD with momentum 0. With momentum: momentum.c, nesterov.c.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.001", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate, decay = (real)c->weight_decay;
    real *restrict w = call->weights;
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) w[i] -= rate * (gradient[i] + decay * w[i]);
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "sgd", .version = "1.0",
               .summary = "stochastic gradient descent",
               .description = "w <- w - learning_rate * (g + weight_decay * w)\n"
                              "Robbins and Monro 1951; torch.optim.SGD without momentum.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    .update = update,
};
