/* engine/lockstep.h: several trials trained step by step together.
 *
 * Trials of one data set that see the same batches in the same order need not read them one after
 * another: in lockstep a batch is packed once and goes through all of them while it is in the
 * cache, and a model that has SLOPE_MODEL_MANY gets all weights in one call. Optimizers,
 * schedules, regularisation, losses and starting weights may differ. A trial that ends, fails or
 * diverges leaves alone; the others close up.
 *
 * Bits. What becomes of a trial does not depend on which others run beside it, nor on the number of
 * threads: it is what trial_run makes of it alone. (Seconds are shared out equally.)
 *
 * Threads. Called from outside a loop it uses all threads, first for different trials, then, where
 * trials are fewer than threads, inside each. Called within a piece of a loop (parallel_for), it
 * stays on the thread that called; several such calls may run at the same time with other trials.
 */
#ifndef SLOPE_ENGINE_LOCKSTEP_H
#define SLOPE_ENGINE_LOCKSTEP_H

#include "engine/trial.h"

/* Whether two trials may run together: the same data set and preparation, model and its parameters,
 * precision, rows of a batch and their order. */
bool lockstep_fits(const trial *one, const trial *other);

/* How many trials like this one are best run together on one thread: as many as make up for
 * what is done once for all, while their weights, gradients and state fit a second-level cache. At
 * least 1. */
size_t lockstep_best_count(const trial *t);

/* trial_run for each of `count` trials that fit each other. They may stand at different steps;
 * those behind catch up first. Those that have ended already are left as they are. Calls `watch`
 * for each trial (trial_number tells which), in the order of `trials`. False only if `watch`
 * failed. */
bool lockstep_run(trial *const *trials, size_t count, const trial_watch *watch, failure *why);

#endif
