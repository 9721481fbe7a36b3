/* sweep/trial_rows.h: the rows of trials.csv and metrics.csv: their columns, which the README
 * documents, and what stands in them. Who has them written, and when they are safe, is not its
 * business (run_rows.c, ask_tell_record.c). */
#ifndef SLOPE_SWEEP_TRIAL_ROWS_H
#define SLOPE_SWEEP_TRIAL_ROWS_H

#include "engine/trial.h"
#include "record/csv.h"

/* All that stands in a row of trials.csv. */
typedef struct trial_row {
    size_t number;
    const char *label, *id, *problem;
    size_t value_count;        /* of paths that differ between trials */
    const char *const *values; /* NULL or "": the trial has none */
    const trial_config *config;
    const dataset *data;
    const trial_summary *summary;
    bool began; /* false: it never came to train, so nothing of it was measured */
    uint64_t steps;
    double epochs;
} trial_row;

/* trials.csv, or a file of the same columns; `paths` are those that differ between trials. As
 * csv_open(). */
csv_writer *trial_rows_open(const char *file, size_t count, const char *const *paths, int64_t keep,
                            failure *why);
void trial_rows_hold(csv_writer *w, const trial_row *row);

csv_writer *metric_rows_open(const char *file, int64_t keep, failure *why);
/* All cells of a row, which the caller ends. */
void metric_row(csv_writer *w, size_t number, const trial_config *c, const dataset *data,
                const trial_point *p);

#endif
