/* sweep/run_resume.c: what earlier processes left in a run's folder, and going on from there. See
 * run_private.h. */
#include "sweep/run_group.h"

#include "base/files.h"
#include "record/safetensors.h"
#include "sweep/crash.h"
#include "sweep/row_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- rows ------------------------------------------------------------------------------------ */

typedef struct taking {
    const run *r;
    const row_giver *givers;
    const size_t *takes_from;
    bool of_trials; /* trials.csv */
} taking;

static size_t fate(void *argument, size_t source, size_t number, uint64_t step)
{
    const taking *t = argument;
    const row_giver *giver = &t->givers[source];
    if (giver->numbers)
        number = number < giver->number_count ? giver->numbers[number] : ROW_DROPPED;
    if (number >= t->r->count) return ROW_DROPPED;
    if (t->takes_from && t->takes_from[number] != source) return ROW_DROPPED;
    const trial_status status = t->r->outcomes[number].status;
    if (t->of_trials) return status != TRIAL_RUNNING ? number : ROW_DROPPED;
    const int64_t checkpoint = t->r->standings[number].checkpoint;
    return status_is_final(status) || (checkpoint >= 0 && step <= (uint64_t)checkpoint)
               ? number
               : ROW_DROPPED;
}

bool run_take_rows(run *r, size_t count, const row_giver *givers, const size_t *takes_from,
                   run_bytes *bytes, failure *why)
{
    static const char *const names[] = {RUN_PATHS, RUN_BATCHES, "metrics.csv", "trials.csv"};
    int64_t *const lengths[] = {&bytes->paths, &bytes->batches, &bytes->metrics, &bytes->trials};
    taking t = {r, givers, takes_from, false};
    arena *a = arena_create();
    const char **sources = arena_alloc(a, count * sizeof *sources);
    bool good = true;
    for (size_t n = 0; good && n < sizeof names / sizeof *names; n++) {
        for (size_t i = 0; i < count; i++) sources[i] = path_join(a, givers[i].folder, names[n]);
        t.of_trials = lengths[n] == &bytes->trials;
        good =
            row_files_gather(run_path(a, r, names[n]), sources, count, fate, &t, lengths[n], why);
    }
    arena_destroy(a);
    return good;
}

/* Whether a second row of a trial says something else than the first: it should not. */
static bool differ(const outcome *one, const outcome *other)
{
    return one->status != other->status || one->steps != other->steps ||
           (one->train_loss != other->train_loss && !isnan(one->train_loss) &&
            !isnan(other->train_loss));
}

/* A row: which trial it is here, and what became of it. */
static void read_row(run *r, const char *const *cells, const size_t *columns, trials_read *read)
{
    const size_t old = strtoull(cells[columns[OUTCOME_TRIAL]], NULL, 10);
    const size_t number = plan_find(r->plan, cells[columns[OUTCOME_ID]]);
    if (number == SIZE_MAX) {
        if (!read->unknown++) snprintf(read->foreign, 17, "%s", cells[columns[OUTCOME_ID]]);
        return;
    }
    if (old >= read->capacity) {
        const size_t room = 2 * old + 64;
        size_t *more = allocate(room, sizeof *more);
        for (size_t i = 0; i < room; i++)
            more[i] = i < read->count ? read->numbers[i] : ROW_DROPPED;
        free(read->numbers);
        read->numbers = more;
        read->capacity = room;
    }
    read->numbers[old] = number;
    if (old >= read->count) read->count = old + 1;
    const outcome o = run_read_outcome(r, cells, columns);
    if (!status_is_final(o.status)) return;
    if (!status_is_final(r->outcomes[number].status))
        r->outcomes[number] = o;
    else
        r->differing += differ(&r->outcomes[number], &o);
}

