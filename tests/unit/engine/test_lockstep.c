/* Trials in lockstep: whatever runs together ends with the bits of each trial run alone. All update
 * rules that are built, models with and without SLOPE_MODEL_MANY, losses and data of every kind; 1,
 * 2 and 3 threads, and groups side by side. Trials that leave their group: test_lockstep_leaving.c.
 */
#include "lockstep_company.h"

static void check_company(fixture *f, const char *what)
{
    company c = company_of(f);
    run_together(&c, what);
    company_end(&c);
}

/* ---- every update rule ----------------------------------------------------------------------- */

static void refused(void *argument, const char *path, const failure *why)
{
    (void)argument;
    fail_msg("%s: %s", path, why->text);
}

/* One trial for each rule, no two with the same loss parameters, regularisation, start and length.
 */
static void every_rule(const char *model, const char *train)
{
    static const char *const losses[] = {"softmax", "svm", "{name: svm, squared: true}",
                                         "{name: svm, margin: 0.7}"};
    static const char *const more[] = {"", ", regularization: {l2: 0.01}",
                                       ", regularization: {l1: 0.003, l2: 0.001}",
                                       ", clip: {norm: 0.5}"};
    static const char *const schedules[] = {", schedule: {name: cosine, warmup_steps: 2}",
                                            ", schedule: constant"};
    fixture_destroy(fixture_create(1, "{model: linear}")); /* sets the path of the plugins */
    arena *a = arena_create();
    failure why;
    registry *all = registry_create(a, &why);
    assert_non_null(all);
    const host_plugin *const *plugins;
    const size_t count = registry_load_all(all, &plugins, refused, NULL);
    const char *trials = "";
    size_t rules = 0;
    for (size_t i = 0; i < count; i++) {
        if (plugins[i]->kind != SLOPE_KIND_OPTIMIZER) continue;
        trials = arena_printf(
            a,
            "%s%s{optimizer: %s, loss: %s, model: {init: {distribution: normal, std: 0.%zu}}, "
            "train: {steps: %zu}%s%s}",
            trials, rules ? ", " : "", plugins[i]->id, losses[rules % 4], rules % 7 + 1,
            7 + rules % 3, more[rules / 2 % 4],
            strstr("cma_es random_search random_local_search", plugins[i]->id)
                ? ""
                : schedules[rules % 2]);
        rules++;
    }
    assert_true(rules >= 30);
    const char *text = arena_printf(
        a, "{model: %s, evaluate: {every: 3 steps}, train: {seed: 5, %s}, trials: [%s]}", model,
        train, trials);
    check_company(with_splits(fixture_create(150, text)), text);
    arena_destroy(a);
}

static void test_every_rule(void **state)
{
    (void)state;
    every_rule("{name: linear}", "batch_size: 64, precision: float32");
    every_rule("{name: mlp, hidden: [7]}", "batch_size: 32, precision: float64");
}

/* ---- models, data and losses ----------------------------------------------------------------- */

#define THREE \
    "{optimizer: {name: sgd, learning_rate: 0.1}}, " \
    "{optimizer: {name: momentum, learning_rate: 0.03}, loss: svm, " \
    " regularization: {l2: 0.01}}, " \
    "{optimizer: {name: adam, learning_rate: 0.01}, schedule: {name: step, step_size: 3, unit: " \
    "steps}}"
#define EXPRESSION \
    "{name: expression, parameters: {w: {shape: [21, 4], initial: random}, " \
    "b: {shape: 4, initial: 0}}, expressions: {s: \"dot(x, w) + b\"}}"

static void test_models_and_batches(void **state)
{
    (void)state;
    static const char *const models[] = {"linear", "{name: mlp, hidden: [33, 7]}",
                                         "{name: mlp, hidden: [20], activation: tanh}", EXPRESSION};
    static const char *const sizes[] = {"full", "1000", "77", "1"};
    static const char *const precisions[] = {"float32", "float64"};
    for (size_t i = 0; i < 4 * 4 * 2; i++) {
        char text[2048];
        const char *numerical =
            i % 4 == 0 && i / 4 % 4 == 2
                ? ", {optimizer: {name: sgd, learning_rate: 0.2}, train: {gradient: numerical}}"
                : "";
        snprintf(text, sizeof text,
                 "{model: %s, evaluate: {every: 4 steps}, "
                 "train: {steps: 6, batch_size: %s, precision: %s}, trials: [" THREE "%s]}",
                 models[i % 4], sizes[i / 4 % 4], precisions[i / 16], numerical);
        /* of many rows a full batch has segments of several chunks */
        check_company(with_splits(fixture_create(i / 4 % 4 == 0 && i % 4 == 0 ? 5000 : 250, text)),
                      text);
    }
}

