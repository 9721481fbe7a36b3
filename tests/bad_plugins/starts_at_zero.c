/* starts_at_zero: counts the trials of a call from 0, whatever their numbers are. `slope test`:
 * "places each trial by itself". */
#include "simple_sampler.h"

static slope_status sample(const slope_sampler_call *call)
{
    const size_t n = call->dimension_count;
    for (size_t i = 0; i < call->count; ++i)
        for (size_t d = 0; d < n; ++d)
            call->points[i * n + d] = place_in(call, d, uniform(call, d, i));
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {.plugin = {SIMPLE_HEAD("starts_at_zero")},
                               .needs_count = true,
                               .count = no_end,
                               .sample = sample};
