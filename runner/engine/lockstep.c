/* engine/lockstep.c: see lockstep.h. */
#include "engine/lockstep.h"

#include "config/same.h"
#include "engine/trial_private.h"

#include <unistd.h>

bool lockstep_fits(const trial *one, const trial *other)
{
    const trial_config *a = one->config, *b = other->config;
    const bool full = one->batches.size == one->batches.all.rows;
    return one->data == other->data && a->train.precision == b->train.precision &&
           one->batches.size == other->batches.size && (full || a->train.seed == b->train.seed) &&
           plugin_choice_same(&a->model, &b->model) &&
           objective_target(one->objective) == objective_target(other->objective) &&
           objective_outputs(one->objective) == objective_outputs(other->objective);
}

size_t lockstep_best_count(const trial *t)
{
    enum { USUAL_CACHE = 1 << 20, MOST = 64 };
    const long cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
    const size_t bytes = cache > USUAL_CACHE ? (size_t)cache : USUAL_CACHE;
    const size_t count = bytes / trial_bytes(t);
    return count < 1 ? 1 : count > MOST ? MOST : count;
}

bool lockstep_run(trial *const *trials, size_t count, const trial_watch *watch, failure *why)
{
    for (size_t i = 0; i < count; i++)
        if (!trial_run(trials[i], watch, why)) return false;
    return true;
}
