/* sweep/run_trials.c: training what is to be trained: round by round of the sampler, cohort by
 * cohort and rung by rung of the pruner, group by group. See run_private.h.
 *
 * Groups run at the same time, one a thread, as pieces of a loop; those that are left over at the
 * end, fewer than threads, have all threads each. */
#include "sweep/run_private.h"

#include "engine/lockstep.h"
#include "host/team.h"
#include "sweep/crash.h"
#include "sweep/pruner.h"
#include "sweep/run_group.h"

#include <stdlib.h>
#include <string.h>

/* ---- groups ---------------------------------------------------------------------------------- */

typedef struct groups_task {
    group *groups;
    size_t first;
} groups_task;

static void run_piece(void *argument, size_t first, size_t last)
{
    const groups_task *t = argument;
    for (size_t i = first; i < last; i++) run_group(&t->groups[t->first + i]);
}

/* In one region, so that every thread takes subnormal numbers for zero, as in a trial alone. */
static void run_side_by_side(void *argument)
{
    groups_task *t = argument;
    run *r = t->groups[0].run;
    const size_t threads = (size_t)threads_count(), count = t->first;
    const size_t left = threads > 1 ? count % threads : 0;
    t->first = 0;
    r->groups_at_once = threads;
    parallel_for_uneven(count - left, run_piece, t);
    r->groups_at_once = 1;
    for (size_t i = count - left; i < count; i++) {
        t->groups[i].sole = true;
        run_group(&t->groups[i]);
    }
}

static bool train(run *r, size_t count, const size_t *numbers, failure *why)
{
    if (!count) return true;
    arena *a = arena_create();
    group *groups;
    const size_t group_count = run_make_groups(r, a, count, numbers, &groups, why);
    bool good = group_count > 0;
    if (good && !r->is_sweep) { /* one after another, each with all threads */
        for (size_t i = 0; i < group_count; i++) {
            groups[i].sole = true;
            run_group(&groups[i]);
        }
    } else if (good) {
        team_region(run_side_by_side, &(groups_task){groups, group_count});
    }
    if (good && atomic_load(&r->failed)) {
        *why = r->broken;
        good = false;
    }
    arena_destroy(a);
    return good && run_commit(r, false, why);
}

/* ---- pruning --------------------------------------------------------------------------------- */

static bool came_to(const run *r, size_t number, size_t rung)
{
    const rungs *all = r->standings[number].rungs;
    return all && all->known > rung && !isnan(all->at[rung].value);
}

static double *values_of(const run *r, arena *a, const size_t *trials, size_t count, size_t rung)
{
    double *values = arena_alloc(a, (count + 1) * (rung + 1) * sizeof *values);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k <= rung; k++)
            values[i * (rung + 1) + k] = r->standings[trials[i]].rungs->at[k].value;
    return values;
}

/* The trials of [first, last) that came to the rung, whatever became of them later: so a decision
 * is the same when it is taken again after a resume. */
static size_t who_came(const run *r, arena *a, size_t first, size_t last, size_t rung,
                       size_t **trials)
{
    *trials = arena_alloc(a, (last - first + 1) * sizeof **trials);
    size_t count = 0;
    for (size_t t = first; t < last; t++)
        if (came_to(r, t, rung)) (*trials)[count++] = t;
    return count;
}

static bool decide(run *r, size_t first, size_t last, size_t rung, failure *why)
{
    const pruner p = {(const slope_pruner *)r->sweep->pruner.plugin->description[FLOAT32],
                      r->sweep->pruner.config};
    arena *a = arena_create();
    size_t *trials, *earlier;
    const size_t count = who_came(r, a, first, last, rung, &trials);
    const size_t before = who_came(r, a, 0, first, rung, &earlier);
    bool *keep = arena_alloc(a, count + 1);
    bool good = !count || pruner_decide(&p, rung, count, values_of(r, a, trials, count, rung),
                                        before, values_of(r, a, earlier, before, rung), keep, why);
    for (size_t i = 0; good && i < count; i++)
        if (!keep[i] && !status_is_final(r->outcomes[trials[i]].status))
            good = run_prune(r, trials[i], rung, why);
    arena_destroy(a);
    return good;
}

/* Those of [first, last) that are not done, and have not yet come to the rung. */
static size_t who_trains(const run *r, arena *a, size_t first, size_t last, size_t rung,
                         size_t **trials)
{
    *trials = arena_alloc(a, (last - first + 1) * sizeof **trials);
    size_t count = 0;
    for (size_t t = first; t < last; t++) {
        const rungs *all = r->standings[t].rungs;
        if (run_in_shard(r, t) && !status_is_final(r->outcomes[t].status) &&
            !(all && all->known > rung))
            (*trials)[count++] = t;
    }
    return count;
}

static bool may_go_on(const run *r)
{
    return atomic_load(&r->stop) == STOP_NOT;
}

/* Up to the rung, and the pruner's word there, until nobody is left. Without a pruner there is one
 * round, to the end. */
static bool run_cohort(run *r, size_t first, size_t last, failure *why)
{
    for (size_t rung = 0; may_go_on(r); rung++) {
        arena *a = arena_create();
        size_t *trials;
        const size_t to_end = r->sweep->pruner.plugin ? rung : SIZE_MAX;
        const size_t count = who_trains(r, a, first, last, to_end, &trials);
        size_t left = 0;
        r->rung = to_end;
        bool good = train(r, count, trials, why);
        for (size_t t = first; t < last; t++)
            left += run_in_shard(r, t) && !status_is_final(r->outcomes[t].status);
        arena_destroy(a);
        if (good && left && may_go_on(r) && r->sweep->pruner.plugin)
            good = decide(r, first, last, rung, why);
        if (!good) return false;
        if (!left) break;
    }
    return true;
}

static bool run_round(run *r, size_t first, failure *why)
{
    size_t length = r->count - first;
    if (r->sweep->pruner.plugin) {
        const pruner p = {(const slope_pruner *)r->sweep->pruner.plugin->description[FLOAT32],
                          r->sweep->pruner.config};
        const uint64_t cohort = pruner_cohort(&p);
        if (cohort && cohort < length) length = (size_t)cohort;
    }
    for (size_t t = first; t < r->count && may_go_on(r); t += length)
        if (!run_cohort(r, t, r->count - t < length ? r->count : t + length, why)) return false;
    return true;
}

bool run_trials(run *r, failure *why)
{
    arena *a = arena_create();
    const char *note = run_path(a, r, RUN_CRASH);
    crash_watch(note);
    bool good = true;
    for (size_t first = 0, added = 1; good && added && may_go_on(r);) {
        good = run_round(r, first, why);
        if (!good || !may_go_on(r)) break;
        first = r->count;
        good = run_more(r, &added, why);
    }
    crash_forget();
    arena_destroy(a);
    return good && run_commit(r, false, why);
}
