/* sweep/run_merge.c: several folders of one experiment put into one (`slope merge`): shards, or the
 * same shard twice. What comes out does not depend on the order of the folders, and is what one run
 * of everything would have left, but for times. See run_private.h. */
#include "sweep/run_private.h"

#include "base/files.h"
#include "sweep/row_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One after another: "3, 7, 11 and 20 more". */
static const char *list_missing(const run *r, arena *a, size_t *count)
{
    enum { MOST_NAMED = 10 };
    const char *text = "";
    *count = 0;
    for (size_t t = 0; t < r->count; t++) {
        if (status_is_final(r->outcomes[t].status)) continue;
        if (++*count <= MOST_NAMED) text = arena_printf(a, "%s%s%zu", text, *text ? ", " : "", t);
    }
    if (*count > MOST_NAMED) text = arena_printf(a, "%s and %zu more", text, *count - MOST_NAMED);
    return text;
}

/* Reads all folders; takes_from[t] is the first that has trial t, SIZE_MAX: none. */
static bool read_folders(run *r, size_t count, row_giver *givers, trials_read *read,
                         size_t *takes_from, failure *why)
{
    for (size_t t = 0; t < r->count; t++) takes_from[t] = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        const trials_read *one = &read[i];
        if (!run_read_trials(r, givers[i].folder, &read[i], why)) return false;
        givers[i].numbers =
            one->count ? one->numbers : takes_from; /* without trials not looked at */
        givers[i].number_count = one->count;
        if (!run_may_merge(r, one, givers[i].folder, givers[0].folder, why)) return false;
        for (size_t t = 0; t < r->count; t++)
            if (takes_from[t] == SIZE_MAX && status_is_final(r->outcomes[t].status))
                takes_from[t] = i;
    }
    return true;
}

/* The weights that a single run would have kept; those that a shard did not keep are not missed. */
static bool copy_weights(run *r, const row_giver *givers, const size_t *takes_from, failure *why)
{
    arena *a = arena_create();
    bool good = true;
    for (size_t t = 0; good && t < r->count; t++) {
        bool kept = !r->is_sweep;
        for (size_t i = 0; i < r->best_count; i++) kept = kept || r->best[i] == t;
        if (!kept || takes_from[t] == SIZE_MAX) continue;
        const row_giver *giver = &givers[takes_from[t]];
        for (size_t old = 0; good && old < giver->number_count; old++) {
            const char *from =
                path_join(a, giver->folder, arena_printf(a, "weights/%zu.safetensors", old));
            if (giver->numbers[old] == t && file_exists(from))
                good = file_copy(from, run_weights_path(a, r, t), why);
        }
    }
    arena_destroy(a);
    return good;
}

static exit_status finish(run *r, failure *why)
{
    size_t missing;
    const char *names = list_missing(r, r->memory, &missing);
    if (!run_write_manifest(r, missing ? RUN_INTERRUPTED : RUN_FINISHED, why)) return why->status;
    if (!r->options->quiet) run_print_table(r);
    if (r->differing)
        fprintf(stderr,
                "slope: warning: %zu trial%s stand%s in several folders with different results; "
                "the first folder's were taken\n",
                r->differing, r->differing == 1 ? "" : "s", r->differing == 1 ? "s" : "");
    if (!missing) return STATUS_OK;
    fprintf(stderr, "slope: %zu of %zu trials missing: %s; run them with: slope resume %s\n",
            missing, r->count, names, r->folder.path);
    return STATUS_TRIALS_FAILED;
}

exit_status run_merge(const experiment *e, const run_options *options, size_t count,
                      const char *const *folders, failure *why)
{
    run r;
    run_bytes bytes;
    bool good = run_begin(&r, e, options, why);
    row_giver *givers = arena_alloc(r.memory, count * sizeof *givers);
    size_t *takes_from = arena_alloc(r.memory, (r.count + 1) * sizeof *takes_from);
    trials_read *read = arena_alloc(r.memory, count * sizeof *read); /* zeroed */
    for (size_t i = 0; i < count; i++) givers[i] = (row_giver){.folder = folders[i]};
    good = good && read_folders(&r, count, givers, read, takes_from, why) &&
           run_make_folder(&r, why) && run_take_rows(&r, count, givers, takes_from, &bytes, why);
    if (good) {
        run_find_best(&r);
        good = copy_weights(&r, givers, takes_from, why);
    }
    const exit_status status = good ? finish(&r, why) : why->status;
    for (size_t i = 0; i < count; i++) free(read[i].numbers);
    run_end(&r);
    return status;
}
