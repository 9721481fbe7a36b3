/* engine/run_paths.c: what a run records between evaluations (`record`), paths.csv and
 * batch_loss.csv, and what it makes of `surface`: the check before the start and the table at the
 * end. See run_private.h. */
#include "engine/run_private.h"

#include "base/files.h"
#include "record/table.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PARAMETERS = 1000, FIRST_COLUMNS = 3 };

/* ---- columns --------------------------------------------------------------------------------- */

/* "w" for a single number, otherwise "w[3]", "w[1][2]". */
static char *parameter_name(arena *a, const slope_tensor *tensor, size_t size, size_t index)
{
    char *name = arena_strdup(a, tensor->name);
    for (uint32_t d = 0; size > 1 && d < tensor->rank; d++) {
        size_t below = 1;
        for (uint32_t later = d + 1; later < tensor->rank; later++) below *= tensor->extents[later];
        name = arena_printf(a, "%s[%zu]", name, index / below % tensor->extents[d]);
    }
    return name;
}

static bool find_column(run *r, const char *name, size_t *column)
{
    for (*column = FIRST_COLUMNS; *column < r->path_column_count; ++*column)
        if (strcmp(r->path_columns[*column], name) == 0) return true;
    if (*column == FIRST_COLUMNS + MOST_PARAMETERS) return false;
    r->path_columns[r->path_column_count++] = name;
    return true;
}

static bool plan_columns(run *r, size_t number, const layout *l, failure *why)
{
    if (!r->path_columns) {
        static const char *const first[FIRST_COLUMNS] = {"trial", "step", "loss"};
        r->path_columns =
            arena_alloc(r->memory, (FIRST_COLUMNS + MOST_PARAMETERS) * sizeof(char *));
        r->column_of = arena_alloc(r->memory, r->experiment->base_count * sizeof *r->column_of);
        memcpy(r->path_columns, first, sizeof first);
        r->path_column_count = FIRST_COLUMNS;
    }
    if (l->parameters > MOST_PARAMETERS)
        return failure_set(why, STATUS_CONFIG,
                           "record.parameters: the model has %zu parameters, and at most %d can be "
                           "recorded; leave record.parameters out",
                           l->parameters, MOST_PARAMETERS);
    r->column_of[number] = arena_alloc(r->memory, l->parameters * sizeof **r->column_of);
    size_t n = 0;
    for (size_t i = 0; i < l->tensor_count; i++)
        for (size_t e = 0; e < l->sizes[i]; e++)
            if (!find_column(r, parameter_name(r->memory, &l->tensors[i], l->sizes[i], e),
                             &r->column_of[number][n++]))
                return failure_set(why, STATUS_CONFIG,
                                   "record.parameters: the trials have more than %d different "
                                   "parameters together; record fewer trials in one run",
                                   MOST_PARAMETERS);
    return true;
}

/* ---- surfaces -------------------------------------------------------------------------------- */

static size_t tensor_named(const layout *l, const char *name)
{
    size_t i = 0;
    while (i < l->tensor_count && strcmp(l->tensors[i].name, name) != 0) i++;
    return i;
}

static bool check_names(const layout *l, const slope_arrays *given, const char *key, failure *why)
{
    for (size_t i = 0; i < given->count; i++) {
        const size_t t = tensor_named(l, given->items[i].name);
        if (t == l->tensor_count)
            return failure_set(why, STATUS_CONFIG, "surface.%s: the model has no parameter '%s'",
                               key, given->items[i].name);
        if (l->sizes[t] != 1)
            return failure_set(why, STATUS_CONFIG, "surface.%s: parameter '%s' is no single number",
                               key, given->items[i].name);
    }
    if (given->count && given->count != l->tensor_count)
        return failure_set(why, STATUS_CONFIG, "surface.%s: names %zu of %zu parameters", key,
                           given->count, l->tensor_count);
    return true;
}

static void set_real(void *weights, size_t real_size, size_t index, double value)
{
    if (real_size == 8)
        ((double *)weights)[index] = value;
    else
        ((float *)weights)[index] = (float)value;
}

