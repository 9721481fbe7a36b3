/* host/parameters.c: whether a plugin's table of parameters makes sense (description.h).
 *
 * A wrong table would surface far from its cause: as a default that the user never gave and that is
 * out of range, or as a value written over its neighbour in the config struct. */
#include "host/description.h"

#include "base/text.h"

#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARAMETERS = 1000, LARGEST_CONFIG = 1 << 20 };

typedef struct field {
    size_t size, alignment;
} field;

static field field_of(slope_type type)
{
    switch (type) {
    case SLOPE_BOOL:
        return (field){sizeof(bool), alignof(bool)};
    case SLOPE_INTEGER:
    case SLOPE_CHOICE:
        return (field){sizeof(int64_t), alignof(int64_t)};
    case SLOPE_NUMBER:
        return (field){sizeof(double), alignof(double)};
    case SLOPE_STRING:
    case SLOPE_PATH:
        return (field){sizeof(const char *), alignof(const char *)};
    case SLOPE_INTEGERS:
        return (field){sizeof(slope_integers), alignof(slope_integers)};
    case SLOPE_PATHS:
    case SLOPE_STRINGS:
        return (field){sizeof(slope_strings), alignof(slope_strings)};
    case SLOPE_TEXTS:
        return (field){sizeof(slope_texts), alignof(slope_texts)};
    case SLOPE_ARRAYS:
        return (field){sizeof(slope_arrays), alignof(slope_arrays)};
    }
    return (field){0, 1};
}

static const slope_parameter *at(const slope_plugin *plugin, size_t i)
{
    return (const void *)((const char *)plugin->parameters + i * plugin->parameter_size);
}

static bool wrong(failure *why, const char *text)
{
    return failure_set(why, STATUS_ENVIRONMENT, "%s", text);
}

/* ---- one parameter --------------------------------------------------------------------------- */

static bool check_key(const char *key, failure *why)
{
    const char *const letters = "abcdefghijklmnopqrstuvwxyz0123456789_.";
    if (key[0] < 'a' || key[0] > 'z' || key[strspn(key, letters)] != 0 ||
        strstr(key, "..") != NULL || key[strlen(key) - 1] == '.')
        return wrong(why, "its key must be lower-case letters, digits and _, with single dots "
                          "between parts");
    if (strcmp(key, "name") == 0)
        return wrong(why, "the key 'name' is taken: it is how a file chooses the plugin");
    return true;
}

static bool in_bounds(const slope_parameter *p, double value)
{
    const bool low = (p->flags & SLOPE_MIN_OPEN) ? value > p->min : value >= p->min;
    const bool high = (p->flags & SLOPE_MAX_OPEN) ? value < p->max : value <= p->max;
    return low && high; /* false for NAN */
}

static bool out_of_bounds(const slope_parameter *p, const char *text, failure *why)
{
    return failure_set(why, STATUS_ENVIRONMENT, "its default %s is out of its bounds, %g to %g",
                       text, p->min, p->max);
}

static bool check_integer(const slope_parameter *p, const char *text, failure *why)
{
    int64_t value;
    if (!text_to_integer(text, &value))
        return failure_set(why, STATUS_ENVIRONMENT, "its default '%s' is no integer", text);
    return in_bounds(p, (double)value) || out_of_bounds(p, text, why);
}

/* "7" or "[7, 8]"; a flow sequence is all that a default list needs. */
static bool check_integers(const slope_parameter *p, failure *why)
{
    const char *text = p->fallback + strspn(p->fallback, " ");
    if (*text != '[') return check_integer(p, text, why);
    char item[32];
    for (++text; text[strspn(text, " ")] != ']';) {
        text += strspn(text, " ");
        const size_t length = strcspn(text, " ,]");
        if (length == 0 || length >= sizeof item) break;
        memcpy(item, text, length);
        item[length] = 0;
        if (!check_integer(p, item, why)) return false;
        text += length;
        text += strspn(text, " ");
        if (*text == ',') ++text;
    }
    text += strspn(text, " ");
    return strcmp(text, "]") == 0 ||
           failure_set(why, STATUS_ENVIRONMENT, "its default '%s' is no list of integers",
                       p->fallback);
}

static bool check_choice(const slope_parameter *p, failure *why)
{
    for (size_t i = 0; p->choices[i] != NULL; ++i)
        if (strcmp(p->choices[i], p->fallback) == 0) return true;
    return failure_set(why, STATUS_ENVIRONMENT, "its default '%s' is none of its choices",
                       p->fallback);
}

static bool check_fallback(const slope_parameter *p, failure *why)
{
    double number;
    bool truth;
    switch (p->type) {
    case SLOPE_BOOL:
        return text_to_bool(p->fallback, &truth) ||
               failure_set(why, STATUS_ENVIRONMENT, "its default '%s' is neither true nor false",
                           p->fallback);
    case SLOPE_NUMBER:
        if (!text_to_number(p->fallback, &number) || !isfinite(number))
            return failure_set(why, STATUS_ENVIRONMENT, "its default '%s' is no finite number",
                               p->fallback);
        return in_bounds(p, number) || out_of_bounds(p, p->fallback, why);
    case SLOPE_INTEGER:
        return check_integer(p, p->fallback, why);
    case SLOPE_INTEGERS:
        return check_integers(p, why);
    case SLOPE_CHOICE:
        return check_choice(p, why);
    case SLOPE_STRING:
        return true;
    case SLOPE_PATH:
    case SLOPE_PATHS:
        return p->fallback[0] != 0 || wrong(why, "its default path is empty: make it optional");
    case SLOPE_STRINGS:
    case SLOPE_TEXTS:
    case SLOPE_ARRAYS:
        return wrong(why, "its type has no defaults: make it required or optional");
    }
    return wrong(why, "its type does not exist");
}

