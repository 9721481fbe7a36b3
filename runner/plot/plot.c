/* plot/plot.c: see plot.h. Reads the run and says which pictures are drawn. */
#include "plot/plot_private.h"

#include "base/files.h"
#include "record/run_folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double cell_number(const csv_rows *rows, size_t row, const char *column)
{
    const char *text = csv_cell(rows, row, column);
    return *text ? strtod(text, NULL) : NAN;
}

size_t cell_trial(const csv_rows *rows, size_t row)
{
    const char *text = csv_cell(rows, row, "trial");
    char *end;
    const unsigned long long number = strtoull(text, &end, 10);
    return end != text && !*end ? (size_t)number : SIZE_MAX;
}

double bound_of(const csv_rows *rows, const char *column)
{
    double greatest = 0;
    for (size_t i = 0; i < rows->row_count; i++) {
        const double value = fabs(cell_number(rows, i, column));
        const bool first = !i || cell_trial(rows, i) != cell_trial(rows, i - 1);
        if (first && isfinite(value)) greatest = fmax(greatest, value);
    }
    return greatest > 0 ? 10 * greatest : INFINITY;
}

bool picture_shape(size_t features, size_t *side, size_t *planes)
{
    enum { LEAST = 8 }; /* four measurements are no picture of 2 × 2 */
    for (*planes = 1; *planes <= 3; *planes += 2) {
        *side = (size_t)llround(sqrt((double)(features / *planes)));
        if (*side >= LEAST && *side * *side * *planes == features) return true;
    }
    return false;
}

/* ---- which trial is better ------------------------------------------------------------------- */

/* Smaller is better: error on the validation rows, else the objective; what is missing comes last.
 */
typedef struct merit {
    size_t trial;
    double error;
} merit;

static int compare(const void *one, const void *other)
{
    const merit *a = one, *b = other;
    if (a->error != b->error) return a->error < b->error ? -1 : 1;
    return a->trial < b->trial ? -1 : a->trial > b->trial;
}

static double error_in(const csv_rows *rows, size_t row)
{
    if (strcmp(csv_cell(rows, row, "status"), "finished") != 0) return INFINITY;
    const double accuracy = cell_number(rows, row, "validation_accuracy");
    if (!isnan(accuracy)) return 1 - accuracy;
    const double objective = cell_number(rows, row, "train_objective");
    return isnan(objective) ? INFINITY : objective;
}

static void find_order(plotter *all)
{
    const size_t count = all->count;
    merit *merits = arena_alloc(all->memory, count * sizeof *merits);
    for (size_t t = 0; t < count; t++) merits[t] = (merit){t, INFINITY};
    for (size_t row = 0; row < all->trials.row_count; row++) {
        const size_t t = cell_trial(&all->trials, row);
        if (t < count) merits[t].error = error_in(&all->trials, row);
    }
    qsort(merits, count, sizeof *merits, compare);
    all->order = arena_alloc(all->memory, count * sizeof *all->order);
    for (size_t i = 0; i < count; i++) all->order[i] = merits[i].trial;
}

/* ---- the run --------------------------------------------------------------------------------- */

static bool read_files(plotter *all, failure *why)
{
    const char *folder = all->options->folder;
    return csv_read(all->memory, path_join(all->memory, folder, "trials.csv"), &all->trials, why) &&
           csv_read(all->memory, path_join(all->memory, folder, "metrics.csv"), &all->metrics, why);
}

static bool check_trials(plotter *all, failure *why)
{
    const char *folder = all->options->folder;
    if (all->options->trial >= (int64_t)all->count)
        return failure_set(why, STATUS_CONFIG, "there is no trial %lld in '%s'; it has %zu",
                           (long long)all->options->trial, folder, all->count);
    if (!all->metrics.row_count)
        return failure_set(why, STATUS_CONFIG, "'%s' has no evaluations to draw", folder);
    find_order(all);
    return true;
}

/* Trials of slope ask-tell: those that have rows. */
static void take_asked(plotter *all)
{
    for (size_t row = 0; row < all->trials.row_count; row++) {
        const size_t t = cell_trial(&all->trials, row);
        if (t != SIZE_MAX && t >= all->count) all->count = t + 1;
    }
    all->labels = arena_alloc(all->memory, (all->count + 1) * sizeof *all->labels);
    for (size_t t = 0; t < all->count; t++) all->labels[t] = "";
    for (size_t row = 0; row < all->trials.row_count; row++) {
        const size_t t = cell_trial(&all->trials, row);
        if (t != SIZE_MAX) all->labels[t] = csv_cell(&all->trials, row, "label");
    }
}

static void read_labels(plotter *all)
{
    all->labels = arena_alloc(all->memory, all->count * sizeof *all->labels);
    for (size_t t = 0; t < all->count; t++) {
        arena *scratch = arena_create();
        all->labels[t] = arena_strdup(all->memory, plan_trial(all->plan, t, scratch)->label);
        arena_destroy(scratch);
    }
}

/* The trials of the run by the numbers that its files give them. */
static bool plan_trials(plotter *all, failure *why)
{
    failure none;
    manifest_summary manifest;
    if (manifest_read(all->options->folder, &manifest, &none) && manifest.asked) {
        take_asked(all);
        return true;
    }
    diagnostics *errors = diagnostics_create(all->memory);
    all->plan = plan_create(all->experiment, false, errors);
    if (!all->plan)
        return failure_set(why, diagnostics_status(errors), "%s", diagnostics_at(errors, 0)->text);
    all->count = plan_count(all->plan);
    read_labels(all);
    return true;
}

static bool draw_all(plotter *all, failure *why)
{
    all->folder = all->options->output ? all->options->output
                                       : path_join(all->memory, all->options->folder, "plots");
    return folder_make(all->folder, why) && plot_curves(all, why) && plot_batch_loss(all, why) &&
           plot_rates(all, why) && plot_paths(all, why) && plot_classes(all, why);
}

bool plot_run(const experiment *e, const plot_options *options, failure *why)
{
    plotter all = {.memory = arena_create(), .experiment = e, .options = options};
    bool good = read_files(&all, why) && plan_trials(&all, why) && check_trials(&all, why);
    if (good && options->ascii)
        plot_ascii(&all);
    else if (good)
        good = draw_all(&all, why);
    plan_destroy(all.plan);
    arena_destroy(all.memory);
    return good;
}
