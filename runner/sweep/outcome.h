/* sweep/outcome.h: what a run remembers of each trial once it is done, in about a hundred bytes.
 * The rest stands in the files. */
#ifndef SLOPE_SWEEP_OUTCOME_H
#define SLOPE_SWEEP_OUTCOME_H

#include "engine/trial.h"

typedef struct outcome {
    trial_status status; /* TRIAL_RUNNING: not done */
    const char *message; /* "" mostly */
    uint64_t steps;
    double epochs, train_loss;
    /* accuracy, or r2 where numbers are predicted */
    double train_score, validation_score, test_score;
    double metric; /* what trials are compared by (`sweep.metric`), of the last evaluation */
    double train_seconds, evaluate_seconds;
    bool numbers; /* predicts numbers */
} outcome;

/* The last evaluation of a trial that had none. */
#define NO_TRIAL_POINT \
    ((trial_point){.train = NO_EVALUATION, .validation = NO_EVALUATION, .train_objective = NAN})

bool status_from_name(const char *name, trial_status *status);

/* Whether a row with that status ends the trial for good. */
static inline bool status_is_final(trial_status s)
{
    return s == TRIAL_FINISHED || s == TRIAL_PRUNED || s == TRIAL_DIVERGED || s == TRIAL_FAILED ||
           s == TRIAL_TIMEOUT;
}

#endif
