/* amsgrad: adam whose divisor never shrinks, which mends its proof of convergence.
 *
 *     g <- g + weight_decay · w
 *     m <- beta1 · m + (1 - beta1) · g
 *     v <- beta2 · v + (1 - beta2) · g²
 *     u <- max(u, v)
 *     w <- w - learning_rate · m̂ / (√û + epsilon),    m̂ = m / (1 - beta1ᵗ),  û = u / (1 - beta2ᵗ)
 *
 * S. J. Reddi, S. Kale and S. Kumar, "On the Convergence of Adam and Beyond", ICLR 2018. The
 * formula of torch.optim.Adam with amsgrad=True; the paper leaves the bias corrections out.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.001", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.999", SLOPE_IN_0_1, "decay of the mean square"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-8", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_square", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"greatest_mean_square", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const double correction1 = 1 - slope_power(c->beta1, call->step);
    const double correction2 = 1 - slope_power(c->beta2, call->step);
    const real rate = (real)(call->learning_rate / correction1);
    const real scale = (real)(1 / sqrt(correction2)); /* √û = √u · scale */
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1);
    const real keep2 = (real)c->beta2, take2 = (real)(1 - c->beta2);
    const real epsilon = (real)c->epsilon, decay = (real)c->weight_decay;
    real *restrict w = call->weights, *restrict m = call->slots[0], *restrict v = call->slots[1];
    real *restrict u = call->slots[2];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        m[i] = keep1 * m[i] + take1 * g;
        v[i] = keep2 * v[i] + take2 * g * g;
        u[i] = v[i] > u[i] ? v[i] : u[i];
        w[i] -= rate * m[i] / (slope_sqrt(u[i]) * scale + epsilon);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "amsgrad", .version = "1.0",
               .summary = "adam with a divisor that never shrinks",
               .description = "g <- g + weight_decay * w\n"
                              "m <- beta1 * m + (1 - beta1) * g,   mhat = m / (1 - beta1^t)\n"
                              "v <- beta2 * v + (1 - beta2) * g^2\n"
                              "u <- max(u, v), uhat = u / (1 - beta2^t)\n"
                              "w <- w - learning_rate * mhat / (sqrt(uhat) + epsilon)\n"
                              "Reddi, Kale and Kumar 2018; torch.optim.Adam, amsgrad=True.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
