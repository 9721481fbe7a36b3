/* nadam: adam with Nesterov's look ahead, and a momentum that grows during the run.
 *
 *     g <- g + weight_decay · w
 *     m <- beta1 · m + (1 - beta1) · g
 *     v <- beta2 · v + (1 - beta2) · g²,    v̂ = v / (1 - beta2ᵗ)
 *     μ(k) = beta1 · (1 - 0.96^(k · momentum_decay) / 2),    Π(t) = μ(1) · … · μ(t)
 *     d = (1 - μ(t)) / (1 - Π(t)) · g + μ(t+1) / (1 - Π(t+1)) · m
 *     w <- w - learning_rate · d / (√v̂ + epsilon)
 *
 * T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016. The formula that
 * torch.optim.NAdam documents (PyTorch 1.13 itself counts μ(t) twice in Π(t+1); later ones do not).
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, epsilon, weight_decay, momentum_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.002", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.999", SLOPE_IN_0_1, "decay of the mean square"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-8", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
    SLOPE_PARAM_NUMBER(config, momentum_decay, "0.004", SLOPE_BETWEEN(0.0, 1.0),
                       "how fast the momentum rises from half of beta1 to beta1"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_square", SLOPE_PER_ELEMENT, .copies = 1}};

/* μ(t), μ(t+1) and Π(t), from the first step on, since a rule keeps nothing but its slots. Once Π
 * no longer counts beside 1, which is soon, it is left as it is. */
static void momenta(const config *c, uint64_t step, double *now, double *next, double *product)
{
    const double x = -0.040821994520255166 * c->momentum_decay; /* log(0.96) · momentum_decay */
    double fade = 1; /* exp(x) by its Taylor series, good to 1e-17 as |x| <= 0.041 */
    for (int k = 9; k > 0; k--) fade = 1 + x / k * fade;
    double power = fade;
    *product = 1;
    for (uint64_t k = 1; k <= step && *product > 1e-17; k++, power *= fade) {
        *product *= c->beta1 * (1 - power / 2);
    }
    power = slope_power(fade, step);
    *now = c->beta1 * (1 - power / 2);
    *next = c->beta1 * (1 - power * fade / 2);
}

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    double now, next, product;
    momenta(c, call->step, &now, &next, &product);
    const real rate_g = (real)(call->learning_rate * (1 - now) / (1 - product));
    const real rate_m = (real)(call->learning_rate * next / (1 - product * next));
    const real scale =
        (real)(1 / sqrt(1 - slope_power(c->beta2, call->step))); /* √v̂ = √v · scale */
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1);
    const real keep2 = (real)c->beta2, take2 = (real)(1 - c->beta2);
    const real epsilon = (real)c->epsilon, decay = (real)c->weight_decay;
    real *restrict w = call->weights, *restrict m = call->slots[0], *restrict v = call->slots[1];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real g = gradient[i] + decay * w[i];
        m[i] = keep1 * m[i] + take1 * g;
        v[i] = keep2 * v[i] + take2 * g * g;
        w[i] -= (rate_g * g + rate_m * m[i]) / (slope_sqrt(v[i]) * scale + epsilon);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "nadam", .version = "1.0",
               .summary = "adam with Nesterov's look ahead",
               .description =
                   "g <- g + weight_decay * w\n"
                   "m <- beta1 * m + (1 - beta1) * g\n"
                   "v <- beta2 * v + (1 - beta2) * g^2, vhat = v / (1 - beta2^t)\n"
                   "mu(k) = beta1 * (1 - 0.96^(k * momentum_decay) / 2), P(t) = mu(1) ... mu(t)\n"
                   "d = (1 - mu(t)) / (1 - P(t)) * g + mu(t+1) / (1 - P(t+1)) * m\n"
                   "w <- w - learning_rate * d / (sqrt(vhat) + epsilon)\n"
                   "Dozat 2016; torch.optim.NAdam.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
