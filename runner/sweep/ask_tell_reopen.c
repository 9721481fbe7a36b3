/* sweep/ask_tell_reopen.c: the folder of `slope ask-tell` from its making, or from what an earlier
 * process left there, to its end. See ask_tell_record_private.h. */
#include "sweep/ask_tell_record_private.h"

#include "base/files.h"
#include "config/changes.h"
#include "config/space.h"
#include "config/sweep_config.h"
#include "host/team.h"
#include "kernels/kernels.h"
#include "record/csv_scan.h"
#include "sweep/outcome.h"
#include "sweep/row_files.h"
#include "sweep/trial_rows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

double record_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *record_path(arena *a, const recorder *r, const char *name)
{
    return path_join(a, r->folder.path, name);
}

/* ---- the manifest ---------------------------------------------------------------------------- */

static ingredients ingredients_of(recorder *r, arena *a)
{
    const size_t plugins = plan_plugin_count(r->plan), datasets = plan_dataset_count(r->plan);
    const host_plugin **used = arena_alloc(a, (plugins + 1) * sizeof *used);
    const dataset **data = arena_alloc(a, (datasets + 1) * sizeof *data);
    for (size_t i = 0; i < plugins; i++) used[i] = plan_plugin_at(r->plan, i);
    for (size_t i = 0; i < datasets; i++) data[i] = plan_dataset_at(r->plan, i);
    return (ingredients){plugins, used, datasets, data};
}

bool record_manifest(recorder *r, run_status status, failure *why)
{
    arena *a = arena_create();
    const bool good =
        manifest_write(&r->folder,
                       &(provenance){.status = status,
                                     .command = r->command,
                                     .threads = threads_count(),
                                     .isa = kernels_isa(),
                                     .experiment = r->experiment->name,
                                     .asked = true,
                                     .trial_count = status == RUN_RUNNING ? 0 : r->ended.count,
                                     .ingredients = ingredients_of(r, a),
                                     .config = r->given,
                                     .seconds = r->seconds_before + (record_now() - r->started_at),
                                     .started = r->started,
                                     .resumes = r->resumes},
                       why);
    arena_destroy(a);
    return good;
}

static bool is_met(const recorder *r, const char *digest)
{
    for (size_t i = 0; i < r->met_files; i++)
        if (strcmp(r->met[i], digest) == 0) return true;
    return false;
}

/* Whether there are plugins or files of data that the manifest does not have yet. */
static bool meet_new(recorder *r)
{
    bool found = plan_plugin_count(r->plan) > r->met_plugins;
    r->met_plugins = plan_plugin_count(r->plan);
    for (size_t d = 0; d < plan_dataset_count(r->plan); d++) {
        const dataset *data = plan_dataset_at(r->plan, d);
        for (size_t f = 0; data && f < data->file_count; f++) {
            if (is_met(r, data->digests[f])) continue;
            if (r->met_files == r->met_room) {
                r->met_room = 2 * r->met_room + 16;
                const char **more = arena_alloc(r->memory, r->met_room * sizeof *more);
                if (r->met_files) memcpy(more, r->met, r->met_files * sizeof *more);
                r->met = more;
            }
            r->met[r->met_files++] = arena_strdup(r->memory, data->digests[f]);
            found = true;
        }
    }
    return found;
}

/* Trials of two builds of one plugin in one folder would look alike. */
static bool check_same(recorder *r, failure *why)
{
    arena *a = arena_create();
    const ingredients now = ingredients_of(r, a);
    const char *changes = manifest_changes(a, r->folder.path, &now);
    const bool good =
        !*changes ||
        failure_set(why, STATUS_CONFIG,
                    "'%s' has trials of another plugin or data file; put back what was there, or "
                    "begin a new folder:\n%.*s",
                    r->folder.path, (int)strlen(changes) - 1, changes);
    arena_destroy(a);
    return good;
}

/* What questions are put over must be what it was; the space is only told, and may change. */
static bool check_config(recorder *r, failure *why)
{
    static const char *const may_change[] = {"sweep", NULL};
    const config_node *before = manifest_config(r->memory, r->folder.path);
    const char *changes = before ? config_changes(r->memory, before, r->given, may_change) : "";
    if (*changes)
        return failure_set(why, STATUS_CONFIG,
                           "cannot go on with '%s': its config.yaml was edited; put back what was "
                           "there, or begin a new folder:\n%.*s",
                           r->folder.path, (int)strlen(changes) - 1, changes);
    if (before) r->given = before;
    return true;
}

