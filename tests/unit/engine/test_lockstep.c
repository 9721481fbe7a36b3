/* Trials in lockstep: whatever runs together ends with the bits of each trial run alone. All update
 * rules that are built, models with and without a wide product, losses and data of every kind;
 * trials that end at different steps, diverge, wait, run out of time, are stopped and gone on with;
 * 1, 2 and 3 threads, and groups side by side. */
#include "engine_fixture.h"

#include "engine/lockstep.h"
#include "engine/together.h"
#include "engine/trial_private.h"

enum { MOST = 64 };

/* ---- what became of a trial ------------------------------------------------------------------ */

typedef struct outcome {
    trial_status status;
    char message[200];
    uint64_t step, best_step;
    double numbers[32];
    size_t bytes;
    char *state; /* weights, then the optimizer's state */
} outcome;

static size_t note_evaluation(double *numbers, const evaluation *e)
{
    const double all[] = {e->loss, e->accuracy, e->mse, e->mae, e->r2};
    memcpy(numbers, all, sizeof all);
    return sizeof all / sizeof *all;
}

static outcome note(const trial *t)
{
    const trial_summary *s = trial_result(t);
    const size_t real_size = objective_kernels(t->objective)->real_size;
    outcome o = {.status = s->status, .step = trial_step(t), .best_step = s->best_step};
    snprintf(o.message, sizeof o.message, "%.199s", s->message);
    size_t n = note_evaluation(o.numbers, &s->last.train), count;
    n += note_evaluation(o.numbers + n, &s->last.validation);
    n += note_evaluation(o.numbers + n, &s->test);
    o.numbers[n++] = s->last.train_objective;
    o.numbers[n++] = s->last.learning_rate;
    o.numbers[n++] = s->best_validation_loss;
    const named_array *state = updater_state(t->updater, &count);
    o.bytes = trial_layout(t)->total * real_size;
    for (size_t i = 0; i < count; i++)
        o.bytes += state[i].extents[0] * (strcmp(state[i].type, "F64") == 0 ? 8 : 4);
    char *to = o.state = allocate(o.bytes, 1);
    memcpy(to, t->weights, trial_layout(t)->total * real_size);
    to += trial_layout(t)->total * real_size;
    for (size_t i = 0; i < count; i++) {
        const size_t bytes = state[i].extents[0] * (strcmp(state[i].type, "F64") == 0 ? 8 : 4);
        memcpy(to, state[i].data, bytes);
        to += bytes;
    }
    return o;
}

static void assert_same(const char *what, size_t number, const outcome *one, const outcome *other)
{
    if (one->status != other->status || strcmp(one->message, other->message) != 0)
        fail_msg("%s, trial %zu: alone %s (%s), together %s (%s)", what, number,
                 trial_status_name(one->status), one->message, trial_status_name(other->status),
                 other->message);
    if (one->step != other->step || one->best_step != other->best_step)
        fail_msg("%s, trial %zu: alone ends at step %llu, together at %llu", what, number,
                 (unsigned long long)one->step, (unsigned long long)other->step);
    if (memcmp(one->numbers, other->numbers, sizeof one->numbers) != 0)
        fail_msg("%s, trial %zu: other metrics: %.17g, %.17g", what, number, one->numbers[0],
                 other->numbers[0]);
    if (one->bytes != other->bytes || memcmp(one->state, other->state, one->bytes) != 0)
        fail_msg("%s, trial %zu: other weights or state", what, number);
}

/* ---- groups of trials ------------------------------------------------------------------------ */

typedef struct company {
    fixture *f;
    size_t count;
    trial *trials[MOST];
    outcome alone[MOST];
} company;

static const trial_watch nobody;

static void make_trials(company *c)
{
    failure why;
    for (size_t i = 0; i < c->count; i++) {
        c->trials[i] = trial_create(&c->f->trials[i], &c->f->data, &why);
        if (!c->trials[i]) fail_msg("trial %zu: %s", i, why.text);
        trial_set_number(c->trials[i], i);
    }
}

static void drop_trials(company *c)
{
    for (size_t i = 0; i < c->count; i++) trial_destroy(c->trials[i]);
}

