/* two_at_once: takes a second call for the same slice and step to be a repetition, and halves it,
 * although it may be another trial's. `slope test`: "two instances do not disturb each other". */
#include "simple_rule.h"

static _Thread_local uint64_t last_step;
static _Thread_local size_t last_first, last_n;

static slope_status update(const slope_update *call)
{
    slope_update halved = *call;
    if (call->step == last_step && call->first == last_first && call->n == last_n)
        halved.learning_rate /= 2;
    last_step = call->step;
    last_first = call->first;
    last_n = call->n;
    return descend(&halved);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("two_at_once"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
