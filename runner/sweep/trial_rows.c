/* sweep/trial_rows.c: see trial_rows.h. */
#include "sweep/trial_rows.h"

#include "config/bind.h"

#include <string.h>

static const char *const first_columns[] = {"trial", "label", "hash"};
/* Between the two: a column for each path that is swept. */
static const char *const later_columns[] = {"status",
                                            "problem",
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
    FIRST_COLUMNS = sizeof first_columns / sizeof first_columns[0],
    LATER_COLUMNS = sizeof later_columns / sizeof later_columns[0],
    METRIC_COLUMNS = sizeof metric_columns / sizeof metric_columns[0]
};

/* ---- files ----------------------------------------------------------------------------------- */

csv_writer *trial_rows_open(const char *file, size_t count, const char *const *paths, int64_t keep,
                            failure *why)
{
    arena *a = arena_create();
    const size_t all = FIRST_COLUMNS + count + LATER_COLUMNS;
    const char **columns = arena_alloc(a, all * sizeof *columns);
    memcpy(columns, first_columns, sizeof first_columns);
    for (size_t i = 0; i < count; i++) columns[FIRST_COLUMNS + i] = paths[i];
    memcpy(columns + FIRST_COLUMNS + count, later_columns, sizeof later_columns);
    csv_writer *w = csv_open(file, columns, all, keep, why);
    arena_destroy(a);
    return w;
}

csv_writer *metric_rows_open(const char *file, int64_t keep, failure *why)
{
    return csv_open(file, metric_columns, METRIC_COLUMNS, keep, why);
}

/* ---- cells ----------------------------------------------------------------------------------- */

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

static bool has_rows(const dataset *data, slope_split split)
{
    return data && data->splits[split].rows > 0;
}

/* ---- metrics.csv ----------------------------------------------------------------------------- */

void metric_row(csv_writer *w, size_t number, const trial_config *c, const dataset *data,
                const trial_point *p)
{
    csv_integer(w, (int64_t)number);
    csv_integer(w, (int64_t)p->step);
    csv_number(w, p->epoch);
    csv_number(w, p->learning_rate);
    write_evaluation(w, p->train, c->evaluate.train);
    number_or_empty(w, p->train_objective, c->evaluate.train);
    write_evaluation(w, p->validation, has_rows(data, SLOPE_VALIDATION));
    write_errors(w, p->train);
    write_errors(w, p->validation);
    csv_seconds(w, p->train_seconds);
    csv_seconds(w, p->evaluate_seconds);
}

/* ---- trials.csv ------------------------------------------------------------------------------ */

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

static void write_identity(csv_writer *w, const trial_row *row)
{
    const trial_config *c = row->config;
    const double rate = learning_rate_of(c);
    csv_integer(w, (int64_t)row->number);
    csv_text(w, row->label);
    csv_text(w, row->id);
    for (size_t i = 0; i < row->value_count; i++) csv_text(w, row->values[i] ? row->values[i] : "");
    csv_text(w, trial_status_name(row->summary->status));
    csv_text(w, row->problem);
    csv_text(w, c->dataset.label);
    csv_text(w, c->model.plugin->id);
    csv_text(w, c->loss.plugin->id);
    csv_text(w, c->optimizer.plugin->id);
    number_or_empty(w, rate, !isnan(rate));
}

/* The test rows are looked at once, at the end of what came to its end. */
static bool is_tested(const trial_row *row)
{
    const trial_status s = row->summary->status;
    return row->began && s != TRIAL_PRUNED && s != TRIAL_TIMEOUT && s != TRIAL_INTERRUPTED &&
           s != TRIAL_PAUSED && has_rows(row->data, SLOPE_TEST);
}

static void write_results(csv_writer *w, const trial_row *row)
{
    const trial_summary *s = row->summary;
    const bool validated = row->began && has_rows(row->data, SLOPE_VALIDATION);
    const bool trained = row->began && row->config->evaluate.train;
    csv_integer(w, (int64_t)row->steps);
    csv_number(w, row->epochs);
    write_evaluation(w, s->last.train, trained);
    number_or_empty(w, s->last.train_objective, trained);
    write_evaluation(w, s->last.validation, validated);
    number_or_empty(w, s->best_validation_loss, validated);
    number_or_empty(w, s->best_validation_accuracy, !isnan(s->best_validation_accuracy));
    csv_integer(w, (int64_t)s->best_step);
    write_evaluation(w, s->test, is_tested(row));
    write_errors(w, s->last.train);
    write_errors(w, s->last.validation);
    write_errors(w, s->test);
    csv_seconds(w, s->last.train_seconds);
    csv_seconds(w, s->last.evaluate_seconds);
    csv_seconds(w, row->data ? row->data->load_seconds : 0);
    csv_text(w, s->message);
}

void trial_rows_hold(csv_writer *w, const trial_row *row)
{
    write_identity(w, row);
    write_results(w, row);
    csv_hold_row(w);
}
