/* engine/run_private.h: what run.c, run_rows.c and run_paths.c share. For nobody else. */
#ifndef SLOPE_ENGINE_RUN_PRIVATE_H
#define SLOPE_ENGINE_RUN_PRIVATE_H

#include "engine/run.h"
#include "engine/trial.h"
#include "record/csv.h"
#include "record/csv_read.h"
#include "record/progress.h"
#include "record/run_folder.h"

#define RUN_PATHS      "paths.csv"
#define RUN_BATCHES    "batch_loss.csv"
#define RUN_CHECKPOINT "checkpoint/state.safetensors"

/* What the table shows of a trial that is done, in this run or before a resume. */
typedef struct row {
    bool done;
    const char *status, *message;
    uint64_t steps;
    double epochs, train_loss;
    double train_score, validation_score,
        test_score; /* accuracy, or r2 where numbers are predicted */
    double train_seconds, evaluate_seconds;
} row;

typedef struct run {
    arena *memory;
    const experiment *experiment;
    const run_options *options;
    run_folder folder;
    dataset **datasets;
    size_t dataset_count;
    dataset **data_of;   /* of each trial */
    const char **hashes; /* of each trial: configuration, plugins, data */
    row *rows;           /* of each trial */
    csv_writer *trials, *metrics;
    csv_writer *paths, *batches; /* NULL: no trial records them */
    const char **path_columns;   /* NULL: no paths */
    size_t path_column_count;
    size_t **column_of; /* of each parameter, of each trial */
    bool records_batches;
    progress *progress;
    size_t done; /* trials finished before this process */
    size_t current;
    const char *checkpoint; /* of the trial `done`, or NULL */
    double latest_loss, latest_score, best_score;
    const char *loss_name, *score_name;
    const char *started;
    double started_at, seconds_before;
    int resumes;
    bool begun; /* the files of the start are on the disk */
} run;

/* Makes rows and hashes. */
bool run_make_rows(run *r, failure *why);
const char *run_hash(const run *r, size_t number);

/* Lengths of the run's files. */
typedef struct run_bytes {
    int64_t trials, metrics, paths, batches;
} run_bytes;

/* New files where bytes are negative, otherwise cut to that length and appended to. */
bool run_open_files(run *r, const run_bytes *keep, failure *why);
bool run_close_files(run *r, failure *why);

void run_show_step(void *r, const trial *t, double loss);
bool run_write_metrics(void *r, const trial *t, const trial_point *p, failure *why);
bool run_write_trial(run *r, const trial *t, failure *why);
void run_remember_row(run *r, const csv_rows *rows, size_t i);
bool run_predicts_numbers(const trial_config *c); /* regression: r2 in place of accuracy */
void run_print_table(const run *r);
bool run_any_failed(const run *r);

/* Before the start: which columns paths.csv has, and whether `surface` is right about the trial. */
bool run_plan_records(run *r, size_t number, trial *t, failure *why);
bool run_open_records(run *r, int64_t paths_bytes, int64_t batches_bytes, failure *why);
bool run_sync_records(run *r, failure *why);
bool run_close_records(run *r, failure *why);
bool run_write_path(void *r, const trial *t, const void *weights, double loss, failure *why);
bool run_write_batch_loss(void *r, const trial *t, double loss, failure *why);
/* How near the trials came to the minima that `surface` knows; nothing without them. */
void run_print_surface(const run *r);

#endif
