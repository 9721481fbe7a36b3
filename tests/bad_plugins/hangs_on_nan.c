/* hangs_on_nan: halves steps until they are short enough, which no step is that is not a number.
 * `slope test`: "survives what is not finite". */
#include "simple_rule.h"

static slope_status update(const slope_update *call)
{
    for (size_t i = 0; i < call->n; ++i) {
        volatile real step = call->gradient[i];
        while (!(step * step < 1e4f)) step /= 2;
    }
    return descend(call);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("hangs_on_nan"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
