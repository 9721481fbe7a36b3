/* sweep/ask_tell_train.c: training the trials of one line. See ask_tell_private.h.
 *
 * Those with one key may train together: they are cut into groups that fit the cache and keep all
 * threads busy. Groups run at the same time, one a thread; those that are left over, fewer than
 * threads, have all threads each. Nothing of this changes a result. */
#include "sweep/ask_tell_private.h"

#include "base/memory.h"
#include "engine/lockstep.h"
#include "host/team.h"
#include "sweep/crash.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct group {
    const ask_tell *session;
    bool (*interrupted)(void *);
    question **members;
    size_t count;
    bool sole; /* has all threads to itself */
} group;

/* ---- watching -------------------------------------------------------------------------------- */

/* What is written when the trial ends is kept with it until then. */
static bool evaluated(void *argument, const trial *t, const trial_point *p, failure *why)
{
    const group *g = argument;
    points *all = &g->members[trial_number(t)]->points;
    (void)why;
    if (all->count == all->room) {
        all->room = 2 * all->room + 4;
        trial_point *more = realloc(all->list, all->room * sizeof *more);
        if (!more) out_of_memory(all->room * sizeof *more);
        all->list = more;
    }
    all->list[all->count++] = *p;
    return true;
}

static bool is_interrupted(void *argument)
{
    const group *g = argument;
    return g->interrupted(NULL);
}

static trial_watch watch_of(group *g)
{
    return (trial_watch){.argument = g,
                         .evaluated = g->session->record ? evaluated : NULL,
                         .interrupted = is_interrupted};
}

/* The ids of the trials at work, for the note of a crash. */
static char *tell_crash(const group *g)
{
    char *ids = allocate(g->count, 16), id[17];
    for (size_t i = 0; i < g->count; i++) {
        snprintf(id, sizeof id, "%016" PRIx64, g->members[i]->single.id);
        memcpy(ids + 16 * i, id, 16);
    }
    crash_under_way(ids, g->count, g->sole);
    return ids;
}

/* ---- one group ------------------------------------------------------------------------------- */

static void settle(const ask_tell *s, question *q, trial *t)
{
    q->summary = *trial_result(t);
    q->began = true;
    q->step = trial_step(t);
    q->epoch = trial_epoch(t);
    const trial_status status = q->summary.status;
    const bool none =
        status == TRIAL_DIVERGED || status == TRIAL_FAILED || status == TRIAL_INTERRUPTED;
    q->value = none ? NAN : trial_metric(t, s->metric);
    q->waits = status == TRIAL_PAUSED;
    q->trial = q->waits ? t : NULL;
    if (!q->waits) trial_destroy(t);
}

/* A trial that has waited on record only, brought to where it waits: through the same pauses, since
 * each of them evaluates it. */
static void catch_up(group *g, const question *q, trial *t)
{
    const trial_watch watch = watch_of(g);
    failure never; /* a watch that writes nothing has nothing to fail at */
    for (size_t i = 0; i < q->pause_count && !g->interrupted(NULL); i++) {
        trial_pause_at(t, q->pauses[i]);
        trial_run(t, &watch, &never);
    }
}

/* NULL: the trial does not fit its data, and its question says so. */
static trial *make(group *g, size_t member)
{
    failure why;
    question *q = g->members[member];
    trial *t = q->trial ? q->trial : trial_create(q->single.config, q->single.data, &why);
    if (!t) {
        snprintf(q->summary.message, sizeof q->summary.message, "%s", why.text);
        q->error = q->summary.message;
        return NULL;
    }
    trial_set_number(t, member);
    trial_limit_seconds(t, g->session->trial_seconds);
    if (!q->trial) catch_up(g, q, t);
    q->pause_count = 0;
    trial_pause_at(t, q->prune ? UINT64_MAX : ask_tell_until(q, t));
    return t;
}

