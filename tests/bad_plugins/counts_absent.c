/* counts_absent: a grid that counts dimensions as if they were always there, so that many of its
 * trials differ in nothing that is. `slope test`: "counts what there is". */
#include "simple_sampler.h"

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    *result = 1;
    for (size_t d = 0; d < call->dimension_count; ++d) {
        const slope_dimension *its = slope_dimension_at(call, d);
        if (its->choices == 0) return call->host->fail(call->host, "'%s' is a range", its->path);
        *result *= its->choices;
    }
    return SLOPE_OK;
}

static slope_status sample(const slope_sampler_call *call)
{
    const size_t n = call->dimension_count;
    for (size_t i = 0; i < call->count; ++i) {
        uint64_t rest = call->first + i;
        for (size_t d = n; d-- > 0;) {
            const uint64_t choices = slope_dimension_at(call, d)->choices;
            call->points[i * n + d] = (double)(rest % choices);
            rest /= choices;
        }
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SIMPLE_HEAD("counts_absent")}, .count = count, .sample = sample};
