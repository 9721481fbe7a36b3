/* test_plan.c: sweep/plan.h: which trials there are, that each is what a file of its own would
 * give, who they are, and what is told when they are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../config/experiment_fixture.h"
#include "kernels/kernels.h"
#include "slope/sampler.h"
#include "sweep/plan.h"

#include <math.h>

#define HEAD "dataset: {name: synthetic, rows: 12, validation: 4}\ntrain: {epochs: 1}\n"

static plan *plan_of(fixture *f, const char *text)
{
    const experiment *e = accept(f, text);
    plan *p = plan_create(e, true, f->errors);
    expect_errors(f, "");
    assert_non_null(p);
    return p;
}

static void refuse_plan(fixture *f, const char *text, const char *expected)
{
    const experiment *e = accept(f, text);
    assert_null(plan_create(e, true, f->errors));
    expect_errors(f, expected);
}

static const char *id_of(fixture *f, const plan *p, size_t trial)
{
    return plan_id(p, trial, arena_alloc(f->memory, 17));
}

/* The trial's record without its label. */
static const char *record_of(fixture *f, const trial_config *t)
{
    config_node *copy =
        config_merge(f->memory, t->resolved, config_new_mapping(f->memory, t->resolved->place));
    config_set(f->memory, copy, "label", copy->place,
               config_new_scalar(f->memory, copy->place, "", true));
    return config_to_yaml(f->memory, copy, false);
}

/* ---- trials ---------------------------------------------------------------------------------- */

/* Each trial against the file without its sweep, with the trial's values on the command line. */
static void expect_same_as_alone(fixture *f, const char *head, const char *sweep)
{
    plan *p = plan_of(f, arena_printf(f->memory, "%s%s", head, sweep));
    for (size_t t = 0; t < plan_count(p); t++) {
        const trial_config *made = plan_trial(p, t, f->memory);
        const char *overrides[16];
        size_t count = 0;
        for (size_t c = 0; c < plan_column_count(p); c++) {
            const char *value = plan_value(p, t, c, f->memory), *path = plan_column(p, c);
            if (strcmp(path, "seed") == 0) path = "train.seed";
            if (value) overrides[count++] = arena_printf(f->memory, "%s=%s", path, value);
        }
        write_file("alone.yaml", head);
        config_node *tree = config_load(f->memory, "alone.yaml", count, overrides, f->errors);
        const experiment *e = experiment_create(f->memory, tree, "alone.yaml", plugins, f->errors);
        expect_errors(f, "");
        assert_string_equal(record_of(f, made), record_of(f, e->bases));
        plan *alone = plan_create(e, true, f->errors);
        assert_string_equal(id_of(f, p, t), id_of(f, alone, 0));
        assert_true(plan_find(p, id_of(f, p, t)) == t);
        plan_destroy(alone);
    }
    plan_destroy(p);
}

static void each_is_what_it_is_alone(void **state)
{
    fixture *f = *state;
    expect_same_as_alone(f, HEAD "model: {name: mlp, hidden: [3]}\n",
                         "sweep:\n"
                         "  optimizer:\n"
                         "    - {name: sgd, learning_rate: [0.1, 1]}\n"
                         "    - {name: adam, beta1: {from: 0.5, to: 0.7, points: 2}}\n"
                         "  model.name: [linear, mlp]\n"
                         "  clip.norm: [1, 2]\n"
                         "  zip: {train.batch_size: [3, 4], train.epochs: [2, 1]}\n"
                         "  seeds: 2\n");
    expect_same_as_alone(f, HEAD "optimizer: {name: adam, beta1: 0.8}\n",
                         "sweep:\n"
                         "  sampler: random\n"
                         "  trials: 6\n"
                         "  train.precision: [float32, float64]\n"
                         "  train.seed: {int_uniform: [0, 100000]}\n"
                         "  optimizer.learning_rate: {log_uniform: [1e-3, 1]}\n"
                         "  model.init: [zeros, {distribution: normal, std: {uniform: [1, 2]}}]\n"
                         "  dataset.seed: [1, 2]\n");
}

