/* random_local_search: tries random steps from where it stands and takes those that lead down.
 *
 *     W′ ~ W + step_size · N(0, 1);   if loss(W′) < loss(W): W <- W′
 *
 * The second strategy of the CS231n notes, "Optimization: Stochastic Gradient Descent" (Stanford,
 * https://cs231n.github.io/optimization-1/), there with step size 0.0001 and one candidate at a
 * time; of several the best counts. The start is itself the first candidate, so it has a loss to
 * beat. Losses of different batches are compared as they are, so it is meant for `batch_size:
 * full`.
 */
#include <slope/optimizer.h>

#include <string.h>

typedef struct config {
    int64_t population;
    double step_size;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, population, "16", SLOPE_AT_LEAST(1.0),
                        "candidates tried in each step"),
    SLOPE_PARAM_NUMBER(config, step_size, "1e-4", SLOPE_POSITIVE,
                       "standard deviation of the change of each weight"),
};

static const slope_slot slots[] = {{"best_loss", SLOPE_PER_MODEL, .copies = 1}};

static slope_status propose(const slope_population *call)
{
    const config *c = call->config;
    const real step = (real)c->step_size;
    const real *restrict w = call->weights;

    for (size_t k = 0; k < call->count; k++) {
        real *restrict next = call->candidates[k];
        call->host->normal(call->host, SLOPE_FOR_CANDIDATES, call->step, k * call->n, call->n,
                           next);
        const real length = call->step == 1 && k == 0 ? 0 : step;
        for (size_t i = 0; i < call->n; i++) next[i] = w[i] + length * next[i];
    }
    return SLOPE_OK;
}

static slope_status keep_best(const slope_population *call)
{
    double *best = call->slots[0];
    if (call->step == 1) *best = INFINITY; /* nothing found yet; a loss of nan or inf never is */
    for (size_t k = 0; k < call->count; k++) {
        if (call->losses[k] < *best) {
            *best = call->losses[k];
            memcpy(call->weights, call->candidates[k], call->n * sizeof *call->weights);
        }
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "random_local_search",
               .version = "1.0", .summary = "tries random steps and takes those that lead down",
               .description =
                   "W' ~ W + step_size * N(0, 1); if loss(W') < loss(W): W <- W'\n"
                   "CS231n, Optimization: Stochastic Gradient Descent. Needs no gradient. "
                   "Give it `batch_size: full`, or it compares losses of different rows.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_POPULATION,
    SLOPE_SLOTS(slots),
    .count_parameter = "population",
    .propose = propose,
    .select = keep_best,
};
