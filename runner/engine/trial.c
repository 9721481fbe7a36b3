/* engine/trial.c: the training loop. See trial.h; saving and restoring is in trial_state.c. */
#include "engine/trial_private.h"

#include "engine/model_graph.h"

#include "host/team.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* An interval in whole steps; 0 for never and for seconds. */
static uint64_t interval_steps(interval i, uint64_t steps_per_epoch)
{
    if (i.count <= 0 || i.unit == UNIT_SECONDS) return 0;
    const double steps = i.unit == UNIT_EPOCHS ? i.count * (double)steps_per_epoch : i.count;
    return steps < 1 ? 1 : (uint64_t)llround(steps);
}

static uint64_t limit_in_steps(const train_config *c, uint64_t steps_per_epoch)
{
    uint64_t limit = UINT64_MAX;
    if (c->steps != SLOPE_ABSENT) limit = (uint64_t)c->steps;
    if (c->epochs != SLOPE_ABSENT) {
        uint64_t steps;
        if (!__builtin_mul_overflow((uint64_t)c->epochs, steps_per_epoch, &steps) && steps < limit)
            limit = steps;
    }
    return limit;
}

static bool is_one_of(metric m, const metric *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == m) return true;
    return false;
}

/* A rule for stopping must watch something that will be measured. */
static bool stop_fits(const trial *t, failure *why)
{
    static const metric of_classes[] = {METRIC_TRAIN_ACCURACY, METRIC_VALIDATION_ACCURACY};
    static const metric of_values[] = {METRIC_TRAIN_MSE,      METRIC_TRAIN_MAE,
                                       METRIC_TRAIN_R2,       METRIC_VALIDATION_MSE,
                                       METRIC_VALIDATION_MAE, METRIC_VALIDATION_R2};
    const stop_config *stop = &t->config->stop;
    const metric which = (metric)stop->metric;
    const slope_target target = objective_target(t->objective);
    if (isnan(stop->target) && stop->patience == SLOPE_ABSENT) return true;
    if ((is_one_of(which, of_classes, 2) && target != SLOPE_CLASS) ||
        (is_one_of(which, of_values, 6) && target != SLOPE_VALUES))
        return failure_set(why, STATUS_CONFIG, "stop.metric: loss %s has no %s; watch %s",
                           t->config->loss.plugin->id, metric_name(which),
                           target == SLOPE_VALUES  ? "a loss, mse, mae or r2"
                           : target == SLOPE_CLASS ? "a loss or an accuracy"
                                                   : "train_loss");
    const bool validation = strncmp(metric_name(which), "validation_", 11) == 0;
    if (validation && !objective_split(t->objective, SLOPE_VALIDATION).rows)
        return failure_set(why, STATUS_CONFIG,
                           "stop.metric: data set '%s' has no validation rows for %s; give it some "
                           "(validation: 0.1) or watch another",
                           t->data->label, metric_name(which));
    if (!validation && !t->config->evaluate.train)
        return failure_set(why, STATUS_CONFIG,
                           "stop.metric: %s is not measured with "
                           "evaluate.train: false",
                           metric_name(which));
    return true;
}

trial *trial_create(const trial_config *config, const dataset *data, failure *why)
{
    trial *t = allocate(1, sizeof *t);
    t->config = config;
    t->data = data;
    t->pause_at = UINT64_MAX;
    t->most_seconds = NAN;
    t->objective = objective_create(config, data, 0, why);
    if (!t->objective || !stop_fits(t, why)) goto fail;
    batches_create(&t->batches, objective_split(t->objective, SLOPE_TRAIN),
                   (size_t)config->train.batch_size, config->train.seed);
    const uint64_t per_epoch = t->batches.steps_per_epoch;
    t->last_step = limit_in_steps(&config->train, per_epoch);
    t->evaluate_steps = interval_steps(config->evaluate.every, per_epoch);
    t->checkpoint_steps = interval_steps(config->checkpoint, per_epoch);
    t->record_steps = interval_steps(config->record.parameters, per_epoch);
    t->record_batch_steps = interval_steps(config->record.batch_loss, per_epoch);
    if (config->checkpoint.unit == UNIT_SECONDS) t->checkpoint_seconds = config->checkpoint.count;
    t->next_checkpoint = t->checkpoint_seconds;
    t->updater = updater_create(config, t->objective, t->last_step == UINT64_MAX ? 0 : t->last_step,
                                per_epoch, why);
    if (!t->updater) goto fail;
    const layout *l = objective_layout(t->objective);
    t->weights = allocate(l->total, objective_kernels(t->objective)->real_size);
    layout_initialise(l, &config->init, config->train.precision, config->train.seed, t->weights);
    t->progress = (trial_progress){.evaluated_step = UINT64_MAX,
                                   .best = NAN,
                                   .best_validation_accuracy = NAN,
                                   .best_validation_loss = NAN};
    return t;
fail:
    trial_destroy(t);
    return NULL;
}

