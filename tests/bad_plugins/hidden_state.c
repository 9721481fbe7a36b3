/* hidden_state: remembers in a variable of its own how often it was called, and shrinks its steps
 * by that. `slope test`: "gives the same again". */
#include "simple_rule.h"

static size_t calls;

static slope_status update(const slope_update *call)
{
    slope_update shrunk = *call;
    shrunk.learning_rate /= (double)++calls;
    return descend(&shrunk);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("hidden_state"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
