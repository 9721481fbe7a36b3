/* engine/trial_steps.c: what happens to one trial at a step: evaluations and what they mean for its
 * end, records, checkpoints, waiting. Who calls these, and in which order, is in lockstep.c. See
 * trial_private.h. */
#include "engine/trial_private.h"

#include "engine/model_graph.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

double trial_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
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

trial_point trial_point_here(const trial *t)
{
    const uint64_t step = t->progress.step;
    return (trial_point){.step = step,
                         .epoch = trial_epoch(t),
                         .learning_rate = updater_learning_rate(t->updater, step ? step - 1 : 0),
                         .train = NO_EVALUATION,
                         .train_objective = NAN,
                         .validation = NO_EVALUATION};
}

const void *trial_solution(trial *t)
{
    return updater_solution(t->updater, t->progress.step, t->weights);
}

bool trial_take_evaluation(trial *t, trial_point *p, const void *weights, double seconds,
                           const trial_watch *watch, failure *why)
{
    trial_progress *g = &t->progress;
    g->evaluate_seconds += seconds;
    p->train_seconds = g->train_seconds;
    p->evaluate_seconds = g->evaluate_seconds;
    g->evaluated_step = g->step;
    remember_best(t, p);
    t->summary.last = *p;
    const batch validation = objective_split(t->objective, SLOPE_VALIDATION);
    if (t->config->evaluate.train && !isfinite(p->train_objective))
        diverged(t, "after", g->step, weights, objective_split(t->objective, SLOPE_TRAIN));
    else if (validation.rows && !isfinite(p->validation.loss))
        diverged(t, "after", g->step, weights, validation);
    return !watch->evaluated || watch->evaluated(watch->argument, t, p, why);
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

/* ---- where a trial stands -------------------------------------------------------------------- */

static bool out_of_time(const trial *t)
{
    return t->progress.train_seconds + t->progress.evaluate_seconds >= t->most_seconds;
}

/* Every step that is a multiple of the interval, the first and the last; each step at most once. A
 * trial that is out of time gets no further evaluation, which may take longer than many steps. */
bool trial_evaluation_due(trial *t)
{
    const trial_progress *g = &t->progress;
    if (g->evaluated_step == g->step) return false;
    if (g->evaluated_step != UINT64_MAX && out_of_time(t) && !at_end(t)) return false;
    return g->step == 0 || (t->evaluate_steps && g->step % t->evaluate_steps == 0) ||
           g->step == t->pause_at || at_end(t);
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

void trial_prune(trial *t, const char *message)
{
    t->summary.status = TRIAL_PRUNED;
    snprintf(t->summary.message, sizeof t->summary.message, "%s", message);
    close_summary(t);
}

void trial_settle(trial *t)
{
    const trial_progress *g = &t->progress;
    trial_summary *s = &t->summary;
    if (s->status != TRIAL_RUNNING) return;
    if (at_end(t)) {
        s->status = TRIAL_FINISHED;
    } else if (out_of_time(t)) {
        s->status = TRIAL_TIMEOUT;
        snprintf(s->message, sizeof s->message,
                 "took longer than %g seconds; stopped after step %llu", t->most_seconds,
                 (unsigned long long)g->step);
        close_summary(t);
    } else if (g->step == t->pause_at) {
        s->status = TRIAL_PAUSED;
        t->pause_at = UINT64_MAX; /* asked to run again, it goes on */
    }
}

/* ---- before the first step, and after each --------------------------------------------------- */

static bool record(trial *t, const trial_watch *watch, failure *why)
{
    if (!t->record_steps || !watch->recorded) return true;
    const double start = trial_clock();
    const void *weights = trial_solution(t);
    const double loss = trial_objective_at(t, weights);
    t->progress.evaluate_seconds += trial_clock() - start;
    return watch->recorded(watch->argument, t, weights, loss, why);
}

bool trial_begin(trial *t, const trial_watch *watch, failure *why)
{
    t->summary.status = TRIAL_RUNNING;
    t->summary.message[0] = '\0';
    t->summary.test = NO_EVALUATION;
    const bool fresh = t->progress.evaluated_step == UINT64_MAX; /* otherwise it has its start */
    return !fresh || record(t, watch, why);
}

void trial_fail(trial *t, const failure *why)
{
    t->summary.status = TRIAL_FAILED;
    snprintf(t->summary.message, sizeof t->summary.message, "step %llu: %s",
             (unsigned long long)t->progress.step + 1, why->text);
}

/* Rows are a function of the step: what is due after a step is recorded before the checkpoint of
 * that step, so that a resumed trial records each step once. */
bool trial_after_step(trial *t, batch rows, double loss, const trial_watch *watch, failure *why)
{
    trial_progress *g = &t->progress;
    if (!isfinite(loss)) {
        diverged(t, "at", g->step + 1, t->weights, rows);
        return true;
    }
    g->step++;
    if (watch->stepped) watch->stepped(watch->argument, t, loss);
    if (t->record_batch_steps && watch->batch_recorded &&
        (g->step == 1 || g->step % t->record_batch_steps == 0) &&
        !watch->batch_recorded(watch->argument, t, loss, why))
        return false;
    return !t->record_steps || g->step % t->record_steps != 0 || record(t, watch, why);
}

bool trial_checkpoint_due(trial *t)
{
    const trial_progress *g = &t->progress;
    if (t->checkpoint_steps && g->step % t->checkpoint_steps == 0) return true;
    if (t->checkpoint_seconds <= 0 || g->train_seconds < t->next_checkpoint) return false;
    t->next_checkpoint = g->train_seconds + t->checkpoint_seconds;
    return true;
}

bool trial_end(trial *t, evaluation test, double seconds, const trial_watch *watch, failure *why)
{
    t->summary.test = test;
    t->progress.evaluate_seconds += seconds;
    close_summary(t);
    const bool last = t->summary.status == TRIAL_FINISHED && t->record_steps &&
                      t->progress.step % t->record_steps != 0;
    return !last || record(t, watch, why);
}
