/* rounds_up: rounds to the nearest choice, and so at times to one past the last. `slope test`:
 * "stays inside the space". */
#include "simple_sampler.h"

static slope_status sample(const slope_sampler_call *call)
{
    const size_t n = call->dimension_count;
    for (size_t i = 0; i < call->count; ++i)
        for (size_t d = 0; d < n; ++d) {
            const double choices = (double)slope_dimension_at(call, d)->choices;
            const double u = uniform(call, d, call->first + i);
            call->points[i * n + d] = choices > 0 ? round(u * choices) : u;
        }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SIMPLE_HEAD("rounds_up")}, .needs_count = true, .count = no_end, .sample = sample};
