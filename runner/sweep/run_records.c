/* sweep/run_records.c: what a run records between evaluations (`record`), paths.csv and
 * batch_loss.csv, and what it makes of `surface`: the check before the start and the table at the
 * end. See run_private.h. */
#include "sweep/run_private.h"

#include "base/files.h"
#include "record/csv_read.h"
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

static size_t find_column(const run *r, const char *name)
{
    size_t column = FIRST_COLUMNS;
    while (column < r->path_column_count && strcmp(r->path_columns[column], name) != 0) column++;
    return column;
}

static bool plan_columns(run *r, const layout *l, failure *why)
{
    if (!r->path_columns) {
        static const char *const first[FIRST_COLUMNS] = {"trial", "step", "loss"};
        r->path_columns =
            arena_alloc(r->memory, (FIRST_COLUMNS + MOST_PARAMETERS) * sizeof(char *));
        memcpy(r->path_columns, first, sizeof first);
        r->path_column_count = FIRST_COLUMNS;
    }
    if (l->parameters > MOST_PARAMETERS)
        return failure_set(why, STATUS_CONFIG,
                           "record.parameters: the model has %zu parameters, and at most %d can be "
                           "recorded; leave record.parameters out",
                           l->parameters, MOST_PARAMETERS);
    for (size_t i = 0; i < l->tensor_count; i++)
        for (size_t e = 0; e < l->sizes[i]; e++) {
            const char *name = parameter_name(r->memory, &l->tensors[i], l->sizes[i], e);
            const size_t column = find_column(r, name);
            if (column < r->path_column_count) continue;
            if (column == FIRST_COLUMNS + MOST_PARAMETERS)
                return failure_set(why, STATUS_CONFIG,
                                   "record.parameters: the trials have more than %d different "
                                   "parameters together; record fewer trials in one run",
                                   MOST_PARAMETERS);
            r->path_columns[r->path_column_count++] = name;
        }
    return true;
}

