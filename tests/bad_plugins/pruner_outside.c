/* pruner_outside: decides for one trial more than there is. `slope test`: "decides for each trial
 * and no other". */
#include "simple_pruner.h"

static slope_status decide(const slope_pruner_call *call)
{
    for (size_t i = 0; i <= call->count; ++i) call->keep[i] = true;
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_pruner) = {SIMPLE_PLUGIN("pruner_outside"), .rung = each_epoch,
                              .decide = decide};
