/* keeps_worst: takes the values for scores, of which greater ones are better. `slope test`: "keeps
 * the better of two". */
#include "simple_pruner.h"

static slope_status decide(const slope_pruner_call *call)
{
    double worst = -INFINITY;
    for (size_t i = 0; i < call->count; ++i) worst = fmax(worst, value_of(call, i));
    const double limit = fmin(mean_of(call), worst);
    for (size_t i = 0; i < call->count; ++i)
        call->keep[i] = value_of(call, i) >= limit || worst == -INFINITY;
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_pruner) = {SIMPLE_PLUGIN("keeps_worst"), .rung = each_epoch, .decide = decide};
