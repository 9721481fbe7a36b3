/* sweep/run_rows.c: what a run writes into trials.csv and metrics.csv (trial_rows.h), when it is on
 * the disk, and what it reads back. See run_private.h. */
#include "sweep/run_private.h"

#include "base/files.h"
#include "slope/loss.h"
#include "sweep/trial_rows.h"

#include <stdlib.h>
#include <string.h>

bool status_from_name(const char *name, trial_status *status)
{
    for (int s = TRIAL_RUNNING; s <= TRIAL_TIMEOUT; s++)
        if (strcmp(trial_status_name((trial_status)s), name) == 0) {
            *status = (trial_status)s;
            return true;
        }
    return false;
}

/* ---- files ----------------------------------------------------------------------------------- */

static csv_writer *open_trials(run *r, int64_t keep, failure *why)
{
    const size_t count = plan_column_count(r->plan);
    const char **swept = arena_alloc(r->memory, (count + 1) * sizeof *swept);
    for (size_t i = 0; i < count; i++) swept[i] = plan_column(r->plan, i);
    return trial_rows_open(run_path(r->memory, r, "trials.csv"), count, swept, keep, why);
}

/* trials.csv and metrics.csv come last: where they are, the others are. */
bool run_open_files(run *r, const run_bytes *keep, failure *why)
{
    if (!run_open_records(r, keep->paths, keep->batches, why)) return false;
    r->trials = open_trials(r, keep->trials, why);
    if (!r->trials) return false;
    r->metrics = metric_rows_open(run_path(r->memory, r, "metrics.csv"), keep->metrics, why);
    return r->metrics != NULL;
}

bool run_close_files(run *r, failure *why)
{
    csv_writer *trials = r->trials, *metrics = r->metrics;
    r->trials = r->metrics = NULL;
    bool good = csv_close(trials, why);
    failure second;
    if (!csv_close(metrics, &second) && good) {
        *why = second;
        good = false;
    }
    if (!run_close_records(r, &second) && good) {
        *why = second;
        good = false;
    }
    return good;
}

/* What must be on the disk before the rows that rest on it. Before there is a first result, there
 * is nothing that a loss of power could take; so what the start wrote is flushed only now, which a
 * short run would otherwise wait for several times. */
static bool sync_ground(run *r, failure *why)
{
    arena *a = arena_create();
    r->begun = r->begun || (file_flush(run_path(a, r, "config.yaml"), why) &&
                            file_flush(run_path(a, r, "manifest.yaml"), why));
    arena_destroy(a);
    return r->begun && csv_sync(r->metrics, why) && run_sync_records(r, why);
}

/* Whether it has been so long, or there is so much, that it should be done now. */
static bool commit_is_due(const run *r)
{
    enum { MOST_HELD = 1 << 20 }; /* bytes of rows: short trials end by the ten thousand a second */
    const double between = 0.25;  /* seconds: what a loss of power may cost */
    return r->uncommitted_count &&
           (csv_held(r->trials) >= MOST_HELD || run_now() - r->committed_at >= between);
}

bool run_commit(run *r, bool soon, failure *why)
{
    if (soon && !commit_is_due(r)) return true;
    if (!sync_ground(r, why) || !csv_write_held(r->trials, why) || !csv_sync(r->trials, why))
        return false;
    arena *a = arena_create();
    for (size_t i = 0; i < r->uncommitted_count; i++) {
        standing *s = &r->standings[r->uncommitted[i]];
        if (s->checkpoint != NO_CHECKPOINT)
            (void)remove(run_checkpoint_path(a, r, r->uncommitted[i])); /* done with */
        s->checkpoint = NO_CHECKPOINT;
    }
    arena_destroy(a);
    r->uncommitted_count = 0;
    r->committed_at = run_now();
    return true;
}

static void remember_uncommitted(run *r, size_t number)
{
    if (r->uncommitted_count == r->uncommitted_capacity) {
        r->uncommitted_capacity = 2 * r->uncommitted_capacity + 64;
        size_t *more = allocate(r->uncommitted_capacity, sizeof *more);
        if (r->uncommitted_count) memcpy(more, r->uncommitted, r->uncommitted_count * sizeof *more);
        free(r->uncommitted);
        r->uncommitted = more;
    }
    r->uncommitted[r->uncommitted_count++] = number;
}

/* ---- scores ---------------------------------------------------------------------------------- */

/* What tells how good a trial is: accuracy, or r2 where numbers are predicted. */
bool run_predicts_numbers(const trial_config *c)
{
    const slope_plugin *loss = c->loss.plugin->description[c->train.precision];
    return ((const slope_loss *)loss)->target == SLOPE_VALUES;
}

static double score_of(const trial_config *c, evaluation e)
{
    return run_predicts_numbers(c) ? e.r2 : e.accuracy;
}

double run_smaller_is_better(metric m, double value)
{
    return metric_is_score(m) ? -value : value;
}

/* ---- metrics.csv ----------------------------------------------------------------------------- */

/* A rung that the trial has now come to. */
static void remember_rung(const run *r, const lane *l, uint64_t step)
{
    rungs *all = r->standings[l->number].rungs;
    if (!all || all->known == all->count || all->at[all->known].step != step) return;
    all->at[all->known++].value =
        run_smaller_is_better(r->metric, trial_metric(l->trial, r->metric));
}

