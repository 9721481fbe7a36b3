/* kit/configs.c: the configurations that a plugin is tested with. See private.h.
 *
 * They come the way that users' do: a section of YAML values, bound by the plugin's own table. */
#include "kit/private.h"

#include "config/bind.h"
#include "config/parse.h"

#include <stdlib.h>

static const config_place nowhere = {ORIGIN_DEFAULT, NULL, 0, 0};

static const slope_parameter *parameter(const slope_plugin *about, size_t i)
{
    return parameter_at(about->parameters, about->parameter_size, i);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* section["train"]["images"] = value for "train.images" */
static void set(arena *a, config_node *section, const char *key, config_node *value)
{
    const size_t length = strcspn(key, ".");
    if (key[length] == '\0') {
        config_set(a, section, key, nowhere, value);
        return;
    }
    const char *head = arena_strndup(a, key, length);
    config_node *group = NULL;
    for (size_t i = 0; i < section->count; ++i)
        if (strcmp(section->entries[i].key, head) == 0) group = section->entries[i].value;
    if (group == NULL || group->kind != CONFIG_MAPPING) {
        group = config_new_mapping(a, nowhere);
        config_set(a, section, head, nowhere, group);
    }
    set(a, group, key + length + 1, value);
}

/* Another allowed value than the default, as YAML text; NULL where none suggests itself. */
static const char *other_value(arena *a, const slope_parameter *p)
{
    if (p->fallback == NULL) return NULL;
    if (p->type == SLOPE_BOOL) return strcmp(p->fallback, "true") == 0 ? "false" : "true";
    if (p->type == SLOPE_CHOICE) {
        size_t last = 0;
        while (p->choices[last + 1] != NULL) ++last;
        return strcmp(p->choices[last], p->fallback) != 0 ? p->choices[last] : p->choices[0];
    }
    if (p->type != SLOPE_NUMBER && p->type != SLOPE_INTEGER) return NULL;
    const double usual = strtod(p->fallback, NULL);
    if (p->type == SLOPE_INTEGER)
        return usual + 1 <= p->max ? arena_printf(a, "%.0f", usual + 1) : NULL;
    if (usual == 0.0) return p->max > 0.05 ? "0.05" : NULL;
    const double smaller = usual * 0.75;
    const bool allowed = smaller > p->min && smaller < p->max;
    return allowed ? arena_printf(a, "%.17g", smaller) : NULL;
}

/* What the table shows for a parameter that must be given. */
static const char *example_of(const slope_plugin *about, const slope_parameter *p)
{
    const bool has = about->parameter_size >= SIZE_THROUGH(slope_parameter, example);
    return (p->flags & SLOPE_REQUIRED) && has ? p->example : NULL;
}

static void add_overrides(const subject *s, config_node *section, diagnostics *errors)
{
    for (size_t i = 0; i < s->override_count; ++i) {
        const config_place place = {ORIGIN_COMMAND_LINE, NULL, (int)i + 1, 0};
        const char *text = s->overrides[i], *equals = strchr(text, '=');
        const char *key = arena_strndup(s->memory, text, (size_t)(equals - text));
        config_node *value =
            config_parse(s->memory, equals + 1, strlen(equals + 1), place, key, errors);
        if (value != NULL) set(s->memory, section, key, value);
    }
}

/* ---- configurations -------------------------------------------------------------------------- */

static bool blame(arena *a, const diagnostics *errors, failure *why)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL) out_of_memory(0);
    diagnostics_print(errors, memory);
    fclose(memory);
    char *copy = arena_strndup(a, text, length);
    free(text);
    while (length > 0 && copy[length - 1] == '\n') copy[--length] = '\0';
    for (char *end; (end = strchr(copy, '\n')) != NULL;) *end = ';';
    return failure_set(why, STATUS_CONFIG, "%s", copy);
}

