/* adagrad: each weight's step shrinks with the squares of all gradients it has seen.
 *
 *     g <- g + weight_decay · w
 *     s <- s + g²                                  (s starts at initial_accumulator_value)
 *     w <- w - learning_rate / (1 + (t - 1) · lr_decay) · g / (√s + epsilon)
 *
 * J. Duchi, E. Hazan and Y. Singer, "Adaptive Subgradient Methods for Online Learning and
 * Stochastic Optimization", JMLR 12, 2011. The formula of torch.optim.Adagrad.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, lr_decay, initial_accumulator_value, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.01", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, lr_decay, "0", SLOPE_NOT_NEGATIVE,
                       "divides the learning rate by 1 + (step - 1) * lr_decay"),
    SLOPE_PARAM_NUMBER(config, initial_accumulator_value, "0", SLOPE_NOT_NEGATIVE,
                       "where the sum of squared gradients starts"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-10", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"sum_of_squares", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const double slowed = 1 + (double)(call->step - 1) * c->lr_decay;
    const real rate = (real)(call->learning_rate / slowed), decay = (real)c->weight_decay;
    const real start = (real)(call->step == 1 ? c->initial_accumulator_value : 0);
    const real epsilon = (real)c->epsilon;
    real *restrict w = call->weights, *restrict s = call->slots[0];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        s[i] += start + g * g;
        w[i] -= rate * g / (slope_sqrt(s[i]) + epsilon);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "adagrad", .version = "1.0",
               .summary = "steps that shrink with the sum of squared gradients",
               .description =
                   "g <- g + weight_decay * w\n"
                   "s <- s + g^2                  (s starts at initial_accumulator_value)\n"
                   "w <- w - learning_rate / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + epsilon)\n"
                   "Duchi, Hazan and Singer 2011; torch.optim.Adagrad.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
