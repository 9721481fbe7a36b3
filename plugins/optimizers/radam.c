/* radam: adam that trusts its divisor only once that rests on enough gradients.
 *
 *     g <- g + weight_decay · w
 *     m <- beta1 · m + (1 - beta1) · g,     m̂ = m / (1 - beta1ᵗ)
 *     v <- beta2 · v + (1 - beta2) · g²
 *     ρ∞ = 2 / (1 - beta2) - 1,    ρ = ρ∞ - 2 t beta2ᵗ / (1 - beta2ᵗ)
 *     w <- w - learning_rate · m̂                                          where ρ <= 5, otherwise
 *     w <- w - learning_rate · r · m̂ · √(1 - beta2ᵗ) / (√v + epsilon),
 *     r² = (ρ - 4)(ρ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ)
 *
 * L. Liu, H. Jiang, P. He, W. Chen, X. Liu, J. Gao and J. Han, "On the Variance of the Adaptive
 * Learning Rate and Beyond", ICLR 2020. The formula of torch.optim.RAdam.
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
                                   {"mean_square", SLOPE_PER_ELEMENT, .copies = 1}};

/* r, or 0 while the divisor is not to be trusted. */
static double rectification(double beta2, uint64_t step, double correction2)
{
    const double limit = 2 / (1 - beta2) - 1;
    const double length = limit - 2 * (double)step * (1 - correction2) / correction2;
    if (length <= 5) return 0;
    return sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
}

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const double correction1 = 1 - slope_power(c->beta1, call->step);
    const double correction2 = 1 - slope_power(c->beta2, call->step);
    const double rectified = rectification(c->beta2, call->step, correction2);
    const bool adaptive = rectified > 0;
    const double mean_rate = call->learning_rate / correction1;
    const real rate = (real)(adaptive ? mean_rate * rectified * sqrt(correction2) : mean_rate);
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1);
    const real keep2 = (real)c->beta2, take2 = (real)(1 - c->beta2);
    const real epsilon = (real)c->epsilon, decay = (real)c->weight_decay;
    real *restrict w = call->weights, *restrict m = call->slots[0], *restrict v = call->slots[1];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        m[i] = keep1 * m[i] + take1 * g;
        v[i] = keep2 * v[i] + take2 * g * g;
        w[i] -= rate * m[i] / (adaptive ? slope_sqrt(v[i]) + epsilon : 1);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "radam", .version = "1.0",
               .summary = "adam that trusts its divisor once it rests on enough gradients",
               .description =
                   "g <- g + weight_decay * w\n"
                   "m <- beta1 * m + (1 - beta1) * g,   mhat = m / (1 - beta1^t)\n"
                   "v <- beta2 * v + (1 - beta2) * g^2, vhat = v / (1 - beta2^t)\n"
                   "rho = rho_inf - 2 t beta2^t / (1 - beta2^t), rho_inf = 2 / (1 - beta2) - 1\n"
                   "rho <= 5: w <- w - learning_rate * mhat, otherwise\n"
                   "w <- w - learning_rate * r * mhat / (sqrt(vhat) + epsilon)\n"
                   "r^2 = (rho - 4)(rho - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho)\n"
                   "Liu et al. 2020; torch.optim.RAdam.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
