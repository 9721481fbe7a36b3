/* sweep/run_resume.c: what earlier processes left in a run's folder, and going on from there. See
 * run_private.h. */
#include "sweep/run_group.h"

#include "base/files.h"
#include "record/safetensors.h"
#include "sweep/crash.h"
#include "sweep/row_files.h"

#include <dirent.h>
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
static bool differs(const outcome *o, const csv_rows *rows, size_t i)
{
    const char *loss = csv_cell(rows, i, "train_loss");
    return strcmp(csv_cell(rows, i, "status"), trial_status_name(o->status)) != 0 ||
           strtoull(csv_cell(rows, i, "steps"), NULL, 10) != o->steps ||
           (*loss && !isnan(o->train_loss) && strtod(loss, NULL) != o->train_loss);
}

static bool read_outcomes(run *r, const csv_rows *rows, size_t **numbers, size_t *number_count,
                          size_t *unknown, char foreign[17])
{
    *unknown = *number_count = 0;
    for (size_t i = 0; i < rows->row_count; i++) {
        const size_t old = strtoull(csv_cell(rows, i, "trial"), NULL, 10);
        if (old < (size_t)1 << 40 && old >= *number_count) *number_count = old + 1;
    }
    *numbers = arena_alloc(r->memory, (*number_count + 1) * sizeof **numbers);
    for (size_t i = 0; i < *number_count; i++) (*numbers)[i] = ROW_DROPPED;
    for (size_t i = 0; i < rows->row_count; i++) {
        const char *id = csv_cell(rows, i, "hash");
        const size_t old = strtoull(csv_cell(rows, i, "trial"), NULL, 10);
        const size_t number = plan_find(r->plan, id);
        trial_status status;
        if (number == SIZE_MAX) {
            if (!(*unknown)++) {
                memset(foreign, 0, 17);
                strncpy(foreign, id, 16);
            }
            continue;
        }
        if (old < *number_count) (*numbers)[old] = number;
        if (!status_from_name(csv_cell(rows, i, "status"), &status) || !status_is_final(status))
            continue;
        if (status_is_final(r->outcomes[number].status)) {
            r->differing += differs(&r->outcomes[number], rows, i);
            continue;
        }
        run_remember(r, number, rows, i);
    }
    return true;
}

bool run_read_outcomes(run *r, const char *folder, size_t **numbers, size_t *number_count,
                       size_t *unknown, char foreign[17], failure *why)
{
    arena *a = arena_create();
    csv_rows rows;
    const char *trials = path_join(a, folder, "trials.csv");
    *numbers = NULL;
    *number_count = *unknown = 0;
    const bool good =
        !file_exists(trials) || (csv_read(a, trials, &rows, why) &&
                                 read_outcomes(r, &rows, numbers, number_count, unknown, foreign));
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
static void read_rungs(run *r, const csv_rows *rows)
{
    const char *column = metric_name(r->metric);
    for (size_t i = 0; i < rows->row_count; i++) {
        const size_t number = strtoull(csv_cell(rows, i, "trial"), NULL, 10);
        if (number >= r->count) continue;
        rungs *all = r->standings[number].rungs;
        const uint64_t step = strtoull(csv_cell(rows, i, "step"), NULL, 10);
        const char *value = csv_cell(rows, i, column);
        if (!all || all->known == all->count || all->at[all->known].step != step) continue;
        all->at[all->known++].value =
            run_smaller_is_better(r->metric, *value ? strtod(value, NULL) : NAN);
    }
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
    csv_rows rows;
    const bool good = csv_read(a, run_path(a, r, "metrics.csv"), &rows, why);
    if (good) read_rungs(r, &rows);
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

/* Why the trials of a folder are not those of the configuration: what changed since. */
static bool refuse_foreign(run *r, const char *verb, size_t unknown, const char *foreign,
                           failure *why)
{
    const ingredients now = run_ingredients(r);
    const char *changes = manifest_changes(r->memory, r->folder.path, &now);
    return failure_set(why, STATUS_CONFIG,
                       "cannot %s '%s': %zu of its trials (the first is %s) %s not of this "
                       "experiment any more.%s%s",
                       verb, r->folder.path, unknown, foreign, unknown == 1 ? "is" : "are",
                       *changes ? " Changed since:\n" : " Its config.yaml was changed since",
                       changes);
}

static bool take_up(run *r, const char *verb, failure *why)
{
    size_t *numbers, number_count, unknown;
    char foreign[17];
    crash_note note;
    run_bytes bytes;
    if (!run_read_outcomes(r, r->folder.path, &numbers, &number_count, &unknown, foreign, why))
        return false;
    if (unknown) return refuse_foreign(r, verb, unknown, foreign, why);
    if (!find_checkpoints(r, why)) return false;
    const row_giver own = {r->folder.path, r->options->extend ? numbers : NULL, number_count};
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
    r->started = arena_strdup(r->memory, before.started);
    r->seconds_before = before.seconds;
    r->resumes = before.resumes + 1;
    r->shard = (shard){before.shard_index, before.shard_count};
    return true;
}

/* Nothing is mixed: a plugin or a file of data that is not what it was stops it, even where no
 * trial has ended yet. */
bool run_go_on(run *r, failure *why)
{
    if (!open_folder(r, r->options->resume, why)) return false;
    const ingredients now = run_ingredients(r);
    const char *changes = manifest_changes(r->memory, r->folder.path, &now);
    if (*changes)
        return failure_set(why, STATUS_CONFIG,
                           "cannot resume '%s': it was run with another plugin or data file:\n%s"
                           "put back what was there, or start a new run",
                           r->folder.path, changes);
    return take_up(r, "resume", why);
}

/* The weights that stayed are named by the numbers of their trials, which may be others now. */
static bool rename_weights(run *r, const size_t *numbers, size_t count, failure *why)
{
    (void)why;
    arena *a = arena_create();
    for (int aside = 1; aside >= 0; aside--)
        for (size_t old = 0; old < count; old++) {
            if (numbers[old] == ROW_DROPPED || numbers[old] == old) continue;
            const char *between =
                run_path(a, r, arena_printf(a, "weights/%zu.renamed", numbers[old]));
            if (aside)
                (void)rename(run_weights_path(a, r, old), between);
            else
                (void)rename(between, run_weights_path(a, r, numbers[old]));
        }
    arena_destroy(a);
    return true;
}

bool run_extend(run *r, failure *why)
{
    size_t *numbers, number_count, unknown;
    char foreign[17];
    if (!open_folder(r, r->options->extend, why)) return false;
    if (r->options->shard.count) r->shard = r->options->shard;
    if (!run_read_outcomes(r, r->folder.path, &numbers, &number_count, &unknown, foreign, why))
        return false;
    if (unknown)
        return failure_set(why, STATUS_CONFIG,
                           "cannot extend '%s': %zu of its trials (the first is %s) %s not in the "
                           "space of '%s'; values may be added, not taken away, and plugins and "
                           "data must be the same",
                           r->folder.path, unknown, foreign, unknown == 1 ? "is" : "are",
                           r->experiment->name);
    return rename_weights(r, numbers, number_count, why) && run_write_config(r, why) &&
           take_up(r, "extend", why);
}
