/* engine/run_private.h: what run.c and run_rows.c share. For nobody else. */
#ifndef SLOPE_ENGINE_RUN_PRIVATE_H
#define SLOPE_ENGINE_RUN_PRIVATE_H

#include "engine/run.h"
#include "engine/trial.h"
#include "record/csv.h"
#include "record/csv_read.h"
#include "record/progress.h"
#include "record/run_folder.h"

#define RUN_CHECKPOINT "checkpoint/state.safetensors"

/* What the table shows of a trial that is done, in this run or before a resume. */
typedef struct row {
    bool done;
    const char *status, *message;
    uint64_t steps;
    double epochs, train_loss, train_accuracy, validation_accuracy, test_accuracy;
    double train_seconds, evaluate_seconds;
} row;

typedef struct run {
    arena *memory;
    const experiment *experiment;
    const run_options *options;
    run_folder folder;
    dataset **datasets;
    size_t dataset_count;
    dataset **data_of;  /* of each trial */
    const char **hashes; /* of each trial: configuration, plugins, data */
    row *rows;          /* of each trial */
    csv_writer *trials, *metrics;
    progress *progress;
    size_t done;        /* trials finished before this process */
    size_t current;
    const char *checkpoint; /* of the trial `done`, or NULL */
    double latest_loss, latest_accuracy, best_accuracy;
    const char *loss_name, *accuracy_name;
    const char *started;
    double started_at, seconds_before;
    int resumes;
} run;

/* Makes rows and hashes. */
bool run_make_rows(run *r, failure *why);
const char *run_hash(const run *r, size_t number);

/* New files where bytes are negative, otherwise cut to that length and appended to. */
bool run_open_files(run *r, int64_t trials_bytes, int64_t metrics_bytes, failure *why);
bool run_close_files(run *r, failure *why);

void run_show_step(void *r, const trial *t, double loss);
bool run_write_metrics(void *r, const trial *t, const trial_point *p, failure *why);
bool run_write_trial(run *r, const trial *t, failure *why);
void run_remember_row(run *r, const csv_rows *rows, size_t i);
void run_print_table(const run *r);
bool run_any_failed(const run *r);

#endif
