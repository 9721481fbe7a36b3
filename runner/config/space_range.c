/* config/space_range.c: numbers of a sweep: from/to/points, distributions, and what a parameter's
 * own table says of it (`auto`). See space.h and space_build.h. */
#include "config/space_build.h"

#include "base/text.h"
#include "config/bind_value.h"

#include <math.h>
#include <string.h>

enum { MOST_POINTS = 1000000, MOST_LISTED_INTEGERS = 1000 };

/* A parameter on a logarithmic scale without finite bounds is drawn around its default. */
static const double around_default = 1000;

typedef struct range_fields {
    double from, to;
    int64_t points; /* SLOPE_ABSENT: a sampler draws */
    int64_t scale;  /* 0 linear, 1 log */
} range_fields;

#define END(key_, field_, doc_) \
    { \
        .key = (key_), .type = SLOPE_NUMBER, .flags = SLOPE_REQUIRED, \
        .offset = offsetof(range_fields, field_), .min = -INFINITY, .max = INFINITY, .doc = (doc_) \
    }
static const char *const scales[] = {"linear", "log", NULL};
static const slope_parameter range_parameters[] = {
    END("from", from, "the first value"),
    END("to", to, "the last value"),
    {.key = "points",
     .type = SLOPE_INTEGER,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(range_fields, points),
     .min = 1,
     .max = MOST_POINTS,
     .doc = "how many values, both ends included; without it a sampler draws from the range"},
    SLOPE_PARAM_CHOICE(range_fields, scale, "linear", scales, "equal steps, or equal factors"),
};
static const bind_table range_table = RUNNER_TABLE(range_parameters, range_fields, "a range");

static const char *const distributions[] = {"uniform", "log_uniform", "int_uniform", "choice"};
enum { UNIFORM, LOG_UNIFORM, INT_UNIFORM, CHOICE, DISTRIBUTIONS };

static size_t distribution_of(const char *key)
{
    size_t i = 0;
    while (i < DISTRIBUTIONS && strcmp(distributions[i], key) != 0) i++;
    return i;
}

bool space_is_range(const config_node *node)
{
    for (size_t i = 0; node->kind == CONFIG_MAPPING && i < node->count; i++) {
        const char *key = node->entries[i].key;
        if (strcmp(key, "from") == 0 || strcmp(key, "to") == 0 || strcmp(key, "points") == 0 ||
            distribution_of(key) < DISTRIBUTIONS)
            return true;
    }
    return false;
}

bool space_has_paths(space_builder *s, const char *path, const config_node *node)
{
    if (node->kind != CONFIG_MAPPING || space_is_range(node)) return false;
    if (strncmp(path, "dataset.", 8) == 0) return true; /* `validation` is a number, or a mapping */
    const slope_parameter *p = builder_parameter(s->b, s->context, path);
    return !p || p->type == SLOPE_TEXTS || p->type == SLOPE_ARRAYS;
}

/* ---- from and to ----------------------------------------------------------------------------- */

static config_place place_in(const swept *e, const char *key)
{
    return builder_place(e->node, key);
}

/* False after an error. */
static bool bind_range(space_builder *s, const swept *e, range_fields *f)
{
    const size_t before = diagnostics_count(s->b->errors);
    *f = *(const range_fields *)bind_section(s->b->memory, &range_table, e->node,
                                             space_join(s->b->memory, "sweep", e->path), NULL, NULL,
                                             s->b->errors);
    if (diagnostics_count(s->b->errors) > before) return false;
    const char *from = config_get(e->node, "from")->text, *to = config_get(e->node, "to")->text;
    if (f->from > f->to)
        space_wrong(s, place_in(e, "from"), e->path,
                    "from must be at most to, got from %s to %s: swap them", from, to);
    else if (f->scale && f->from <= 0)
        space_wrong(s, place_in(e, "from"), e->path,
                    "a logarithmic scale needs from above 0, got %s; use scale: linear, or a list",
                    from);
    else if (f->points == 1 && f->from != f->to)
        space_wrong(s, place_in(e, "points"), e->path,
                    "one point cannot be both %s and %s: give at least 2", from, to);
    return diagnostics_count(s->b->errors) == before;
}

/* The ends are the nodes of the file; between them the numbers of a range. */
static const config_node *const *points_of(space_builder *s, const swept *e, const range_fields *f,
                                           size_t *count)
{
    *count = f->from == f->to ? 1 : (size_t)f->points;
    const config_node **values = arena_alloc(s->b->memory, *count * sizeof *values);
    const space_dimension d = {.low = f->from, .high = f->to, .log = f->scale == 1};
    for (size_t i = 0; i < *count; i++) {
        const double place = (double)i / (double)(*count > 1 ? *count - 1 : 1);
        values[i] = i == 0 ? config_get(e->node, "from")
                    : i == *count - 1
                        ? config_get(e->node, "to")
                        : config_new_scalar(s->b->memory, e->node->place,
                                            space_number(&d, place, s->b->memory), false);
    }
    return values;
}

