/* rungs_stand: forgets the number of the rung, and waits for ever where it has been. `slope test`:
 * "rungs lie one after the other". */
#include "simple_pruner.h"

static uint64_t rung(const slope_pruner_call *call)
{
    return call->steps_per_epoch;
}

SLOPE_PLUGIN(slope_pruner) = {SIMPLE_PLUGIN("rungs_stand"), .rung = rung, .decide = keep_all};
