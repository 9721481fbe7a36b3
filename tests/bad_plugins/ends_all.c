/* ends_all: keeps who is better than the mean, which nobody is where all are equal. `slope test`:
 * "keeps at least one". */
#include "simple_pruner.h"

static slope_status decide(const slope_pruner_call *call)
{
    const double mean = mean_of(call);
    for (size_t i = 0; i < call->count; ++i) call->keep[i] = value_of(call, i) < mean;
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_pruner) = {SIMPLE_PLUGIN("ends_all"), .rung = each_epoch, .decide = decide};
