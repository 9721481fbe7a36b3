/* config/same.c: see same.h. */
#include "config/same.h"

#include "config/bind.h"

#include <string.h>

bool number_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool same_array(const slope_array *one, const slope_array *other)
{
    bool same = text_same(one->name, other->name) && one->rank == other->rank &&
                one->count == other->count && !one->values == !other->values;
    for (uint32_t d = 0; same && d < one->rank; d++) same = one->extents[d] == other->extents[d];
    for (size_t i = 0; same && one->values && i < one->count; i++)
        same = number_same(one->values[i], other->values[i]);
    return same;
}

/* Whether a parameter has the same value in two config structs. */
static bool same_value(const slope_parameter *p, const void *one, const void *other)
{
    const void *a = (const char *)one + p->offset, *b = (const char *)other + p->offset;
    switch (p->type) {
    case SLOPE_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case SLOPE_INTEGER:
    case SLOPE_CHOICE:
        return *(const int64_t *)a == *(const int64_t *)b;
    case SLOPE_NUMBER:
        return number_same(*(const double *)a, *(const double *)b);
    case SLOPE_STRING:
    case SLOPE_PATH:
        return text_same(*(const char *const *)a, *(const char *const *)b);
    case SLOPE_INTEGERS: {
        const slope_integers *x = a, *y = b;
        return x->count == y->count &&
               (!x->count || !memcmp(x->values, y->values, x->count * sizeof *x->values));
    }
    case SLOPE_PATHS:
    case SLOPE_STRINGS: {
        const slope_strings *x = a, *y = b;
        bool same = x->count == y->count;
        for (size_t i = 0; same && i < x->count; i++) same = text_same(x->values[i], y->values[i]);
        return same;
    }
    case SLOPE_TEXTS: {
        const slope_texts *x = a, *y = b;
        bool same = x->count == y->count;
        for (size_t i = 0; same && i < x->count; i++)
            same = text_same(x->items[i].name, y->items[i].name) &&
                   text_same(x->items[i].text, y->items[i].text);
        return same;
    }
    case SLOPE_ARRAYS: {
        const slope_arrays *x = a, *y = b;
        bool same = x->count == y->count;
        for (size_t i = 0; same && i < x->count; i++) same = same_array(&x->items[i], &y->items[i]);
        return same;
    }
    }
    return false;
}

bool plugin_choice_same(const plugin_choice *one, const plugin_choice *other)
{
    if (one->plugin != other->plugin) return false;
    const slope_plugin *plugin = one->plugin->description[FLOAT32];
    for (size_t i = 0; i < plugin->parameter_count; i++) {
        const slope_parameter *p = parameter_at(plugin->parameters, plugin->parameter_size, i);
        if (!same_value(p, one->config, other->config)) return false;
    }
    return true;
}
