/* trusts_losses: the mean of its candidates, weighted by their losses, even where these are not
 * numbers. `slope test`: "survives what is not finite". */
#include <slope/optimizer.h>

typedef struct config {
    int64_t population;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, population, "16", SLOPE_AT_LEAST(1), "candidates in each step"),
};

static slope_status propose(const slope_population *call)
{
    for (size_t k = 0; k < call->count; ++k) {
        call->host->normal(call->host, SLOPE_FOR_CANDIDATES, call->step, k * call->n, call->n,
                           call->candidates[k]);
        for (size_t i = 0; i < call->n; ++i)
            call->candidates[k][i] = call->weights[i] + (real)0.25 * call->candidates[k][i];
    }
    return SLOPE_OK;
}

static slope_status mix(const slope_population *call)
{
    double sum = 0;
    for (size_t k = 0; k < call->count; ++k) sum += 1 / (1 + call->losses[k]);
    for (size_t i = 0; i < call->n; ++i) {
        double mean = 0;
        for (size_t k = 0; k < call->count; ++k)
            mean += (double)call->candidates[k][i] / (1 + call->losses[k]);
        call->weights[i] = (real)(mean / sum);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "trusts_losses",
               .version = "1.0", .summary = "a weighted mean of candidates",
               .description = "Wrong on purpose.", SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_POPULATION,
    .count_parameter = "population",
    .propose = propose,
    .select = mix,
};