void trial_destroy(trial *t)
{
    if (!t) return;
    updater_destroy(t->updater);
    batches_destroy(&t->batches);
    objective_destroy(t->objective);
    free(t->weights);
    free(t);
}

const char *trial_status_name(trial_status status)
{
    static const char *const names[] = {
        [TRIAL_RUNNING] = "running",         [TRIAL_FINISHED] = "finished",
        [TRIAL_DIVERGED] = "diverged",       [TRIAL_FAILED] = "failed",
        [TRIAL_INTERRUPTED] = "interrupted", [TRIAL_PAUSED] = "paused",
        [TRIAL_PRUNED] = "pruned",           [TRIAL_TIMEOUT] = "timeout"};
    return names[status];
}

const trial_summary *trial_result(const trial *t)
{
    return &t->summary;
}

void trial_set_number(trial *t, size_t number)
{
    t->number = number;
}

size_t trial_number(const trial *t)
{
    return t->number;
}

void trial_pause_at(trial *t, uint64_t step)
{
    t->pause_at = step;
}

void trial_limit_seconds(trial *t, double seconds)
{
    t->most_seconds = seconds;
}

uint64_t trial_step(const trial *t)
{
    return t->progress.step;
}

const layout *trial_layout(const trial *t)
{
    return objective_layout(t->objective);
}

double trial_objective_at(trial *t, const void *weights)
{
    return objective_gradient(t->objective, weights, objective_split(t->objective, SLOPE_TRAIN),
                              NULL);
}

double trial_epoch(const trial *t)
{
    return (double)t->progress.step / (double)t->batches.steps_per_epoch;
}

size_t trial_bytes(const trial *t)
{
    return sizeof *t + objective_bytes(t->objective) + updater_bytes(t->updater) +
           objective_layout(t->objective)->total * objective_kernels(t->objective)->real_size;
}

double trial_rows_per_second(const trial *t)
{
    const double rows = trial_epoch(t) * (double)t->batches.all.rows;
    return t->progress.train_seconds > 0 ? rows / t->progress.train_seconds : NAN;
}

double trial_fraction(const trial *t)
{
    const double limit = t->config->train.seconds;
    double fraction = NAN;
    if (t->last_step != UINT64_MAX)
        fraction = t->last_step ? (double)t->progress.step / (double)t->last_step : 1;
    if (!isnan(limit) && !(fraction > t->progress.train_seconds / limit))
        fraction = t->progress.train_seconds / limit;
    return fraction;
}

/* ---- evaluation and stopping ----------------------------------------------------------------- */

static double metric_of(const trial_point *p, metric which)
{
    switch (which) {
    case METRIC_TRAIN_LOSS:
        return p->train.loss;
    case METRIC_TRAIN_ACCURACY:
        return p->train.accuracy;
    case METRIC_VALIDATION_LOSS:
        return p->validation.loss;
    case METRIC_VALIDATION_ACCURACY:
        return p->validation.accuracy;
    case METRIC_TRAIN_MSE:
        return p->train.mse;
    case METRIC_TRAIN_MAE:
        return p->train.mae;
    case METRIC_TRAIN_R2:
        return p->train.r2;
    case METRIC_VALIDATION_MSE:
        return p->validation.mse;
    case METRIC_VALIDATION_MAE:
        return p->validation.mae;
    case METRIC_VALIDATION_R2:
        return p->validation.r2;
    case METRIC_NONE:
        break;
    }
    return NAN;
}

double trial_metric(const trial *t, metric which)
{
    return t->progress.evaluated_step == UINT64_MAX ? NAN : metric_of(&t->summary.last, which);
}

static bool greater_is_better(metric which)
{
    return which == METRIC_TRAIN_ACCURACY || which == METRIC_VALIDATION_ACCURACY ||
           which == METRIC_TRAIN_R2 || which == METRIC_VALIDATION_R2;
}

static void remember_best(trial *t, const trial_point *p)
{
    trial_progress *g = &t->progress;
    const stop_config *stop = &t->config->stop;
    const metric which = (metric)stop->metric;
    const double value = metric_of(p, which);
    const double gain = greater_is_better(which) ? value - g->best : g->best - value;
    if (isfinite(value) && (isnan(g->best) || gain > stop->min_delta)) {
        g->best = value;
        g->best_step = p->step;
        g->without_improvement = 0;
    } else if (p->step) {
        g->without_improvement++;
    }
    if (!(p->validation.accuracy <= g->best_validation_accuracy))
        g->best_validation_accuracy = p->validation.accuracy;
    if (!(p->validation.loss >= g->best_validation_loss))
        g->best_validation_loss = p->validation.loss;
}

