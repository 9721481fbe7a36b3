/* config/bind_value.c: see bind_value.h. */
#include "config/bind_value.h"

#include "base/files.h"
#include "base/text.h"
#include "config/bind_mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool config_is_null(const config_node *node)
{
    return node->kind == CONFIG_SCALAR && !node->quoted && text_is_null(node->text);
}

/* ---- messages -------------------------------------------------------------------------------- */

const char *config_describe(arena *a, const config_node *node)
{
    if (node->kind == CONFIG_SEQUENCE) return "a list";
    if (node->kind == CONFIG_MAPPING) return "a mapping";
    if (config_is_null(node)) return "nothing";
    const char *dots = strlen(node->text) > 60 ? "…" : "";
    return arena_printf(a, "%s'%.60s%s'", node->quoted ? "the text " : "", node->text, dots);
}

static bool wrong_type(const value_binding *b, const config_node *node, const char *expected)
{
    const char *remedy = "";
    if (config_is_null(node) && b->parameter->fallback)
        remedy = arena_printf(b->memory, "; leave the key out for the default, %s",
                              b->parameter->fallback);
    diagnostics_add(b->errors, STATUS_CONFIG, node->place, b->path, "expected %s, got %s%s",
                    expected, config_describe(b->memory, node), remedy);
    return false;
}

/* "at least 0 and below 1" */
static const char *describe_range(arena *a, const slope_parameter *p)
{
    char low[32], high[32];
    const char *above = (p->flags & SLOPE_MIN_OPEN) ? "above" : "at least";
    const char *below = (p->flags & SLOPE_MAX_OPEN) ? "below" : "at most";
    text_from_number(low, p->min);
    text_from_number(high, p->max);
    if (isinf(p->max)) return arena_printf(a, "%s %s", above, low);
    if (isinf(p->min)) return arena_printf(a, "%s %s", below, high);
    return arena_printf(a, "%s %s and %s %s", above, low, below, high);
}

