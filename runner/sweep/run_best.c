/* sweep/run_best.c: whose weights stay. Without a sweep every trial's do (`keep: weights`); of a
 * sweep those of the `keep_best` trials that are best by its metric, the earlier one where two are
 * equal. So the same weights stay however the sweep was run. See run_private.h. */
#include "sweep/run_private.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool better(const run *r, size_t one, size_t other)
{
    const double a = run_smaller_is_better(r->metric, r->outcomes[one].metric);
    const double b = run_smaller_is_better(r->metric, r->outcomes[other].metric);
    return a < b || (a == b && one < other);
}

/* Puts the trial among the best; SIZE_MAX: it is not, otherwise whom it drives out, or itself. */
static size_t enter(run *r, size_t number)
{
    if (isnan(r->outcomes[number].metric) || !r->best_capacity) return SIZE_MAX;
    size_t at = r->best_count;
    while (at > 0 && better(r, number, r->best[at - 1])) at--;
    if (at == r->best_capacity) return SIZE_MAX;
    const bool full = r->best_count == r->best_capacity;
    const size_t driven_out = full ? r->best[r->best_count - 1] : number;
    if (!full) r->best_count++;
    memmove(r->best + at + 1, r->best + at, (r->best_count - at - 1) * sizeof *r->best);
    r->best[at] = number;
    return driven_out;
}

/* A pruned trial has less training behind it than its weights would suggest. */
static bool counts(const outcome *o)
{
    return o->status == TRIAL_FINISHED;
}

bool run_keep_weights(run *r, const lane *l, failure *why)
{
    if (!l->config->keep_weights || !l->trial) return true;
    arena *a = arena_create();
    bool good = true;
    if (!r->is_sweep) {
        good = trial_save_weights(l->trial, run_weights_path(a, r, l->number), why);
    } else if (counts(&r->outcomes[l->number])) {
        const size_t driven_out = enter(r, l->number);
        if (driven_out != SIZE_MAX)
            good = trial_save_weights(l->trial, run_weights_path(a, r, l->number), why);
        if (good && driven_out != SIZE_MAX && driven_out != l->number)
            (void)unlink(run_weights_path(a, r, driven_out));
    }
    arena_destroy(a);
    return good;
}

void run_find_best(run *r)
{
    r->best_capacity = r->is_sweep ? (size_t)r->sweep->keep_best : 0;
    if (r->best_capacity > r->count) r->best_capacity = r->count;
    free(r->best);
    r->best = allocate(r->best_capacity + 1, sizeof *r->best);
    r->best_count = 0;
    for (size_t t = 0; t < r->count; t++)
        if (counts(&r->outcomes[t])) enter(r, t);
}

static bool is_kept(const run *r, size_t number)
{
    for (size_t i = 0; i < r->best_count; i++)
        if (r->best[i] == number) return true;
    return false;
}

void run_remove_other_weights(const run *r)
{
    if (!r->is_sweep) return;
    arena *a = arena_create();
    DIR *folder = opendir(run_path(a, r, "weights"));
    for (const struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        char *end;
        const size_t number = strtoull(entry->d_name, &end, 10);
        const bool whole = strcmp(end, ".safetensors") == 0;
        const bool half =
            strcmp(end, ".safetensors.partial") == 0; /* the process was killed then */
        if (end == entry->d_name || (!whole && !half) || (whole && is_kept(r, number))) continue;
        (void)unlink(run_path(a, r, arena_printf(a, "weights/%s", entry->d_name)));
    }
    if (folder) closedir(folder);
    arena_destroy(a);
}
