/* plugin_test.h: what the tests of plugins share: opening the built object and filling its config.
 *
 * The objects are the real ones of the build, found below SLOPE_BUILD. The config struct is filled
 * by the plugin's own parameter table, so the tests see the defaults that users get. */
#ifndef SLOPE_TESTS_PLUGIN_TEST_H
#define SLOPE_TESTS_PLUGIN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <math.h>

#include "host/services.h"
#include "slope/loss.h"
#include "slope/optimizer.h"
#include "slope/schedule.h"

/* Room for any config struct of the plugins that are tested. */
typedef union plugin_config {
    unsigned char bytes[256];
    double number;
    void *pointer;
} plugin_config;

/* Description of plugins/<folder>/<id> in that precision; never unloaded. */
static inline const void *open_plugin(const char *folder, const char *id, precision p)
{
    const char *build = getenv("SLOPE_BUILD");
    if (!build) fail_msg("SLOPE_BUILD must name the build folder");
    char path[4096];
    snprintf(path, sizeof path, "%s/lib/slope/plugins/%s/%s.so", build, folder, id);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) fail_msg("%s", dlerror());
    const slope_entry *entry = dlsym(object, SLOPE_ENTRY_SYMBOL);
    if (!entry) fail_msg("%s", dlerror());
    const slope_plugin *plugin = p == FLOAT32 ? entry->float32 : entry->float64;
    assert_non_null(plugin);
    assert_string_equal(plugin->id, id);
    return plugin;
}

static inline const slope_parameter *find_parameter(const slope_plugin *plugin, const char *key)
{
    for (uint32_t i = 0; i < plugin->parameter_count; i++) {
        if (strcmp(plugin->parameters[i].key, key) == 0) return &plugin->parameters[i];
    }
    fail_msg("%s has no parameter '%s'", plugin->id, key);
    return NULL;
}

/* Choices are set by their index. The value must be one that the table allows. */
static inline void set_parameter(const slope_plugin *plugin, plugin_config *config, const char *key,
                                 double value)
{
    const slope_parameter *p = find_parameter(plugin, key);
    void *field = config->bytes + p->offset;
    assert_true(value > p->min || (value >= p->min && !(p->flags & SLOPE_MIN_OPEN)));
    assert_true(value < p->max || (value <= p->max && !(p->flags & SLOPE_MAX_OPEN)));
    switch (p->type) {
    case SLOPE_BOOL:
        *(bool *)field = value > 0;
        break;
    case SLOPE_NUMBER:
        *(double *)field = value;
        break;
    case SLOPE_INTEGER:
    case SLOPE_CHOICE:
        *(int64_t *)field = (int64_t)value;
        break;
    default:
        fail_msg("%s.%s: a type that these tests do not know", plugin->id, key);
    }
}

static inline double default_value(const slope_parameter *p)
{
    assert_non_null(p->fallback);
    if (p->type == SLOPE_BOOL) return strcmp(p->fallback, "true") == 0;
    if (p->type == SLOPE_CHOICE) {
        for (int i = 0; p->choices[i]; i++) {
            if (strcmp(p->choices[i], p->fallback) == 0) return i;
        }
        fail_msg("the default of '%s' is not among its choices", p->key);
    }
    char *end;
    const double value = strtod(p->fallback, &end);
    assert_true(*end == '\0' && end != p->fallback);
    return value;
}

static inline void set_defaults(const slope_plugin *plugin, plugin_config *config)
{
    assert_true(plugin->config_size <= sizeof config->bytes);
    memset(config, 0, sizeof *config);
    for (uint32_t i = 0; i < plugin->parameter_count; i++) {
        const slope_parameter *p = &plugin->parameters[i];
        if (p->type == SLOPE_NUMBER && p->flags & SLOPE_OPTIONAL) {
            *(double *)(void *)(config->bytes + p->offset) = NAN; /* absent */
            continue;
        }
        set_parameter(plugin, config, p->key, default_value(p));
    }
}

/* |got - wanted| <= tolerance · max(1, |wanted|), or both nan, or both the same infinity. */
static inline void assert_close(const char *what, double got, double wanted, double tolerance)
{
    if (isnan(wanted) ? isnan(got) : got == wanted) return;
    const double size = fabs(wanted) > 1 ? fabs(wanted) : 1;
    if (fabs(got - wanted) <= tolerance * size) return;
    fail_msg("%s: got %.17g, wanted %.17g (off by %.3g)", what, got, wanted, fabs(got - wanted));
}

/* A real of either precision, as a number. */
static inline double element(precision p, const void *array, size_t i)
{
    return p == FLOAT32 ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

static inline void set_element(precision p, void *array, size_t i, double value)
{
    if (p == FLOAT32)
        ((float *)array)[i] = (float)value;
    else
        ((double *)array)[i] = value;
}

#endif
