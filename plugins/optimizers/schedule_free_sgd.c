/* schedule_free_sgd: momentum that needs no schedule, as the weights that count are an average.
 *
 *     z <- z - learning_rate · (g + weight_decay · y)    g: the gradient at y = (1 - beta) · z +
 * beta · x x <- (1 - c) · x + c · z,    c = learning_rateₜ² / Σᵢ learning_rateᵢ²
 *
 * y is what is trained and x what is evaluated and saved; all three start at the same place. With
 * a constant learning rate x is the plain average of all z; while it warms up, long steps count
 * more.
 *
 * A. Defazio, X. Yang, H. Mehta, K. Mishchenko, A. Khaled and A. Cutkosky, "The Road Less
 * Scheduled", NeurIPS 2024: equations 4 to 6, and the weights of its algorithm 1. Use it with a
 * warm-up if any, but with no decaying schedule.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "1.0", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta, "0.9", SLOPE_IN_0_1,
                       "share of the average in the point where gradients are taken"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "adds weight_decay * y to the gradient, biases included"),
};

enum { Z, X, WEIGHT_SUM, SHARE };
static const slope_slot slots[] = {{"z", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"x", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"weight_sum", SLOPE_PER_MODEL, .copies = 1},
                                   {"share", SLOPE_PER_MODEL, .copies = 1}};

static slope_status begin(const slope_update *call)
{
    double *sum = call->slots[WEIGHT_SUM], *share = call->slots[SHARE];
    const double weight = call->learning_rate * call->learning_rate;
    *sum += weight;
    *share = *sum > 0 ? weight / *sum : 0;
    return SLOPE_OK;
}

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const double *share = call->slots[SHARE];
    const real rate = (real)call->learning_rate, decay = (real)c->weight_decay;
    const real take = (real)*share;
    const real rest = (real)(1 - c->beta);
    const bool first = call->step == 1;
    real *restrict y = call->weights, *restrict z = call->slots[Z], *restrict x = call->slots[X];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real here = first ? y[i] : z[i], average = first ? y[i] : x[i];
        z[i] = here - rate * (gradient[i] + decay * y[i]);
        x[i] = average + take * (z[i] - average);
        y[i] = x[i] + rest * (z[i] - x[i]);
    }
    return SLOPE_OK;
}

static void solution(const slope_update *call, real *out)
{
    const real *x = call->step > 0 ? call->slots[X] : call->weights;
    for (size_t i = 0; i < call->n; i++) out[i] = x[i];
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "schedule_free_sgd",
               .version = "1.0", .summary = "sgd that averages its weights instead of a schedule",
               .description =
                   "y = (1 - beta) * z + beta * x: where the gradient g is taken\n"
                   "z <- z - learning_rate * (g + weight_decay * y)\n"
                   "x <- (1 - c) * x + c * z, c = learning_rate^2 / sum of learning_rate^2\n"
                   "x is evaluated and saved. Defazio et al. 2024. Wants no decaying schedule.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .begin = begin,
    .update = update,
    .solution = solution,
};