static void bases_are_crossed(void **state)
{
    fixture *f = *state;
    plan *p = plan_of(f, HEAD "trials:\n"
                              "  - {optimizer: sgd}\n"
                              "  - {optimizer: adam, train: {seed: 7}}\n"
                              "sweep: {optimizer.learning_rate: [0.1, 1], seeds: 2}\n");
    assert_int_equal(plan_count(p), 8);
    for (size_t t = 0; t < 8; t++) {
        const trial_config *c = plan_trial(p, t, f->memory);
        assert_int_equal(plan_base(p, t), t / 4);
        assert_string_equal(c->optimizer.plugin->id, t < 4 ? "sgd" : "adam");
        assert_true(*(const double *)c->optimizer.config == (t / 2 % 2 ? 1 : 0.1));
        assert_int_equal(c->train.seed, (t < 4 ? 0 : 7) + t % 2);
        assert_string_equal(plan_value(p, t, 1, f->memory),
                            arena_printf(f->memory, "%d", (int)c->train.seed));
    }
    assert_string_equal(plan_trial(p, 7, f->memory)->label, "adam learning_rate=1 seed=8");
    assert_string_equal(plan_column(p, 0), "optimizer.learning_rate");
    assert_string_equal(plan_column(p, 1), "seed");
    assert_true(plan_column_count(p) == 2 && plan_dataset_count(p) == 1);
    assert_true(plan_metric(p) == METRIC_VALIDATION_ACCURACY);
    assert_ptr_equal(plan_dataset(p, 5), plan_dataset_at(p, 0));
    assert_int_equal(plan_plugin_count(p), 6); /* reader, model, loss, two rules, schedule */
    plan_destroy(p);
}

static void without_a_sweep(void **state)
{
    fixture *f = *state;
    plan *p = plan_of(f, HEAD "trials: [{train: {seed: 1}}, {train: {seed: 2}}]\n");
    assert_int_equal(plan_count(p), 2);
    assert_int_equal(plan_column_count(p), 0);
    assert_string_equal(plan_trial(p, 1, f->memory)->label, "seed=2");
    plan_destroy(p);
}

static void labels(void **state)
{
    fixture *f = *state;
    plan *p = plan_of(f, HEAD "sweep:\n"
                              "  optimizer: [{name: adam, epsilon: [1e-7]}, sgd]\n"
                              "  optimizer.weight_decay: [0.5]\n"
                              "  model: [{name: mlp, hidden: [[3, 2], [4]]}]\n");
    assert_string_equal(plan_trial(p, 0, f->memory)->label,
                        "adam epsilon=1e-7 weight_decay=0.5 mlp hidden=[3, 2]");
    assert_string_equal(plan_trial(p, 3, f->memory)->label, "sgd weight_decay=0.5 mlp hidden=[4]");
    plan_destroy(p);
    p = plan_of(f, HEAD "label: mine\nsweep: {model.init.limit: [1, 2], model.init.distribution: "
                        "[uniform]}\n");
    assert_string_equal(plan_trial(p, 1, f->memory)->label, "mine limit=2 distribution=uniform");
    plan_destroy(p);
}

/* ---- identity -------------------------------------------------------------------------------- */

static void ids(void **state)
{
    fixture *f = *state;
    plan *one = plan_of(f, HEAD "sweep: {optimizer.learning_rate: [0.1, 0.2, 1e-1, 0.10]}\n");
    plan *two = plan_of(f, HEAD "label: x\nkeep: nothing\ncheckpoint: 5 steps\n"
                                "sweep: {optimizer.learning_rate: [0.2, 0.3, 0.1]}\n");
    assert_int_equal(plan_count(one), 2);
    assert_int_equal(plan_duplicates(one), 2);
    assert_string_equal(id_of(f, one, 0), id_of(f, two, 2));
    assert_string_equal(id_of(f, one, 1), id_of(f, two, 0));
    assert_true(plan_find(one, id_of(f, two, 1)) == SIZE_MAX);
    assert_true(plan_find(one, "0123456789ABCDEF") == SIZE_MAX);
    assert_true(plan_find(one, "") == SIZE_MAX);
    plan_destroy(one);
    plan_destroy(two);
}

/* A trial that is written down as a file of its own is the same trial. */
static void ids_of_records(void **state)
{
    fixture *f = *state;
    plan *p = plan_of(f, "dataset: {name: toy, validation: 0.1}\nstop: {patience: 3}\n"
                         "sweep: {optimizer: [adam, {name: sgd, learning_rate: [1e-2]}],\n"
                         "  model: [linear, {name: mlp, hidden: [[3]]}], seeds: 2}\n");
    assert_int_equal(plan_count(p), 8);
    for (size_t t = 0; t < plan_count(p); t++) {
        const trial_config *c = plan_trial(p, t, f->memory);
        plan *alone = plan_of(f, config_to_yaml(f->memory, c->resolved, false));
        assert_string_equal(id_of(f, alone, 0), id_of(f, p, t));
        plan_destroy(alone);
    }
    plan_destroy(p);
}

/* What a file holds counts, not where it lies. */
static void ids_follow_the_data(void **state)
{
    fixture *f = *state;
    static const char rows[] = "a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,9,q\n";
    static const char *const places[] = {"one/x.csv", "two/x.csv", "three/x.csv"};
    const char *found[3];
    for (size_t i = 0; i < 3; i++) {
        write_file(places[i], i < 2 ? rows : "a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,8,q\n");
        plan *p = plan_of(f, arena_printf(f->memory,
                                          "dataset: {name: csv, file: %s, label_column: y}\n"
                                          "sweep: {train.epochs: [1]}\n",
                                          places[i]));
        found[i] = id_of(f, p, 0);
        plan_destroy(p);
    }
    assert_string_equal(found[0], found[1]);
    assert_string_not_equal(found[0], found[2]);
}

