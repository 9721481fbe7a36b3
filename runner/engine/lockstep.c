/* engine/lockstep.c: see lockstep.h. This is the loop of all training; a trial alone is a group of
 * one. What happens to each trial at a step is in trial_steps.c, and how rows go through several
 * objectives at once in together.c. */
#include "engine/lockstep.h"

#include "config/same.h"
#include "engine/together.h"
#include "engine/trial_private.h"
#include "host/team.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

bool lockstep_fits(const trial *one, const trial *other)
{
    const trial_config *a = one->config, *b = other->config;
    const bool full = one->batches.size == one->batches.all.rows;
    return one->data == other->data && a->train.precision == b->train.precision &&
           one->batches.size == other->batches.size && (full || a->train.seed == b->train.seed) &&
           plugin_choice_same(&a->model, &b->model) &&
           objective_target(one->objective) == objective_target(other->objective) &&
           objective_outputs(one->objective) == objective_outputs(other->objective);
}

size_t lockstep_best_count(const trial *t)
{
    return together_width(t->objective, trial_bytes(t));
}

/* ---- a group and its lists
 * ----------------------------------------------------------------------- */

typedef struct group {
    const trial_watch *watch;
    failure *why;
    batches batches;
    /* Lists, each as long as the group at first. */
    trial **live;   /* running, in the order of the call */
    trial **active; /* of those, the ones that are furthest behind */
    trial **chosen; /* of those, the ones that something is about to happen to */
    size_t live_count, active_count, chosen_count;
    /* For each of the chosen. */
    const void **weights; /* that are evaluated */
    lane *lanes;
    double *losses;
    evaluation *evaluations;
    trial_point *points;
    /* The step at hand. */
    batch rows;
    size_t shares; /* threads that it is shared out to */
    size_t block;  /* trials that go through rows together */
    size_t block_count;
    atomic_bool *taken; /* blocks */
} group;

static bool can_go_on(const trial *t)
{
    const trial_status status = t->summary.status;
    return status == TRIAL_RUNNING || status == TRIAL_INTERRUPTED || status == TRIAL_PAUSED;
}

static group group_create(trial *const *trials, size_t count, const trial_watch *watch,
                          failure *why)
{
    group g = {.watch = watch,
               .why = why,
               .shares = parallel_is_serial() ? 1 : (size_t)threads_count(),
               .taken = allocate(count, sizeof *g.taken),
               .live = allocate(count, sizeof *g.live),
               .active = allocate(count, sizeof *g.active),
               .chosen = allocate(count, sizeof *g.chosen),
               .weights = allocate(count, sizeof *g.weights),
               .lanes = allocate(count, sizeof *g.lanes),
               .losses = allocate(count, sizeof *g.losses),
               .evaluations = allocate(count, sizeof *g.evaluations),
               .points = allocate(count, sizeof *g.points)};
    for (size_t i = 0; i < count; i++)
        if (can_go_on(trials[i])) g.live[g.live_count++] = trials[i];
    const batches *b = &trials[0]->batches;
    batches_create(&g.batches, b->all, b->size, b->seed);
    return g;
}

