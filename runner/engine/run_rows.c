/* engine/run_rows.c: what a run writes into trials.csv and metrics.csv and shows on the terminal.
 * The columns are documented in the README. See run_private.h. */
#include "engine/run_private.h"

#include "base/digests.h"
#include "base/files.h"
#include "config/bind.h"
#include "slope/loss.h"

#include <stdlib.h>
#include <string.h>

static const char *const trial_columns[] = {"trial",
                                            "label",
                                            "hash",
                                            "status",
                                            "dataset",
                                            "model",
                                            "loss",
                                            "optimizer",
                                            "learning_rate",
                                            "steps",
                                            "epochs",
                                            "train_loss",
                                            "train_accuracy",
                                            "train_objective",
                                            "validation_loss",
                                            "validation_accuracy",
                                            "best_validation_loss",
                                            "best_validation_accuracy",
                                            "best_step",
                                            "test_loss",
                                            "test_accuracy",
                                            "train_mse",
                                            "train_mae",
                                            "train_r2",
                                            "validation_mse",
                                            "validation_mae",
                                            "validation_r2",
                                            "test_mse",
                                            "test_mae",
                                            "test_r2",
                                            "train_seconds",
                                            "evaluate_seconds",
                                            "load_seconds",
                                            "message"};
static const char *const metric_columns[] = {"trial",
                                             "step",
                                             "epoch",
                                             "learning_rate",
                                             "train_loss",
                                             "train_accuracy",
                                             "train_objective",
                                             "validation_loss",
                                             "validation_accuracy",
                                             "train_mse",
                                             "train_mae",
                                             "train_r2",
                                             "validation_mse",
                                             "validation_mae",
                                             "validation_r2",
                                             "train_seconds",
                                             "evaluate_seconds"};

enum {
    TRIAL_COLUMNS = sizeof trial_columns / sizeof trial_columns[0],
    METRIC_COLUMNS = sizeof metric_columns / sizeof metric_columns[0]
};

/* ---- identity -------------------------------------------------------------------------------- */

static bool add_plugin(arena *a, const host_plugin *plugin, char **text, failure *why)
{
    char digest[65];
    if (!digest_of_file(plugin->path, digest, why)) return false;
    *text = arena_printf(a, "%s%s %s\n", *text, plugin->id, digest);
    return true;
}

/* A trial is what it was told, the code that ran it and the data it saw. */
bool run_make_rows(run *r, failure *why)
{
    const size_t count = r->experiment->base_count;
    r->rows = arena_alloc(r->memory, count * sizeof *r->rows);
    r->hashes = arena_alloc(r->memory, count * sizeof *r->hashes);
    r->best_score = r->latest_score = r->latest_loss = NAN;
    for (size_t t = 0; t < count; t++) {
        const trial_config *c = &r->experiment->bases[t];
        const dataset *data = r->data_of[t];
        char *text = config_to_yaml(r->memory, c->resolved, false);
        const host_plugin *plugins[] = {c->dataset.reader.plugin, c->model.plugin, c->loss.plugin,
                                        c->optimizer.plugin, c->schedule.choice.plugin};
        for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++)
            if (!add_plugin(r->memory, plugins[i], &text, why)) return false;
        for (size_t i = 0; i < data->file_count; i++)
            text = arena_printf(r->memory, "%s%s\n", text, data->digests[i]);
        char digest[65];
        bytes_sha256(text, strlen(text), digest);
        r->hashes[t] = arena_strndup(r->memory, digest, 16);
    }
    return true;
}

const char *run_hash(const run *r, size_t number)
{
    return r->hashes[number];
}

/* ---- files ----------------------------------------------------------------------------------- */