/* Calls the plugin's own check. */
static bool approved(const subject *s, const void *config, failure *why)
{
    call_host host;
    if (s->about->check == NULL) return true;
    call_host_init(&host, s->p, 1);
    host.memory = s->memory;
    if (s->about->check(&host.host, config) == SLOPE_OK) return true;
    return failure_set(why, STATUS_CONFIG, "%s%s%s", host.key, host.key[0] ? ": " : "", host.text);
}

/* Variant 0 is as usual; 1 changes what can be changed; 2 and on change one parameter each. */
static const void *make_config(const subject *s, size_t variant, failure *why)
{
    arena *a = s->memory;
    const slope_plugin *about = s->about;
    config_node *section = config_new_mapping(a, nowhere);
    diagnostics *errors = diagnostics_create(a);
    for (size_t i = 0; i < about->parameter_count; ++i) {
        const slope_parameter *p = parameter(about, i);
        const bool chosen = variant == 1 || variant == 2 + i;
        const char *text = chosen ? other_value(a, p) : NULL;
        if (text == NULL) text = example_of(about, p);
        if (text != NULL)
            set(a, section, p->key, config_parse(a, text, strlen(text), nowhere, p->key, errors));
    }
    add_overrides(s, section, errors);
    const bind_table table = {.parameters = about->parameters,
                              .count = about->parameter_count,
                              .element_size = about->parameter_size,
                              .config_size = about->config_size,
                              .owner = about->id};
    const void *config = bind_section(a, &table, section, about->id, NULL, NULL, errors);
    if (diagnostics_count(errors) > 0) {
        blame(a, errors, why);
        return NULL;
    }
    return approved(s, config, why) ? config : NULL;
}

const void *usual_config(const subject *s, failure *why)
{
    return make_config(s, 0, why);
}

/* How a variant is told apart in messages. */
static const char *describe_variant(const subject *s, size_t variant)
{
    const char *bits = s->p == FLOAT64 ? "float64" : "float32";
    if (variant == 0) return bits;
    if (variant == 1) return arena_printf(s->memory, "%s, all parameters changed", bits);
    const slope_parameter *p = parameter(s->about, variant - 2);
    return arena_printf(s->memory, "%s, %s=%s", bits, p->key, other_value(s->memory, p));
}

static void run_variant(const subject *s, size_t variant,
                        void (*test)(const subject *s, const void *config))
{
    failure why;
    const bool changes =
        variant < 2 || other_value(s->memory, parameter(s->about, variant - 2)) != NULL;
    if (!changes) return;
    kit_situation(describe_variant(s, variant));
    const void *config = make_config(s, variant, &why);
    if (config != NULL) {
        test(s, config);
    } else if (variant == 0) {
        kit_skip("needs parameters (%s): give them as key=value", why.text);
    }
}

/* Whether the runner has a use for the float64 half. */
static bool computes(slope_kind kind)
{
    return kind != SLOPE_KIND_READER && kind != SLOPE_KIND_SAMPLER && kind != SLOPE_KIND_PRUNER;
}

static void with_configs(subject *s, bool all, void (*test)(const subject *s, const void *config))
{
    for (int p = FLOAT32; p <= FLOAT64; ++p) {
        s->p = (precision)p;
        s->about = s->halves[p];
        if (s->about == NULL) continue;
        const bool reader = s->about->kind == SLOPE_KIND_READER;
        if (p == FLOAT64 && !computes(s->about->kind)) continue;
        const size_t variants =
            all && !reader && s->about->parameter_count > 0 ? 2 + s->about->parameter_count : 1;
        for (size_t variant = 0; variant < variants; ++variant) run_variant(s, variant, test);
    }
}

void with_defaults(subject *s, void (*test)(const subject *s, const void *config))
{
    with_configs(s, false, test);
}

void with_every_config(subject *s, void (*test)(const subject *s, const void *config))
{
    with_configs(s, true, test);
}

bool other_precision(const subject *s, subject *other)
{
    if (s->p == FLOAT64 || s->halves[FLOAT64] == NULL) return false;
    *other = *s;
    other->p = FLOAT64;
    other->about = s->halves[FLOAT64];
    return true;
}
