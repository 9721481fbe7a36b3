/* sweep/plan_trials.c: one trial of a plan, as it is asked for: configuration, label, values. See
 * plan_private.h. */
#include "sweep/plan_private.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static const double *point_of(const plan *p, size_t trial)
{
    return p->points + (size_t)p->trials[trial].sample * p->space->count;
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *value_at(const plan *p, size_t base, const double *point, uint64_t seed,
                            size_t column, arena *a)
{
    if (column == p->space->column_count) /* train.seed is not swept otherwise */
        return arena_printf(a, "%llu",
                            (unsigned long long)(p->experiment->bases[base].train.seed + seed));
    const config_node *value = space_value(p->space, point, column, a);
    return value ? space_text(value, a) : NULL;
}

size_t plan_column_count(const plan *p)
{
    return p->space->column_count + (p->seeds > 1);
}

const char *plan_column(const plan *p, size_t column)
{
    return column < p->space->column_count ? p->space->columns[column].path : "seed";
}

const char *plan_value(const plan *p, size_t trial, size_t column, arena *a)
{
    const planned *t = &p->trials[trial];
    return value_at(p, t->base, point_of(p, trial), t->seed, column, a);
}

const char *plan_values(const plan *p, size_t base, const double *point, uint64_t seed, arena *a)
{
    const char *text = "";
    for (size_t c = 0; c < plan_column_count(p); c++) {
        const char *value = value_at(p, base, point, seed, c, a);
        if (value)
            text = arena_printf(a, "%s%s%s=%s", text, *text ? ", " : "", plan_column(p, c), value);
    }
    if (p->experiment->base_count > 1 && *p->experiment->labels[base])
        return arena_printf(a, "%s%s%s", p->experiment->labels[base], *text ? ": " : "", text);
    return *text ? text : p->experiment->bases[base].label;
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* The last part of a path, or all of it where another path ends so, too. */
static const char *short_name(const plan *p, size_t column)
{
    const char *path = plan_column(p, column), *dot = strrchr(path, '.');
    if (!dot) return path;
    for (size_t c = 0; c < p->space->column_count; c++) {
        const char *other = p->space->columns[c].path, *end = strrchr(other, '.');
        if (c != column && end && strcmp(end, dot) == 0) return path;
    }
    return dot + 1;
}

/* Names of plugins tell enough by themselves. */
static bool is_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && strcmp(dot, ".name") == 0;
}

/* A number drawn from a range has more digits than a label needs; trials.csv has them all. */
static const char *short_value(const char *value, arena *a)
{
    enum { LONG = 8 };
    double number;
    const bool fraction =
        strlen(value) > LONG && text_to_number(value, &number) && number != floor(number);
    return fraction ? arena_printf(a, "%.4g", number) : value;
}

const char *plan_label_word(const char *path, const char *name, const char *value, arena *a)
{
    return is_name(path) ? value : arena_printf(a, "%s=%s", name, short_value(value, a));
}

static const char *label_of(const plan *p, size_t trial, arena *a)
{
    const size_t base = p->trials[trial].base;
    const char *label = p->experiment->labels[base];
    for (size_t c = 0; c < plan_column_count(p); c++) {
        const char *value = plan_value(p, trial, c, a);
        if (!value) continue;
        label = arena_printf(a, "%s%s%s", label, *label ? " " : "",
                             plan_label_word(plan_column(p, c), short_name(p, c), value, a));
    }
    return *label ? label : p->experiment->bases[base].label;
}

/* ---- the configuration ----------------------------------------------------------------------- */

const trial_config *plan_trial(const plan *p, size_t trial, arena *a)
{
    const planned *t = &p->trials[trial];
    const experiment *e = p->experiment;
    if (!e->sweep) return &e->bases[t->base];
    builder b = {.memory = a,
                 .plugins = e->plugins,
                 .errors = diagnostics_create(a),
                 .config_path = e->config_path};
    trial_config *made = arena_alloc(a, sizeof *made);
    const part *parts[TRIAL_SECTIONS];
    const config_node *resolved[TRIAL_SECTIONS];
    plan_assemble(p, NULL, &b, t->base, point_of(p, trial), t->seed, made, parts);
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++) resolved[s] = parts[s]->resolved;
    made->label = label_of(p, trial, a);
    const config_node *of_base = e->bases[t->base].resolved;
    const config_place place = {ORIGIN_DEFAULT, "sweep", 0, 0};
    made->resolved = trial_record(a, config_new_scalar(a, place, made->label, true),
                                  config_get(of_base, "keep"), resolved, e->trees[t->base]->place);
    return made;
}