static double get_real(const void *weights, size_t real_size, size_t index)
{
    return real_size == 8 ? ((const double *)weights)[index]
                          : (double)((const float *)weights)[index];
}

/* The function must have the value at its minima that the file says. */
static bool check_value(const trial_config *c, trial *t, failure *why)
{
    const surface_config *s = &c->surface;
    const layout *l = trial_layout(t);
    const size_t real_size = c->train.precision == FLOAT64 ? 8 : 4;
    const double allowed = (real_size == 8 ? 1e-6 : 1e-3) * fmax(1, fabs(s->value));
    void *weights = allocate(l->total, real_size);
    bool good = true;
    for (size_t m = 0; good && s->minimum.count && m < s->minimum.items[0].count; m++) {
        for (size_t i = 0; i < s->minimum.count; i++)
            set_real(weights, real_size, l->offsets[tensor_named(l, s->minimum.items[i].name)],
                     s->minimum.items[i].values[m]);
        const double value = trial_objective_at(t, weights);
        if (!(fabs(value - s->value) <= allowed))
            good = failure_set(why, STATUS_CONFIG,
                               "surface.value: the function is %.9g at minimum %zu, not %.9g",
                               value, m + 1, s->value);
    }
    free(weights);
    return good;
}

bool run_plan_records(run *r, size_t number, trial *t, failure *why)
{
    const trial_config *c = &r->experiment->bases[number];
    const surface_config *s = &c->surface;
    if (c->record.batch_loss.count > 0) r->records_batches = true;
    if (c->record.parameters.count > 0 && !plan_columns(r, number, trial_layout(t), why))
        return false;
    return check_names(trial_layout(t), &s->domain, "domain", why) &&
           check_names(trial_layout(t), &s->minimum, "minimum", why) &&
           (isnan(s->value) || check_value(c, t, why));
}

/* ---- files ----------------------------------------------------------------------------------- */

bool run_open_records(run *r, int64_t paths_bytes, int64_t batches_bytes, failure *why)
{
    static const char *const batch_columns[] = {"trial", "step", "epoch", "batch_loss"};
    if (r->path_columns) {
        r->paths = csv_open(path_join(r->memory, r->folder.path, RUN_PATHS), r->path_columns,
                            r->path_column_count, paths_bytes, why);
        if (!r->paths) return false;
    }
    if (r->records_batches) {
        r->batches = csv_open(path_join(r->memory, r->folder.path, RUN_BATCHES), batch_columns,
                              sizeof batch_columns / sizeof *batch_columns, batches_bytes, why);
        if (!r->batches) return false;
    }
    return run_sync_records(r, why);
}

bool run_sync_records(run *r, failure *why)
{
    return (!r->paths || csv_sync(r->paths, why)) && (!r->batches || csv_sync(r->batches, why));
}

bool run_close_records(run *r, failure *why)
{
    csv_writer *paths = r->paths, *batches = r->batches;
    r->paths = r->batches = NULL;
    failure second;
    const bool first = csv_close(paths, why);
    if (csv_close(batches, &second)) return first;
    if (first) *why = second;
    return false;
}

bool run_write_path(void *argument, const trial *t, const void *weights, double loss, failure *why)
{
    run *r = argument;
    const layout *l = trial_layout(t);
    const size_t count = r->path_column_count;
    const size_t real_size = r->experiment->bases[r->current].train.precision == FLOAT64 ? 8 : 4;
    double values[FIRST_COLUMNS + MOST_PARAMETERS];
    bool there[FIRST_COLUMNS + MOST_PARAMETERS] = {false};
    size_t n = 0;
    for (size_t i = 0; i < l->tensor_count; i++)
        for (size_t e = 0; e < l->sizes[i]; e++) {
            const size_t column = r->column_of[r->current][n++];
            values[column] = get_real(weights, real_size, l->offsets[i] + e);
            there[column] = true;
        }
    csv_integer(r->paths, (int64_t)r->current);
    csv_integer(r->paths, (int64_t)trial_step(t));
    csv_number(r->paths, loss);
    for (size_t c = FIRST_COLUMNS; c < count; c++) {
        if (there[c])
            csv_number(r->paths, values[c]);
        else
            csv_empty(r->paths); /* another trial's parameter */
    }
    return csv_end_row(r->paths, why);
}

