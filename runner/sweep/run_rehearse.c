/* sweep/run_rehearse.c: what a run would do (`slope run --dry-run`): how many trials, which train
 * together, how much memory and time that takes, and what the first ones are. The time is measured:
 * of each kind of group the first is trained for a moment. See run_private.h. */
#include "sweep/run_private.h"

#include "engine/lockstep.h"
#include "host/team.h"
#include "record/table.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MOST_KINDS = 20, FIRST_TRIALS = 3 };
static const double PROBE_SECONDS = 0.3; /* of each kind of group */

/* What a moment of training tells of a group. */
typedef struct probe {
    const run *r;
    double until;
    size_t count;
    trial **trials;
    double seconds, fraction; /* of all that the group will take; NAN: nothing tells */
    size_t bytes;
} probe;

static bool time_is_up(void *argument)
{
    const probe *p = argument;
    return run_now() > p->until;
}

static void train_a_moment(void *argument)
{
    probe *p = argument;
    const trial_watch watch = {.argument = p, .interrupted = time_is_up};
    failure why;
    const double start = run_now();
    p->until = start + PROBE_SECONDS;
    (void)lockstep_run(p->trials, p->count, &watch, &why); /* its own troubles come in the run */
    p->seconds = run_now() - start;
    p->fraction = 0;
    for (size_t i = 0; i < p->count; i++) p->fraction += trial_fraction(p->trials[i]);
    p->fraction /= (double)p->count;
}

static bool try_group(const run *r, const group *g, probe *p, failure *why)
{
    arena *a = arena_create();
    bool good = true;
    *p = (probe){.r = r, .trials = arena_alloc(a, g->count * sizeof *p->trials)};
    for (size_t i = 0; good && i < g->count; i++) {
        const trial_config *c = plan_trial(r->plan, g->numbers[i], a);
        trial *t = trial_create(c, plan_dataset(r->plan, g->numbers[i]), why);
        good = t != NULL || failure_context(why, "trial %zu (%s)", g->numbers[i], c->label);
        if (!t) break;
        p->trials[p->count++] = t;
    }
    if (good) {
        team_region(train_a_moment, p);
        for (size_t i = 0; i < p->count; i++) p->bytes += trial_bytes(p->trials[i]);
    }
    for (size_t i = 0; i < p->count; i++) trial_destroy(p->trials[i]);
    p->trials = NULL;
    arena_destroy(a);
    return good;
}

/* ---- kinds of groups ------------------------------------------------------------------------- */

/* Groups of one key and size; the first is tried for all. */
typedef struct kind {
    uint64_t key;
    const group *first;
    size_t groups, trials;
    probe probe;
} kind;

static size_t sort_out(const run *r, const group *groups, size_t count, kind *kinds)
{
    size_t n = 0;
    for (size_t g = 0; g < count; g++) {
        const uint64_t key = plan_fuse_key(r->plan, groups[g].numbers[0]);
        size_t k = 0;
        while (k < n && (kinds[k].key != key || kinds[k].first->count < groups[g].count)) k++;
        if (k == n && n == MOST_KINDS) k = n - 1; /* the last one stands for the rest */
        if (k == n) kinds[n++] = (kind){.key = key, .first = &groups[g]};
        kinds[k].groups++;
        kinds[k].trials += groups[g].count;
    }
    return n;
}

/* Seconds that all groups of the kind take, one after another. */
static double seconds_of(const kind *k)
{
    const double one = k->probe.seconds / k->probe.fraction;
    return one * (double)k->trials / (double)k->first->count;
}

