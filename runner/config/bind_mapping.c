/* config/bind_mapping.c: see bind_mapping.h. */
#include "config/bind_mapping.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

enum { LONGEST_NAME = 63, LARGEST_ARRAY = 1 << 28 };

/* One entry while it is bound. */
typedef struct entry_binding {
    const value_binding *of;
    const char *path; /* dotted, with the entry's name */
} entry_binding;

static bool wrong(const entry_binding *b, const config_node *node, const char *expected)
{
    diagnostics_add(b->of->errors, STATUS_CONFIG, node->place, b->path, "expected %s, got %s",
                    expected, config_describe(b->of->memory, node));
    return false;
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_mapping(const value_binding *b, const config_node *node, const char *expected)
{
    if (node->kind == CONFIG_MAPPING && node->count) return true;
    diagnostics_add(b->errors, STATUS_CONFIG, node->place, b->path,
                    "expected a mapping from names to %s, got %s", expected,
                    node->kind == CONFIG_MAPPING ? "an empty one"
                                                 : config_describe(b->memory, node));
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool check_name(const value_binding *b, const config_entry *entry, const char *path)
{
    const char *key = entry->key;
    bool good = is_letter(key[0]) && strlen(key) <= LONGEST_NAME;
    for (const char *c = key; *c; c++) good &= is_letter(*c) || (*c >= '0' && *c <= '9');
    if (!good)
        diagnostics_add(b->errors, STATUS_CONFIG, entry->key_place, path,
                        "a name is a letter or _, then letters, digits and _, at most %d",
                        LONGEST_NAME);
    return good;
}

/* ---- texts ----------------------------------------------------------------------------------- */

bool bind_texts(const value_binding *b, const config_node *node, slope_texts *field)
{
    if (!is_mapping(b, node, "texts")) return false;
    slope_text *items = arena_alloc(b->memory, node->count * sizeof *items);
    bool good = true;
    for (size_t i = 0; i < node->count; i++) {
        const config_entry *e = &node->entries[i];
        const entry_binding at = {b, arena_printf(b->memory, "%s.%s", b->path, e->key)};
        if (!check_name(b, e, at.path))
            good = false;
        else if (e->value->kind != CONFIG_SCALAR || config_is_null(e->value))
            good = wrong(&at, e->value, "text");
        items[i] = (slope_text){e->key, e->value->text};
    }
    if (good) *field = (slope_texts){node->count, items};
    return good;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static bool read_number(const entry_binding *b, const config_node *node, double *value)
{
    const slope_parameter *p = b->of->parameter;
    if (node->kind != CONFIG_SCALAR || node->quoted || !text_to_number(node->text, value))
        return wrong(b, node, "a number");
    if (!isfinite(*value)) return wrong(b, node, "a finite number");
    const bool low = (p->flags & SLOPE_MIN_OPEN) ? *value > p->min : *value >= p->min;
    const bool high = (p->flags & SLOPE_MAX_OPEN) ? *value < p->max : *value <= p->max;
    return (low && high) || wrong(b, node, "a number within the bounds of this parameter");
}

static bool multiply_extents(const entry_binding *b, const config_node *node, slope_array *array)
{
    array->count = 1;
    for (uint32_t d = 0; d < array->rank; d++)
        if (__builtin_mul_overflow(array->count, array->extents[d], &array->count) ||
            array->count > LARGEST_ARRAY) {
            diagnostics_add(b->of->errors, STATUS_CONFIG, node->place, b->path,
                            "more than %d numbers", LARGEST_ARRAY);
            return false;
        }
    return true;
}

/* The shape of nested lists, by their first items. */
static bool shape_of_lists(const entry_binding *b, const config_node *node, slope_array *array)
{
    const config_node *at = node;
    for (array->rank = 0; at->kind == CONFIG_SEQUENCE; at = at->items[0]) {
        if (!at->count) return wrong(b, at, "numbers (the list is empty)");
        if (array->rank == SLOPE_MAX_RANK)
            return wrong(b, at, "a number: lists nest 4 deep at most");
        array->extents[array->rank++] = at->count;
    }
    return multiply_extents(b, node, array);
}

/* Row-major, from *next on. */
static bool read_lists(const entry_binding *b, const config_node *node, const slope_array *array,
                       uint32_t level, double **next)
{
    if (level == array->rank) {
        if (!read_number(b, node, *next)) return false;
        ++*next;
        return true;
    }
    if (node->kind != CONFIG_SEQUENCE || node->count != array->extents[level]) {
        const char *wanted =
            arena_printf(b->of->memory, "a list of %zu, by the shape", array->extents[level]);
        if (node->kind != CONFIG_SEQUENCE) return wrong(b, node, wanted);
        diagnostics_add(b->of->errors, STATUS_CONFIG, node->place, b->path,
                        "expected %s, got one of %zu", wanted, node->count);
        return false;
    }
    for (size_t i = 0; i < node->count; i++)
        if (!read_lists(b, node->items[i], array, level + 1, next)) return false;
    return true;
}

static bool fill_from_lists(const entry_binding *b, const config_node *node, slope_array *array)
{
    double *values = arena_alloc(b->of->memory, array->count * sizeof *values), *next = values;
    array->values = values;
    return read_lists(b, node, array, 0, &next);
}

static bool read_shape(const entry_binding *b, const config_node *node, slope_array *array)
{
    const bool list = node->kind == CONFIG_SEQUENCE;
    const size_t rank = list ? node->count : 1;
    if (rank > SLOPE_MAX_RANK) return wrong(b, node, "at most 4 extents");
    for (size_t d = 0; d < rank; d++) {
        const config_node *item = list ? node->items[d] : node;
        int64_t extent;
        if (item->kind != CONFIG_SCALAR || item->quoted || !text_to_integer(item->text, &extent) ||
            extent < 1)
            return wrong(b, item, "whole numbers of at least 1, as in shape: [3, 2]");
        array->extents[d] = (size_t)extent;
    }
    array->rank = (uint32_t)rank;
    return multiply_extents(b, node, array);
}

static bool read_initial(const entry_binding *b, const config_node *node, slope_array *array)
{
    if (node->kind == CONFIG_SCALAR && strcmp(node->text, "random") == 0)
        return true; /* values stay NULL */
    if (node->kind == CONFIG_SEQUENCE) return fill_from_lists(b, node, array);
    double value;
    if (node->kind != CONFIG_SCALAR || node->quoted || !text_to_number(node->text, &value))
        return wrong(b, node, "a number, a list of numbers, or random");
    if (!read_number(b, node, &value)) return false;
    double *values = arena_alloc(b->of->memory, array->count * sizeof *values);
    for (size_t i = 0; i < array->count; i++) values[i] = value;
    array->values = values;
    return true;
}

static bool no_initial(const entry_binding *b, config_place place)
{
    diagnostics_add(b->of->errors, STATUS_CONFIG, place, b->path,
                    "has no initial value: give a number, a list of numbers, or a shape and an "
                    "initial value as in {shape: [3, 2], initial: 0} (or initial: random)");
    return false;
}

/* {shape: …, initial: …} */
static bool read_described(const entry_binding *b, const config_entry *entry, slope_array *array)
{
    const config_node *node = entry->value;
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->entries[i].key;
        if (strcmp(key, "shape") == 0 || strcmp(key, "initial") == 0) continue;
        static const char *const keys[] = {"shape", "initial"};
        const char *nearest = text_nearest(key, keys, 2);
        diagnostics_add_about(b->of->errors, ABOUT_KEY, node->entries[i].key_place,
                              arena_printf(b->of->memory, "%s.%s", b->path, key), "unknown key%s",
                              nearest ? arena_printf(b->of->memory, "; did you mean '%s'?", nearest)
                                      : "; there are shape and initial");
        return false;
    }
    const config_node *shape = config_get(node, "shape"), *initial = config_get(node, "initial");
    if (!initial || config_is_null(initial)) return no_initial(b, entry->key_place);
    if (shape && !read_shape(b, shape, array)) return false;
    if (!shape && !shape_of_lists(b, initial, array)) return false;
    return read_initial(b, initial, array);
}

static bool read_array(const entry_binding *b, const config_entry *entry, slope_array *array)
{
    const config_node *node = entry->value;
    *array = (slope_array){.name = entry->key};
    if (config_is_null(node)) return no_initial(b, entry->key_place);
    if (node->kind == CONFIG_MAPPING) return read_described(b, entry, array);
    return shape_of_lists(b, node, array) && fill_from_lists(b, node, array);
}

bool bind_arrays(const value_binding *b, const config_node *node, slope_arrays *field)
{
    if (!is_mapping(b, node, "numbers")) return false;
    slope_array *items = arena_alloc(b->memory, node->count * sizeof *items);
    bool good = true;
    for (size_t i = 0; i < node->count; i++) {
        const config_entry *e = &node->entries[i];
        const entry_binding at = {b, arena_printf(b->memory, "%s.%s", b->path, e->key)};
        good &= check_name(b, e, at.path) && read_array(&at, e, &items[i]);
    }
    if (good) *field = (slope_arrays){node->count, items};
    return good;
}
