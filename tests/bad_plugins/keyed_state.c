/* keyed_state: momentum in memory of its own, found by the address of the weight: right as long as
 * nothing is restored from a checkpoint. `slope test`: "survives a checkpoint". */
#include "simple_rule.h"

enum { PLACES = 1 << 18 };
static _Thread_local struct place {
    const real *weight;
    real velocity;
} places[PLACES];

static real *velocity_of(const real *weight)
{
    size_t at = ((uintptr_t)weight / sizeof(real)) * 2654435761u % PLACES;
    while (places[at].weight != NULL && places[at].weight != weight) at = (at + 1) % PLACES;
    places[at].weight = weight;
    return &places[at].velocity;
}

static slope_status update(const slope_update *call)
{
    real *w = call->weights;
    for (size_t i = 0; i < call->n; ++i) {
        real *velocity = velocity_of(&w[i]);
        *velocity = (call->step == 1 ? 0 : (real)0.5 * *velocity) + call->gradient[i];
        w[i] -= (real)call->learning_rate * *velocity;
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("keyed_state"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