/* "the loss is not finite at step 3: x / y in …": with the reason where the model can tell it. */
static void diverged(trial *t, const char *when, uint64_t number, const void *weights, batch rows)
{
    char reason[600];
    const bool told = model_graph_explain(t->objective, weights, rows, reason, sizeof reason);
    t->summary.status = TRIAL_DIVERGED;
    snprintf(t->summary.message, sizeof t->summary.message,
             "the loss is not finite %s step %llu%s%s", when, (unsigned long long)number,
             told ? ": " : "", told ? reason : "");
}

static bool evaluate(trial *t, const trial_watch *watch, failure *why)
{
    const double start = now();
    trial_progress *g = &t->progress;
    trial_point p = {.step = g->step,
                     .epoch = trial_epoch(t),
                     .learning_rate = updater_learning_rate(t->updater, g->step ? g->step - 1 : 0),
                     .train = NO_EVALUATION,
                     .train_objective = NAN,
                     .validation = NO_EVALUATION};
    const void *weights = updater_solution(t->updater, g->step, t->weights);
    if (t->config->evaluate.train) {
        p.train =
            objective_evaluate(t->objective, weights, objective_split(t->objective, SLOPE_TRAIN));
        p.train_objective = p.train.loss + objective_penalty(t->objective, weights);
    }
    p.validation =
        objective_evaluate(t->objective, weights, objective_split(t->objective, SLOPE_VALIDATION));
    g->evaluate_seconds += now() - start;
    p.train_seconds = g->train_seconds;
    p.evaluate_seconds = g->evaluate_seconds;
    g->evaluated_step = g->step;
    remember_best(t, &p);
    t->summary.last = p;
    const batch validation = objective_split(t->objective, SLOPE_VALIDATION);
    if (t->config->evaluate.train && !isfinite(p.train_objective))
        diverged(t, "after", g->step, weights, objective_split(t->objective, SLOPE_TRAIN));
    else if (validation.rows && !isfinite(p.validation.loss))
        diverged(t, "after", g->step, weights, validation);
    return !watch->evaluated || watch->evaluated(watch->argument, t, &p, why);
}

