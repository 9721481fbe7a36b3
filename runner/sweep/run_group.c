/* sweep/run_group.c: see run_group.h. */
#include "sweep/run_group.h"

#include "engine/lockstep.h"
#include "record/safetensors.h"
#include "sweep/crash.h"
#include "sweep/pruner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lock(run *r)
{
    pthread_mutex_lock(&r->mutex);
}

static void unlock(run *r)
{
    pthread_mutex_unlock(&r->mutex);
}

/* The first failure of the environment is the one that is told; it ends the run. */
static void break_off(run *r, const failure *why)
{
    lock(r);
    if (!atomic_exchange(&r->failed, true)) r->broken = *why;
    unlock(r);
}

static lane *lane_of(const group *g, const trial *t)
{
    return &g->lanes[trial_number(t)];
}

/* ---- watching -------------------------------------------------------------------------------- */

static void stepped(void *argument, const trial *t, double loss)
{
    const group *g = argument;
    run *r = g->run;
    if (!progress_is_due(r->progress) && !r->uncommitted_count) return;
    lock(r);
    failure why;
    run_show_step(r, g, lane_of(g, t), loss);
    const bool good =
        run_commit(r, true, &why); /* rows of short trials do not wait for long ones */
    unlock(r);
    if (!good) break_off(r, &why);
}

static bool evaluated(void *argument, const trial *t, const trial_point *p, failure *why)
{
    const group *g = argument;
    lock(g->run);
    const bool good = run_write_metrics(g->run, lane_of(g, t), p, why);
    run_show_evaluation(g->run, g, lane_of(g, t));
    unlock(g->run);
    return good;
}

static bool recorded(void *argument, const trial *t, const void *weights, double loss, failure *why)
{
    const group *g = argument;
    lock(g->run);
    const bool good = run_write_path(g->run, lane_of(g, t), weights, loss, why);
    unlock(g->run);
    return good;
}

static bool batch_recorded(void *argument, const trial *t, double loss, failure *why)
{
    const group *g = argument;
    lock(g->run);
    const bool good = run_write_batch_loss(g->run, lane_of(g, t), loss, why);
    unlock(g->run);
    return good;
}

static bool save(run *r, const lane *l, failure *why)
{
    arena *a = arena_create();
    char id[17];
    const named_text extra[] = {{"hash", plan_id(r->plan, l->number, id)},
                                {"trial", arena_printf(a, "%zu", l->number)},
                                {NULL, NULL}};
    const bool good = trial_save(l->trial, run_checkpoint_path(a, r, l->number), extra, why);
    if (good) r->standings[l->number].checkpoint = (int64_t)trial_step(l->trial);
    arena_destroy(a);
    return good;
}

/* Rows up to here are on the disk before the checkpoint that says they are. */
static bool checkpoint(void *argument, const trial *t, failure *why)
{
    const group *g = argument;
    lock(g->run);
    const bool good = run_commit(g->run, false, why);
    unlock(g->run);
    return good && save(g->run, lane_of(g, t), why);
}