static void group_destroy(group *g)
{
    batches_destroy(&g->batches);
    void *all[] = {g->live,   g->active, g->chosen,      g->weights, g->lanes,
                   g->losses, g->points, g->evaluations, g->taken};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static bool is_running(trial *t)
{
    return t->summary.status == TRIAL_RUNNING;
}

static size_t keep_running(trial **list, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (is_running(list[i])) list[kept++] = list[i];
    return kept;
}

static void choose(group *g, bool (*wanted)(trial *t))
{
    g->chosen_count = 0;
    for (size_t i = 0; i < g->active_count; i++)
        if (wanted(g->active[i])) g->chosen[g->chosen_count++] = g->active[i];
}

static void choose_active(group *g)
{
    uint64_t lowest = UINT64_MAX;
    for (size_t i = 0; i < g->live_count; i++)
        if (trial_step(g->live[i]) < lowest) lowest = trial_step(g->live[i]);
    g->active_count = 0;
    for (size_t i = 0; i < g->live_count; i++)
        if (trial_step(g->live[i]) == lowest) g->active[g->active_count++] = g->live[i];
}

/* ---- evaluations
 * ----------------------------------------------------------------------------------- */

static bool looks_at(const trial *t, slope_split split)
{
    return split != SLOPE_TRAIN || t->config->evaluate.train;
}

/* The chosen trials on a split. Results stand at the places of their trials. */
static void evaluate_split(group *g, slope_split split)
{
    size_t count = 0;
    for (size_t i = 0; i < g->chosen_count; i++)
        if (looks_at(g->chosen[i], split))
            g->lanes[count++] = (lane){g->chosen[i]->objective, g->weights[i], NULL};
    if (count)
        together_evaluate(g->lanes, count, objective_split(g->lanes[0].o, split), g->evaluations);
    for (size_t i = g->chosen_count; i-- > 0;)
        g->evaluations[i] = looks_at(g->chosen[i], split) ? g->evaluations[--count] : NO_EVALUATION;
}

static bool evaluate_chosen(group *g)
{
    if (!g->chosen_count) return true;
    const double start = trial_clock();
    for (size_t i = 0; i < g->chosen_count; i++) {
        g->points[i] = trial_point_here(g->chosen[i]);
        g->weights[i] = trial_solution(g->chosen[i]);
    }
    evaluate_split(g, SLOPE_TRAIN);
    for (size_t i = 0; i < g->chosen_count; i++) {
        trial_point *p = &g->points[i];
        p->train = g->evaluations[i];
        if (looks_at(g->chosen[i], SLOPE_TRAIN))
            p->train_objective =
                p->train.loss + objective_penalty(g->chosen[i]->objective, g->weights[i]);
    }
    evaluate_split(g, SLOPE_VALIDATION);
    for (size_t i = 0; i < g->chosen_count; i++) g->points[i].validation = g->evaluations[i];
    const double share = (trial_clock() - start) / (double)g->chosen_count;
    for (size_t i = 0; i < g->chosen_count; i++)
        if (!trial_take_evaluation(g->chosen[i], &g->points[i], g->weights[i], share, g->watch,
                                   g->why))
            return false;
    return true;
}

/* ---- leaving
 * --------------------------------------------------------------------------------------- */

static bool has_ended(trial *t)
{
    const trial_status status = t->summary.status;
    return status == TRIAL_FINISHED || status == TRIAL_DIVERGED || status == TRIAL_FAILED;
}

/* Those of the active that have come to their end look at the test rows; all that do not run leave.
 */
static bool let_go(group *g)
{
    choose(g, has_ended);
    if (g->chosen_count) {
        const double start = trial_clock();
        for (size_t i = 0; i < g->chosen_count; i++) g->weights[i] = trial_solution(g->chosen[i]);
        evaluate_split(g, SLOPE_TEST);
        const double share = (trial_clock() - start) / (double)g->chosen_count;
        for (size_t i = 0; i < g->chosen_count; i++)
            if (!trial_end(g->chosen[i], g->evaluations[i], share, g->watch, g->why)) return false;
    }
    g->active_count = keep_running(g->active, g->active_count);
    g->live_count = keep_running(g->live, g->live_count);
    return true;
}

/* Everybody stops here and is saved. */
static bool interrupt(group *g)
{
    for (size_t i = 0; i < g->live_count; i++) {
        trial *t = g->live[i];
        t->summary.status = TRIAL_INTERRUPTED;
        if (g->watch->checkpoint && !g->watch->checkpoint(g->watch->argument, t, g->why))
            return false;
    }
    g->live_count = g->active_count = 0;
    return true;
}

/* ---- a step
 * ---------------------------------------------------------------------------------------- */

static bool shares_gradient(trial *t)
{
    return updater_shares(t->updater);
}

/* The whole step of one trial, with all threads inside. */
static void step_alone(group *g, trial *t, double *loss)
{
    failure why;
    *loss = NAN;
    if (!updater_step(t->updater, trial_step(t), g->rows, t->weights, loss, &why))
        trial_fail(t, &why);
}

/* The whole step of chosen trials [first, last), on this thread. */
static void step_block(group *g, handful *h, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++) {
        trial *t = g->chosen[i];
        g->lanes[i] = (lane){t->objective, t->weights, updater_gradient(t->updater)};
    }
    together_accumulate(h, g->lanes + first, last - first, g->losses + first);
    for (size_t i = first; i < last; i++) {
        trial *t = g->chosen[i];
        failure why;
        if (!updater_apply(t->updater, trial_step(t), g->rows, t->weights, g->losses[i], &why))
            trial_fail(t, &why);
    }
}

/* Blocks that fit the cache, as many for each thread. */
static void cut_into_blocks(group *g)
{
    const trial *t = g->chosen[0];
    const size_t width = together_width(t->objective, trial_bytes(t));
    const size_t least = (g->chosen_count + width - 1) / width;
    const size_t even = (least + g->shares - 1) / g->shares * g->shares;
    g->block = (g->chosen_count + even - 1) / even;
    g->block_count = (g->chosen_count + g->block - 1) / g->block;
    for (size_t b = 0; b < g->block_count; b++) atomic_store(&g->taken[b], false);
}

