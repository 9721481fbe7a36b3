/* slope/pruner.h: the contract of a pruner: which trials of a sweep end early.
 *
 * Trials train up to a step that is called a rung, and wait there until all that are compared have
 * come; then the pruner says who goes on. So its decisions do not depend on which trial was faster,
 * and a sweep gives the same results however it is cut, interrupted and resumed. A pruner is a pure
 * function of its arguments.
 */
#ifndef SLOPE_PRUNER_H
#define SLOPE_PRUNER_H

#include "host.h"

typedef struct slope_pruner_call {
    uint32_t size;
    const slope_host *host; /* host->allocate gives memory that lasts until the call returns */
    const void *config;
    size_t rung; /* 0 for the first */

    /* Only in `rung`: what one trial is going to do. */
    uint64_t total_steps;     /* its limit; 0: not known */
    uint64_t steps_per_epoch; /* at least 1 */

    /* Only in `decide`: trials that wait at this rung, in the order of their numbers. Those that
     * diverged or failed on the way are not among them. */
    size_t count;
    const double *values; /* count × (rung + 1): `sweep.metric` at each rung so far, turned so that
                             smaller is better; NAN where there is no such number: the worst */
    size_t earlier_count; /* trials of earlier cohorts that came to this rung; 0 without cohorts */
    const double *earlier; /* earlier_count × (rung + 1), as `values` */
    bool *keep; /* count, written: whether the trial goes on. If earlier_count is 0, at least one
                   must */
} slope_pruner_call;

typedef struct slope_pruner {
    slope_plugin plugin;

    /* NULL: all trials are one cohort. Otherwise the key of the integer parameter that says how
     * many trials, by number, form one; a cohort begins when the one before it has ended. */
    const char *cohort_parameter;

    /* After how many steps a trial waits at this rung, more than at the rung before; 0: there is no
     * such rung (nor a later one). Rungs at or past the trial's limit are never reached. Thread:
     * any. */
    uint64_t (*rung)(const slope_pruner_call *call);

    /* Of two trials, the one that was better at every rung is not the one to go. Thread: any. */
    slope_status (*decide)(const slope_pruner_call *call);
} slope_pruner;

#endif
