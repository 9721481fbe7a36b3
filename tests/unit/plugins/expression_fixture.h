/* What the tests of the model `expression` share: a formula with parameters of its own, its value
 * and gradient. Not a test. */
#ifndef SLOPE_TEST_EXPRESSION_FIXTURE_H
#define SLOPE_TEST_EXPRESSION_FIXTURE_H

#include "../engine/engine_fixture.h"

#include <math.h>

/* An experiment of its own: memory, data and objective of one YAML text. */
typedef struct formula {
    arena *memory;
    const trial_config *trial;
    dataset *data;
    objective *objective;
    const layout *layout;
    void *weights;
} formula;

static inline const experiment *load(arena *a, const char *yaml)
{
    char *build = getenv("SLOPE_BUILD"), file[] = "/tmp/slope-expression-XXXXXX";
    assert_non_null(build);
    setenv("SLOPE_PLUGIN_PATH", arena_printf(a, "%s/lib/slope/plugins", build), 1);
    const int descriptor = mkstemp(file);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, yaml, strlen(yaml)), strlen(yaml));
    close(descriptor);
    failure why = {.text = ""};
    registry *plugins = registry_create(a, &why);
    if (!plugins) fail_msg("%s", why.text);
    diagnostics *errors = diagnostics_create(a);
    config_node *tree = config_load(a, file, 0, NULL, errors);
    const experiment *e = tree ? experiment_create(a, tree, file, plugins, errors) : NULL;
    diagnostics_print(errors, stderr);
    unlink(file);
    if (!e) fail_msg("refused: %s", yaml);
    return e;
}

static inline formula *open_formula(const char *parameters, const char *expressions,
                                    const char *more)
{
    arena *a = arena_create();
    formula *f = arena_alloc(a, sizeof *f);
    f->memory = a;
    f->trial = &load(a, arena_printf(a,
                                     "model: {name: expression, parameters: %s, expressions: %s}\n"
                                     "loss: value\ntrain: {precision: float64}\n%s\n",
                                     parameters, expressions, more))
                    ->bases[0];
    failure why = {.text = ""};
    f->data = dataset_load(&f->trial->dataset, &why);
    if (!f->data) fail_msg("%s", why.text);
    f->objective = objective_create(f->trial, f->data, 0, &why);
    if (!f->objective) fail_msg("%s: %s", expressions, why.text);
    f->layout = objective_layout(f->objective);
    f->weights = arena_alloc(a, f->layout->total * objective_kernels(f->objective)->real_size);
    layout_initialise(f->layout, &f->trial->init, f->trial->train.precision, 0, f->weights);
    return f;
}

static inline void close_formula(formula *f)
{
    objective_destroy(f->objective);
    dataset_destroy(f->data);
    arena_destroy(f->memory);
}

/* Value and gradient with respect to all elements of all tensors, one after another. */
static inline double value_of(formula *f, double *gradient)
{
    double *whole = arena_alloc(f->memory, f->layout->total * sizeof *whole);
    const double value = objective_gradient(f->objective, f->weights,
                                            objective_split(f->objective, SLOPE_TRAIN), whole);
    for (size_t t = 0, n = 0; gradient && t < f->layout->tensor_count; t++)
        for (size_t i = 0; i < f->layout->sizes[t]; i++)
            gradient[n++] = whole[f->layout->offsets[t] + i];
    return value;
}

#define near(got, wanted) near_(got, wanted, #got, __LINE__)
static inline void near_(double got, double wanted, const char *what, int line)
{
    if (!(fabs(got - wanted) <= 1e-14 * fmax(1, fabs(wanted))))
        fail_msg("line %d: %s is %.17g, wanted %.17g", line, what, got, wanted);
}

#endif