static bool check_flags(const slope_parameter *p, failure *why)
{
    const bool required = (p->flags & SLOPE_REQUIRED) != 0;
    const bool optional = (p->flags & SLOPE_OPTIONAL) != 0;
    if (required && optional) return wrong(why, "it cannot be both required and optional");
    if ((required || optional) && p->fallback != NULL)
        return wrong(why, "it has a default and is required or optional: drop one");
    if (!required && !optional && p->fallback == NULL)
        return wrong(why, "it has no default: give one, or make it required or optional");
    if (optional && (p->type == SLOPE_BOOL || p->type == SLOPE_CHOICE))
        return wrong(why, "no value of its type means 'absent': give it a default");
    if ((p->flags & SLOPE_LOG) && p->min < 0.0)
        return wrong(why, "a logarithmic scale needs bounds that are not negative");
    return true;
}

static bool check_choices(const slope_parameter *p, failure *why)
{
    if (p->type != SLOPE_CHOICE)
        return p->choices == NULL || wrong(why, "it has choices but is not of type SLOPE_CHOICE");
    if (p->choices == NULL || p->choices[0] == NULL) return wrong(why, "it has no choices");
    for (size_t i = 0; p->choices[i] != NULL; ++i)
        for (size_t j = 0; j < i; ++j)
            if (strcmp(p->choices[i], p->choices[j]) == 0)
                return failure_set(why, STATUS_ENVIRONMENT, "it has the choice '%s' twice",
                                   p->choices[i]);
    return true;
}

static bool check_parameter(const slope_plugin *plugin, const slope_parameter *p, failure *why)
{
    const field f = field_of(p->type);
    if (!check_key(p->key, why)) return false;
    if (f.size == 0)
        return failure_set(why, STATUS_ENVIRONMENT, "its type %d does not exist (1 to %d)",
                           (int)p->type, SLOPE_ARRAYS);
    if (p->offset > plugin->config_size || f.size > plugin->config_size - p->offset)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its field, %zu bytes at offset %zu, lies outside the config struct of "
                           "%zu bytes",
                           f.size, p->offset, plugin->config_size);
    if (p->offset % f.alignment != 0)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its offset %zu is not that of a field of its "
                           "type",
                           p->offset);
    if (!(p->min <= p->max)) return wrong(why, "its lower bound is above its upper bound");
    if (p->doc == NULL || p->doc[0] == 0 || strchr(p->doc, '\n') != NULL)
        return wrong(why, "its doc must be one line of text");
    return check_flags(p, why) && check_choices(p, why) &&
           (p->fallback == NULL || check_fallback(p, why));
}

/* ---- the table ------------------------------------------------------------------------------- */

static bool check_pair(const slope_parameter *one, const slope_parameter *other, failure *why)
{
    if (strcmp(one->key, other->key) == 0) return wrong(why, "its key is there twice");
    /* "train" and "train.images" could not both be given. */
    const size_t shorter = strlen(other->key), longer = strlen(one->key);
    const char *within = shorter < longer ? one->key : other->key;
    const size_t length = shorter < longer ? shorter : longer;
    if (strncmp(one->key, other->key, length) == 0 && within[length] == '.')
        return failure_set(why, STATUS_ENVIRONMENT, "it cannot stand beside '%s'", other->key);
    const size_t one_end = one->offset + field_of(one->type).size;
    const size_t other_end = other->offset + field_of(other->type).size;
    if (one->offset < other_end && other->offset < one_end)
        return failure_set(why, STATUS_ENVIRONMENT, "it shares its field with '%s'", other->key);
    return true;
}

bool parameters_check(const slope_plugin *plugin, failure *why)
{
    const size_t count = plugin->parameter_count;
    if ((plugin->parameters == NULL) != (count == 0) || count > MOST_PARAMETERS)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "it declares %zu parameters but %s table: use SLOPE_PARAMETERS", count,
                           plugin->parameters == NULL ? "no" : "a");
    if (plugin->config_size > LARGEST_CONFIG)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its config struct of %zu bytes is larger than %d", plugin->config_size,
                           LARGEST_CONFIG);
    const size_t least = SIZE_THROUGH(slope_parameter, doc);
    if (count > 0 && plugin->parameter_size < least)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its parameter_size %u is less than %zu: use SLOPE_PARAMETERS",
                           plugin->parameter_size, least);
    for (size_t i = 0; i < count; ++i) {
        const slope_parameter *p = at(plugin, i);
        if (p->key == NULL || p->key[0] == 0)
            return failure_set(why, STATUS_ENVIRONMENT, "parameter %zu has no key", i);
        bool good = check_parameter(plugin, p, why);
        for (size_t j = 0; good && j < i; ++j) good = check_pair(p, at(plugin, j), why);
        if (!good) return failure_context(why, "parameter '%s'", p->key);
    }
    return true;
}