/* Whether the trial has nothing left to do; says why in the summary. */
static bool at_end(trial *t)
{
    const stop_config *stop = &t->config->stop;
    const trial_progress *g = &t->progress;
    trial_summary *s = &t->summary;
    const double value = metric_of(&s->last, (metric)stop->metric);
    if (!isnan(stop->target) && g->evaluated_step == g->step &&
        (greater_is_better((metric)stop->metric) ? value >= stop->target : value <= stop->target))
        snprintf(s->message, sizeof s->message, "%s reached its target %g",
                 metric_name((metric)stop->metric), stop->target);
    else if (stop->patience != SLOPE_ABSENT && g->evaluated_step == g->step &&
             g->without_improvement >= (uint64_t)stop->patience)
        snprintf(s->message, sizeof s->message, "%s did not improve for %llu evaluations",
                 metric_name((metric)stop->metric), (unsigned long long)g->without_improvement);
    else if (g->step < t->last_step && !(g->train_seconds >= t->config->train.seconds))
        return false;
    return true;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* Rows are a function of the step: what is due after a step is recorded before the checkpoint of
 * that step, so that a resumed trial records each step once. */
static bool record(trial *t, const trial_watch *watch, failure *why)
{
    trial_progress *g = &t->progress;
    if (!t->record_steps || !watch->recorded) return true;
    const double start = now();
    const void *weights = updater_solution(t->updater, g->step, t->weights);
    const double loss = trial_objective_at(t, weights);
    g->evaluate_seconds += now() - start;
    return watch->recorded(watch->argument, t, weights, loss, why);
}

static bool record_step(trial *t, const trial_watch *watch, double loss, failure *why)
{
    const uint64_t step = t->progress.step;
    if (t->record_batch_steps && watch->batch_recorded &&
        (step == 1 || step % t->record_batch_steps == 0) &&
        !watch->batch_recorded(watch->argument, t, loss, why))
        return false;
    return !t->record_steps || step % t->record_steps != 0 || record(t, watch, why);
}

static bool step(trial *t, const trial_watch *watch, double *loss_before)
{
    trial_progress *g = &t->progress;
    const double start = now();
    failure why;
    double loss = NAN;
    const bool good = updater_step(t->updater, g->step, batches_at(&t->batches, g->step),
                                   t->weights, &loss, &why);
    g->train_seconds += now() - start;
    if (!good) {
        t->summary.status = TRIAL_FAILED;
        snprintf(t->summary.message, sizeof t->summary.message, "step %llu: %s",
                 (unsigned long long)g->step + 1, why.text);
        return false;
    }
    if (!isfinite(loss)) {
        diverged(t, "at", g->step + 1, t->weights, batches_at(&t->batches, g->step));
        return false;
    }
    g->step++;
    *loss_before = loss;
    if (watch->stepped) watch->stepped(watch->argument, t, loss);
    return true;
}

static bool checkpoint_due(trial *t)
{
    const trial_progress *g = &t->progress;
    if (t->checkpoint_steps && g->step % t->checkpoint_steps == 0) return true;
    if (t->checkpoint_seconds <= 0 || g->train_seconds < t->next_checkpoint) return false;
    t->next_checkpoint = g->train_seconds + t->checkpoint_seconds;
    return true;
}

/* The summary of a trial that goes no further. */
static void close_summary(trial *t)
{
    trial_summary *s = &t->summary;
    const trial_progress *g = &t->progress;
    s->last.evaluate_seconds = g->evaluate_seconds;
    s->last.train_seconds = g->train_seconds;
    s->best_step = g->best_step;
    s->best_validation_accuracy = g->best_validation_accuracy;
    s->best_validation_loss = g->best_validation_loss;
}

static void finish(trial *t)
{
    trial_progress *g = &t->progress;
    const double start = now();
    t->summary.test =
        objective_evaluate(t->objective, updater_solution(t->updater, g->step, t->weights),
                           objective_split(t->objective, SLOPE_TEST));
    g->evaluate_seconds += now() - start;
    close_summary(t);
}

void trial_prune(trial *t, const char *message)
{
    t->summary.status = TRIAL_PRUNED;
    snprintf(t->summary.message, sizeof t->summary.message, "%s", message);
    close_summary(t);
}

static bool out_of_time(trial *t)
{
    const trial_progress *g = &t->progress;
    if (!(g->train_seconds + g->evaluate_seconds >= t->most_seconds)) return false;
    t->summary.status = TRIAL_TIMEOUT;
    snprintf(t->summary.message, sizeof t->summary.message,
             "took longer than %g seconds; stopped after step %llu", t->most_seconds,
             (unsigned long long)g->step);
    close_summary(t);
    return true;
}

/* Waits here, and if it is asked to run again, goes on. */
static bool pauses(trial *t)
{
    if (t->progress.step != t->pause_at) return false;
    t->summary.status = TRIAL_PAUSED;
    t->pause_at = UINT64_MAX;
    return true;
}

/* Every step that is a multiple of the interval, the first and the last; each step at most once. */
static bool evaluation_due(const trial *t, bool ending)
{
    const trial_progress *g = &t->progress;
    if (g->evaluated_step == g->step) return false;
    return ending || g->step == 0 || (t->evaluate_steps && g->step % t->evaluate_steps == 0);
}

static bool run_steps(trial *t, const trial_watch *watch, failure *why)
{
    trial_summary *s = &t->summary;
    s->status = TRIAL_RUNNING;
    s->message[0] = '\0';
    s->test = NO_EVALUATION;
    const bool fresh = t->progress.evaluated_step == UINT64_MAX; /* a resumed trial has its start */
    if (fresh && !record(t, watch, why)) return false;
    for (;;) {
        const bool stands = at_end(t) || t->progress.step == t->pause_at;
        if (evaluation_due(t, stands) && !evaluate(t, watch, why)) return false;
        if (s->status == TRIAL_RUNNING && at_end(t)) s->status = TRIAL_FINISHED;
        if (s->status != TRIAL_RUNNING) break;
        if (pauses(t) || out_of_time(t)) return true;
        if (watch->interrupted && watch->interrupted(watch->argument)) {
            s->status = TRIAL_INTERRUPTED;
            return !watch->checkpoint || watch->checkpoint(watch->argument, t, why);
        }
        double loss;
        if (!step(t, watch, &loss)) break;
        if (!record_step(t, watch, loss, why)) return false;
        if (checkpoint_due(t)) {
            /* the checkpoint holds the evaluation of its own step, if there is one */
            if (evaluation_due(t, at_end(t)) && !evaluate(t, watch, why)) return false;
            if (s->status == TRIAL_RUNNING && watch->checkpoint &&
                !watch->checkpoint(watch->argument, t, why))
                return false;
        }
    }
    finish(t);
    const bool last =
        s->status == TRIAL_FINISHED && t->record_steps && t->progress.step % t->record_steps != 0;
    return !last || record(t, watch, why);
}

typedef struct run_call {
    trial *t;
    const trial_watch *watch;
    failure *why;
    bool good;
} run_call;

static void run_in_region(void *argument)
{
    run_call *call = argument;
    call->good = run_steps(call->t, call->watch, call->why);
}

/* One parallel region for the whole trial: a step finds its threads waiting. */
bool trial_run(trial *t, const trial_watch *watch, failure *why)
{
    run_call call = {t, watch, why, false};
    team_region(run_in_region, &call);
    return call.good;
}
