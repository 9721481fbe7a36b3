/* engine/trial_private.h: what trial.c, trial_steps.c, trial_state.c and lockstep.c share. For
 * nobody else. */
#ifndef SLOPE_ENGINE_TRIAL_PRIVATE_H
#define SLOPE_ENGINE_TRIAL_PRIVATE_H

#include "engine/batches.h"
#include "engine/trial.h"
#include "engine/updater.h"

/* The numbers that a checkpoint keeps beside weights and optimizer state. */
typedef struct trial_progress {
    uint64_t step;
    double train_seconds, evaluate_seconds;
    uint64_t evaluated_step; /* last step evaluated; UINT64_MAX: none */
    double best;             /* of stop's metric; NAN: none yet */
    uint64_t best_step;
    uint64_t without_improvement; /* evaluations since */
    double best_validation_accuracy, best_validation_loss;
} trial_progress;

struct trial {
    const trial_config *config;
    const dataset *data;
    objective *objective;
    updater *updater;
    batches batches;
    uint64_t last_step;                        /* limit; UINT64_MAX: none but seconds */
    uint64_t evaluate_steps, checkpoint_steps; /* 0: never by steps */
    uint64_t record_steps, record_batch_steps; /* 0: never */
    double checkpoint_seconds;                 /* of training; 0: not by time */
    double next_checkpoint;
    void *weights;
    size_t number;
    uint64_t pause_at;   /* UINT64_MAX: nowhere */
    double most_seconds; /* NAN: no limit */
    trial_progress progress;
    trial_summary summary;
};

double trial_clock(void); /* seconds, from some time on */

/* The life of a trial, in the order of calls; false: `watch` failed.
 *
 *     trial_begin                     from the start, or from where it stood
 *     until it is no longer RUNNING:
 *         trial_take_evaluation       if one is due here
 *         trial_settle                it may be FINISHED, PAUSED or in TIMEOUT
 *         trial_after_step            if the step did not trial_fail; it may have DIVERGED
 *     trial_end                       if it is FINISHED, DIVERGED or FAILED */
bool trial_begin(trial *t, const trial_watch *watch, failure *why);
bool trial_evaluation_due(trial *t);
bool trial_take_evaluation(trial *t, trial_point *p, const void *weights, double seconds,
                           const trial_watch *watch, failure *why);
void trial_settle(trial *t);
void trial_fail(trial *t, const failure *why);
bool trial_after_step(trial *t, batch rows, double loss, const trial_watch *watch, failure *why);
bool trial_checkpoint_due(trial *t);
bool trial_end(trial *t, evaluation test, double seconds, const trial_watch *watch, failure *why);

/* An evaluation of where the trial stands, with all but its results; and the weights for it. */
trial_point trial_point_here(const trial *t);
const void *trial_solution(trial *t);

#endif
