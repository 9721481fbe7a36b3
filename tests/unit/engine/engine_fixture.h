/* engine_fixture.h: a small data set in memory and a trial made of a line of YAML, for the tests of
 * the engine. The plugins are the real ones of the build. */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include "base/files.h"
#include "config/load.h"
#include "engine/objective.h"
#include "host/random.h"
#include "host/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEATURES = 21, CLASSES = 4 };

typedef struct fixture {
    arena *memory;
    const trial_config *trial;  /* the first of */
    const trial_config *trials; /* those of the text */
    size_t trial_count;
    size_t rows;
    unsigned char *features; /* rows × FEATURES */
    int32_t *labels;
    slope_table table;
    double *factor;
    dataset data;
} fixture;

/* uint8 features scaled by 1/255, labels drawn; only a training split. */
static inline fixture *fixture_create(size_t rows, const char *yaml)
{
    /* The plugins of the build tree: the test's own program stands elsewhere. */
    char *build = getenv("SLOPE_BUILD"), path[4096], file[] = "/tmp/slope-fixture-XXXXXX";
    assert_non_null(build);
    snprintf(path, sizeof path, "%s/lib/slope/plugins", build);
    setenv("SLOPE_PLUGIN_PATH", path, 1);

    fixture *f = allocate(1, sizeof *f);
    f->memory = arena_create();
    f->rows = rows;
    const int descriptor = mkstemp(file);
    assert_true(descriptor >= 0);
    char text[16384];
    snprintf(text, sizeof text, "%.*s, dataset: {name: synthetic}}\n", (int)strlen(yaml) - 1, yaml);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    close(descriptor);
    failure why = {.text = ""};
    registry *plugins = registry_create(f->memory, &why);
    if (!plugins) fail_msg("%s", why.text);
    diagnostics *errors = diagnostics_create(f->memory);
    config_node *tree = config_load(f->memory, file, 0, NULL, errors);
    const experiment *e = tree ? experiment_create(f->memory, tree, file, plugins, errors) : NULL;
    diagnostics_print(errors, stderr);
    unlink(file);
    assert_non_null(e);
    f->trial = f->trials = e->bases;
    f->trial_count = e->base_count;

    f->features = allocate(rows * FEATURES, 1);
    f->labels = allocate(rows, sizeof *f->labels);
    f->factor = allocate(FEATURES, sizeof *f->factor);
    double *u = allocate(rows * (FEATURES + 1), sizeof *u);
    random_uniform((random_key){11, SLOPE_FOR_DATA, 0}, 0, rows * (FEATURES + 1), u);
    for (size_t i = 0; i < rows * FEATURES; i++) f->features[i] = (unsigned char)(u[i] * 256);
    for (size_t r = 0; r < rows; r++) f->labels[r] = (int32_t)(u[rows * FEATURES + r] * CLASSES);
    for (size_t i = 0; i < FEATURES; i++) f->factor[i] = 1.0 / 255;
    free(u);
    f->table = (slope_table){.layout = SLOPE_DENSE,
                             .element = SLOPE_UINT8,
                             .rows = rows,
                             .columns = FEATURES,
                             .features = f->features,
                             .labels = f->labels};
    f->data = (dataset){
        .label = "fixture", .features = FEATURES, .classes = CLASSES, .factor = f->factor};
    f->data.splits[SLOPE_TRAIN] = (dataset_split){.table = &f->table, .rows = rows};
    return f;
}

static inline objective *fixture_objective(const fixture *f, size_t chunk_rows)
{
    failure why;
    objective *o = objective_create(f->trial, &f->data, chunk_rows, &why);
    if (!o) fail_msg("%s", why.text);
    return o;
}

static inline void fixture_destroy(fixture *f)
{
    free(f->features);
    free(f->labels);
    free(f->factor);
    arena_destroy(f->memory);
    free(f);
}

#endif
