/* crashes_on_nan: gives up, with the whole program, on a gradient that is not finite.
 * `slope test`: "survives what is not finite". */
#include "simple_rule.h"

#include <stdlib.h>

static slope_status update(const slope_update *call)
{
    for (size_t i = 0; i < call->n; ++i)
        if (!isfinite(call->gradient[i])) abort();
    return descend(call);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("crashes_on_nan"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
