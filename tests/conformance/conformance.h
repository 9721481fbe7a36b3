/* conformance.h: what the conformance tests share. One kit, run on every plugin.
 *
 * Each test_*.c here is a program with one test per plugin (and per precision where it matters): of
 * all the plugins that are built, or of the one whose file is its argument. A plugin gets the
 * config struct that the runner would give it, and buffers with guard zones on both sides. */
#ifndef SLOPE_TESTS_CONFORMANCE_H
#define SLOPE_TESTS_CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/files.h"
#include "config/bind.h"
#include "config/parse.h"
#include "host/description.h"
#include "host/registry.h"
#include "host/services.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a test gets in *state. */
typedef struct subject {
    arena *memory;
    const host_plugin *plugin;
    precision p;
    const slope_plugin *about; /* plugin->description[p] */
} subject;

/* ---- numbers that look random and are the same everywhere
 * ----------------------------------------- */

typedef struct random_numbers {
    uint64_t state;
} random_numbers;

/* Uniform in [-1, 1). Multiplier and increment: Knuth's MMIX. */
static inline double draw(random_numbers *from)
{
    from->state = from->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(int64_t)from->state / 9223372036854775808.0;
}

/* ---- buffers of `real` with guard zones
 * -------------------------------------------------------------- */

enum { GUARD = 64, GUARD_BYTE = 0xA5 };

typedef struct buffer {
    unsigned char *guarded; /* GUARD bytes, the numbers, GUARD bytes */
    void *data;
    size_t count, size; /* numbers, and bytes of one */
} buffer;

static inline buffer buffer_make(const subject *s, size_t count)
{
    const size_t size = s->p == FLOAT64 ? sizeof(double) : sizeof(float);
    const size_t bytes = count * size + 2 * GUARD;
    const uintptr_t memory = (uintptr_t)arena_alloc(s->memory, bytes + 64);
    unsigned char *aligned = (unsigned char *)((memory + 63) / 64 * 64);
    memset(aligned, GUARD_BYTE, bytes);
    memset(aligned + GUARD, 0, count * size);
    return (buffer){aligned, aligned + GUARD, count, size};
}

static inline double get(const buffer *b, size_t i)
{
    return b->size == sizeof(double) ? ((const double *)b->data)[i]
                                     : (double)((const float *)b->data)[i];
}

static inline void put(const buffer *b, size_t i, double value)
{
    if (b->size == sizeof(double))
        ((double *)b->data)[i] = value;
    else
        ((float *)b->data)[i] = (float)value;
}

static inline buffer buffer_copy(const subject *s, const buffer *b)
{
    const buffer copy = buffer_make(s, b->count);
    memcpy(copy.data, b->data, b->count * b->size);
    return copy;
}

static inline void *from_element(const buffer *b, size_t i)
{
    return (unsigned char *)b->data + i * b->size;
}

static inline bool same_bits(const buffer *one, const buffer *other)
{
    return one->count == other->count &&
           memcmp(one->data, other->data, one->count * one->size) == 0;
}

static inline bool guards_whole(const buffer *b)
{
    const unsigned char *after = b->guarded + GUARD + b->count * b->size;
    for (size_t i = 0; i < GUARD; ++i)
        if (b->guarded[i] != GUARD_BYTE || after[i] != GUARD_BYTE) return false;
    return true;
}

static inline bool close_to(double one, double other, double tolerance)
{
    return fabs(one - other) <= tolerance * fmax(1.0, fmax(fabs(one), fabs(other)));
}

/* ---- configurations
 * ---------------------------------------------------------------------------------- */

static inline bool requires_something(const slope_plugin *about)
{
    for (size_t i = 0; i < about->parameter_count; ++i)
        if (parameter_at(about->parameters, about->parameter_size, i)->flags & SLOPE_REQUIRED)
            return true;
    return false;
}

/* Another allowed value than the default, as YAML text; NULL where none suggests itself. */
static inline const char *other_value(arena *a, const slope_parameter *p)
{
    if (p->type == SLOPE_BOOL) return strcmp(p->fallback, "true") == 0 ? "false" : "true";
    if (p->type == SLOPE_CHOICE) {
        size_t last = 0;
        while (p->choices[last + 1] != NULL) ++last;
        return strcmp(p->choices[last], p->fallback) != 0 ? p->choices[last] : p->choices[0];
    }
    if (p->fallback == NULL || (p->type != SLOPE_NUMBER && p->type != SLOPE_INTEGER)) return NULL;
    const double usual = strtod(p->fallback, NULL);
    if (p->type == SLOPE_INTEGER)
        return usual + 1 <= p->max ? arena_printf(a, "%.0f", usual + 1) : NULL;
    if (usual == 0.0) return p->max > 0.05 ? "0.05" : NULL;
    const double smaller = usual * 0.75;
    const bool allowed = smaller > p->min && smaller < p->max;
    return allowed ? arena_printf(a, "%.17g", smaller) : NULL;
}

/* The value of a parameter that must be given: what its table shows as an example. NULL if it shows
 * none. */
static inline config_node *example_value(arena *a, const slope_plugin *about,
                                         const slope_parameter *p, diagnostics *errors)
{
    if (!(p->flags & SLOPE_REQUIRED) ||
        about->parameter_size < SIZE_THROUGH(slope_parameter, example) || p->example == NULL)
        return NULL;
    return config_parse(a, p->example, strlen(p->example),
                        (config_place){ORIGIN_DEFAULT, NULL, 0, 0}, p->key, errors);
}