bool recorder_meet(recorder *r, failure *why)
{
    if (!meet_new(r)) return true;
    crash_watch(r->own_note); /* which plugins there are tells whom to blame */
    return check_same(r, why) && record_manifest(r, RUN_RUNNING, why);
}

/* ---- files ----------------------------------------------------------------------------------- */

typedef struct numbers {
    bool *known; /* of each number: whether it is that of a trial on record */
    size_t count;
} numbers;

/* Other rows are of trials that never ended, or that went on where they had been pruned. */
static size_t keep_ended(void *argument, size_t source, size_t number, uint64_t step)
{
    const numbers *all = argument;
    (void)source, (void)step;
    return number < all->count && all->known[number] ? number : ROW_DROPPED;
}

static size_t keep_all(void *argument, size_t source, size_t number, uint64_t step)
{
    (void)argument, (void)source, (void)step;
    return number;
}

/* What an earlier process left, whole rows in the order of the trials. */
static bool gather(const recorder *r, const char *name, row_fate fate, void *argument,
                   int64_t *bytes, failure *why)
{
    arena *a = arena_create();
    const char *path = record_path(a, r, name);
    const bool good = row_files_gather(path, &path, 1, fate, argument, bytes, why);
    arena_destroy(a);
    return good;
}

static bool gather_all(recorder *r, int64_t bytes[3], failure *why)
{
    numbers all = {allocate(r->next + 1, sizeof *all.known), r->next};
    for (size_t i = 0; i < r->ended.count; i++) all.known[r->ended.list[i].number] = true;
    const bool good = gather(r, "trials.csv", keep_ended, &all, &bytes[0], why) &&
                      gather(r, "metrics.csv", keep_ended, &all, &bytes[1], why) &&
                      gather(r, RECORD_PAUSES, keep_all, NULL, &bytes[2], why);
    free(all.known);
    return good;
}

static bool open_files(recorder *r, const int64_t bytes[3], failure *why)
{
    arena *a = arena_create();
    r->metrics = metric_rows_open(record_path(a, r, "metrics.csv"), bytes[1], why);
    if (r->metrics)
        r->pauses = trial_rows_open(record_path(a, r, RECORD_PAUSES), 0, NULL, bytes[2], why);
    if (r->pauses)
        r->trials = trial_rows_open(record_path(a, r, "trials.csv"), r->path_count, r->paths,
                                    bytes[0], why);
    arena_destroy(a);
    return r->trials != NULL;
}

static bool close_files(recorder *r, failure *why)
{
    failure second;
    bool good = csv_close(r->metrics, why);
    good = csv_close(r->pauses, good ? why : &second) && good;
    good = csv_close(r->trials, good ? why : &second) && good;
    r->metrics = r->pauses = r->trials = NULL;
    return good;
}

/* ---- a new folder ---------------------------------------------------------------------------- */

/* What the space of the file has comes first, in its order. */
static bool add_swept_columns(recorder *r, failure *why)
{
    const space *s = r->experiment->sweep ? r->experiment->sweep->space : NULL;
    for (size_t c = 0; s && c < s->column_count; c++) {
        const asked_value path = {s->columns[c].path, ""};
        if (!record_columns(r, &(asked_set){1, &path}, why)) return false;
    }
    return true;
}

static bool begin(recorder *r, const ask_tell_folder *folder, failure *why)
{
    arena *a = r->memory;
    const char *yaml = config_to_yaml(a, r->given, false);
    if (!run_folder_create(a, r->experiment->name, folder->output, &r->folder, why)) return false;
    (void)meet_new(r);
    r->own_note = record_path(a, r, "checkpoint/crash.0");
    return add_swept_columns(r, why) &&
           file_write_unflushed(record_path(a, r, "config.yaml"), yaml, strlen(yaml), why) &&
           record_manifest(r, RUN_RUNNING, why) &&
           open_files(r, (const int64_t[]){-1, -1, -1}, why);
}

/* ---- a folder that is there ------------------------------------------------------------------ */

static bool is_final(trial_status status)
{
    return status_is_final(status);
}

static bool is_paused(trial_status status)
{
    return status == TRIAL_PAUSED;
}