/* Each trial of the fixture, alone on one thread. */
static company company_of(fixture *f)
{
    company c = {.f = f, .count = f->trial_count};
    failure why;
    assert_true(c.count <= MOST);
    threads_set(1);
    make_trials(&c);
    for (size_t i = 0; i < c.count; i++) {
        assert_true(lockstep_fits(c.trials[0], c.trials[i]));
        assert_true(trial_run(c.trials[i], &nobody, &why));
        c.alone[i] = note(c.trials[i]);
    }
    drop_trials(&c);
    return c;
}

static void company_end(company *c)
{
    for (size_t i = 0; i < c->count; i++) free(c->alone[i].state);
    fixture_destroy(c->f);
    threads_set(2);
}

static void compare(const company *c, const char *what)
{
    for (size_t i = 0; i < c->count; i++) {
        outcome o = note(c->trials[i]);
        assert_same(what, i, &c->alone[i], &o);
        free(o.state);
    }
}

typedef struct halves {
    company *c;
    size_t length;
    bool good;
} halves;

static void run_half(void *argument, size_t first, size_t last)
{
    halves *h = argument;
    failure why;
    if (!lockstep_run(h->c->trials + first, last - first, &nobody, &why)) h->good = false;
}

/* Together in one group, and in two groups side by side, on several numbers of threads, with the
 * wide product and without. */
static void run_together(company *c, const char *what)
{
    for (int threads = 1; threads <= 3; threads++)
        for (int many = 0; many < 2; many++)
            for (int side_by_side = 0; side_by_side < 2; side_by_side++) {
                if (side_by_side && many == (threads == 2)) continue; /* some of these will do */
                threads_set(threads);
                together_use_many(many);
                make_trials(c);
                halves h = {c, side_by_side ? (c->count + 1) / 2 : c->count, true};
                if (side_by_side)
                    parallel_for(c->count, h.length, run_half, &h);
                else
                    run_half(&h, 0, c->count);
                assert_true(h.good);
                compare(c, what);
                drop_trials(c);
            }
    together_use_many(true);
}

static void check_company(fixture *f, const char *what)
{
    company c = company_of(f);
    run_together(&c, what);
    company_end(&c);
}

