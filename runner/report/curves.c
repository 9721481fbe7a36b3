/* report/curves.c: see curves.h. */
#include "report/curves.h"

#include "base/files.h"
#include "base/text.h"
#include "record/csv_scan.h"
#include "report/ranking.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows of trials by their numbers --------------------------------------------------------- */

typedef struct numbered {
    double trial;
    size_t row;
} numbered;

static int by_trial(const void *one, const void *other)
{
    const numbered *a = one, *b = other;
    return a->trial < b->trial ? -1 : a->trial > b->trial;
}

static numbered *index_trials(const results *r)
{
    const size_t column = results_column(r, "trial");
    numbered *all = arena_alloc(r->memory, r->count * sizeof *all);
    for (size_t row = 0; row < r->count; row++)
        all[row] = (numbered){results_number(r, row, column), row};
    qsort(all, r->count, sizeof *all, by_trial);
    return all;
}

/* SIZE_MAX: a trial that has not ended. */
static size_t find_trial(const numbered *all, size_t count, double trial)
{
    const numbered wanted = {trial, 0};
    const numbered *found = bsearch(&wanted, all, count, sizeof *all, by_trial);
    return found ? found->row : SIZE_MAX;
}

/* ---- the columns that are asked for ---------------------------------------------------------- */

enum { MOST_METRICS = 8 };

typedef struct reading {
    csv_scan *file;
    size_t trial, step, epoch, seconds;
    const char *names[MOST_METRICS];
    size_t columns[MOST_METRICS], count;
} reading;

static bool missing(const results *r, const reading *in, const char *name, failure *why)
{
    const size_t count = csv_scan_column_count(in->file);
    const char **names = arena_alloc(r->memory, count * sizeof *names);
    for (size_t c = 0; c < count; c++) names[c] = csv_scan_column(in->file, c);
    const char *nearest = text_nearest(name, names, count);
    return failure_set(why, STATUS_CONFIG, "metrics.csv of '%s' has no column '%s'%s%s%s",
                       r->folder, name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                       nearest ? "'?" : "");
}

/* Number of the metric in reading.names. */
static size_t metric_index(const reading *in, const char *name)
{
    size_t i = 0;
    while (i < in->count && in->names[i] != name && strcmp(in->names[i], name) != 0) i++;
    return i;
}

static bool find_columns(const results *r, reading *in, const curve *curves, failure *why)
{
    struct {
        const char *name;
        size_t *column;
    } const fixed[] = {{"trial", &in->trial},
                       {"step", &in->step},
                       {"epoch", &in->epoch},
                       {"train_seconds", &in->seconds}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        *fixed[i].column = csv_scan_find(in->file, fixed[i].name);
        if (*fixed[i].column == SIZE_MAX) return missing(r, in, fixed[i].name, why);
    }
    for (size_t row = 0; row < r->count; row++) {
        const char *name = curves[row].metric;
        if (!name || metric_index(in, name) < in->count) continue;
        const size_t column = csv_scan_find(in->file, name);
        if (column == SIZE_MAX) return missing(r, in, name, why);
        if (in->count == MOST_METRICS)
            return failure_set(why, STATUS_CONFIG, "'%s' has problems with more than %d metrics",
                               r->folder, MOST_METRICS);
        in->names[in->count] = name;
        in->columns[in->count++] = column;
    }
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void take_evaluation(curve *c, const reading *in, const char *const *cells)
{
    const double value = number_of(cells[in->columns[metric_index(in, c->metric)]]);
    if (!isfinite(value)) return;
    if (isnan(c->first)) c->first = value;
    if (is_better(c->metric, value, c->best)) c->best = value;
    if (isnan(c->target) || isfinite(c->steps) || is_better(c->metric, c->target, value)) return;
    c->steps = number_of(cells[in->step]);
    c->epochs = number_of(cells[in->epoch]);
    c->seconds = number_of(cells[in->seconds]);
}

bool curves_read(const results *r, curve *curves, failure *why)
{
    for (size_t row = 0; row < r->count; row++) {
        curves[row].first = curves[row].best = NAN;
        curves[row].steps = curves[row].epochs = curves[row].seconds = INFINITY;
    }
    reading in = {.file = csv_scan_open(path_join(r->memory, r->folder, "metrics.csv"), why)};
    if (!in.file) return false;
    if (!find_columns(r, &in, curves, why)) {
        failure second;
        csv_scan_close(in.file, &second);
        return false;
    }
    const numbered *trials = index_trials(r);
    double latest = NAN;
    size_t row = SIZE_MAX;
    for (const char *const *cells; (cells = csv_scan_next(in.file)) != NULL;) {
        const double trial = number_of(cells[in.trial]);
        if (trial != latest) row = find_trial(trials, r->count, trial);
        latest = trial;
        if (row != SIZE_MAX && curves[row].metric) take_evaluation(&curves[row], &in, cells);
    }
    return csv_scan_close(in.file, why);
}
