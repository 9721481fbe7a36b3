/* config/space.c: points of a space, and what they set. See space.h; space_read.c makes spaces. */
#include "config/space.h"

#include "base/text.h"

#include "slope/sampler.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers --------------------------------------------------------------------------------- */

/* Rounded to 12 digits, what is left of the error of exp2l and log2l in the last of 19 is gone.
 * Such a text is the shortest that reads back as its double, too: those differ from 16 digits on.
 */
static const char *rounded(arena *a, long double value)
{
    char digits[64];
    snprintf(digits, sizeof digits, "%.12Lg", value);
    return arena_strdup(a, digits);
}

static long double between(long double low, long double high, long double place, bool log)
{
    if (!log) return low + place * (high - low);
    return exp2l(log2l(low) + place * (log2l(high) - log2l(low)));
}

const char *space_number(const space_dimension *d, double place, arena *a)
{
    if (d->integer) {
        long double value = floorl(between(d->low, (long double)d->high + 1, place, d->log));
        if (value > d->high) value = d->high;
        if (value < d->low) value = d->low;
        return arena_printf(a, "%.0Lf", value);
    }
    /* An open end is no value: keep off it by more than rounding could undo. */
    if (d->low_open || d->high_open) place = 1e-9 + place * (1 - 2e-9);
    return rounded(a, between(d->low, d->high, place, d->log));
}

/* ---- values ---------------------------------------------------------------------------------- */

bool space_has(const space *s, const double *point, size_t d)
{
    for (const space_dimension *at = &s->dimensions[d]; at->parent != SLOPE_NO_PARENT;
         at = &s->dimensions[at->parent])
        if (point[at->parent] != (double)at->parent_choice) return false;
    return true;
}

static const config_node *number_at(const space_dimension *d, double place, arena *a)
{
    return config_new_scalar(a, d->place, space_number(d, place, a), false);
}

const config_node *space_value(const space *s, const double *point, size_t column, arena *a)
{
    for (size_t i = 0; i < s->count; i++) {
        const space_dimension *d = &s->dimensions[i];
        if (!d->choice_count) {
            if (d->column == column && space_has(s, point, i)) return number_at(d, point[i], a);
            continue;
        }
        const space_choice *choice = &d->choices[(size_t)point[i]];
        for (size_t k = 0; k < choice->count; k++)
            if (choice->settings[k].column == column && space_has(s, point, i))
                return choice->settings[k].value;
    }
    return NULL;
}

static bool is_in(const char *path, const char *section)
{
    const size_t length = strlen(section);
    return strncmp(path, section, length) == 0 && (path[length] == '.' || path[length] == '\0');
}

/* mapping["init"]["std"] = value for "init.std" */
static void set_path(arena *a, config_node *mapping, const char *path, config_place place,
                     const config_node *value)
{
    const size_t length = strcspn(path, ".");
    if (!path[length]) {
        config_set(a, mapping, path, place, config_merge(a, NULL, value));
        return;
    }
    const char *head = arena_strndup(a, path, length);
    const config_node *there = config_get(mapping, head);
    config_node *below = config_new_mapping(a, place);
    if (there && there->kind == CONFIG_MAPPING) /* a copy: it may be the value of a setting */
        below = config_merge(a, there, below);
    config_set(a, mapping, head, place, below);
    set_path(a, below, path + length + 1, place, value);
}

/* Puts one setting into what a section gets. */
static void put(const space *s, const char *section, const space_setting *set, arena *a,
                config_node **whole)
{
    const char *path = s->columns[set->column].path;
    if (!is_in(path, section)) return;
    const size_t length = strlen(section);
    if (!path[length]) { /* the section as a whole: null, or a cell of a table */
        *whole = config_merge(a, set->value, config_new_mapping(a, *set->key));
        if (set->value->kind != CONFIG_MAPPING) *whole = config_merge(a, NULL, set->value);
        return;
    }
    /* Anything else as a whole is told elsewhere, as a conflict or by its type. */
    if (!*whole || (*whole)->kind != CONFIG_MAPPING) *whole = config_new_mapping(a, *set->key);
    set_path(a, *whole, path + length + 1, *set->key, set->value);
}