const size_t *run_path_columns(run *r, arena *a, const trial *t)
{
    const layout *l = trial_layout(t);
    size_t *columns = arena_alloc(a, l->parameters * sizeof *columns), n = 0;
    for (size_t i = 0; i < l->tensor_count; i++)
        for (size_t e = 0; e < l->sizes[i]; e++)
            columns[n++] = find_column(r, parameter_name(a, &l->tensors[i], l->sizes[i], e));
    return columns;
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

static bool plan_trial_records(run *r, const trial_config *c, const dataset *data, failure *why)
{
    const surface_config *s = &c->surface;
    if (c->record.batch_loss.count > 0) r->records_batches = true;
    if (c->record.parameters.count <= 0 && !s->domain.count && !s->minimum.count) return true;
    trial *t = trial_create(c, data, why);
    if (!t) return false;
    const bool good = (c->record.parameters.count <= 0 || plan_columns(r, trial_layout(t), why)) &&
                      check_names(trial_layout(t), &s->domain, "domain", why) &&
                      check_names(trial_layout(t), &s->minimum, "minimum", why) &&
                      (isnan(s->value) || check_value(c, t, why));
    trial_destroy(t);
    return good;
}

/* Trials with one key have one model, and record alike unless `record` or `surface` is swept: then
 * each is looked at. */
bool run_plan_records(run *r, failure *why)
{
    bool swept = !r->is_sweep;
    for (size_t i = 0; i < plan_column_count(r->plan); i++)
        swept = swept || strncmp(plan_column(r->plan, i), "record", 6) == 0 ||
                strncmp(plan_column(r->plan, i), "surface", 7) == 0;
    arena *a = arena_create();
    uint64_t key = 0;
    bool good = true;
    for (size_t t = 0; good && t < r->count; t++) {
        const uint64_t own = plan_fuse_key(r->plan, t) + plan_base(r->plan, t);
        if (t && own == key && !swept) continue;
        key = own;
        const trial_config *c = plan_trial(r->plan, t, a);
        good = plan_trial_records(r, c, plan_dataset(r->plan, t), why) ||
               failure_context(why, "trial %zu (%s)", t, c->label);
        arena_destroy(a);
        a = arena_create();
    }
    arena_destroy(a);
    return good;
}

/* ---- files ----------------------------------------------------------------------------------- */

bool run_open_records(run *r, int64_t paths_bytes, int64_t batches_bytes, failure *why)
{
    static const char *const batch_columns[] = {"trial", "step", "epoch", "batch_loss"};
    if (r->path_columns) {
        r->paths = csv_open(run_path(r->memory, r, RUN_PATHS), r->path_columns,
                            r->path_column_count, paths_bytes, why);
        if (!r->paths) return false;
    }
    if (r->records_batches) {
        r->batches = csv_open(run_path(r->memory, r, RUN_BATCHES), batch_columns,
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

bool run_write_path(run *r, const lane *l, const void *weights, double loss, failure *why)
{
    const layout *all = trial_layout(l->trial);
    const size_t count = r->path_column_count;
    const size_t real_size = l->config->train.precision == FLOAT64 ? 8 : 4;
    double values[FIRST_COLUMNS + MOST_PARAMETERS];
    bool there[FIRST_COLUMNS + MOST_PARAMETERS] = {false};
    size_t n = 0;
    for (size_t i = 0; i < all->tensor_count; i++)
        for (size_t e = 0; e < all->sizes[i]; e++) {
            const size_t column = l->columns[n++];
            values[column] = get_real(weights, real_size, all->offsets[i] + e);
            there[column] = true;
        }
    csv_integer(r->paths, (int64_t)l->number);
    csv_integer(r->paths, (int64_t)trial_step(l->trial));
    csv_number(r->paths, loss);
    for (size_t c = FIRST_COLUMNS; c < count; c++) {
        if (there[c])
            csv_number(r->paths, values[c]);
        else
            csv_empty(r->paths); /* another trial's parameter */
    }
    return csv_end_row(r->paths, why);
}

bool run_write_batch_loss(run *r, const lane *l, double loss, failure *why)
{
    csv_integer(r->batches, (int64_t)l->number);
    csv_integer(r->batches, (int64_t)trial_step(l->trial));
    csv_number(r->batches, trial_epoch(l->trial));
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

static void find_arrivals(const run *r, const csv_rows *rows, const trial_config *const *configs,
                          arrival *all)
{
    for (size_t i = 0; i < r->count; i++) all[i] = (arrival){.step = -1};
    for (size_t n = 0; n < rows->row_count; n++) {
        const size_t number = strtoull(csv_cell(rows, n, "trial"), NULL, 10);
        if (number >= r->count) continue;
        const surface_config *s = &configs[number]->surface;
        if (!s->minimum.count) continue;
        arrival *at = &all[number];
        at->recorded = true;
        at->loss = strtod(csv_cell(rows, n, "loss"), NULL);
        at->distance = distance_at(rows, n, &s->minimum);
        if (at->step < 0 && at->distance <= s->tolerance)
            at->step = strtoll(csv_cell(rows, n, "step"), NULL, 10);
    }
}

static void print_arrivals(const run *r, const trial_config *const *configs, const arrival *all)
{
    table *t = table_create();
    table_column(t, "trial", ALIGN_LEFT);
    table_column(t, "steps", ALIGN_RIGHT);
    table_column(t, "value", ALIGN_RIGHT);
    table_column(t, "distance", ALIGN_RIGHT);
    table_column(t, "at the minimum after", ALIGN_RIGHT);
    table_column(t, "tolerance", ALIGN_RIGHT);
    for (size_t i = 0; i < r->count; i++) {
        if (!all[i].recorded) continue;
        table_cell(t, "%s", configs[i]->label);
        table_cell(t, "%llu", (unsigned long long)r->outcomes[i].steps);
        table_cell(t, "%.4g", all[i].loss);
        table_cell(t, "%.3g", all[i].distance);
        if (all[i].step < 0)
            table_cell(t, "-");
        else
            table_cell(t, "%lld steps", (long long)all[i].step);
        table_cell(t, "%g", configs[i]->surface.tolerance);
    }
    printf("\n");
    table_print(t, stdout);
    table_destroy(t);
}

void run_print_surface(const run *r)
{
    csv_rows rows;
    failure why;
    arena *a = arena_create();
    const trial_config **configs = arena_alloc(a, r->count * sizeof *configs);
    bool any = false;
    for (size_t i = 0; r->path_columns && i < r->count; i++) {
        configs[i] = plan_trial(r->plan, i, a);
        any = any || (configs[i]->surface.minimum.count && r->outcomes[i].status != TRIAL_RUNNING);
    }
    if (any && csv_read(a, run_path(a, r, RUN_PATHS), &rows, &why)) {
        arrival *all = arena_alloc(a, r->count * sizeof *all);
        find_arrivals(r, &rows, configs, all);
        print_arrivals(r, configs, all);
    }
    arena_destroy(a);
}