/* Those that fit the first one run with it, the others after them. */
static void run_together(group *g, trial **left, size_t count)
{
    const trial_watch watch = watch_of(g);
    trial **together = allocate(count, sizeof *together);
    while (count) {
        failure never;
        size_t fitting = 0, others = 0;
        trial *first = left[0];
        for (size_t i = 0; i < count; i++) {
            if (lockstep_fits(first, left[i]))
                together[fitting++] = left[i];
            else
                left[others++] = left[i];
        }
        lockstep_run(together, fitting, &watch, &never);
        count = others;
    }
    free(together);
}

static void run_group(group *g)
{
    trial **made = allocate(g->count, sizeof *made), **left = allocate(g->count, sizeof *left);
    char *ids = g->session->record ? tell_crash(g) : NULL;
    size_t count = 0;
    for (size_t i = 0; i < g->count; i++) {
        made[i] = make(g, i);
        if (made[i] && g->members[i]->prune)
            trial_prune(made[i], "by who asked for it");
        else if (made[i])
            left[count++] = made[i];
    }
    if (count) run_together(g, left, count);
    if (ids) crash_under_way(NULL, 0, g->sole);
    for (size_t i = 0; i < g->count; i++)
        if (made[i]) settle(g->session, g->members[i], made[i]);
    free(ids);
    free(made);
    free(left);
}

/* ---- all groups ------------------------------------------------------------------------------ */

typedef struct groups {
    group *list;
    size_t count;
} groups;

static void run_piece(void *argument, size_t first, size_t last)
{
    const groups *all = argument;
    for (size_t i = first; i < last; i++) run_group(&all->list[i]);
}

static void run_all(void *argument)
{
    const groups *all = argument;
    const size_t threads = (size_t)threads_count();
    const size_t left = threads > 1 ? all->count % threads : 0;
    if (all->count > left) parallel_for_uneven(all->count - left, run_piece, argument);
    for (size_t i = all->count - left; i < all->count; i++) {
        all->list[i].sole = true;
        run_group(&all->list[i]);
    }
}

static int by_key(const void *left, const void *right)
{
    const question *a = *(question *const *)left, *b = *(question *const *)right;
    if (a->single.fuse != b->single.fuse) return a->single.fuse < b->single.fuse ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

/* How many trials like this one go well together and fit the memory. */
static size_t most_together(const question *q)
{
    failure why;
    trial *t = trial_create(q->single.config, q->single.data, &why);
    if (!t) return 1; /* make() tells */
    const size_t room = memory_available() / (trial_bytes(t) + 1) / (size_t)threads_count();
    const size_t best = lockstep_best_count(t);
    trial_destroy(t);
    return !room ? 1 : best < room ? best : room;
}

/* Cuts members of one key. */
static size_t cut(const group *like, question **members, size_t count, group *out)
{
    const size_t threads = (size_t)threads_count();
    const size_t most = count > 1 ? most_together(members[0]) : 1;
    size_t parts = like->session->fuse ? (count + most - 1) / most : count;
    if (most > 1 && count >= threads) parts = (parts + threads - 1) / threads * threads;
    if (parts > count) parts = count;
    for (size_t part = 0; part < parts; part++) {
        const size_t first = count * part / parts, end = count * (part + 1) / parts;
        out[part] = *like;
        out[part].members = members + first;
        out[part].count = end - first;
    }
    return parts;
}

void ask_tell_train(const ask_tell *s, question *all, size_t count, bool (*interrupted)(void *),
                    arena *a)
{
    const group like = {.session = s, .interrupted = interrupted};
    question **members = arena_alloc(a, (count + 1) * sizeof *members), **alone = members + count;
    groups made = {arena_alloc(a, (count + 1) * sizeof *made.list), 0};
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        if (all[i].error || all[i].settled) continue;
        if (!ask_tell_suspects(s, &all[i])) {
            members[good++] = &all[i];
            continue;
        }
        *--alone = &all[i];
        made.count += cut(&like, alone, 1, made.list + made.count);
    }
    if (good > 1) qsort(members, good, sizeof *members, by_key);
    for (size_t first = 0, end; first < good; first = end) {
        for (end = first + 1;
             end < good && members[end]->single.fuse == members[first]->single.fuse;)
            end++;
        made.count += cut(&like, members + first, end - first, made.list + made.count);
    }
    if (made.count) team_region(run_all, &made);
}
