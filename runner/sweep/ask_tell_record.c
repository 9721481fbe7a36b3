/* sweep/ask_tell_record.c: see ask_tell_record.h. Rows, and when they are safe. */
#include "sweep/ask_tell_record_private.h"

#include "base/files.h"
#include "record/csv_scan.h"
#include "sweep/outcome.h"
#include "sweep/trial_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- asking ---------------------------------------------------------------------------------- */

const char *recorder_folder(const recorder *r)
{
    return r->folder.path;
}

size_t recorder_next(const recorder *r)
{
    return r->next;
}

const recorded *recorder_find(const recorder *r, uint64_t id)
{
    return recorded_find(&r->ended, id, 0);
}

const recorded *recorder_find_pause(const recorder *r, uint64_t id, uint64_t step)
{
    return recorded_find(&r->waited, id, step);
}

bool recorder_has_pauses(const recorder *r)
{
    return r->waited.count > 0;
}

static bool is_noted(const crash_note *note, uint64_t id)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, id);
    for (size_t i = 0; i < note->count; i++)
        if (strcmp(note->ids[i], text) == 0) return true;
    return false;
}

const char *recorder_blames(const recorder *r, uint64_t id)
{
    if (!r->note_count || recorder_find(r, id)) return NULL;
    for (size_t i = 0; i < r->note_count; i++)
        if (r->notes[i].note.count == 1 && is_noted(&r->notes[i].note, id))
            return r->notes[i].note.description;
    return NULL;
}

