/* exits_on_nan: ends the whole program, and as if all were well, on a gradient that is not finite.
 * `slope test`: "survives what is not finite". */
#include "simple_rule.h"

#include <stdlib.h>

static slope_status update(const slope_update *call)
{
    for (size_t i = 0; i < call->n; ++i)
        if (!isfinite(call->gradient[i])) exit(0);
    return descend(call);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("exits_on_nan"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