/* Variant 0 is the defaults; 1 changes what can be changed; 2 and on change one parameter each.
 * NULL when there is no such variant or the plugin's own check does not allow it (`more` tells
 * which). */
static inline const void *make_config(const subject *s, size_t variant, bool *more)
{
    arena *a = s->memory;
    const slope_plugin *about = s->about;
    const config_place nowhere = {ORIGIN_DEFAULT, NULL, 0, 0};
    *more = variant == 0 || (about->parameter_count > 0 && variant < 2 + about->parameter_count);
    if (!*more) return NULL;
    config_node *section = config_new_mapping(a, nowhere);
    diagnostics *errors = diagnostics_create(a);
    for (size_t i = 0; i < about->parameter_count; ++i) {
        const slope_parameter *p = parameter_at(about->parameters, about->parameter_size, i);
        config_node *value = example_value(a, about, p, errors);
        if (value != NULL) config_set(a, section, p->key, nowhere, value);
    }
    for (size_t i = 0; variant > 0 && i < about->parameter_count; ++i) {
        const slope_parameter *p = parameter_at(about->parameters, about->parameter_size, i);
        const bool chosen = variant == 1 || variant == 2 + i;
        const char *value = chosen ? other_value(a, p) : NULL;
        if (value != NULL)
            config_set(a, section, p->key, nowhere, config_new_scalar(a, nowhere, value, false));
    }
    const bind_table table = {.parameters = about->parameters,
                              .count = about->parameter_count,
                              .element_size = about->parameter_size,
                              .config_size = about->config_size,
                              .owner = about->id};
    const void *config = bind_section(a, &table, section, about->id, NULL, NULL, errors);
    if (diagnostics_count(errors) > 0) {
        diagnostics_print(errors, stderr);
        fail_msg("its table does not accept its own values");
    }
    if (about->check == NULL) return config;
    call_host host;
    call_host_init(&host, s->p, 1);
    host.memory = a;
    const bool good = about->check(&host.host, config) == SLOPE_OK;
    if (!good && variant == 0) fail_msg("its check refuses its own defaults: %s", host.text);
    if (!good && host.text[0] == 0) fail_msg("its check refuses without a reason");
    return good ? config : NULL;
}

/* Calls `test` with every variant that there is. */
static inline void with_every_config(const subject *s,
                                     void (*test)(const subject *s, const void *config))
{
    bool more = true;
    for (size_t variant = 0; more; ++variant) {
        const void *config = make_config(s, variant, &more);
        if (config != NULL) test(s, config);
    }
}

/* ---- the program
 * ------------------------------------------------------------------------------------- */

static inline void print_refusal(void *argument, const char *path, const failure *why)
{
    size_t *count = argument;
    (void)path;
    ++*count;
    fprintf(stderr, "%s\n", why->text);
}

static inline int set_up_subject(void **state)
{
    subject *s = *state;
    s->memory = arena_create();
    return 0;
}

static inline int tear_down_subject(void **state)
{
    subject *s = *state;
    arena_destroy(s->memory);
    return 0;
}

/* Runs `test` on every plugin of the kind (0: of all kinds), in both precisions, or only on the
 * file that argv[1] names. Fewer than one is a failure, and so is a plugin that cannot be loaded.
 */
static inline int conformance_run(int argc, char **argv, slope_kind kind, CMUnitTestFunction test)
{
    arena *a = arena_create();
    failure why;
    size_t refused = 0, count = 0;
    char *only = argc > 1 ? realpath(argv[1], NULL) : NULL;
    if (argc > 1 && only == NULL) {
        fprintf(stderr, "cannot find '%s'\n", argv[1]);
        return 2;
    }
    if (only != NULL) setenv("SLOPE_PLUGIN_PATH", path_folder(a, only), 1);
    registry *all = registry_create(a, &why);
    if (all == NULL) {
        fprintf(stderr, "%s\n", why.text);
        return 2;
    }
    const host_plugin *const *plugins;
    const size_t there = registry_load_all(all, &plugins, print_refusal, &refused);
    struct CMUnitTest *tests = arena_alloc(a, 2 * there * sizeof *tests);
    for (size_t i = 0; i < 2 * there; ++i) {
        const host_plugin *plugin = plugins[i / 2];
        const precision p = (precision)(i % 2);
        if ((kind != 0 && plugin->kind != kind) || plugin->description[p] == NULL) continue;
        if (only != NULL && strcmp(only, plugin->path) != 0) continue;
        subject *s = arena_alloc(a, sizeof *s);
        *s = (subject){NULL, plugin, p, plugin->description[p]};
        tests[count++] =
            (struct CMUnitTest){arena_printf(a, "%s %s float%d", kind_name(plugin->kind),
                                             plugin->id, p == FLOAT64 ? 64 : 32),
                                test, set_up_subject, tear_down_subject, s};
    }
    /* (The macro of cmocka takes the length of an array.) */
    const int failed = _cmocka_run_group_tests("conformance", tests, count, NULL, NULL);
    if (count == 0) fprintf(stderr, "there is no plugin to test\n");
    const bool good = failed == 0 && refused == 0 && count > 0;
    free(only);
    arena_destroy(a);
    return good ? 0 : 1;
}

#endif
