/* engine/trial_private.h: what trial.c and trial_state.c share. For nobody else. */
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

#endif