static void who_may_train_together(void **state)
{
    fixture *f = *state;
    plan *p = plan_of(f, HEAD "sweep:\n"
                              "  train.batch_size: [3, 4]\n"
                              "  regularization.l2: [0, 1]\n"
                              "  optimizer: [sgd, {name: adam, learning_rate: [1, 2]}]\n"
                              "  model.init.distribution: [zeros, normal]\n");
    assert_int_equal(plan_count(p), 24);
    for (size_t t = 0; t < 24; t++)
        assert_true((plan_fuse_key(p, t) == plan_fuse_key(p, 0)) == (t < 12));
    plan_destroy(p);
    p = plan_of(f, HEAD "sweep: {train.seed: [0, 1], model: [linear, {name: mlp, hidden: [3, 4]}], "
                        "train.precision: [float32, float64]}\n");
    assert_int_equal(plan_count(p), 12);
    for (size_t t = 0; t < 12; t++)
        for (size_t k = 0; k < t; k++) assert_true(plan_fuse_key(p, t) != plan_fuse_key(p, k));
    plan_destroy(p);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

/* Two points a round; a round lies at the best value of the one before, and its number. */
typedef struct rounds_config {
    int64_t round;
} rounds_config;

static slope_status rounds_count(const slope_sampler_call *call, uint64_t *count)
{
    (void)call;
    *count = UINT64_MAX;
    return SLOPE_OK;
}

static slope_status rounds_sample(const slope_sampler_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        double best = 0, value = INFINITY;
        for (size_t k = 0; k < call->finished_count; k++)
            if (call->finished_values[k] < value)
                value = call->finished_values[k], best = call->finished_points[k];
        call->points[i] = fmod(best + 0.125 * (double)(call->first + i), 1);
    }
    return SLOPE_OK;
}

static const slope_parameter rounds_parameters[] = {
    SLOPE_PARAM_INTEGER(rounds_config, round, "2", SLOPE_AT_LEAST(1), "points a round"),
};
static const slope_sampler rounds = {
    .plugin = {.size = sizeof(slope_sampler),
               .kind = SLOPE_KIND_SAMPLER,
               .id = "rounds",
               .parameters = rounds_parameters,
               .parameter_count = 1,
               .parameter_size = sizeof(slope_parameter),
               .config_size = sizeof(rounds_config)},
    .round_parameter = "round",
    .count = rounds_count,
    .sample = rounds_sample,
};

