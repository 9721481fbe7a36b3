/* solution_drifts: counts in its state how often its solution was asked for. `slope test`:
 * "solution is a function of the state". */
#include "simple_rule.h"

static const slope_slot slots[] = {{"asked", SLOPE_PER_ELEMENT, .copies = 1}};

static void solution(const slope_update *call, real *out)
{
    const real *w = call->weights;
    real *asked = call->slots[0];
    for (size_t i = 0; i < call->n; ++i) {
        out[i] = w[i];
        asked[i] += 1;
    }
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("solution_drifts"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend, SLOPE_SLOTS(slots), .solution = solution};