static bool check_range(const value_binding *b, const config_node *node, double value)
{
    const slope_parameter *p = b->parameter;
    const bool low = (p->flags & SLOPE_MIN_OPEN) ? value > p->min : value >= p->min;
    const bool high = (p->flags & SLOPE_MAX_OPEN) ? value < p->max : value <= p->max;
    if (low && high) return true;
    diagnostics_add(b->errors, STATUS_CONFIG, node->place, b->path, "must be %s, got %s",
                    describe_range(b->memory, p), node->text);
    return false;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool is_plain(const config_node *node)
{
    return node->kind == CONFIG_SCALAR && !node->quoted;
}

static bool bind_number(const value_binding *b, const config_node *node, double *field)
{
    double value;
    if (node->kind == CONFIG_SCALAR && node->quoted && text_to_number(node->text, &value))
        return wrong_type(b, node, "a number without quotes");
    if (!is_plain(node) || !text_to_number(node->text, &value))
        return wrong_type(b, node, "a number");
    if (!isfinite(value)) return wrong_type(b, node, "a finite number");
    if (!check_range(b, node, value)) return false;
    *field = value;
    return true;
}

static bool bind_integer(const value_binding *b, const config_node *node, int64_t *field)
{
    int64_t value;
    double number;
    if (node->kind == CONFIG_SCALAR && node->quoted && text_to_integer(node->text, &value))
        return wrong_type(b, node, "an integer without quotes");
    if (is_plain(node) && !text_to_integer(node->text, &value) &&
        text_to_number(node->text, &number) && number == floor(number) && fabs(number) < 1e15)
        return wrong_type(b, node, arena_printf(b->memory, "an integer such as %.0f", number));
    if (!is_plain(node) || !text_to_integer(node->text, &value))
        return wrong_type(b, node, "an integer");
    if (!check_range(b, node, (double)value)) return false;
    *field = value;
    return true;
}

static bool bind_bool(const value_binding *b, const config_node *node, bool *field)
{
    return (is_plain(node) && text_to_bool(node->text, field)) ||
           wrong_type(b, node, "true or false");
}

static bool bind_integers(const value_binding *b, const config_node *node, slope_integers *field)
{
    const bool list = node->kind == CONFIG_SEQUENCE;
    if (!list && node->kind != CONFIG_SCALAR) return wrong_type(b, node, "a list of integers");
    const size_t count = list ? node->count : 1;
    int64_t *values = arena_alloc(b->memory, count * sizeof *values);
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good &= bind_integer(b, list ? node->items[i] : node, &values[i]);
    if (good) *field = (slope_integers){count, values};
    return good;
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool bind_choice(const value_binding *b, const config_node *node, int64_t *field)
{
    const char *const *choices = b->parameter->choices;
    const char *all = "one of ";
    size_t count = 0;
    for (; choices[count]; count++) {
        if (node->kind == CONFIG_SCALAR && strcmp(choices[count], node->text) == 0) {
            *field = (int64_t)count;
            return true;
        }
        all = arena_printf(b->memory, "%s%s%s", all, count ? ", " : "", choices[count]);
    }
    if (node->kind != CONFIG_SCALAR || config_is_null(node)) return wrong_type(b, node, all);
    const char *nearest = text_nearest(node->text, choices, count);
    diagnostics_add(b->errors, STATUS_CONFIG, node->place, b->path, "expected %s, got %s%s", all,
                    config_describe(b->memory, node),
                    nearest ? arena_printf(b->memory, "; did you mean '%s'?", nearest) : "");
    return false;
}

static bool bind_string(const value_binding *b, const config_node *node, const char **field)
{
    if (node->kind != CONFIG_SCALAR || config_is_null(node)) return wrong_type(b, node, "text");
    *field = arena_strdup(b->memory, node->text);
    return true;
}

static bool bind_strings(const value_binding *b, const config_node *node, slope_strings *field)
{
    const bool list = node->kind == CONFIG_SEQUENCE;
    const size_t count = list ? node->count : 1;
    const char **values = arena_alloc(b->memory, count * sizeof *values);
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good &= bind_string(b, list ? node->items[i] : node, &values[i]);
    if (good) *field = (slope_strings){count, values};
    return good;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Drops "." and empty parts; ".." stays, since what is above a symbolic link cannot be told from
 * text. */
static void tidy(char *path)
{
    char *out = path;
    for (const char *in = path; *in;) {
        const size_t length = strcspn(in, "/");
        if (length > 0 && !(length == 1 && *in == '.')) {
            *out++ = '/';
            memmove(out, in, length);
            out += length;
        }
        in += length + (in[length] == '/');
    }
    if (out == path) *out++ = '/';
    *out = '\0';
}

char *config_absolute_path(arena *a, const config_node *node)
{
    const char *path = node->text;
    if (node->place.origin == ORIGIN_FILE && node->place.file)
        path = path_join(a, path_folder(a, node->place.file), path);
    if (path[0] == '/') {
        char *copy = arena_strdup(a, path);
        tidy(copy);
        return copy;
    }
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return arena_strdup(a, path);
    char *joined = path_join(a, here, path);
    tidy(joined);
    return joined;
}

/* 0, or the reason as an errno. */
static int unreadable(const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return errno;
    struct stat about;
    const int reason = fstat(file, &about) != 0 ? errno : S_ISDIR(about.st_mode) ? EISDIR : 0;
    close(file);
    return reason;
}

static config_node *bind_path(const value_binding *b, const config_node *node, const char **field)
{
    const char *text = "";
    if (!bind_string(b, node, &text)) return NULL;
    if (!*text) {
        wrong_type(b, node, "the name of a file");
        return NULL;
    }
    char *path = config_absolute_path(b->memory, node);
    const int reason = unreadable(path);
    if (reason == 0) {
        *field = path;
        return config_new_scalar(b->memory, node->place, path, true);
    }
    const char *advice = "";
    if (*b->advice) advice = arena_printf(b->memory, "; how to get it: %s", *b->advice);
    *b->advice = NULL;
    diagnostics_add(b->errors, STATUS_ENVIRONMENT, node->place, b->path, "cannot read '%s': %s%s",
                    path, strerror(reason), advice);
    return NULL;
}

static config_node *bind_paths(const value_binding *b, const config_node *node,
                               slope_strings *field)
{
    const bool list = node->kind == CONFIG_SEQUENCE;
    const size_t count = list ? node->count : 1;
    const char **values = arena_alloc(b->memory, count * sizeof *values);
    config_node *absolutes = config_new_sequence(b->memory, node->place);
    for (size_t i = 0; i < count; i++) {
        config_node *path = bind_path(b, list ? node->items[i] : node, &values[i]);
        if (path) config_append(b->memory, absolutes, path);
    }
    if (absolutes->count < count) return NULL;
    *field = (slope_strings){count, values};
    return absolutes;
}

/* ---- entries --------------------------------------------------------------------------------- */

void bind_absent(const slope_parameter *parameter, void *field)
{
    switch (parameter->type) {
    case SLOPE_NUMBER:
        *(double *)field = (double)NAN;
        break;
    case SLOPE_INTEGER:
        *(int64_t *)field = SLOPE_ABSENT;
        break;
    case SLOPE_BOOL:
    case SLOPE_CHOICE:
    case SLOPE_STRING:
    case SLOPE_PATH:
    case SLOPE_INTEGERS:
    case SLOPE_PATHS:
    case SLOPE_STRINGS:
    case SLOPE_TEXTS:
    case SLOPE_ARRAYS:
        break; /* the struct is zeroed */
    }
}

config_node *bind_value(const value_binding *b, const config_node *node)
{
    if (config_is_null(node) && (b->parameter->flags & SLOPE_OPTIONAL)) {
        bind_absent(b->parameter, b->field);
        return NULL;
    }
    bool good = false;
    switch (b->parameter->type) {
    case SLOPE_BOOL:
        good = bind_bool(b, node, b->field);
        break;
    case SLOPE_INTEGER:
        good = bind_integer(b, node, b->field);
        break;
    case SLOPE_NUMBER:
        good = bind_number(b, node, b->field);
        break;
    case SLOPE_CHOICE:
        good = bind_choice(b, node, b->field);
        break;
    case SLOPE_STRING:
        good = bind_string(b, node, b->field);
        break;
    case SLOPE_INTEGERS:
        good = bind_integers(b, node, b->field);
        break;
    case SLOPE_STRINGS:
        good = bind_strings(b, node, b->field);
        break;
    case SLOPE_TEXTS:
        good = bind_texts(b, node, b->field);
        break;
    case SLOPE_ARRAYS:
        good = bind_arrays(b, node, b->field);
        break;
    case SLOPE_PATH:
        return bind_path(b, node, b->field);
    case SLOPE_PATHS:
        return bind_paths(b, node, b->field);
    }
    return good ? config_merge(b->memory, NULL, node) : NULL;
}