bool run_write_metrics(run *r, const lane *l, const trial_point *p, failure *why)
{
    const trial_config *c = l->config;
    const bool validated = plan_dataset(r->plan, l->number)->splits[SLOPE_VALIDATION].rows > 0;
    metric_row(r->metrics, l->number, c, plan_dataset(r->plan, l->number), p);
    if (!csv_end_row(r->metrics, why)) return false;
    remember_rung(r, l, p->step);
    r->latest_loss = c->evaluate.train ? p->train.loss : p->validation.loss;
    r->latest_score = score_of(c, validated ? p->validation : p->train);
    r->loss_name = c->evaluate.train ? "train_loss" : "validation_loss";
    if (run_predicts_numbers(c))
        r->score_name = validated ? "validation_r2" : "train_r2";
    else
        r->score_name = validated ? "validation_accuracy" : "train_accuracy";
    if (!(r->latest_score <= r->best_score)) r->best_score = r->latest_score;
    return true;
}

/* ---- trials.csv ------------------------------------------------------------------------------ */

static void hold_row(run *r, const lane *l, const trial_summary *s, uint64_t steps, double epochs)
{
    arena *a = arena_create();
    char id[17];
    const size_t swept = plan_column_count(r->plan);
    const char **values = arena_alloc(a, (swept + 1) * sizeof *values);
    for (size_t i = 0; i < swept; i++) values[i] = plan_value(r->plan, l->number, i, a);
    trial_rows_hold(r->trials, &(trial_row){.number = l->number,
                                            .label = l->config->label,
                                            .id = plan_id(r->plan, l->number, id),
                                            .problem = plan_problem(r->plan, l->number),
                                            .value_count = swept,
                                            .values = values,
                                            .config = l->config,
                                            .data = plan_dataset(r->plan, l->number),
                                            .summary = s,
                                            .began = l->trial != NULL,
                                            .steps = steps,
                                            .epochs = epochs});
    arena_destroy(a);
}

void run_write_trial(run *r, const lane *l, const trial_summary *s)
{
    const uint64_t steps = l->trial ? trial_step(l->trial) : 0;
    const double epochs = l->trial ? trial_epoch(l->trial) : 0;
    const trial_config *c = l->config;
    hold_row(r, l, s, steps, epochs);
    if (status_is_final(s->status)) remember_uncommitted(r, l->number);
    const double value = l->trial ? trial_metric(l->trial, r->metric) : NAN;
    r->outcomes[l->number] =
        (outcome){.status = s->status,
                  .message = *s->message ? arena_strdup(r->memory, s->message) : "",
                  .steps = steps,
                  .epochs = epochs,
                  .train_loss = s->last.train.loss,
                  .train_score = score_of(c, s->last.train),
                  .validation_score = score_of(c, s->last.validation),
                  .test_score = score_of(c, s->test),
                  .metric = value,
                  .train_seconds = csv_seconds_kept(s->last.train_seconds),
                  .evaluate_seconds = csv_seconds_kept(s->last.evaluate_seconds),
                  .numbers = run_predicts_numbers(c)};
}

/* ---- reading back ---------------------------------------------------------------------------- */

static const char *const outcome_names[OUTCOME_COLUMNS] = {
    [OUTCOME_TRIAL] = "trial",
    [OUTCOME_ID] = "hash",
    [OUTCOME_STATUS] = "status",
    [OUTCOME_MESSAGE] = "message",
    [OUTCOME_STEPS] = "steps",
    [OUTCOME_EPOCHS] = "epochs",
    [OUTCOME_LOSS] = "train_loss",
    [OUTCOME_TRAIN_ACCURACY] = "train_accuracy",
    [OUTCOME_VALIDATION_ACCURACY] = "validation_accuracy",
    [OUTCOME_TEST_ACCURACY] = "test_accuracy",
    [OUTCOME_TRAIN_R2] = "train_r2",
    [OUTCOME_VALIDATION_R2] = "validation_r2",
    [OUTCOME_TEST_R2] = "test_r2",
    [OUTCOME_TRAIN_SECONDS] = "train_seconds",
    [OUTCOME_EVALUATE_SECONDS] = "evaluate_seconds"};

bool run_find_columns(const run *r, const csv_scan *trials, size_t columns[OUTCOME_COLUMNS])
{
    for (size_t c = 0; c < OUTCOME_COLUMNS; c++) {
        const char *name = c == OUTCOME_METRIC ? metric_name(r->metric) : outcome_names[c];
        columns[c] = csv_scan_find(trials, name);
        if (columns[c] == SIZE_MAX) return false;
    }
    return true;
}

static double number_in(const char *text)
{
    return *text ? strtod(text, NULL) : NAN;
}

outcome run_read_outcome(run *r, const char *const *cells, const size_t columns[OUTCOME_COLUMNS])
{
#define CELL(which)   cells[columns[OUTCOME_##which]]
#define NUMBER(which) number_in(CELL(which))
    const bool numbers = *CELL(TRAIN_R2) || *CELL(VALIDATION_R2) || *CELL(TEST_R2);
    outcome o = {.message = *CELL(MESSAGE) ? arena_strdup(r->memory, CELL(MESSAGE)) : "",
                 .steps = strtoull(CELL(STEPS), NULL, 10),
                 .epochs = NUMBER(EPOCHS),
                 .train_loss = NUMBER(LOSS),
                 .train_score = numbers ? NUMBER(TRAIN_R2) : NUMBER(TRAIN_ACCURACY),
                 .validation_score = numbers ? NUMBER(VALIDATION_R2) : NUMBER(VALIDATION_ACCURACY),
                 .test_score = numbers ? NUMBER(TEST_R2) : NUMBER(TEST_ACCURACY),
                 .metric = NUMBER(METRIC),
                 .train_seconds = NUMBER(TRAIN_SECONDS),
                 .evaluate_seconds = NUMBER(EVALUATE_SECONDS),
                 .numbers = numbers};
    status_from_name(CELL(STATUS), &o.status);
    return o;
#undef NUMBER
#undef CELL
}
