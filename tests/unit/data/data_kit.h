/* data_kit.h: what the tests of data sets share: a folder of their own, small files in it, and data
 * sets loaded the way that an experiment loads them (configuration, reader plugin, checks). */
#ifndef SLOPE_TESTS_DATA_KIT_H
#define SLOPE_TESTS_DATA_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/files.h"
#include "config/experiment.h"
#include "config/load.h"
#include "data/dataset.h"
#include "host/registry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

typedef struct kit {
    arena *memory;
    char folder[64];
    registry *plugins;
    failure why;
} kit;

static inline int kit_create(void **state)
{
    kit *k = calloc(1, sizeof *k);
    k->memory = arena_create();
    snprintf(k->folder, sizeof k->folder, "/tmp/slope-test-data-XXXXXX");
    if (!mkdtemp(k->folder)) return -1;
    k->plugins = registry_create(k->memory, &k->why);
    *state = k;
    return k->plugins ? 0 : -1;
}

static inline int kit_destroy(void **state)
{
    kit *k = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", k->folder);
    const int result = system(command);
    arena_destroy(k->memory);
    free(k);
    return result;
}

#define KIT_TEST(function) cmocka_unit_test_setup_teardown(function, kit_create, kit_destroy)

static inline const char *kit_path(kit *k, const char *name)
{
    return path_join(k->memory, k->folder, name);
}

static inline void kit_bytes(kit *k, const char *name, const void *bytes, size_t count)
{
    unlink(
        kit_path(k, name)); /* a file that is written anew, ext4 flushes to the disk on closing */
    FILE *file = fopen(kit_path(k, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static inline void kit_text(kit *k, const char *name, const char *text)
{
    kit_bytes(k, name, text, strlen(text));
}

/* Packed by zlib's own gzip writer; mode "ab" appends a member. */
static inline void kit_gzip(kit *k, const char *name, const char *mode, const void *bytes,
                            size_t count)
{
    gzFile file = gzopen(kit_path(k, name), mode);
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)count), count);
    assert_int_equal(gzclose(file), Z_OK);
}

/* The data set section, given as a YAML mapping in flow style, of an experiment in the kit's
 * folder. NULL after an error of the configuration, which goes to k->why. */
static inline const dataset_config *kit_config(kit *k, const char *yaml)
{
    kit_text(k, "experiment.yaml", arena_printf(k->memory, "dataset: %s\n", yaml));
    const char *path = kit_path(k, "experiment.yaml");
    diagnostics *errors = diagnostics_create(k->memory);
    config_node *tree = config_load(k->memory, path, 0, NULL, errors);
    const experiment *e =
        tree ? experiment_create(k->memory, tree, path, k->plugins, errors) : NULL;
    if (e) return &e->bases[0].dataset;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    diagnostics_print(errors, out);
    fclose(out);
    failure_set(&k->why, diagnostics_status(errors), "%s", text);
    free(text);
    return NULL;
}

static inline dataset *kit_try(kit *k, const char *yaml)
{
    const dataset_config *config = kit_config(k, yaml);
    return config ? dataset_load(config, &k->why) : NULL;
}

static inline dataset *kit_load(kit *k, const char *yaml)
{
    dataset *data = kit_try(k, yaml);
    if (!data) fail_msg("%s", k->why.text);
    return data;
}

/* Loading must fail with this status and with all the texts, ended by NULL, in its message. */
static inline void kit_fails(kit *k, exit_status status, const char *yaml, ...)
{
    dataset *data = kit_try(k, yaml);
    if (data) {
        dataset_destroy(data);
        fail_msg("loaded, but should not: %s", yaml);
    }
    va_list texts;
    va_start(texts, yaml);
    for (const char *text; (text = va_arg(texts, const char *));)
        if (!strstr(k->why.text, text)) fail_msg("no '%s' in: %s", text, k->why.text);
    va_end(texts);
    if (k->why.status != status) fail_msg("status %d: %s", (int)k->why.status, k->why.text);
    if (strstr(k->why.text, "(null)")) fail_msg("%s", k->why.text);
}

static inline double kit_feature(const slope_table *table, size_t row, size_t column)
{
    const size_t cell = row * table->columns + column;
    switch (table->element) {
    case SLOPE_UINT8:
        return ((const uint8_t *)table->features)[cell];
    case SLOPE_FLOAT32:
        return (double)((const float *)table->features)[cell];
    case SLOPE_FLOAT64:
        return ((const double *)table->features)[cell];
    }
    return NAN;
}

/* Exactly equal, bit for bit but for the sign of zero. */
static inline void assert_number(double actual, double expected)
{
    if (!(actual == expected)) fail_msg("%.17g is not %.17g", actual, expected);
}

static inline void assert_near(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance)) fail_msg("%.17g is not %.17g", actual, expected);
}

static inline bool kit_same_table(const slope_table *a, const slope_table *b)
{
    const size_t size = a->element == SLOPE_UINT8 ? 1 : a->element == SLOPE_FLOAT32 ? 4 : 8;
    return a->rows == b->rows && a->columns == b->columns && a->element == b->element &&
           !memcmp(a->features, b->features, a->rows * a->columns * size) &&
           (!a->labels || !memcmp(a->labels, b->labels, a->rows * sizeof *a->labels)) &&
           (!a->targets ||
            !memcmp(a->targets, b->targets, a->rows * a->target_columns * sizeof(double)));
}

#endif
