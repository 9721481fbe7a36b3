/* trusts_results: moves by the mean of all results, also of trials that have none. `slope test`:
 * "bears trials that failed". */
#include "simple_sampler.h"

typedef struct config {
    int64_t round;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, round, "8", SLOPE_AT_LEAST(1), "trials that are placed at a time"),
};

static slope_status sample(const slope_sampler_call *call)
{
    const size_t n = call->dimension_count;
    double shift = 0;
    for (size_t i = 0; i < call->finished_count; ++i)
        shift += call->finished_values[i] / (double)call->finished_count;
    for (size_t i = 0; i < call->count; ++i)
        for (size_t d = 0; d < n; ++d) {
            const double u = uniform(call, d, call->first + i) + shift;
            call->points[i * n + d] = place_in(call, d, u - floor(u));
        }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SIMPLE_HEAD("trusts_results"), SLOPE_PARAMETERS(parameters, config)},
    .needs_count = true,
    .round_parameter = "round",
    .count = no_end,
    .sample = sample};