bool run_read_trials(run *r, const char *folder, trials_read *read, failure *why)
{
    arena *a = arena_create();
    const char *path = path_join(a, folder, "trials.csv");
    size_t columns[OUTCOME_COLUMNS];
    bool good = true;
    *read = (trials_read){0};
    if (file_exists(path)) {
        csv_scan *trials = csv_scan_open(path, why);
        good = trials != NULL;
        if (good && !run_find_columns(r, trials, columns))
            good = failure_set(
                why, STATUS_ENVIRONMENT,
                "the columns of '%s' are not those that this version of slope writes", path);
        for (const char *const *cells; good && (cells = csv_scan_next(trials)) != NULL;)
            read_row(r, cells, columns, read);
        failure second;
        if (trials && !csv_scan_close(trials, &second) && good) {
            *why = second;
            good = false;
        }
    }
    arena_destroy(a);
    return good;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static bool read_checkpoint(run *r, const char *path, size_t number, failure *why)
{
    safetensors file;
    if (!safetensors_read(path, &file, why))
        return failure_context(why,
                               "cannot go on with trial %zu (remove the file to begin the "
                               "trial again)",
                               number);
    const char *step = safetensors_text(&file, "step");
    if (step) r->standings[number].checkpoint = strtoll(step, NULL, 10);
    safetensors_free(&file);
    return true;
}

/* Those of trials that are done, or that nobody knows, are of no more use. */
static bool find_checkpoints(run *r, failure *why)
{
    arena *a = arena_create();
    DIR *folder = opendir(run_path(a, r, "checkpoint"));
    bool good = true;
    for (const struct dirent *entry; good && folder && (entry = readdir(folder)) != NULL;) {
        const char *dot = strchr(entry->d_name, '.');
        if (!dot || dot - entry->d_name != 16) continue;
        const char *path = run_path(a, r, arena_printf(a, "checkpoint/%s", entry->d_name));
        const size_t number = plan_find(r->plan, arena_strndup(a, entry->d_name, 16));
        if (number == SIZE_MAX || strcmp(dot, ".safetensors") != 0 ||
            status_is_final(r->outcomes[number].status))
            unlink(path);
        else
            good = read_checkpoint(r, path, number, why);
    }
    if (folder) closedir(folder);
    arena_destroy(a);
    return good;
}

/* ---- rungs ----------------------------------------------------------------------------------- */

/* What a pruner compared before must be compared again: the metric at each rung, from the rows. */
static bool read_rungs(run *r, const char *path, failure *why)
{
    csv_scan *metrics = csv_scan_open(path, why);
    if (!metrics) return false;
    const size_t of_trial = csv_scan_find(metrics, "trial"),
                 of_step = csv_scan_find(metrics, "step");
    const size_t of_value = csv_scan_find(metrics, metric_name(r->metric));
    const bool there = of_trial != SIZE_MAX && of_step != SIZE_MAX && of_value != SIZE_MAX;
    for (const char *const *cells; there && (cells = csv_scan_next(metrics)) != NULL;) {
        const size_t number = strtoull(cells[of_trial], NULL, 10);
        rungs *all = number < r->count ? r->standings[number].rungs : NULL;
        const uint64_t step = strtoull(cells[of_step], NULL, 10);
        if (!all || all->known == all->count || all->at[all->known].step != step) continue;
        const char *value = cells[of_value];
        all->at[all->known++].value =
            run_smaller_is_better(r->metric, *value ? strtod(value, NULL) : NAN);
    }
    return csv_scan_close(metrics, why);
}

static bool find_rungs(run *r, failure *why)
{
    if (!r->sweep->pruner.plugin) return true;
    for (size_t t = 0; t < r->count; t++) {
        if (r->outcomes[t].status == TRIAL_RUNNING && r->standings[t].checkpoint == NO_CHECKPOINT)
            continue;
        arena *a = arena_create();
        lane l = {.number = t, .config = plan_trial(r->plan, t, a)};
        l.trial = trial_create(l.config, plan_dataset(r->plan, t), why);
        if (l.trial) run_make_rungs(r, &l);
        trial_destroy(l.trial);
        arena_destroy(a);
        if (!l.trial) return false;
    }
    arena *a = arena_create();
    const bool good = read_rungs(r, run_path(a, r, "metrics.csv"), why);
    arena_destroy(a);
    return good;
}

/* ---- crashes --------------------------------------------------------------------------------- */

/* One trial under way is the culprit; of several, each is tried alone. */
static bool blame_crash(run *r, const crash_note *note, failure *why)
{
    for (size_t i = 0; i < note->count; i++) {
        const size_t number = plan_find(r->plan, note->ids[i]);
        if (number == SIZE_MAX || status_is_final(r->outcomes[number].status)) continue;
        r->standings[number].suspect = true;
        if (note->count > 1) continue;
        arena *a = arena_create();
        const lane l = {.number = number, .config = plan_trial(r->plan, number, a)};
        const bool good = run_fail(r, &l, note->description, why);
        arena_destroy(a);
        if (!good) return false;
    }
    return true;
}

/* ---- going on -------------------------------------------------------------------------------- */

/* From the outcomes that were read. `numbers`: NULL, or where trials have new ones. */
static bool take_up(run *r, const trials_read *renumbered, failure *why)
{
    crash_note note;
    run_bytes bytes;
    if (!find_checkpoints(r, why)) return false;
    const row_giver own = {r->folder.path, renumbered ? renumbered->numbers : NULL,
                           renumbered ? renumbered->count : 0};
    if (!run_take_rows(r, 1, &own, NULL, &bytes, why) || !run_write_manifest(r, RUN_RUNNING, why))
        return false;
    if (bytes.trials < 0 || bytes.metrics < 0) /* killed before the files were there */
        bytes = (run_bytes){-1, -1, -1, -1};
    if (!run_open_files(r, &bytes, why) || !find_rungs(r, why)) return false;
    for (size_t t = 0; t < r->count; t++) {
        r->done += status_is_final(r->outcomes[t].status);
        r->failures += r->outcomes[t].status == TRIAL_FAILED;
    }
    r->done_before = r->done;
    crash_read(r->memory, run_path(r->memory, r, RUN_CRASH), &note);
    return blame_crash(r, &note, why);
}

static bool open_folder(run *r, const char *path, failure *why)
{
    manifest_summary before;
    if (!run_folder_open(r->memory, path, &r->folder, why) ||
        !manifest_read(r->folder.path, &before, why))
        return false;
    if (before.asked)
        return failure_set(why, STATUS_CONFIG,
                           "the trials of '%s' are those that another program asked for; go on "
                           "with: slope ask-tell --resume %s",
                           path, path);
    r->started = arena_strdup(r->memory, before.started);
    r->seconds_before = before.seconds;
    r->resumes = before.resumes + 1;
    r->shard = (shard){before.shard_index, before.shard_count};
    return true;
}

bool run_go_on(run *r, failure *why)
{
    trials_read read = {0};
    const bool good = open_folder(r, r->options->resume, why) && run_is_unchanged(r, why) &&
                      run_read_trials(r, r->folder.path, &read, why) &&
                      run_knows_all(r, &read, why) && take_up(r, NULL, why);
    free(read.numbers);
    return good;
}

/* The weights that stayed are named by the numbers of their trials, which may be others now. */
static void rename_weights(run *r, const trials_read *read)
{
    arena *a = arena_create();
    for (int aside = 1; aside >= 0; aside--)
        for (size_t old = 0; old < read->count; old++) {
            const size_t number = read->numbers[old];
            if (number == ROW_DROPPED || number == old) continue;
            const char *between = run_path(a, r, arena_printf(a, "weights/%zu.renamed", number));
            if (aside)
                (void)rename(run_weights_path(a, r, old), between);
            else
                (void)rename(between, run_weights_path(a, r, number));
        }
    arena_destroy(a);
}

bool run_extend(run *r, failure *why)
{
    trials_read read = {0};
    if (!open_folder(r, r->options->extend, why)) return false;
    if (r->options->shard.count) r->shard = r->options->shard;
    const bool good =
        run_read_trials(r, r->folder.path, &read, why) && run_may_extend(r, &read, why);
    if (good) rename_weights(r, &read);
    const bool taken = good && run_write_config(r, why) && take_up(r, &read, why);
    free(read.numbers);
    return taken;
}
