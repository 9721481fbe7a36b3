/* refuses_spaces: no space is good enough for it, and it does not say why. `slope test`: "suits a
 * space". */
#include "simple_sampler.h"

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    (void)call;
    *result = 1;
    return SLOPE_ERROR;
}

static slope_status sample(const slope_sampler_call *call)
{
    (void)call;
    return SLOPE_ERROR;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SIMPLE_HEAD("refuses_spaces")}, .count = count, .sample = sample};
