/* sampler_outside: writes in front of its points. `slope test`: "writes its points only". */
#include "simple_sampler.h"

static slope_status sample(const slope_sampler_call *call)
{
    const size_t n = call->dimension_count;
    for (size_t i = 0; i < call->count; ++i)
        for (size_t d = 0; d < n; ++d)
            call->points[i * n + d] = place_in(call, d, uniform(call, d, call->first + i));
    call->points[-1] = 0;
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {.plugin = {SIMPLE_HEAD("sampler_outside")},
                               .needs_count = true,
                               .count = no_end,
                               .sample = sample};
