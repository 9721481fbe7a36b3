/* static_scratch: computes the step in memory that all calls share, so that calls at the same time
 * spoil each other's. `slope test`: "gives the same on several threads". */
#include "simple_rule.h"

enum { ROOM = 64 };
static volatile real scratch[ROOM];

static slope_status update(const slope_update *call)
{
    real *w = call->weights;
    for (size_t first = 0; first < call->n; first += ROOM) {
        const size_t n = call->n - first < ROOM ? call->n - first : ROOM;
        for (size_t i = 0; i < n; ++i)
            scratch[i] = w[first + i] - (real)call->learning_rate * call->gradient[first + i];
        for (int turn = 0; turn < 5000; ++turn) /* slow enough to be caught */
            for (size_t i = 0; i < n; ++i) scratch[i] = scratch[i];
        for (size_t i = 0; i < n; ++i) w[first + i] = scratch[i];
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("static_scratch"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
