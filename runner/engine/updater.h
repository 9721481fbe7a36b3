/* engine/updater.h: one optimizer at work: its slots, its learning rate, clipping, and one step.
 *
 * Everything that is the same for all update rules is here, so that a rule is only its formula.
 * Owner: the trial. One thread calls; slices are updated in parallel inside. */
#ifndef SLOPE_ENGINE_UPDATER_H
#define SLOPE_ENGINE_UPDATER_H

#include "engine/objective.h"
#include "record/safetensors.h"

typedef struct updater updater;

/* total_steps 0: unknown. */
updater *updater_create(const trial_config *config, objective *o, uint64_t total_steps,
                        uint64_t steps_per_epoch, failure *why);
void updater_destroy(updater *u);

/* Bytes that an updater of that configuration will hold, before it is made. */
size_t updater_need(const trial_config *config, const objective *o);
size_t updater_bytes(const updater *u); /* of memory, about */

/* Warm-up and schedule: by what the learning rate is multiplied at this step (0 for the first). */
double updater_factor(const updater *u, uint64_t step);
/* The learning rate of that step; the factor where the rule has no learning rate. */
double updater_learning_rate(const updater *u, uint64_t step);

/* One step on a batch: gradient (or candidates), clipping, update of the weights in place. `step`
 * is 0 for the first. *loss: the objective before the step (population: best candidate's). Fails if
 * the rule does. */
bool updater_step(updater *u, uint64_t step, batch rows, void *weights, double *loss, failure *why);

/* The same in parts, for trials that run together. updater_shares: whether the step begins with
 * nothing but loss and gradient of the batch, which somebody else may sum up (into
 * updater_gradient, zeroed, as together_accumulate does); the rest of the step is then
 * updater_apply. */
bool updater_shares(const updater *u);
void *updater_gradient(updater *u);
bool updater_apply(updater *u, uint64_t step, batch rows, void *weights, double loss, failure *why);

/* The weights that are evaluated, saved and reported after `steps` updates: `weights` themselves,
 * or what the rule's `solution` makes of them, valid until the next call. */
const void *updater_solution(updater *u, uint64_t steps, const void *weights);

/* The rule's state as named arrays, "optimizer.<slot>.<copy>", pointing into the updater: to be
 * written to, or overwritten from, a checkpoint. */
const named_array *updater_state(const updater *u, size_t *count);

#endif