const config_node *space_section(const space *s, const double *point, const char *section, arena *a)
{
    config_node *whole = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const space_dimension *d = &s->dimensions[i];
        if (!space_has(s, point, i)) continue;
        if (!d->choice_count) {
            if (!is_in(s->columns[d->column].path, section)) continue;
            const space_setting drawn = {d->column, number_at(d, point[i], a), d->key};
            put(s, section, &drawn, a, &whole);
            continue;
        }
        const space_choice *choice = &d->choices[(size_t)point[i]];
        for (size_t k = 0; k < choice->count; k++) put(s, section, &choice->settings[k], a, &whole);
    }
    return whole;
}

const char *space_text(const config_node *value, arena *a)
{
    if (value->kind == CONFIG_SCALAR) {
        if (!value->quoted && text_is_null(value->text)) return "null";
        return value->text;
    }
    const bool list = value->kind == CONFIG_SEQUENCE;
    const char *text = list ? "[" : "{";
    for (size_t i = 0; i < value->count; i++) {
        const char *comma = i ? ", " : "";
        text = list ? arena_printf(a, "%s%s%s", text, comma, space_text(value->items[i], a))
                    : arena_printf(a, "%s%s%s: %s", text, comma, value->entries[i].key,
                                   space_text(value->entries[i].value, a));
    }
    return arena_printf(a, "%s%s", text, list ? "]" : "}");
}

/* ---- exclusion ------------------------------------------------------------------------------- */

static bool same_value(const config_node *one, const config_node *other)
{
    double a, b;
    if (one->kind != other->kind || one->count != other->count) return false;
    if (one->kind == CONFIG_SEQUENCE) {
        for (size_t i = 0; i < one->count; i++)
            if (!same_value(one->items[i], other->items[i])) return false;
        return true;
    }
    if (one->kind != CONFIG_SCALAR) return config_same(one, other, false);
    if (strcmp(one->text, other->text) == 0) return true;
    return text_to_number(one->text, &a) && text_to_number(other->text, &b) && a == b;
}

static bool holds(const space *s, const double *point, const space_condition *c, arena *a)
{
    const config_node *value = space_value(s, point, c->column, a);
    for (size_t i = 0; value && i < c->count; i++)
        if (same_value(value, c->values[i])) return true;
    return false;
}

bool space_excludes(const space *s, const double *point, arena *a)
{
    for (size_t i = 0; i < s->exclusion_count; i++) {
        const space_exclusion *e = &s->exclusions[i];
        size_t met = 0;
        while (met < e->count && holds(s, point, &e->conditions[met], a)) met++;
        if (met == e->count) return true;
    }
    return false;
}

double *space_first_point(const space *s, arena *a)
{
    enum { ATTEMPTS = 1000 };
    double *point = arena_alloc(a, s->count * sizeof *point);
    for (int n = 0; n < ATTEMPTS && space_excludes(s, point, a); n++) {
        size_t d = s->count;
        while (d-- > 0) { /* counts like a grid, whether or not a dimension is there */
            if (point[d] + 1 < (double)s->dimensions[d].choice_count) break;
            point[d] = 0;
        }
        if (d == SIZE_MAX) break;
        point[d] += 1;
    }
    return point;
}

double *space_point_at(const space *s, size_t d, double place, arena *a)
{
    double *point = arena_alloc(a, s->count * sizeof *point);
    point[d] = place;
    for (const space_dimension *at = &s->dimensions[d]; at->parent != SLOPE_NO_PARENT;
         at = &s->dimensions[at->parent])
        point[at->parent] = (double)at->parent_choice;
    return point;
}
