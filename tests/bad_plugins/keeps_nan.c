/* keeps_nan: ends who is above the mean, which a trial without a number never is. `slope test`:
 * "takes nan for the worst". */
#include "simple_pruner.h"

static slope_status decide(const slope_pruner_call *call)
{
    const double mean = mean_of(call);
    double best = INFINITY;
    for (size_t i = 0; i < call->count; ++i) best = fmin(best, value_of(call, i));
    for (size_t i = 0; i < call->count; ++i)
        call->keep[i] = !(value_of(call, i) > fmax(mean, best));
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_pruner) = {SIMPLE_PLUGIN("keeps_nan"), .rung = each_epoch, .decide = decide};