/* ---- distributions --------------------------------------------------------------------------- */

static bool ends_of(space_builder *s, const swept *e, size_t kind, const config_node *list,
                    double ends[2])
{
    const bool whole = kind == INT_UNIFORM;
    bool good = list->kind == CONFIG_SEQUENCE && list->count == 2;
    for (size_t i = 0; good && i < 2; i++) {
        const config_node *n = list->items[i];
        int64_t integer;
        good = n->kind == CONFIG_SCALAR && !n->quoted &&
               (whole ? text_to_integer(n->text, &integer) : text_to_number(n->text, &ends[i]));
        if (good && whole) ends[i] = (double)integer;
        good = good && isfinite(ends[i]) && fabs(ends[i]) < 1e300;
    }
    if (!good) {
        space_wrong(s, list->place, e->path, "expected the least and the greatest %s, as in %s: %s",
                    whole ? "integer" : "value", distributions[kind],
                    whole ? "[1, 10]" : "[1e-3, 1]");
        return false;
    }
    if (ends[0] > ends[1])
        space_wrong(s, list->place, e->path,
                    "the least value comes first, got %s and then %s: swap them",
                    list->items[0]->text, list->items[1]->text);
    else if (kind == LOG_UNIFORM && ends[0] <= 0)
        space_wrong(s, list->place, e->path,
                    "a logarithmic scale needs values above 0, got %s; use uniform",
                    list->items[0]->text);
    else
        return true;
    return false;
}

static const config_node *integer_node(space_builder *s, config_place place, double value)
{
    return config_new_scalar(s->b->memory, place, arena_printf(s->b->memory, "%.0f", value), false);
}

static const config_node *const *integers(space_builder *s, config_place place, double low,
                                          double high, size_t *count)
{
    *count = (size_t)(high - low) + 1;
    const config_node **values = arena_alloc(s->b->memory, *count * sizeof *values);
    for (size_t i = 0; i < *count; i++) values[i] = integer_node(s, place, low + (double)i);
    return values;
}

/* Where both ends are integers and so is the parameter, or what it takes is not known to be any
 * number, everything drawn is an integer, too. */
static bool takes_integers(space_builder *s, const swept *e, double low, double high)
{
    if (low != floor(low) || high != floor(high)) return false;
    const slope_parameter *p = builder_parameter(s->b, s->context, e->path);
    return p && p->type != SLOPE_NUMBER;
}

static void add_range(space_builder *s, const swept *e, const space_dimension *range)
{
    if (range->low == range->high) {
        char text[32];
        const config_node *one = config_new_scalar(s->b->memory, e->node->place,
                                                   text_from_number(text, range->low), false);
        space_add_choices(s, e, &one, 1);
        return;
    }
    if (range->integer && range->high - range->low < MOST_LISTED_INTEGERS && !range->log) {
        size_t count;
        const config_node *const *values =
            integers(s, e->node->place, range->low, range->high, &count);
        space_add_choices(s, e, values, count);
        return;
    }
    const size_t column = space_column_of(s, e->path, e->key);
    space_dimension *d = space_add(s, e);
    if (column == NO_COLUMN) {
        space_make_blank(s, s->count - 1);
        return;
    }
    space_watch_path(s, e->path, e->key, false);
    d->column = column;
    d->low = range->low;
    d->high = range->high;
    d->log = range->log;
    d->integer = range->integer;
    d->low_open = range->low_open;
    d->high_open = range->high_open;
}

static void read_distribution(space_builder *s, const swept *e)
{
    const config_entry *only = &e->node->entries[0];
    const size_t kind = distribution_of(only->key);
    if (kind == DISTRIBUTIONS || e->node->count > 1) {
        const config_entry *other = kind == DISTRIBUTIONS ? only : &e->node->entries[1];
        const char *nearest = text_nearest(other->key, distributions, DISTRIBUTIONS);
        space_wrong(s, other->key_place, e->path,
                    "'%s' does not belong here: expected {from: …, to: …, points: …, scale: log}, "
                    "or one of uniform, log_uniform, int_uniform and choice%s%s%s",
                    other->key, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                    nearest ? "'?" : "");
        return;
    }
    if (kind == CHOICE) {
        size_t count;
        const config_node *const *values = space_values(s, e, &count);
        if (values) space_add_choices(s, e, values, count);
        return;
    }
    double ends[2];
    if (!ends_of(s, e, kind, only->value, ends)) return;
    const bool integer =
        kind == INT_UNIFORM || (kind == LOG_UNIFORM && takes_integers(s, e, ends[0], ends[1]));
    add_range(s, e,
              &(space_dimension){
                  .low = ends[0], .high = ends[1], .log = kind == LOG_UNIFORM, .integer = integer});
}

