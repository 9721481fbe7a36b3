/* lamb: adam with a step for each tensor in proportion to the size of its weights, for large
 * batches.
 *
 *     m <- beta1 · m + (1 - beta1) · g,    v <- beta2 · v + (1 - beta2) · g²
 *     u = m̂ / (√v̂ + epsilon) + weight_decay · w,    m̂ = m / (1 - beta1ᵗ),  v̂ = v / (1 - beta2ᵗ)
 *     w <- w - learning_rate · r · u,    r = |w| / |u|, or 1 where one of them is 0
 *
 * |·| is the Euclidean norm over one tensor.
 *
 * Y. You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR
 * 2020, algorithm 2, with the identity for its φ.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.001", SLOPE_POSITIVE,
                       "length of a step, as a share of the norm of the weights"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1, "decay of the mean gradient"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.999", SLOPE_IN_0_1, "decay of the mean square"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-6", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0.01", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the step, biases included"),
};

static const slope_slot slots[] = {{"mean", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_square", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"direction", SLOPE_PER_ELEMENT, .copies = 1}};

/* u, and m and v on the way. */
static void find_direction(const slope_update *call)
{
    const config *c = call->config;
    const real correct1 = (real)(1 / (1 - slope_power(c->beta1, call->step)));
    const real scale =
        (real)(1 / sqrt(1 - slope_power(c->beta2, call->step))); /* √v̂ = √v · scale */
    const real keep1 = (real)c->beta1, take1 = (real)(1 - c->beta1);
    const real keep2 = (real)c->beta2, take2 = (real)(1 - c->beta2);
    const real epsilon = (real)c->epsilon, decay = (real)c->weight_decay;
    const real *restrict w = call->weights, *restrict g = call->gradient;
    real *restrict m = call->slots[0], *restrict v = call->slots[1], *restrict u = call->slots[2];

    for (size_t i = 0; i < call->n; i++) {
        m[i] = keep1 * m[i] + take1 * g[i];
        v[i] = keep2 * v[i] + take2 * g[i] * g[i];
        u[i] = correct1 * m[i] / (slope_sqrt(v[i]) * scale + epsilon) + decay * w[i];
    }
}

static slope_status update(const slope_update *call)
{
    find_direction(call);
    real *restrict w = call->weights;
    const real *restrict u = call->slots[2];
    const slope_kernels *k = call->host->kernels;
    const double weights = k->sum_squares(call->host, call->n, w);
    const double direction = k->sum_squares(call->host, call->n, u);
    const double ratio = weights > 0 && direction > 0 ? sqrt(weights) / sqrt(direction) : 1;
    const real rate = (real)(call->learning_rate * ratio);

    for (size_t i = 0; i < call->n; i++) w[i] -= rate * u[i];
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "lamb", .version = "1.0",
               .summary = "adam with steps in proportion to the weights of each tensor",
               .description =
                   "m <- beta1 * m + (1 - beta1) * g,   mhat = m / (1 - beta1^t)\n"
                   "v <- beta2 * v + (1 - beta2) * g^2, vhat = v / (1 - beta2^t)\n"
                   "u = mhat / (sqrt(vhat) + epsilon) + weight_decay * w\n"
                   "w <- w - learning_rate * |w| / |u| * u, with the norms of one tensor\n"
                   "You et al. 2020. Where a norm is 0 their quotient counts as 1.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_TENSOR,
    SLOPE_SLOTS(slots),
    .update = update,
};
