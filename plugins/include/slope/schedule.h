/* slope/schedule.h: the contract of a learning-rate schedule.
 *
 * A schedule is a pure function from the step to a factor, by which the host multiplies the
 * learning rate of whatever optimizer runs. Warm-up is the host's business and works with every
 * schedule.
 */
#ifndef SLOPE_SCHEDULE_H
#define SLOPE_SCHEDULE_H

#include "arithmetic.h"
#include "host.h"

typedef struct slope_schedule_call {
    uint32_t size;
    const void *config;
    uint64_t step;            /* 0 for the first update after warm-up */
    uint64_t total_steps;     /* updates after warm-up; 0 if unknown (limit in seconds only) */
    uint64_t steps_per_epoch; /* at least 1 */
} slope_schedule_call;

typedef struct slope_schedule {
    slope_plugin plugin;
    bool needs_total; /* cannot work when total_steps is unknown */

    /* Finite and not negative for every step, also past total_steps, where a schedule that needs
     * the total stays at its last value. A pure function of the call. Thread: any. */
    double (*factor)(const slope_schedule_call *call);
} slope_schedule;

#endif
