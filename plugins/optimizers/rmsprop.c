/* rmsprop: steps divided by a running root mean square of the gradient.
 *
 *     g <- g + weight_decay · w
 *     s <- alpha · s + (1 - alpha) · g²
 *     a <- alpha · a + (1 - alpha) · g,   d = s - a²       (centered; otherwise d = s)
 *     v <- momentum · v + g / (√d + epsilon)
 *     w <- w - learning_rate · v
 *
 * T. Tieleman and G. Hinton, "Lecture 6.5 - RMSProp", COURSERA: Neural Networks for Machine
 * Learning, 2012; centered: A. Graves, "Generating Sequences With Recurrent Neural Networks", arXiv
 * 1308.0850, 2013. The formula of torch.optim.RMSprop, but for one thing: where rounding makes the
 * variance s - a² negative it counts as 0 here, and would be nan there.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, alpha, epsilon, weight_decay, momentum;
    bool centered;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.01", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, alpha, "0.99", SLOPE_IN_0_1, "decay of the mean square"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-8", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
    SLOPE_PARAM_NUMBER(config, momentum, "0", SLOPE_IN_0_1, "how much of the velocity is kept"),
    SLOPE_PARAM_BOOL(config, centered, "false", "divide by the standard deviation instead"),
};

static const slope_slot slots[] = {{"mean_square", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"velocity", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate, decay = (real)c->weight_decay;
    const real keep = (real)c->alpha, take = (real)(1 - c->alpha);
    const real momentum = (real)c->momentum, epsilon = (real)c->epsilon;
    const real center = c->centered ? 1 : 0;
    real *restrict w = call->weights, *restrict s = call->slots[0];
    real *restrict a = call->slots[1], *restrict v = call->slots[2];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        s[i] = keep * s[i] + take * g * g;
        a[i] = center * (keep * a[i] + take * g);
        const real d = s[i] - a[i] * a[i];
        v[i] = momentum * v[i] + g / (slope_sqrt(d < 0 ? 0 : d) + epsilon);
        w[i] -= rate * v[i];
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "rmsprop", .version = "1.0",
               .summary = "steps divided by a running root mean square",
               .description = "g <- g + weight_decay * w\n"
                              "s <- alpha * s + (1 - alpha) * g^2\n"
                              "a <- alpha * a + (1 - alpha) * g    (centered; otherwise a = 0)\n"
                              "v <- momentum * v + g / (sqrt(s - a^2) + epsilon)\n"
                              "w <- w - learning_rate * v\n"
                              "Tieleman and Hinton 2012, Graves 2013; torch.optim.RMSprop.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