bool run_write_batch_loss(void *argument, const trial *t, double loss, failure *why)
{
    run *r = argument;
    csv_integer(r->batches, (int64_t)r->current);
    csv_integer(r->batches, (int64_t)trial_step(t));
    csv_number(r->batches, trial_epoch(t));
    csv_number(r->batches, loss);
    return csv_end_row(r->batches, why);
}

/* ---- the table of a surface ------------------------------------------------------------------ */

typedef struct arrival {
    bool recorded;
    double loss, distance; /* at the last recorded step */
    int64_t step;          /* first recorded within the tolerance; -1: none */
} arrival;

static double distance_at(const csv_rows *rows, size_t n, const slope_arrays *minimum)
{
    double best = INFINITY;
    for (size_t m = 0; m < minimum->items[0].count; m++) {
        double sum = 0;
        for (size_t i = 0; i < minimum->count; i++) {
            const double at = strtod(csv_cell(rows, n, minimum->items[i].name), NULL);
            sum += (at - minimum->items[i].values[m]) * (at - minimum->items[i].values[m]);
        }
        if (sqrt(sum) < best) best = sqrt(sum);
    }
    return best;
}

static void find_arrivals(const run *r, const csv_rows *rows, arrival *all)
{
    for (size_t i = 0; i < r->experiment->base_count; i++) all[i] = (arrival){.step = -1};
    for (size_t n = 0; n < rows->row_count; n++) {
        const size_t number = strtoull(csv_cell(rows, n, "trial"), NULL, 10);
        if (number >= r->experiment->base_count) continue;
        const surface_config *s = &r->experiment->bases[number].surface;
        if (!s->minimum.count) continue;
        arrival *at = &all[number];
        at->recorded = true;
        at->loss = strtod(csv_cell(rows, n, "loss"), NULL);
        at->distance = distance_at(rows, n, &s->minimum);
        if (at->step < 0 && at->distance <= s->tolerance)
            at->step = strtoll(csv_cell(rows, n, "step"), NULL, 10);
    }
}

void run_print_surface(const run *r)
{
    csv_rows rows;
    failure why;
    bool any = false;
    for (size_t i = 0; i < r->experiment->base_count; i++)
        any = any || (r->experiment->bases[i].surface.minimum.count && r->rows[i].done);
    if (!any || !r->path_columns ||
        !csv_read(r->memory, path_join(r->memory, r->folder.path, RUN_PATHS), &rows, &why))
        return;
    arrival *all = arena_alloc(r->memory, r->experiment->base_count * sizeof *all);
    find_arrivals(r, &rows, all);
    table *t = table_create();
    table_column(t, "trial", ALIGN_LEFT);
    table_column(t, "steps", ALIGN_RIGHT);
    table_column(t, "value", ALIGN_RIGHT);
    table_column(t, "distance", ALIGN_RIGHT);
    table_column(t, "at the minimum after", ALIGN_RIGHT);
    table_column(t, "tolerance", ALIGN_RIGHT);
    for (size_t i = 0; i < r->experiment->base_count; i++) {
        if (!all[i].recorded) continue;
        table_cell(t, "%s", r->experiment->bases[i].label);
        table_cell(t, "%llu", (unsigned long long)r->rows[i].steps);
        table_cell(t, "%.4g", all[i].loss);
        table_cell(t, "%.3g", all[i].distance);
        if (all[i].step < 0)
            table_cell(t, "-");
        else
            table_cell(t, "%lld steps", (long long)all[i].step);
        table_cell(t, "%g", r->experiment->bases[i].surface.tolerance);
    }
    printf("\n");
    table_print(t, stdout);
    table_destroy(t);
}