static void rounds_see_results(void **state)
{
    fixture *f = *state;
    const experiment *e = accept(f, HEAD "sweep: {regularization.l2: {uniform: [0, 8]}, trials: 5, "
                                         "sampler: random, seeds: 2}\n");
    sweep_config *sweep = arena_copy(f->memory, e->sweep, sizeof *sweep);
    const host_plugin about = {.kind = SLOPE_KIND_SAMPLER,
                               .id = "rounds",
                               .description = {&rounds.plugin, &rounds.plugin}};
    const rounds_config config = {2};
    sweep->sampler = (plugin_choice){&about, &config};
    experiment *changed = arena_copy(f->memory, e, sizeof *e);
    changed->sweep = sweep;
    plan *p = plan_create(changed, true, f->errors);
    expect_errors(f, "");
    assert_int_equal(plan_count(p), 4); /* two points, two seeds each */
    assert_string_equal(plan_value(p, 3, 0, f->memory), "1");
    double values[10] = {5, 5, 1, NAN};
    size_t added;
    failure why;
    assert_true(plan_extend(p, values, &added, &why));
    assert_int_equal(added, 4);
    assert_string_equal(plan_value(p, 4, 0, f->memory), "3"); /* best 1, and 2 further on */
    for (size_t i = 4; i < 8; i++) values[i] = 9;
    assert_true(plan_extend(p, values, &added, &why));
    assert_int_equal(added, 2); /* `trials` is reached */
    assert_string_equal(plan_value(p, 8, 0, f->memory), "5");
    assert_true(plan_extend(p, values, &added, &why));
    assert_int_equal(added, 0);
    plan_destroy(p);
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static void wrong_trials(void **state)
{
    fixture *f = *state;
    refuse_plan(f, HEAD "sweep:\n  optimizer.learning_rate: [0.1, -1]\n  clip.norm: [1, 0]\n",
                "a.yaml:4:34: optimizer.learning_rate: trial 2 (optimizer.learning_rate=-1, "
                "clip.norm=1): must be above 0, got -1\n"
                "a.yaml:5:18: clip.norm: trial 1 (optimizer.learning_rate=0.1, clip.norm=0): must "
                "be above 0, got 0\n"
                "sweep: 3 of 4 trials are wrong\n");
    /* a path that only some trials have, and a plugin that is named wrong */
    refuse_plan(f, HEAD "sweep:\n  optimizer.beta1: [0.5]\n  optimizer: [sgd, adam, adma]\n",
                "a.yaml:4:3: optimizer.beta1: trial 0 (optimizer.beta1=0.5, optimizer.name=sgd): "
                "unknown key; optimizer sgd has name, learning_rate, weight_decay\n"
                "a.yaml:5:26: optimizer: trial 2 (optimizer.beta1=0.5, optimizer.name=adma): there "
                "is no optimizer 'adma'; did you mean 'adam'?\n");
    /* rules between sections */
    refuse_plan(
        f, HEAD "sweep:\n  schedule.warmup_steps: [0, 5]\n  optimizer: [sgd, random_search]\n",
        "a.yaml:4:30: schedule.warmup_steps: trial 3 (schedule.warmup_steps=5, "
        "optimizer.name=random_search): schedules multiply the learning_rate, and optimizer "
        "'random_search' has none: leave the schedule out\n");
    /* model and data */
    refuse_plan(f, HEAD "sweep:\n  loss: [softmax, squared_error]\n",
                "trial 1 (loss.name=squared_error): loss squared_error needs numbers as targets, "
                "but data set 'synthetic' has class labels\n");
}

static void many_complaints(void **state)
{
    fixture *f = *state;
    const experiment *e = accept(f, HEAD "sweep: {train.epochs: {from: -299, to: 300, points: "
                                         "600}, regularization.l2: [0, 1]}\n");
    assert_null(plan_create(e, true, f->errors));
    assert_int_equal(diagnostics_count(f->errors), 21);
    assert_non_null(strstr(printed(f), "\nsweep: 600 of 1200 trials are wrong\n"));
}

static void wrong_sweeps(void **state)
{
    fixture *f = *state;
    refuse_plan(f,
                HEAD "sweep:\n  train.seed: {from: 1, to: 100000, points: 100000}\n"
                     "  train.epochs: {from: 1, to: 100000, points: 100000}\n",
                "a.yaml:4:3: sweep: makes more than 10^9 trials: take fewer values, or let a "
                "sampler draw some of them (sampler: random, trials: 1000)\n");
    refuse_plan(f, HEAD "sweep:\n  train.seed: [1]\n  exclude: {train.seed: 1}\n",
                "a.yaml:4:3: sweep: exclude leaves no trial of it\n");
    refuse_plan(f, HEAD "sweep:\n  metric: validation_r2\n",
                "a.yaml:4:11: sweep.metric: trial 0 (linear softmax sgd): loss softmax has no "
                "validation_r2; compare by a loss or an accuracy\n");
    refuse_plan(f, "dataset: {name: synthetic, rows: 9}\nsweep:\n  metric: validation_loss\n",
                "a.yaml:3:11: sweep.metric: trial 0 (linear softmax sgd): data set 'synthetic' "
                "has no validation rows for validation_loss; give it some (dataset.validation: "
                "0.1) or compare by another\n");
    refuse_plan(f,
                "dataset: {name: synthetic, rows: 9}\nevaluate: {train: false}\nsweep:\n"
                "  pruner: median\n  train.seed: [1, 2]\n",
                "a.yaml:4:11: sweep.pruner: pruner median goes by results, but without validation "
                "rows and with evaluate.train: false there are none: hold some rows out "
                "(dataset.validation: 0.1)\n");
    refuse_plan(f, HEAD "sweep:\n  sampler: random\n  train.seed: [1]\n",
                "a.yaml:4:12: sweep.sampler: sampler random has no end of its own: say how many "
                "with `trials: 100`\n");
    refuse_plan(f, HEAD "sweep:\n  clip.norm: {uniform: [1, 2]}\n",
                "a.yaml:4:3: sweep.sampler: sampler grid: 'clip.norm' is a range, of which a grid "
                "needs points: write {from: …, to: …, points: 5}, or choose the sampler random or "
                "sobol\n");
}

static int start(void **state)
{
    failure why;
    return kernels_select(&why) ? load_plugins(state) : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_is_what_it_is_alone),
        TEST(bases_are_crossed),
        TEST(without_a_sweep),
        TEST(labels),
        TEST(ids),
        TEST(ids_of_records),
        TEST(ids_follow_the_data),
        TEST(who_may_train_together),
        TEST(rounds_see_results),
        TEST(wrong_trials),
        TEST(many_complaints),
        TEST(wrong_sweeps),
    };
    return cmocka_run_group_tests(tests, start, forget_plugins);
}
