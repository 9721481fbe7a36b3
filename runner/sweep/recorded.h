/* sweep/recorded.h: trials that stand in a folder, by their ids: what came of each, in some 300
 * bytes, as its row in trials.csv has it. */
#ifndef SLOPE_SWEEP_RECORDED_H
#define SLOPE_SWEEP_RECORDED_H

#include "engine/trial.h"

typedef struct recorded {
    uint64_t id;
    size_t number;       /* of its row */
    trial_status status; /* final, or TRIAL_PAUSED of one that waited at `steps` */
    const char *message;
    uint64_t steps, best_step;
    double epochs;
    double value; /* of the metric that trials are compared by; NAN: it has none */
    trial_point last;
    double best_validation_accuracy, best_validation_loss;
    evaluation test;
} recorded;

/* By id, or by id and step. One trial can stand there once; who comes later takes its place. */
typedef struct recorded_table {
    bool by_step;
    recorded *list;
    size_t count, room;
    uint32_t *index; /* + 1; 0: free. Open addressing */
    size_t index_room;
} recorded_table;

void recorded_add(recorded_table *t, const recorded *r);
/* Until the next one is added. `step` is looked at in tables by step only. NULL: not there. */
const recorded *recorded_find(const recorded_table *t, uint64_t id, uint64_t step);
void recorded_free(recorded_table *t);

/* Reads a file with the columns of trials.csv, which need not be there; texts go into the arena.
 * Rows without a status that `wanted` knows are passed over. */
bool recorded_read(recorded_table *t, arena *a, const char *path, metric which,
                   bool (*wanted)(trial_status), failure *why);

/* Between what a trial says of itself and this. A summary's learning rate is not recorded. */
void recorded_put(recorded *r, const trial_summary *s);
void recorded_take(const recorded *r, trial_summary *s);

#endif