/* Rows 0, 3, 6 … are the validation split, rows 1, 5, 9 … the test split. */
static fixture *with_splits(fixture *f)
{
    static const struct {
        slope_split split;
        uint32_t first, step;
    } splits[] = {{SLOPE_VALIDATION, 0, 3}, {SLOPE_TEST, 1, 4}};
    for (size_t s = 0; s < 2; s++) {
        const size_t rows = (f->rows - splits[s].first + splits[s].step - 1) / splits[s].step;
        uint32_t *index = arena_alloc(f->memory, rows * sizeof *index);
        for (size_t i = 0; i < rows; i++) index[i] = splits[s].first + (uint32_t)i * splits[s].step;
        f->data.splits[splits[s].split] =
            (dataset_split){.table = &f->table, .rows = rows, .index = index};
    }
    return f;
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

/* ---- those who leave
 * ----------------------------------------------------------------------------- */

#define LEAVERS \
    "{model: linear, evaluate: {every: 2 steps}, train: {steps: 20, batch_size: 32}, trials: [" \
    "{optimizer: {name: sgd, learning_rate: 0.1}, train: {steps: 3}}, " \
    "{optimizer: {name: sgd, learning_rate: 1e30}, loss: {name: svm, squared: true}}, " \
    "{optimizer: {name: adam, learning_rate: 0.1}}, " \
    "{optimizer: {name: sgd, learning_rate: 0.1}, train: {steps: 1}}, " \
    "{optimizer: {name: sgd, learning_rate: 0.2}, stop: {metric: train_loss, target: 1.4}}, " \
    "{optimizer: {name: sgd, learning_rate: 5}, stop: {metric: train_loss, patience: 1}}, " \
    "{optimizer: {name: rmsprop}, evaluate: {train: false, every: 3 steps}}]}"

static void test_leaving(void **state)
{
    (void)state;
    company c = company_of(with_splits(fixture_create(150, LEAVERS)));
    assert_int_equal(c.alone[1].status, TRIAL_DIVERGED);
    assert_true(c.alone[4].step < 20 || c.alone[5].step < 20);
    run_together(&c, "leavers");
    company_end(&c);
}

/* A wait at a rung that is an evaluation anyway leaves no trace; others may run further meanwhile.
 */
static void test_waiting(void **state)
{
    (void)state;
    company c = company_of(with_splits(fixture_create(150, LEAVERS)));
    failure why;
    threads_set(2);
    make_trials(&c);
    for (size_t i = 0; i + 1 < c.count; i += 2) trial_pause_at(c.trials[i], 2 * i);
    assert_true(lockstep_run(c.trials, c.count, &nobody, &why));
    assert_int_equal(trial_result(c.trials[0])->status, TRIAL_PAUSED); /* before the first step */
    assert_int_equal(trial_step(c.trials[0]), 0);
    assert_int_equal(trial_result(c.trials[2])->status, TRIAL_PAUSED);
    assert_int_equal(trial_step(c.trials[2]), 4);
    const double loss = trial_metric(c.trials[2], METRIC_TRAIN_LOSS);
    assert_true(loss == trial_result(c.trials[2])->last.train.loss && isfinite(loss));
    assert_int_equal(trial_result(c.trials[6])->status, TRIAL_FINISHED);
    assert_true(lockstep_run(c.trials, 3, &nobody, &why)); /* at different steps: one catches up */
    assert_true(lockstep_run(c.trials + 3, c.count - 3, &nobody, &why));
    compare(&c, "waiting");
    drop_trials(&c);
    company_end(&c);
}

static void test_pruning_and_time(void **state)
{
    (void)state;
    company c = company_of(with_splits(fixture_create(150, LEAVERS)));
    failure why;
    make_trials(&c);
    trial_pause_at(c.trials[2], 5);
    trial_limit_seconds(c.trials[6], 0);
    assert_true(lockstep_run(c.trials, c.count, &nobody, &why));
    trial_prune(c.trials[2], "behind");
    const trial_summary *pruned = trial_result(c.trials[2]), *late = trial_result(c.trials[6]);
    assert_int_equal(pruned->status, TRIAL_PRUNED);
    assert_string_equal(pruned->message, "behind");
    assert_int_equal(pruned->last.step, 5);
    assert_true(isnan(pruned->test.loss));
    assert_int_equal(late->status, TRIAL_TIMEOUT);
    assert_int_equal(trial_step(c.trials[6]), 0);
    assert_non_null(strstr(late->message, "0 seconds"));
    drop_trials(&c);
    company_end(&c);
}

/* ---- stopping and going on
 * ------------------------------------------------------------------------ */

typedef struct stopper {
    int questions; /* before it stops everything */
    size_t saved;
} stopper;

static bool stops(void *argument)
{
    stopper *s = argument;
    return s->questions-- == 0;
}

static void path_of(size_t number, char *path, size_t size)
{
    snprintf(path, size, "/tmp/slope-lockstep-%d-%zu.safetensors", (int)getpid(), number);
}

static bool save(void *argument, const trial *t, failure *why)
{
    char path[80];
    path_of(trial_number(t), path, sizeof path);
    ((stopper *)argument)->saved++;
    return trial_save(t, path, NULL, why);
}

/* Stopped together, gone on with in another company. */
static void test_going_on(void **state)
{
    (void)state;
    company c = company_of(with_splits(fixture_create(150, LEAVERS)));
    failure why;
    stopper s = {.questions = 7};
    const trial_watch watch = {.argument = &s, .checkpoint = save, .interrupted = stops};
    make_trials(&c);
    assert_true(lockstep_run(c.trials, c.count, &watch, &why));
    size_t stopped = 0;
    trial *gone_on[MOST];
    for (size_t i = 0; i < c.count; i++) {
        if (trial_result(c.trials[i])->status != TRIAL_INTERRUPTED) continue;
        char path[80];
        path_of(i, path, sizeof path);
        assert_int_equal(trial_step(c.trials[i]), 7);
        trial_destroy(c.trials[i]);
        c.trials[i] = trial_create(&c.f->trials[i], &c.f->data, &why);
        assert_non_null(c.trials[i]);
        assert_true(trial_restore(c.trials[i], path, &why));
        unlink(path);
        gone_on[stopped++] = c.trials[i];
    }
    assert_int_equal(stopped, s.saved);
    assert_true(stopped >= 2);
    assert_true(lockstep_run(gone_on, stopped, &nobody, &why));
    compare(&c, "going on");
    drop_trials(&c);
    company_end(&c);
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
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_pruning_and_time),
        cmocka_unit_test(test_going_on),
        cmocka_unit_test(test_fitting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