/* The features as numbers, in the type of the run or in the other one. */
static void use_numbers(fixture *f, slope_element element)
{
    const size_t count = f->rows * FEATURES;
    float *small = arena_alloc(f->memory, count * sizeof *small);
    double *large = arena_alloc(f->memory, count * sizeof *large);
    for (size_t i = 0; i < count; i++) large[i] = small[i] = (float)f->features[i] / 100;
    f->table.element = element;
    f->table.features = element == SLOPE_FLOAT32 ? (void *)small : large;
    f->data.factor = NULL;
}

static void test_data(void **state)
{
    (void)state;
    const char *text = "{model: linear, train: {epochs: 2, batch_size: 48}, trials: [" THREE "]}";
    static double shift[FEATURES];
    for (size_t i = 0; i < FEATURES; i++) shift[i] = 100 + (double)i;
    for (int kind = 0; kind < 4; kind++) {
        fixture *f = with_splits(fixture_create(200, text));
        if (kind == 1) f->data.shift = shift; /* standardised */
        if (kind >= 2) use_numbers(f, kind == 2 ? SLOPE_FLOAT32 : SLOPE_FLOAT64);
        check_company(f, text);
    }
}

static void test_regression(void **state)
{
    (void)state;
    static const char *const sizes[] = {"full", "50"};
    for (size_t i = 0; i < 4; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "{model: linear, loss: squared_error, evaluate: {every: 5 steps}, "
                 "stop: {metric: train_r2, patience: 3}, "
                 "train: {steps: 12, batch_size: %s, precision: float%d}, "
                 "trials: [{optimizer: {name: sgd, learning_rate: 0.01}}, "
                 "{loss: {name: huber, delta: 0.3}, optimizer: lbfgs}, {optimizer: adam}]}",
                 sizes[i % 2], i < 2 ? 32 : 64);
        fixture *f = with_splits(fixture_create(300, text));
        double *targets = arena_alloc(f->memory, 2 * f->rows * sizeof *targets);
        random_normal((random_key){5, SLOPE_FOR_DATA, 9}, 0, 2 * f->rows, targets);
        f->table.labels = NULL;
        f->table.targets = targets;
        f->table.target_columns = 2;
        f->data.classes = 0;
        f->data.target_columns = 2;
        check_company(f, text);
    }
}

/* Seeds differ, and with them starts and random numbers; a full batch has no order. */
static void test_seeds_of_full_batches(void **state)
{
    (void)state;
    const char *text =
        "{model: {name: mlp, hidden: [5]}, train: {steps: 5, batch_size: full}, optimizer: spsa, "
        "trials: [{train: {seed: 1}}, {train: {seed: 2}}, {train: {seed: 2}, optimizer: sgd}, "
        "{train: {seed: 1}, optimizer: sgd}]}";
    check_company(fixture_create(80, text), text);
}

/* ---- who fits
 * ---------------------------------------------------------------------------------------- */

static void test_fitting(void **state)
{
    (void)state;
    const char *text =
        "{model: linear, train: {steps: 1}, trials: [{}, {train: {seed: 1}}, "
        "{train: {batch_size: 64}}, {train: {precision: float64}}, {model: {name: mlp}}, "
        "{optimizer: adam}, {train: {batch_size: full, seed: 3}}, {train: {batch_size: 1000}}, "
        "{model: {name: mlp, hidden: [3]}}]}";
    company c = {.f = fixture_create(300, text)};
    c.count = c.f->trial_count;
    make_trials(&c);
    for (size_t i = 1; i <= 4; i++) assert_false(lockstep_fits(c.trials[0], c.trials[i]));
    assert_true(lockstep_fits(c.trials[0], c.trials[5]));
    assert_true(lockstep_fits(c.trials[6], c.trials[7]));
    assert_false(lockstep_fits(c.trials[4], c.trials[8]));
    assert_true(trial_bytes(c.trials[5]) > trial_bytes(c.trials[0])); /* adam has two slots */
    assert_true(lockstep_best_count(c.trials[0]) > 1);
    drop_trials(&c);
    fixture_destroy(c.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_models_and_batches),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_regression),
        cmocka_unit_test(test_seeds_of_full_batches),
        cmocka_unit_test(test_fitting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
