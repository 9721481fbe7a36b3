/* report/results.c: see results.h. What differs between trials is in factors.c. */
#include "report/results.h"

#include "base/files.h"
#include "base/text.h"
#include "config/load.h"
#include "record/csv_scan.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- trials.csv ------------------------------------------------------------------------------ */

/* The texts of a row in memory of their own. Most cells say what the cell above says (status, data
 * set, nothing at all), which is stored once. */
static const char *const *keep_row(arena *a, const char *const *cells, const char *const *above,
                                   size_t count)
{
    const char **row = arena_alloc(a, count * sizeof *row);
    for (size_t c = 0; c < count; c++) {
        if (!*cells[c])
            row[c] = "";
        else if (above && strcmp(above[c], cells[c]) == 0)
            row[c] = above[c];
        else
            row[c] = arena_strdup(a, cells[c]);
    }
    return row;
}

static void read_rows(results *r, csv_scan *file)
{
    size_t room = 0;
    const char *const **rows = NULL;
    for (const char *const *cells; (cells = csv_scan_next(file)) != NULL; r->count++) {
        if (r->count == room) {
            const size_t more = room ? 2 * room : 64;
            const char *const **grown = arena_alloc(r->memory, more * sizeof *grown);
            if (room) memcpy(grown, rows, room * sizeof *grown);
            rows = grown;
            room = more;
        }
        rows[r->count] =
            keep_row(r->memory, cells, r->count ? rows[r->count - 1] : NULL, r->column_count);
    }
    r->cells = rows;
}

static void find_swept(results *r)
{
    const size_t hash = results_column(r, "hash"), status = results_column(r, "status");
    if (hash == SIZE_MAX || status == SIZE_MAX || status < hash) return;
    r->first_swept = hash + 1;
    r->swept_count = status - hash - 1;
}

static bool read_trials(results *r, failure *why)
{
    const char *path = path_join(r->memory, r->folder, "trials.csv");
    if (!file_exists(path)) return true; /* stopped before the first trial */
    csv_scan *file = csv_scan_open(path, why);
    if (!file) return false;
    r->column_count = csv_scan_column_count(file);
    const char **columns = arena_alloc(r->memory, r->column_count * sizeof *columns);
    for (size_t c = 0; c < r->column_count; c++)
        columns[c] = arena_strdup(r->memory, csv_scan_column(file, c));
    r->columns = columns;
    read_rows(r, file);
    if (!csv_scan_close(file, why)) return false;
    if (results_column(r, "trial") == SIZE_MAX || results_column(r, "status") == SIZE_MAX)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "'%s' is not of a run: it has no columns 'trial' and 'status'", path);
    find_swept(r);
    return true;
}

/* ---- the other files ------------------------------------------------------------------------- */

/* NULL where the file is not there or not whole. */
static const config_node *read_yaml(results *r, const char *name)
{
    const char *path = path_join(r->memory, r->folder, name);
    if (!file_exists(path)) return NULL;
    return config_load_file(r->memory, path, diagnostics_create(r->memory));
}

static const char *text_at(const config_node *root, const char *path)
{
    const config_node *node = root ? config_find(root, path) : NULL;
    return node && node->kind == CONFIG_SCALAR ? node->text : NULL;
}

static void read_facts(results *r)
{
    const config_node *manifest = read_yaml(r, "manifest.yaml");
    const config_node *config = read_yaml(r, "config.yaml");
    const char *name = text_at(manifest, "experiment");
    const char *status = text_at(manifest, "status");
    const char *seconds = text_at(manifest, "seconds");
    const char *planned = text_at(manifest, "trials");
    int64_t trials;
    if (!name) name = text_at(config, "experiment");
    r->experiment = name ? name : r->folder;
    r->status = status ? status : "unknown";
    if (!seconds || !text_to_number(seconds, &r->seconds)) r->seconds = NAN;
    if (planned && text_to_integer(planned, &trials) && trials > 0) r->planned = (size_t)trials;
    r->asked = text_at(manifest, "asked_by") != NULL;
    r->metric = text_at(config, "sweep.metric");
    r->items = config ? config_get(config, "trials") : NULL;
}

const results *results_read(arena *a, const char *folder, failure *why)
{
    results *r = arena_alloc(a, sizeof *r);
    *r = (results){.memory = a, .folder = folder, .experiment = folder, .seconds = NAN};
    struct stat facts;
    if (stat(folder, &facts) != 0) {
        failure_set(why, STATUS_ENVIRONMENT, "there is no folder '%s'", folder);
        return NULL;
    }
    if (!file_exists(path_join(a, folder, "trials.csv")) &&
        !file_exists(path_join(a, folder, "manifest.yaml"))) {
        failure_set(why, STATUS_ENVIRONMENT,
                    "'%s' is not the folder of a run: it holds neither trials.csv nor "
                    "manifest.yaml; `slope run` prints the name of the folder that it makes",
                    folder);
        return NULL;
    }
    read_facts(r);
    return read_trials(r, why) ? r : NULL;
}

/* ---- cells ----------------------------------------------------------------------------------- */

size_t results_column(const results *r, const char *name)
{
    for (size_t c = 0; c < r->column_count; c++)
        if (strcmp(r->columns[c], name) == 0) return c;
    return SIZE_MAX;
}

double number_of(const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    return *text && !*end ? value : NAN;
}

const char *results_text(const results *r, size_t row, size_t column)
{
    return column == SIZE_MAX ? "" : r->cells[row][column];
}

double results_number(const results *r, size_t row, size_t column)
{
    return number_of(results_text(r, row, column));
}

const char *results_named(const results *r, size_t row, const char *column)
{
    return results_text(r, row, results_column(r, column));
}

bool results_finished(const results *r, size_t row)
{
    return strcmp(results_named(r, row, "status"), "finished") == 0;
}

bool results_failed(const results *r, size_t row)
{
    static const char *const failed[] = {"diverged", "failed", "interrupted", "running"};
    const char *status = results_named(r, row, "status");
    for (size_t i = 0; i < sizeof failed / sizeof *failed; i++)
        if (strcmp(status, failed[i]) == 0) return true;
    return false;
}
