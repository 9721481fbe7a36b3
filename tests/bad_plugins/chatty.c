/* chatty: prints. `slope test`: "prints nothing". */
#include "simple_rule.h"

#include <stdio.h>

static slope_status update(const slope_update *call)
{
    if (call->step == 1) puts("here we go");
    return descend(call);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("chatty"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
