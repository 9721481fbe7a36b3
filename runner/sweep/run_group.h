/* sweep/run_group.h: training one group of trials, and ending a single one. See run_private.h. */
#ifndef SLOPE_SWEEP_RUN_GROUP_H
#define SLOPE_SWEEP_RUN_GROUP_H

#include "sweep/run_private.h"

/* Trains the group to the rung of the run, or to the end; nothing if the run is to stop. What fails
 * in the environment is left in run.broken. Thread: any. */
void run_group(group *g);

/* Ends a trial that waits at a rung and is not to go on. */
bool run_prune(run *r, size_t trial, size_t rung, failure *why);

/* Ends a trial that never came to train, or took the process with it: its row says why. */
bool run_fail(run *r, const lane *l, const char *message, failure *why);

/* The rungs of a trial, as it stands; nothing without a pruner. */
void run_make_rungs(run *r, const lane *l);

#endif
