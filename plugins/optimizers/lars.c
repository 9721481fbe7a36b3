/* lars: momentum with a step for each tensor in proportion to the size of its weights, for large
 * batches.
 *
 *     r = trust_coefficient · |w| / (|g| + weight_decay · |w|), or 1 where |w| or |g| is 0
 *     v <- momentum · v + learning_rate · r · (g + weight_decay · w)
 *     w <- w - v
 *
 * |·| is the Euclidean norm over one tensor.
 *
 * Y. You, I. Gitman and B. Ginsburg, "Large Batch Training of Convolutional Networks", arXiv
 * 1708.03888, 2017, algorithm 1. The paper leaves |w| = 0 open; r = 1 is what programs agree on.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, momentum, trust_coefficient, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "1.0", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, momentum, "0.9", SLOPE_IN_0_1,
                       "share of a step that the next keeps"),
    SLOPE_PARAM_NUMBER(config, trust_coefficient, "0.001", SLOPE_POSITIVE,
                       "length of a step as a share of the norm of the weights"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * w to the gradient, biases included"),
};

static const slope_slot slots[] = {{"velocity", SLOPE_PER_ELEMENT, .copies = 1}};

static double trust(const slope_update *call)
{
    const config *c = call->config;
    const slope_kernels *k = call->host->kernels;
    const double weights = sqrt(k->sum_squares(call->host, call->n, call->weights));
    const double gradient = sqrt(k->sum_squares(call->host, call->n, call->gradient));
    if (!(weights > 0 && gradient > 0)) return 1;
    return c->trust_coefficient * weights / (gradient + c->weight_decay * weights);
}

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)(call->learning_rate * trust(call));
    const real keep = (real)c->momentum, decay = (real)c->weight_decay;
    real *restrict w = call->weights, *restrict v = call->slots[0];
    const real *restrict g = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        v[i] = keep * v[i] + rate * (g[i] + decay * w[i]);
        w[i] -= v[i];
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "lars", .version = "1.0",
               .summary = "momentum with steps in proportion to the weights of each tensor",
               .description =
                   "r = trust_coefficient * |w| / (|g| + weight_decay * |w|), norms of one tensor\n"
                   "v <- momentum * v + learning_rate * r * (g + weight_decay * w)\n"
                   "w <- w - v\n"
                   "You, Gitman and Ginsburg 2017. Where |w| or |g| is 0, r = 1.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_TENSOR,
    SLOPE_SLOTS(slots),
    .update = update,
};
