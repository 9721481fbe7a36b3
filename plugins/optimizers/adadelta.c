/* adadelta: steps in the units of the weights, with no length of step to choose.
 *
 *     g <- g + weight_decay · w
 *     s <- rho · s + (1 - rho) · g²
 *     d = √(a + epsilon) / √(s + epsilon) · g
 *     a <- rho · a + (1 - rho) · d²
 *     w <- w - learning_rate · d
 *
 * M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", arXiv 1212.5701, 2012. The formula of
 * torch.optim.Adadelta; the learning rate, 1 in the paper, is there for schedules.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, rho, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "1", SLOPE_POSITIVE, "scales the steps"),
    SLOPE_PARAM_NUMBER(config, rho, "0.9", SLOPE_IN_0_1, "decay of both mean squares"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-6", SLOPE_NOT_NEGATIVE,
                       "added below both roots; sets the first steps"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"mean_square", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_square_step", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate, decay = (real)c->weight_decay;
    const real keep = (real)c->rho, take = (real)(1 - c->rho), epsilon = (real)c->epsilon;
    real *restrict w = call->weights, *restrict s = call->slots[0], *restrict a = call->slots[1];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        s[i] = keep * s[i] + take * g * g;
        const real d = slope_sqrt(a[i] + epsilon) / slope_sqrt(s[i] + epsilon) * g;
        a[i] = keep * a[i] + take * d * d;
        w[i] -= rate * d;
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "adadelta",
               .version = "1.0",
               .summary = "steps in the units of the weights, with no rate to tune",
               .description = "g <- g + weight_decay * w\n"
                              "s <- rho * s + (1 - rho) * g^2\n"
                              "d = sqrt(a + epsilon) / sqrt(s + epsilon) * g\n"
                              "a <- rho * a + (1 - rho) * d^2\n"
                              "w <- w - learning_rate * d\n"
                              "Zeiler 2012; torch.optim.Adadelta.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
