/* engine/trial.c: making a trial, and what it says of itself. See trial.h. What happens at a step
 * is in trial_steps.c, the loop over the steps in lockstep.c, saving and restoring in
 * trial_state.c. */
#include "engine/trial_private.h"

#include "base/memory.h"

#include "engine/lockstep.h"

#include <stdlib.h>
#include <string.h>

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

/* What does not fit the memory there is must be an error here, not the end of the process later. */
static bool memory_fits(const trial_config *config, const objective *o, failure *why)
{
    const double worth_asking = 2.5e8; /* bytes: to ask the system takes longer than small trials */
    const double weights =
        (double)objective_layout(o)->total * (double)objective_kernels(o)->real_size;
    const double need = weights + (double)updater_need(config, o);
    if (need < worth_asking) return true;
    const double there = (double)memory_available();
    return need <= there ||
           failure_set(why, STATUS_CONFIG,
                       "weights, gradient and state of optimizer %s need %.1f GB of memory, and "
                       "%.1f GB are there; take a smaller model",
                       config->optimizer.plugin->id, need / 1e9, there / 1e9);
}

trial *trial_create(const trial_config *config, const dataset *data, failure *why)
{
    trial *t = allocate(1, sizeof *t);
    t->config = config;
    t->data = data;
    t->pause_at = UINT64_MAX;
    t->most_seconds = NAN;
    t->summary.test = NO_EVALUATION; /* also of one that is restored only to be pruned */
    t->objective = objective_create(config, data, 0, why);
    if (!t->objective || !stop_fits(t, why) || !memory_fits(config, t->objective, why)) goto fail;
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

uint64_t trial_last_step(const trial *t)
{
    return t->last_step;
}

uint64_t trial_steps_per_epoch(const trial *t)
{
    return t->batches.steps_per_epoch;
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

bool trial_run(trial *t, const trial_watch *watch, failure *why)
{
    return lockstep_run(&t, 1, watch, why);
}