/* What one thread does of a step: first the blocks that it had in the step before, whose weights
 * are still in its cache, then what others have left over. */
static void step_share(void *argument, size_t first, size_t last)
{
    group *g = argument;
    (void)first, (void)last; /* whoever comes takes what there is */
    const size_t threads = g->shares, home = (size_t)thread_index() % threads;
    handful h = {.o = NULL};
    for (size_t turn = 0; turn < threads; turn++)
        for (size_t b = (home + turn) % threads; b < g->block_count; b += threads) {
            if (atomic_exchange(&g->taken[b], true)) continue;
            if (!h.o) h = together_take(g->chosen[0]->objective, g->rows, g->block);
            const size_t begin = b * g->block, left = g->chosen_count - begin;
            step_block(g, &h, begin, begin + (left < g->block ? left : g->block));
        }
}

static bool after_step(group *g)
{
    for (size_t i = 0; i < g->chosen_count; i++)
        if (is_running(g->chosen[i]) &&
            !trial_after_step(g->chosen[i], g->rows, g->losses[i], g->watch, g->why))
            return false;
    return true;
}

static bool has_its_own_way(trial *t)
{
    return !shares_gradient(t);
}

/* Those that go their own way come after the others. Each share of the time is even among those
 * who went together. */
static bool step(group *g)
{
    double start = trial_clock();
    g->rows = batches_at(&g->batches, trial_step(g->active[0]));
    choose(g, shares_gradient);
    if (g->chosen_count > 1 && g->chosen_count >= g->shares) {
        cut_into_blocks(g);
        parallel_for(g->shares, 1, step_share, g);
    } else
        for (size_t i = 0; i < g->chosen_count; i++) step_alone(g, g->chosen[i], &g->losses[i]);
    const double share = (trial_clock() - start) / (double)g->chosen_count;
    for (size_t i = 0; i < g->chosen_count; i++) g->chosen[i]->progress.train_seconds += share;
    if (!after_step(g)) return false;
    choose(g, has_its_own_way);
    for (size_t i = 0; i < g->chosen_count; i++) {
        start = trial_clock();
        step_alone(g, g->chosen[i], &g->losses[i]);
        g->chosen[i]->progress.train_seconds += trial_clock() - start;
    }
    return after_step(g);
}

static bool checkpoint_due(trial *t)
{
    return is_running(t) && trial_checkpoint_due(t);
}

/* A checkpoint holds the evaluation of its own step, if there is one. */
static bool save_checkpoints(group *g)
{
    choose(g, checkpoint_due);
    const size_t count = g->chosen_count;
    if (!count) return true;
    trial **due = allocate(count, sizeof *due);
    memcpy(due, g->chosen, count * sizeof *due);
    g->chosen_count = 0;
    for (size_t i = 0; i < count; i++)
        if (trial_evaluation_due(due[i])) g->chosen[g->chosen_count++] = due[i];
    bool good = evaluate_chosen(g);
    for (size_t i = 0; good && i < count; i++)
        if (is_running(due[i]) && g->watch->checkpoint)
            good = g->watch->checkpoint(g->watch->argument, due[i], g->why);
    free(due);
    return good;
}

/* ---- the loop
 * -------------------------------------------------------------------------------------- */

static bool group_run(group *g)
{
    for (size_t i = 0; i < g->live_count; i++)
        if (!trial_begin(g->live[i], g->watch, g->why)) return false;
    while (choose_active(g), g->active_count) {
        choose(g, trial_evaluation_due);
        if (!evaluate_chosen(g)) return false;
        for (size_t i = 0; i < g->active_count; i++) trial_settle(g->active[i]);
        if (!let_go(g)) return false;
        if (!g->active_count) continue;
        if (g->watch->interrupted && g->watch->interrupted(g->watch->argument)) return interrupt(g);
        if (!step(g) || !save_checkpoints(g) || !let_go(g)) return false;
    }
    return true;
}

typedef struct run_call {
    trial *const *trials;
    size_t count;
    const trial_watch *watch;
    failure *why;
    bool good;
} run_call;

static void run_in_region(void *argument)
{
    run_call *call = argument;
    group g = group_create(call->trials, call->count, call->watch, call->why);
    call->good = group_run(&g);
    group_destroy(&g);
}

/* One parallel region for all: a step finds its threads waiting. */
bool lockstep_run(trial *const *trials, size_t count, const trial_watch *watch, failure *why)
{
    if (!count) return true;
    run_call call = {trials, count, watch, why, false};
    team_region(run_in_region, &call);
    return call.good;
}