/* trials.csv and metrics.csv come last: where they are, the others are. */
bool run_open_files(run *r, const run_bytes *keep, failure *why)
{
    if (!run_open_records(r, keep->paths, keep->batches, why)) return false;
    r->trials = csv_open(path_join(r->memory, r->folder.path, "trials.csv"), trial_columns,
                         TRIAL_COLUMNS, keep->trials, why);
    if (!r->trials) return false;
    r->metrics = csv_open(path_join(r->memory, r->folder.path, "metrics.csv"), metric_columns,
                          METRIC_COLUMNS, keep->metrics, why);
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

static void number_or_empty(csv_writer *w, double value, bool there)
{
    if (there)
        csv_number(w, value);
    else
        csv_empty(w);
}

static void write_evaluation(csv_writer *w, evaluation e, bool there)
{
    number_or_empty(w, e.loss, there);
    number_or_empty(w, e.accuracy, there && !isnan(e.accuracy));
}

/* Of regression; an evaluation that was not made has none of them. */
static void write_errors(csv_writer *w, evaluation e)
{
    number_or_empty(w, e.mse, !isnan(e.mse));
    number_or_empty(w, e.mae, !isnan(e.mae));
    number_or_empty(w, e.r2, !isnan(e.r2));
}

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

bool run_write_metrics(void *argument, const trial *t, const trial_point *p, failure *why)
{
    run *r = argument;
    const trial_config *c = &r->experiment->bases[r->current];
    const bool validated = r->data_of[r->current]->splits[SLOPE_VALIDATION].rows > 0;
    csv_integer(r->metrics, (int64_t)r->current);
    csv_integer(r->metrics, (int64_t)p->step);
    csv_number(r->metrics, p->epoch);
    csv_number(r->metrics, p->learning_rate);
    write_evaluation(r->metrics, p->train, c->evaluate.train);
    number_or_empty(r->metrics, p->train_objective, c->evaluate.train);
    write_evaluation(r->metrics, p->validation, validated);
    write_errors(r->metrics, p->train);
    write_errors(r->metrics, p->validation);
    csv_seconds(r->metrics, p->train_seconds);
    csv_seconds(r->metrics, p->evaluate_seconds);
    if (!csv_end_row(r->metrics, why)) return false;

    r->latest_loss = c->evaluate.train ? p->train.loss : p->validation.loss;
    r->latest_score = score_of(c, validated ? p->validation : p->train);
    r->loss_name = c->evaluate.train ? "train_loss" : "validation_loss";
    if (run_predicts_numbers(c))
        r->score_name = validated ? "validation_r2" : "train_r2";
    else
        r->score_name = validated ? "validation_accuracy" : "train_accuracy";
    if (!(r->latest_score <= r->best_score)) r->best_score = r->latest_score;
    run_show_step(r, t, NAN);
    return true;
}

static double learning_rate_of(const trial_config *c)
{
    const slope_plugin *p = c->optimizer.plugin->description[c->train.precision];
    for (size_t i = 0; i < p->parameter_count; i++) {
        const slope_parameter *at = parameter_at(p->parameters, p->parameter_size, i);
        if (at->type == SLOPE_NUMBER && strcmp(at->key, "learning_rate") == 0)
            return *(const double *)(const void *)((const char *)c->optimizer.config + at->offset);
    }
    return NAN;
}

bool run_write_trial(run *r, const trial *t, failure *why)
{
    const trial_config *c = &r->experiment->bases[r->current];
    const dataset *data = r->data_of[r->current];
    const trial_summary *s = trial_result(t);
    const bool validated = data->splits[SLOPE_VALIDATION].rows > 0;
    const double rate = learning_rate_of(c);
    csv_writer *w = r->trials;
    csv_integer(w, (int64_t)r->current);
    csv_text(w, c->label);
    csv_text(w, run_hash(r, r->current));
    csv_text(w, trial_status_name(s->status));
    csv_text(w, c->dataset.label);
    csv_text(w, c->model.plugin->id);
    csv_text(w, c->loss.plugin->id);
    csv_text(w, c->optimizer.plugin->id);
    number_or_empty(w, rate, !isnan(rate));
    csv_integer(w, (int64_t)trial_step(t));
    csv_number(w, trial_epoch(t));
    write_evaluation(w, s->last.train, c->evaluate.train);
    number_or_empty(w, s->last.train_objective, c->evaluate.train);
    write_evaluation(w, s->last.validation, validated);
    number_or_empty(w, s->best_validation_loss, validated);
    number_or_empty(w, s->best_validation_accuracy, !isnan(s->best_validation_accuracy));
    csv_integer(w, (int64_t)s->best_step);
    write_evaluation(w, s->test, data->splits[SLOPE_TEST].rows > 0);
    write_errors(w, s->last.train);
    write_errors(w, s->last.validation);
    write_errors(w, s->test);
    csv_seconds(w, s->last.train_seconds);
    csv_seconds(w, s->last.evaluate_seconds);
    csv_seconds(w, data->load_seconds);
    csv_text(w, s->message);
    if (!csv_end_row(w, why)) return false;
    r->rows[r->current] = (row){.done = true,
                                .status = trial_status_name(s->status),
                                .message = arena_strdup(r->memory, s->message),
                                .steps = trial_step(t),
                                .epochs = trial_epoch(t),
                                .train_loss = s->last.train.loss,
                                .train_score = score_of(c, s->last.train),
                                .validation_score = score_of(c, s->last.validation),
                                .test_score = score_of(c, s->test),
                                .train_seconds = s->last.train_seconds,
                                .evaluate_seconds = s->last.evaluate_seconds};
    return true;
}

static double number_cell(const csv_rows *rows, size_t i, const char *column)
{
    const char *text = csv_cell(rows, i, column);
    return *text ? strtod(text, NULL) : NAN;
}

void run_remember_row(run *r, const csv_rows *rows, size_t i)
{
    if (i >= r->experiment->base_count) return;
    const bool numbers = run_predicts_numbers(&r->experiment->bases[i]);
    r->rows[i] = (row){.done = true,
                       .status = csv_cell(rows, i, "status"),
                       .message = csv_cell(rows, i, "message"),
                       .steps = strtoull(csv_cell(rows, i, "steps"), NULL, 10),
                       .epochs = number_cell(rows, i, "epochs"),
                       .train_loss = number_cell(rows, i, "train_loss"),
                       .train_score = number_cell(rows, i, numbers ? "train_r2" : "train_accuracy"),
                       .validation_score =
                           number_cell(rows, i, numbers ? "validation_r2" : "validation_accuracy"),
                       .test_score = number_cell(rows, i, numbers ? "test_r2" : "test_accuracy"),
                       .train_seconds = number_cell(rows, i, "train_seconds"),
                       .evaluate_seconds = number_cell(rows, i, "evaluate_seconds")};
}

/* ---- the terminal ---------------------------------------------------------------------------- */

/* loss NAN: an evaluation, which is always shown. */
void run_show_step(void *argument, const trial *t, double loss)
{
    run *r = argument;
    const trial_config *c = &r->experiment->bases[r->current];
    const progress_state state = {.trial = r->current + 1,
                                  .trial_count = r->experiment->base_count,
                                  .label = c->label,
                                  .epoch = trial_epoch(t),
                                  .step = trial_step(t),
                                  .fraction = trial_fraction(t),
                                  .epochs = c->train.epochs > 0 ? (double)c->train.epochs
                                                                : 0.0, /* absent is negative */
                                  .loss = isnan(loss) ? r->latest_loss : loss,
                                  .accuracy = r->latest_score,
                                  .loss_name = isnan(loss) ? r->loss_name : "batch_loss",
                                  .accuracy_name = r->score_name,
                                  .rows_per_second = trial_rows_per_second(t),
                                  .best_accuracy = r->best_score};
    if (isnan(loss))
        progress_evaluation(r->progress, &state);
    else
        progress_update(r->progress, &state);
}

bool run_any_failed(const run *r)
{
    for (size_t i = 0; i < r->experiment->base_count; i++)
        if (r->rows[i].done && strcmp(r->rows[i].status, "finished") != 0) return true;
    return false;
}