bool recorder_suspects(const recorder *r, uint64_t id)
{
    for (size_t i = 0; i < r->note_count; i++)
        if (is_noted(&r->notes[i].note, id)) return true;
    return false;
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool add_path(recorder *r, const char *path)
{
    for (size_t i = 0; i < r->path_count; i++)
        if (strcmp(r->paths[i], path) == 0) return false;
    if (r->path_count == r->path_room) {
        r->path_room = 2 * r->path_room + 16;
        const char **more = arena_alloc(r->memory, r->path_room * sizeof *more);
        if (r->path_count) memcpy(more, r->paths, r->path_count * sizeof *more);
        r->paths = more;
    }
    r->paths[r->path_count++] = arena_strdup(r->memory, path);
    return true;
}

/* All rows of the old file, with nothing in the columns that it does not have. */
static bool copy_rows(csv_scan *old, csv_writer *into, size_t before, size_t added, failure *why)
{
    enum { HELD = 1000 }; /* rows in memory */
    const size_t columns = csv_scan_column_count(old);
    size_t held = 0;
    for (const char *const *cells; (cells = csv_scan_next(old)) != NULL;) {
        for (size_t c = 0; c < columns; c++) {
            for (size_t i = 0; c == before && i < added; i++) csv_empty(into);
            csv_text(into, cells[c]);
        }
        csv_hold_row(into);
        if (++held % HELD == 0 && !csv_write_held(into, why)) return false;
    }
    return csv_write_held(into, why);
}

/* trials.csv with more columns, made aside. */
static bool rewrite(recorder *r, size_t added, failure *why)
{
    arena *a = arena_create();
    const char *path = record_path(a, r, "trials.csv"), *aside = arena_printf(a, "%s.new", path);
    csv_writer *trials = r->trials;
    r->trials = NULL;
    csv_writer *into = NULL;
    csv_scan *old = csv_close(trials, why) ? csv_scan_open(path, why) : NULL;
    if (old) into = trial_rows_open(aside, r->path_count, r->paths, -1, why);
    bool good = into && copy_rows(old, into, csv_scan_find(old, "status"), added, why);
    const int64_t bytes = into ? csv_bytes(into) : 0;
    failure second;
    if (old && !csv_scan_close(old, good ? why : &second)) good = false;
    if (into && !csv_close(into, good ? why : &second)) good = false;
    if (good && rename(aside, path) != 0)
        good = failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s'", path);
    if (good) r->trials = trial_rows_open(path, r->path_count, r->paths, bytes, why);
    if (!good) unlink(aside);
    arena_destroy(a);
    return r->trials != NULL;
}

bool record_columns(recorder *r, const asked_set *what, failure *why)
{
    size_t added = 0;
    for (size_t i = 0; i < what->count; i++) added += add_path(r, what->values[i].path);
    return !added || !r->trials || rewrite(r, added, why);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void write_row(recorder *r, csv_writer *w, bool ended, const record_of_trial *t)
{
    arena *a = arena_create();
    const size_t count = ended ? r->path_count : 0;
    const char **values = arena_alloc(a, (count + 1) * sizeof *values);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < t->asked->count; k++)
            if (strcmp(t->asked->values[k].path, r->paths[i]) == 0)
                values[i] = t->asked->values[k].text;
    trial_rows_hold(w, &(trial_row){.number = t->number,
                                    .label = asked_label(a, t->config->label, t->asked),
                                    .id = arena_printf(a, "%016" PRIx64, t->id),
                                    .problem = "",
                                    .value_count = count,
                                    .values = values,
                                    .config = t->config,
                                    .data = t->data,
                                    .summary = t->summary,
                                    .began = t->began,
                                    .steps = t->steps,
                                    .epochs = t->epochs});
    arena_destroy(a);
}

static void remember(recorder *r, recorded_table *table, const record_of_trial *t)
{
    recorded made = {.id = t->id,
                     .number = t->number,
                     .message = "",
                     .steps = t->steps,
                     .epochs = t->epochs,
                     .value = t->value};
    recorded_put(&made, t->summary);
    if (*t->summary->message) made.message = arena_strdup(r->memory, t->summary->message);
    recorded_add(table, &made);
    if (t->number >= r->next) r->next = t->number + 1;
}

bool recorder_write(recorder *r, const record_of_trial *t, failure *why)
{
    const bool ended = t->summary->status != TRIAL_PAUSED;
    if (ended && !record_columns(r, t->asked, why)) return false;
    for (size_t i = 0; ended && i < t->point_count; i++) {
        metric_row(r->metrics, t->number, t->config, t->data, &t->points[i]);
        csv_hold_row(r->metrics);
    }
    write_row(r, ended ? r->trials : r->pauses, ended, t);
    remember(r, ended ? &r->ended : &r->waited, t);
    r->dirty = true;
    return true;
}

/* A note has done its work once all its trials have rows. */
static void drop_notes(recorder *r)
{
    for (size_t i = 0; i < r->note_count;) {
        const old_note *old = &r->notes[i];
        bool open = false;
        for (size_t k = 0; k < old->note.count; k++)
            open |= !recorder_find(r, strtoull(old->note.ids[k], NULL, 16));
        if (open) {
            i++;
            continue;
        }
        (void)unlink(old->path);
        r->notes[i] = r->notes[--r->note_count];
    }
}

static bool sync_all(recorder *r, failure *why)
{
    const double begun = record_now();
    arena *a = arena_create();
    r->begun = r->begun || (file_flush(record_path(a, r, "config.yaml"), why) &&
                            file_flush(record_path(a, r, "manifest.yaml"), why));
    arena_destroy(a);
    if (!r->begun || !csv_sync(r->metrics, why) || !csv_sync(r->pauses, why) ||
        !csv_sync(r->trials, why))
        return false;
    r->dirty = false;
    r->committed_at = record_now();
    r->flush_seconds = r->committed_at - begun;
    return true;
}

bool recorder_commit(recorder *r, bool now, bool *left, failure *why)
{
    /* Seconds: what a loss of power may cost. A busy disk gets longer to rest between. */
    const double between = fmax(0.25, 4 * r->flush_seconds);
    *left = r->dirty;
    if (!r->dirty) return true;
    if (!csv_write_held(r->metrics, why) || !csv_write_held(r->pauses, why) ||
        !csv_write_held(r->trials, why))
        return false;
    if (r->note_count) drop_notes(r);
    if (!now && record_now() - r->committed_at < between) return true;
    *left = false;
    return sync_all(r, why);
}