void space_read_range(space_builder *s, const swept *e)
{
    range_fields f;
    if (!config_get(e->node, "from") && !config_get(e->node, "to") &&
        !config_get(e->node, "points")) {
        read_distribution(s, e);
        return;
    }
    if (!bind_range(s, e, &f)) return;
    if (f.points != SLOPE_ABSENT || f.from == f.to) {
        size_t count;
        const config_node *const *values = points_of(s, e, &f, &count);
        space_add_choices(s, e, values, count);
        return;
    }
    add_range(s, e,
              &(space_dimension){.low = f.from,
                                 .high = f.to,
                                 .log = f.scale == 1,
                                 .integer = takes_integers(s, e, f.from, f.to)});
}

const config_node *const *space_values(space_builder *s, const swept *e, size_t *count)
{
    const config_node *list = e->node;
    if (list->kind == CONFIG_MAPPING && list->count == 1 &&
        strcmp(list->entries[0].key, distributions[CHOICE]) == 0)
        list = list->entries[0].value;
    if (list->kind == CONFIG_SEQUENCE) {
        *count = list->count;
        if (list->count) return (const config_node *const *)list->items;
        space_wrong(s, list->place, e->path, "the list is empty: name at least one value");
        return NULL;
    }
    range_fields f;
    if (list->kind == CONFIG_MAPPING && config_get(list, "points"))
        return bind_range(s, e, &f) ? points_of(s, e, &f, count) : NULL;
    space_wrong(s, list->place, e->path,
                "expected a list of values, or a range with a number of points");
    return NULL;
}

/* ---- auto ------------------------------------------------------------------------------------ */

static void add_names(space_builder *s, const swept *e, const char *const *names)
{
    size_t count = 0;
    while (names[count]) count++;
    const config_node **values = arena_alloc(s->b->memory, count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = config_new_scalar(s->b->memory, e->node->place, names[i], false);
    space_add_choices(s, e, values, count);
}

/* Bounds of a number; false where it has none that could serve. */
static bool bounds_of(const slope_parameter *p, space_dimension *d)
{
    double fallback = NAN;
    const bool log = (p->flags & SLOPE_LOG) != 0;
    if (p->fallback && !text_to_number(p->fallback, &fallback)) fallback = (double)NAN;
    *d = (space_dimension){.low = p->min,
                           .high = p->max,
                           .log = log,
                           .integer = p->type == SLOPE_INTEGER,
                           .low_open = p->flags & SLOPE_MIN_OPEN,
                           .high_open = p->flags & SLOPE_MAX_OPEN};
    if (log && fallback > 0) {
        if (!(d->low > 0)) d->low = fallback / around_default, d->low_open = false;
        if (isinf(d->high)) d->high = fallback * around_default, d->high_open = false;
    }
    if (d->integer && d->low_open) d->low += 1;
    if (d->integer && d->high_open) d->high -= 1;
    if (d->integer) d->low = ceil(d->low), d->high = floor(d->high);
    return isfinite(d->low) && isfinite(d->high) && d->low <= d->high && (!log || d->low > 0);
}

void space_read_auto(space_builder *s, const swept *e)
{
    static const char *const truths[] = {"false", "true", NULL};
    const slope_parameter *p = builder_parameter(s->b, s->context, e->path);
    space_dimension range;
    if (!p && space_watch_path(s, e->path, e->key, true))
        space_add_choices(s, e, &e->node, 1); /* until it is clear what the trials have */
    else if (!p)
        space_wrong(s, *e->key, e->path, "is no parameter, so auto has nothing to go by");
    else if (p->type == SLOPE_BOOL)
        add_names(s, e, truths);
    else if (p->type == SLOPE_CHOICE)
        add_names(s, e, p->choices);
    else if (p->type != SLOPE_NUMBER && p->type != SLOPE_INTEGER)
        space_wrong(s, e->node->place, e->path,
                    "auto serves numbers, choices and switches only: give a list of values");
    else if (!bounds_of(p, &range))
        space_wrong(s, e->node->place, e->path,
                    "the parameter has no finite bounds for auto to take: give a list, or a range "
                    "such as {uniform: [0, 1]}");
    else
        add_range(s, e, &range);
}
