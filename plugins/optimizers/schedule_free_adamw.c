/* schedule_free_adamw: adamw that needs no schedule, as the weights that count are an average.
 *
 *     γ = learning_rate · √(1 - beta2ᵗ)
 *     v <- beta2 · v + (1 - beta2) · g²               g: the gradient at y = (1 - beta1) · z +
 * beta1 · x z <- z - γ · (g / (√v + epsilon) + weight_decay · y) x <- (1 - c) · x + c · z,    c =
 * γₜ² / Σᵢ γᵢ²
 *
 * y is what is trained and x what is evaluated and saved; all three start at the same place. The
 * average takes the part of adam's mean gradient, so there is none.
 *
 * A. Defazio, X. Yang, H. Mehta, K. Mishchenko, A. Khaled and A. Cutkosky, "The Road Less
 * Scheduled", NeurIPS 2024, algorithm 1; the learning rate is the default of the authors' program.
 * Use it with a warm-up if any, but with no decaying schedule.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.0025", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1,
                       "share of the average in the point where gradients are taken"),
    SLOPE_PARAM_NUMBER(config, beta2, "0.999", SLOPE_IN_0_1, "decay of the mean square"),
    SLOPE_PARAM_NUMBER(config, epsilon, "1e-8", SLOPE_NOT_NEGATIVE,
                       "added to the divisor, against division by zero"),
    SLOPE_PARAM_NUMBER(config, weight_decay, "0", SLOPE_NOT_NEGATIVE,
                       "takes learning_rate * weight_decay * y from z, biases included"),
};

enum { Z, X, MEAN_SQUARE, WEIGHT_SUM, SHARE };
static const slope_slot slots[] = {{"z", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"x", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"mean_square", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"weight_sum", SLOPE_PER_MODEL, .copies = 1},
                                   {"share", SLOPE_PER_MODEL, .copies = 1}};

/* γ, by which the steps of the start are held back. */
static double length(const slope_update *call)
{
    const config *c = call->config;
    return call->learning_rate * sqrt(1 - slope_power(c->beta2, call->step));
}

static slope_status begin(const slope_update *call)
{
    double *sum = call->slots[WEIGHT_SUM], *share = call->slots[SHARE];
    const double weight = length(call) * length(call);
    *sum += weight;
    *share = *sum > 0 ? weight / *sum : 0;
    return SLOPE_OK;
}

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const double *share = call->slots[SHARE];
    const real rate = (real)length(call), decay = (real)c->weight_decay;
    const real take = (real)*share;
    const real rest1 = (real)(1 - c->beta1);
    const real keep2 = (real)c->beta2, take2 = (real)(1 - c->beta2);
    const real epsilon = (real)c->epsilon;
    const bool first = call->step == 1;
    real *restrict y = call->weights, *restrict z = call->slots[Z], *restrict x = call->slots[X];
    real *restrict v = call->slots[MEAN_SQUARE];
    const real *restrict g = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real here = first ? y[i] : z[i], average = first ? y[i] : x[i];
        v[i] = keep2 * v[i] + take2 * g[i] * g[i];
        z[i] = here - rate * (g[i] / (slope_sqrt(v[i]) + epsilon) + decay * y[i]);
        x[i] = average + take * (z[i] - average);
        y[i] = x[i] + rest1 * (z[i] - x[i]);
    }
    return SLOPE_OK;
}

static void solution(const slope_update *call, real *out)
{
    const real *x = call->step > 0 ? call->slots[X] : call->weights;
    for (size_t i = 0; i < call->n; i++) out[i] = x[i];
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "schedule_free_adamw",
               .version = "1.0", .summary = "adamw that averages its weights instead of a schedule",
               .description =
                   "y = (1 - beta1) * z + beta1 * x: where the gradient g is taken\n"
                   "v <- beta2 * v + (1 - beta2) * g^2, gamma = learning_rate * sqrt(1 - beta2^t)\n"
                   "z <- z - gamma * (g / (sqrt(v) + epsilon) + weight_decay * y)\n"
                   "x <- (1 - c) * x + c * z, c = gamma^2 / sum of gamma^2\n"
                   "x is evaluated and saved. Defazio et al. 2024. Wants no decaying schedule.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .begin = begin,
    .update = update,
    .solution = solution,
};
