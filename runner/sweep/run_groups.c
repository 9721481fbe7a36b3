/* sweep/run_groups.c: which trials train together.
 *
 * Trials with one key, at one step, may. They are cut into as many groups as their best size asks
 * for, rounded up to a multiple of the threads so that all threads have work, and each group is as
 * good as equal. Nothing of this changes a result. See run_private.h. */
#include "sweep/run_private.h"

#include "engine/lockstep.h"
#include "host/team.h"
#include "base/memory.h"

#include <stdlib.h>

typedef struct member {
    uint64_t key;
    int64_t step; /* of its checkpoint */
    size_t number;
    bool alone;
} member;

static int by_key(const void *a, const void *b)
{
    const member *one = a, *other = b;
    if (one->key != other->key) return one->key < other->key ? -1 : 1;
    if (one->step != other->step) return one->step < other->step ? -1 : 1;
    if (one->alone != other->alone) return one->alone ? 1 : -1;
    return one->number < other->number ? -1 : 1;
}

static int by_first_number(const void *a, const void *b)
{
    const group *one = a, *other = b;
    return one->numbers[0] < other->numbers[0] ? -1 : 1;
}

/* How many trials like this one go well together, and fit the memory; 0 with the reason: not one.
 */
static size_t most_together(run *r, size_t number, failure *why)
{
    arena *a = arena_create();
    const trial_config *c = plan_trial(r->plan, number, a);
    trial *t = trial_create(c, plan_dataset(r->plan, number), why);
    size_t most = 0;
    if (t) {
        const size_t threads = (size_t)threads_count(), there = memory_available();
        const size_t bytes = trial_bytes(t), room = there / (bytes + 1) / threads;
        const size_t best = lockstep_best_count(t);
        most = best < room ? best : room;
        if (!most && bytes <= there) most = 1; /* a single one with all threads */
        if (!most)
            failure_set(why, STATUS_CONFIG,
                        "needs %.1f GB of memory, and %.1f GB are there; take a smaller model or "
                        "batch",
                        (double)bytes / 1e9, (double)there / 1e9);
    }
    trial_destroy(t);
    if (!most) failure_context(why, "trial %zu (%s)", number, c->label);
    arena_destroy(a);
    return most;
}

/* Cuts members that may train together. */
static size_t cut(run *r, const member *members, size_t count, size_t most, const size_t *numbers,
                  group *out)
{
    const size_t threads = (size_t)threads_count();
    size_t parts = (count + most - 1) / most;
    if (most > 1 && count >= threads) parts = (parts + threads - 1) / threads * threads;
    if (parts > count || members[0].alone) parts = count;
    for (size_t part = 0; part < parts; part++) {
        const size_t first = count * part / parts, end = count * (part + 1) / parts;
        out[part] = (group){.run = r, .count = end - first, .numbers = numbers + first};
    }
    return parts;
}

size_t run_make_groups(run *r, arena *a, size_t count, const size_t *numbers, group **groups,
                       failure *why)
{
    member *members = arena_alloc(a, count * sizeof *members);
    size_t *sorted = arena_alloc(a, count * sizeof *sorted);
    *groups = arena_alloc(a, count * sizeof **groups);
    for (size_t i = 0; i < count; i++) {
        const standing *s = &r->standings[numbers[i]];
        members[i] = (member){plan_fuse_key(r->plan, numbers[i]), s->checkpoint, numbers[i],
                              !r->is_sweep || !r->sweep->fuse || s->suspect};
    }
    qsort(members, count, sizeof *members, by_key);
    for (size_t i = 0; i < count; i++) sorted[i] = members[i].number;
    size_t total = 0, most = 0, last = 0;
    for (size_t first = 0; first < count; first = last) {
        const member *m = &members[first];
        for (last = first + 1; last < count && members[last].key == m->key &&
                               members[last].step == m->step && members[last].alone == m->alone;)
            last++;
        if (!first || members[first - 1].key != m->key) most = most_together(r, m->number, why);
        if (!most) return 0;
        total += cut(r, m, last - first, most, sorted + first, *groups + total);
    }
    qsort(*groups, total, sizeof **groups, by_first_number);
    return total;
}