static bool read_columns(recorder *r, failure *why)
{
    const char *path = record_path(r->memory, r, "trials.csv");
    if (!file_exists(path)) return add_swept_columns(r, why);
    csv_scan *file = csv_scan_open(path, why);
    if (!file) return false;
    const size_t hash = csv_scan_find(file, "hash"), status = csv_scan_find(file, "status");
    bool good = true;
    for (size_t c = hash + 1; hash != SIZE_MAX && status != SIZE_MAX && c < status; c++) {
        const asked_value column = {csv_scan_column(file, c), ""};
        good = good && record_columns(r, &(asked_set){1, &column}, why);
    }
    return csv_scan_close(file, why) && good;
}

static bool read_rows(recorder *r, failure *why)
{
    arena *a = r->memory;
    if (!recorded_read(&r->ended, a, record_path(a, r, "trials.csv"), r->metric, is_final, why) ||
        !recorded_read(&r->waited, a, record_path(a, r, RECORD_PAUSES), r->metric, is_paused, why))
        return false;
    const recorded_table *tables[] = {&r->ended, &r->waited};
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < tables[t]->count; i++)
            if (tables[t]->list[i].number >= r->next) r->next = tables[t]->list[i].number + 1;
    return true;
}

/* One for each process before this one, if it crashed. */
static void read_notes(recorder *r)
{
    r->notes = arena_alloc(r->memory, ((size_t)r->resumes + 1) * sizeof *r->notes);
    for (int i = 0; i < r->resumes; i++) {
        old_note *old = &r->notes[r->note_count];
        old->path = record_path(r->memory, r, arena_printf(r->memory, "checkpoint/crash.%d", i));
        crash_look(r->memory, old->path, &old->note);
        r->note_count += old->note.count > 0;
    }
}

static bool open_folder(recorder *r, const char *path, failure *why)
{
    manifest_summary before;
    if (!run_folder_open(r->memory, path, &r->folder, why) ||
        !manifest_read(r->folder.path, &before, why))
        return false;
    if (!before.asked)
        return failure_set(why, STATUS_CONFIG,
                           "'%s' is not a folder of slope ask-tell; go on with it: slope resume %s",
                           path, path);
    r->started = arena_strdup(r->memory, before.started);
    r->seconds_before = before.seconds;
    r->resumes = before.resumes + 1;
    return true;
}

static bool go_on(recorder *r, const char *path, failure *why)
{
    int64_t bytes[3];
    if (!open_folder(r, path, why) || !check_config(r, why) || !check_same(r, why) ||
        !read_columns(r, why) || !read_rows(r, why))
        return false;
    (void)meet_new(r);
    read_notes(r);
    r->own_note =
        record_path(r->memory, r, arena_printf(r->memory, "checkpoint/crash.%d", r->resumes));
    return gather_all(r, bytes, why) && record_manifest(r, RUN_RUNNING, why) &&
           open_files(r, bytes, why);
}

/* ---- entries --------------------------------------------------------------------------------- */

static void destroy(recorder *r)
{
    crash_forget();
    run_folder_close(&r->folder);
    recorded_free(&r->ended);
    recorded_free(&r->waited);
    arena_destroy(r->memory);
    free(r);
}

recorder *recorder_create(const ask_tell_folder *folder, const experiment *e, plan *p, failure *why)
{
    recorder *r = allocate(1, sizeof *r);
    char stamp[32];
    const time_t seconds = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    *r = (recorder){.memory = arena_create(),
                    .experiment = e,
                    .plan = p,
                    .command = folder->command,
                    .folder = {.lock = -1},
                    .metric = plan_metric(p),
                    .waited = {.by_step = true},
                    .started_at = record_now(),
                    .committed_at = record_now()};
    r->started = arena_strdup(r->memory, stamp);
    r->given = experiment_given(r->memory, e);
    if (folder->resume ? go_on(r, folder->resume, why) : begin(r, folder, why)) {
        crash_watch(r->own_note);
        return r;
    }
    failure second;
    close_files(r, &second);
    destroy(r);
    return NULL;
}

bool recorder_close(recorder *r, bool interrupted, failure *why)
{
    if (!r) return true;
    int64_t bytes[3];
    bool good = close_files(r, why) && gather_all(r, bytes, why) &&
                record_manifest(r, interrupted ? RUN_INTERRUPTED : RUN_FINISHED, why);
    if (good && !r->waited.count) /* nothing ever waited: no file of it */
        (void)remove(record_path(r->memory, r, RECORD_PAUSES));
    destroy(r);
    return good;
}