static const char *duration(arena *a, double seconds)
{
    if (!isfinite(seconds)) return "not known";
    if (seconds < 1) return arena_printf(a, "%.0f ms", 1e3 * seconds);
    if (seconds < 120) return arena_printf(a, "%.1f s", seconds);
    if (seconds < 7200) return arena_printf(a, "%.0f min", seconds / 60);
    return arena_printf(a, "%.1f h", seconds / 3600);
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_kinds(const run *r, const kind *kinds, size_t count)
{
    arena *a = arena_create();
    table *t = table_create();
    table_column(t, "groups", ALIGN_RIGHT);
    table_column(t, "trials in each", ALIGN_RIGHT);
    table_column(t, "memory of one", ALIGN_RIGHT);
    table_column(t, "all of them, each alone on the machine", ALIGN_RIGHT);
    table_column(t, "first trial", ALIGN_LEFT);
    for (size_t k = 0; k < count; k++) {
        table_cell(t, "%zu", kinds[k].groups);
        table_cell(t, "%zu", kinds[k].first->count);
        table_cell(t, "%.1f MB", (double)kinds[k].probe.bytes / 1e6);
        table_cell(t, "%s", duration(a, seconds_of(&kinds[k])));
        table_cell(t, "%s", plan_trial(r->plan, kinds[k].first->numbers[0], a)->label);
    }
    table_print(t, stdout);
    table_destroy(t);
    arena_destroy(a);
}

static void print_first_trials(const run *r)
{
    for (size_t t = 0; t < r->count && t < FIRST_TRIALS; t++) {
        arena *a = arena_create();
        char id[17];
        const trial_config *c = plan_trial(r->plan, t, a);
        printf("\n# trial %zu, %s: %s\n%s", t, plan_id(r->plan, t, id), c->label,
               config_to_yaml(a, c->resolved, false));
        arena_destroy(a);
    }
    if (r->count > FIRST_TRIALS) printf("\n# and %zu trials more\n", r->count - FIRST_TRIALS);
}

static void print_counts(const run *r, size_t of_shard, size_t groups)
{
    const size_t duplicates = plan_duplicates(r->plan), excluded = plan_excluded(r->plan);
    printf("%s: %zu trial%s", r->experiment->name, r->count, r->count == 1 ? "" : "s");
    if (of_shard < r->count)
        printf(", %zu of them in shard %zu/%zu", of_shard, r->shard.index, r->shard.count);
    printf(", %zu group%s, %d thread%s\n", groups, groups == 1 ? "" : "s", threads_count(),
           threads_count() == 1 ? "" : "s");
    if (duplicates) printf("left out: %zu that an earlier trial is the same as\n", duplicates);
    if (excluded) printf("left out: %zu by `exclude`\n", excluded);
}

static bool rehearse(run *r, failure *why)
{
    arena *a = arena_create();
    size_t *numbers = arena_alloc(a, (r->count + 1) * sizeof *numbers), count = 0;
    for (size_t t = 0; t < r->count; t++)
        if (run_in_shard(r, t)) numbers[count++] = t;
    group *groups = NULL;
    kind kinds[MOST_KINDS];
    const size_t group_count = count ? run_make_groups(r, a, count, numbers, &groups, why) : 0;
    const size_t kind_count = sort_out(r, groups, group_count, kinds);
    bool good = group_count > 0 || !count;
    double seconds = 0;
    size_t bytes = 0;
    for (size_t k = 0; good && k < kind_count; k++) {
        good = try_group(r, kinds[k].first, &kinds[k].probe, why);
        if (kinds[k].probe.bytes > bytes) bytes = kinds[k].probe.bytes;
        seconds += seconds_of(&kinds[k]);
    }
    if (good) {
        const size_t at_once = r->is_sweep ? (size_t)threads_count() : 1;
        print_counts(r, count, group_count);
        print_kinds(r, kinds, kind_count);
        printf("memory: %.1f MB for trials that train at the same time, of %.1f MB there are\n",
               (double)(bytes * at_once) / 1e6, (double)memory_available() / 1e6);
        printf("time: about %s%s\n", duration(a, seconds),
               r->sweep->pruner.plugin ? " without what the pruner saves" : "");
        print_first_trials(r);
    }
    arena_destroy(a);
    return good;
}

exit_status run_rehearse(const experiment *e, const run_options *options, failure *why)
{
    run r;
    const bool good = run_begin(&r, e, options, why) && rehearse(&r, why);
    run_end(&r);
    return good ? STATUS_OK : why->status;
}
