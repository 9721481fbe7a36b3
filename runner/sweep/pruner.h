/* sweep/pruner.h: calling a pruner plugin (slope/pruner.h).
 *
 * When trials wait, which of them are compared, and what becomes of those that go is the driver's
 * business. Safe on several threads. */
#ifndef SLOPE_SWEEP_PRUNER_H
#define SLOPE_SWEEP_PRUNER_H

#include "base/failure.h"

#include "slope/pruner.h"

/* A pruner with its configuration, bound and checked. */
typedef struct pruner {
    const slope_pruner *about; /* the float32 half: decisions do not depend on a run's precision */
    const void *config;
} pruner;

/* How many trials, by number, are compared with each other; 0: all. */
uint64_t pruner_cohort(const pruner *p);

/* After how many steps a trial waits at this rung. 0: it never does, since there is no such rung,
 * or its limit of `total_steps` (0: not known) comes first. The rungs before must have been asked
 * for: `before` is what this gave for the rung before, 0 for the first. A rung that does not lie
 * after the one before counts as none. */
uint64_t pruner_rung(const pruner *p, size_t rung, uint64_t before, uint64_t total_steps,
                     uint64_t steps_per_epoch);

/* Who of `count` trials goes on from this rung: see slope_pruner_call. If nobody came earlier, at
 * least one does. */
bool pruner_decide(const pruner *p, size_t rung, size_t count, const double *values,
                   size_t earlier_count, const double *earlier, bool *keep, failure *why);

#endif