static bool interrupted(void *argument)
{
    const group *g = argument;
    return run_asked_to_stop(g->run) || atomic_load(&g->run->failed);
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* The ids of the trials, for the note of a crash. */
static void tell_crash(const group *g)
{
    char *ids = arena_alloc(g->memory, 16 * g->count + 1), id[17];
    for (size_t i = 0; i < g->count; i++)
        memcpy(ids + 16 * i, plan_id(g->run->plan, g->numbers[i], id), 16);
    crash_under_way(ids, g->count, g->sole);
}

void run_make_rungs(run *r, const lane *l)
{
    standing *s = &r->standings[l->number];
    if (!r->sweep->pruner.plugin || s->rungs) return;
    const pruner p = {(const slope_pruner *)r->sweep->pruner.plugin->description[FLOAT32],
                      r->sweep->pruner.config};
    const uint64_t last = trial_last_step(l->trial);
    uint64_t steps[MOST_RUNGS], before = 0;
    size_t count = 0;
    while (count < MOST_RUNGS &&
           (before = pruner_rung(&p, count, before, last == UINT64_MAX ? 0 : last,
                                 trial_steps_per_epoch(l->trial))) != 0)
        steps[count++] = before;
    s->rungs = allocate(1, sizeof *s->rungs + count * sizeof *s->rungs->at);
    s->rungs->count = count;
    for (size_t i = 0; i < count; i++) s->rungs->at[i].step = steps[i];
}

/* What does not succeed here is the trial's own failure: the others go on. */
static bool make_trial(group *g, lane *l, failure *why)
{
    run *r = g->run;
    l->config = plan_trial(r->plan, l->number, g->memory);
    l->trial = trial_create(l->config, plan_dataset(r->plan, l->number), why);
    if (!l->trial) return false;
    trial_set_number(l->trial, (size_t)(l - g->lanes));
    trial_limit_seconds(l->trial, r->sweep->trial_seconds);
    run_make_rungs(r, l);
    const rungs *all = r->standings[l->number].rungs;
    if (all && r->rung < all->count) trial_pause_at(l->trial, all->at[r->rung].step);
    if (l->config->record.parameters.count > 0)
        l->columns = run_path_columns(r, g->memory, l->trial);
    return true;
}

static bool restore(run *r, const lane *l, failure *why)
{
    arena *a = arena_create();
    const bool good = r->standings[l->number].checkpoint == NO_CHECKPOINT ||
                      trial_restore(l->trial, run_checkpoint_path(a, r, l->number), why);
    arena_destroy(a);
    return good;
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void count_failure(run *r, trial_status status)
{
    if (status != TRIAL_FAILED) return;
    r->failures++;
    const int64_t most = r->sweep->max_failures;
    if (r->is_sweep &&
        (r->sweep->stop_on_error || (most != SLOPE_ABSENT && r->failures > (size_t)most)))
        run_ask_to_stop(r, STOP_FAILURES);
}

/* The row first: it says how good the trial is, and so whether its weights stay. They are there
 * before the row is committed. */
static bool end_trial(run *r, const lane *l, const trial_summary *summary, failure *why)
{
    run_write_trial(r, l, summary);
    if (status_is_final(summary->status)) {
        if (!run_keep_weights(r, l, why)) return false;
        r->done++;
        count_failure(r, summary->status);
        run_show_end(r);
    }
    return run_commit(r, true, why);
}

bool run_fail(run *r, const lane *l, const char *message, failure *why)
{
    trial_summary s = {.status = TRIAL_FAILED,
                       .last = NO_TRIAL_POINT,
                       .best_validation_accuracy = NAN,
                       .best_validation_loss = NAN,
                       .test = NO_EVALUATION};
    snprintf(s.message, sizeof s.message, "%s", message);
    return end_trial(r, l, &s, why);
}

/* What became of a trial when its group ended: a row, or a file to go on from. */
static bool settle(run *r, const lane *l, failure *why)
{
    const trial_summary *s = trial_result(l->trial);
    if (s->status == TRIAL_PAUSED) return run_commit(r, false, why) && save(r, l, why);
    return end_trial(r, l, s, why);
}

bool run_prune(run *r, size_t number, size_t rung, failure *why)
{
    group g = {.run = r, .memory = arena_create(), .count = 1, .numbers = &number};
    lane l = {.number = number};
    char message[200];
    g.lanes = &l;
    bool good = make_trial(&g, &l, why) && restore(r, &l, why);
    if (good) {
        snprintf(message, sizeof message, "by %s at rung %zu, step %llu",
                 r->sweep->pruner.plugin->id, rung + 1, (unsigned long long)trial_step(l.trial));
        trial_prune(l.trial, message);
        good = end_trial(r, &l, trial_result(l.trial), why);
    }
    trial_destroy(l.trial);
    arena_destroy(g.memory);
    return good;
}

/* ---- a group --------------------------------------------------------------------------------- */

/* Those that fit the first one run with it, the others after them. */
static bool run_lanes(group *g, failure *why)
{
    const trial_watch watch = {.argument = g,
                               .stepped = stepped,
                               .evaluated = evaluated,
                               .recorded = recorded,
                               .batch_recorded = batch_recorded,
                               .checkpoint = checkpoint,
                               .interrupted = interrupted};
    trial **left = arena_alloc(g->memory, g->count * sizeof *left), **together;
    size_t count = 0;
    bool good = true;
    for (size_t i = 0; i < g->count; i++)
        if (g->lanes[i].trial) left[count++] = g->lanes[i].trial;
    together = arena_alloc(g->memory, (count + 1) * sizeof *together);
    while (good && count) {
        size_t fitting = 0, others = 0;
        for (size_t i = 0; i < count; i++) {
            if (i == 0 || lockstep_fits(left[0], left[i]))
                together[fitting++] = left[i];
            else
                left[++others] = left[i];
        }
        good = lockstep_run(together, fitting, &watch, why);
        memmove(left, left + 1, others * sizeof *left);
        count = others;
    }
    return good;
}

static bool begin_lanes(group *g, failure *why)
{
    run *r = g->run;
    bool good = true;
    for (size_t i = 0; good && i < g->count; i++) {
        lane *l = &g->lanes[i];
        failure reason;
        l->number = g->numbers[i];
        if (!make_trial(g, l, &reason)) {
            lock(r);
            good = run_fail(r, l, reason.text, why);
            unlock(r);
        } else {
            good = restore(r, l, why);
        }
    }
    return good;
}

void run_group(group *g)
{
    run *r = g->run;
    failure why;
    if (run_asked_to_stop(r) || atomic_load(&r->failed)) return;
    g->memory = arena_create();
    g->lanes = arena_alloc(g->memory, g->count * sizeof *g->lanes);
    tell_crash(g);
    bool good = begin_lanes(g, &why) && run_lanes(g, &why);
    lock(r);
    for (size_t i = 0; good && i < g->count; i++)
        if (g->lanes[i].trial) good = settle(r, &g->lanes[i], &why);
    unlock(r);
    crash_under_way(NULL, 0, g->sole);
    if (!good) break_off(r, &why);
    for (size_t i = 0; i < g->count; i++) trial_destroy(g->lanes[i].trial);
    arena_destroy(g->memory);
    g->lanes = NULL;
}
