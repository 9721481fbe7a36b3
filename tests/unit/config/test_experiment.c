/* test_experiment.c: config/experiment.h with the plugins of this build: vocabulary, defaults, and
 * the rules between sections. Data sets and trials are in test_trials.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "experiment_fixture.h"

#include <math.h>

static void refuse_override(fixture *f, const char *override, const char *expected)
{
    assert_null(create(f, "dataset: toy\nmodel: linear\noptimizer: adam\n", override));
    expect_errors(f, expected);
}

/* ---- defaults -------------------------------------------------------------------------------- */

static void three_lines(void **state)
{
    fixture *f = *state;
    const experiment *e = accept(f, "dataset: toy\nmodel: linear\noptimizer: adam\n");
    assert_string_equal(e->name, "a");
    assert_int_equal(e->base_count, 1);
    const trial_config *t = e->bases;
    assert_string_equal(t->label, "linear softmax adam");
    assert_string_equal(t->dataset.label, "toy");
    assert_string_equal(t->dataset.descriptor, "datasets/toy.yaml");
    assert_string_equal(t->dataset.reader.plugin->id, "synthetic");
    assert_int_equal(t->dataset.seed, 3);
    assert_true(t->dataset.limit == SLOPE_ABSENT && t->dataset.test_limit == SLOPE_ABSENT);
    assert_true(isnan(t->dataset.validation) && isnan(t->dataset.test) && t->dataset.scale == 1);
    assert_true(!t->dataset.subtract_mean && !t->dataset.standardize);
    assert_string_equal(t->model.plugin->id, "linear");
    assert_string_equal(t->loss.plugin->id, "softmax");
    assert_string_equal(t->optimizer.plugin->id, "adam");
    assert_string_equal(t->schedule.choice.plugin->id, "constant");
    assert_int_equal(t->schedule.warmup_steps, 0);
    assert_int_equal(t->init.distribution, INIT_ZEROS); /* what the linear model says */
    assert_true(t->regularization.l2 == 0 && t->regularization.l1 == 0);
    assert_true(isnan(t->clip.norm) && isnan(t->clip.value));
    assert_true(t->train.epochs == 10 && t->train.steps == SLOPE_ABSENT && isnan(t->train.seconds));
    assert_true(t->train.batch_size == 128 && t->train.seed == 0);
    assert_int_equal(t->train.precision, FLOAT32);
    assert_int_equal(t->train.gradient, GRADIENT_ANALYTIC);
    assert_int_equal(t->train.difference, DIFFERENCE_CENTRAL);
    assert_true(t->evaluate.every.count == 1 && t->evaluate.every.unit == UNIT_EPOCHS);
    assert_true(t->evaluate.train);
    assert_int_equal(t->stop.metric, METRIC_VALIDATION_LOSS);
    assert_true(isnan(t->stop.target) && t->stop.patience == SLOPE_ABSENT &&
                t->stop.min_delta == 0);
    assert_true(t->checkpoint.count == 0 && t->keep_weights);
    const experiment *bare = accept(f, "dataset: toy\n");
    assert_string_equal(bare->bases->label, "linear softmax sgd");
}

static void everything_given(void **state)
{
    fixture *f = *state;
    const experiment *e = accept(
        f, "experiment: all\nlabel: mine\n"
           "dataset: {name: toy, seed: 5, limit: 20, test_limit: 7, validation: 0.25,\n"
           "  test_fraction: 5, scale: 0.5, subtract_mean: true, standardize: true, rows: 99,\n"
           "  class_names: [a, b, c], sha256: {f.gz: "
           "ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}\n"
           "model: {name: mlp, hidden: [8, 4], init: {distribution: normal, std: 0.5}}\n"
           "loss: {name: svm, margin: 2}\n"
           "regularization: {l2: 1e-4, l1: 1e-5}\n"
           "optimizer: {name: sgd, learning_rate: 0.5}\n"
           "schedule: {name: cosine, warmup_steps: 12}\n"
           "clip: {norm: 1, value: 2}\n"
           "train: {steps: 50, seconds: 3, batch_size: full, seed: 9, precision: float64,\n"
           "  gradient: numerical, difference: forward, difference_step: 1e-4}\n"
           "evaluate: {every: 10 steps, train: false}\n"
           "stop: {metric: train_accuracy, target: 0.9, patience: 2, min_delta: 0.1}\n"
           "checkpoint: {every: 30 seconds}\n"
           "keep: nothing\n");
    const trial_config *t = e->bases;
    assert_string_equal(e->name, "all");
    assert_string_equal(t->label, "mine");
    const dataset_config *d = &t->dataset;
    assert_true(d->seed == 5 && d->limit == 20 && d->test_limit == 7 && d->validation == 0.25);
    assert_true(d->test == 5 && d->scale == 0.5 && d->subtract_mean && d->standardize);
    assert_int_equal(d->class_name_count, 3);
    assert_string_equal(d->class_names[2], "c");
    assert_int_equal(d->checksum_count, 1);
    assert_string_equal(d->checksum_names[0], "f.gz");
    assert_memory_equal(d->checksum_digests[0], "abcdef6789", 10);
    assert_true(t->init.distribution == INIT_NORMAL && t->init.std == 0.5);
    assert_true(t->regularization.l2 == 1e-4 && t->regularization.l1 == 1e-5);
    assert_int_equal(t->schedule.warmup_steps, 12);
    assert_true(t->clip.norm == 1 && t->clip.value == 2);
    assert_true(t->train.epochs == SLOPE_ABSENT && t->train.steps == 50 && t->train.seconds == 3);
    assert_true(t->train.batch_size == 0 && t->train.seed == 9);
    assert_int_equal(t->train.precision, FLOAT64);
    assert_int_equal(t->train.gradient, GRADIENT_NUMERICAL);
    assert_int_equal(t->train.difference, DIFFERENCE_FORWARD);
    assert_true(t->train.difference_step == 1e-4);
    assert_true(t->evaluate.every.count == 10 && t->evaluate.every.unit == UNIT_STEPS);
    assert_false(t->evaluate.train);
    assert_int_equal(t->stop.metric, METRIC_TRAIN_ACCURACY);
    assert_true(t->stop.target == 0.9 && t->stop.patience == 2 && t->stop.min_delta == 0.1);
    assert_true(t->checkpoint.count == 30 && t->checkpoint.unit == UNIT_SECONDS);
    assert_false(t->keep_weights);
}

static void scalars_for_sections(void **state)
{
    fixture *f = *state;
    const experiment *e = accept(f, "dataset: toy\nmodel: {name: mlp, init: xavier}\n"
                                    "regularization: 0.5\nclip: 3\ntrain: 4\nevaluate: 100\n"
                                    "stop: train_loss\ncheckpoint: 0.5 epochs\n");
    const trial_config *t = e->bases;
    assert_int_equal(t->init.distribution, INIT_XAVIER);
    assert_true(t->regularization.l2 == 0.5 && t->clip.norm == 3 && t->train.epochs == 4);
    assert_true(t->evaluate.every.count == 100 && t->evaluate.every.unit == UNIT_STEPS);
    assert_int_equal(t->stop.metric, METRIC_TRAIN_LOSS);
    assert_true(t->checkpoint.count == 0.5 && t->checkpoint.unit == UNIT_EPOCHS);
}

static void names_of_metrics(void **state)
{
    (void)state;
    assert_string_equal(metric_name(METRIC_NONE), "none");
    assert_string_equal(metric_name(METRIC_TRAIN_LOSS), "train_loss");
    assert_string_equal(metric_name(METRIC_VALIDATION_ACCURACY), "validation_accuracy");
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void wrong_values(void **state)
{
    fixture *f = *state;
    refuse(
        f,
        "dataset: toy\n"
        "train: {batch_size: 0, epochs: -1, seed: -3, precision: float16}\n"
        "evaluate: {every: 1 fortnight}\n"
        "checkpoint: -5 steps\n"
        "optimizer: {name: adam, beta1: 1.5}\n"
        "clip: {norm: 0}\n"
        "stop: {metric: test_accuracy, patience: 0}\n"
        "keep: everything\n",
        "a.yaml:2:21: train.batch_size: expected an integer of at least 1, or full, got '0'\n"
        "a.yaml:2:32: train.epochs: must be at least 1, got -1\n"
        "a.yaml:2:42: train.seed: must be at least 0, got -3\n"
        "a.yaml:2:57: train.precision: expected one of float32, float64, got 'float16'; did you "
        "mean 'float32'?\n"
        "a.yaml:3:19: evaluate.every: expected an interval such as 1 epoch, 100 steps, 30 seconds "
        "or never, got '1 fortnight'\n"
        "a.yaml:4:13: checkpoint.every: expected an interval such as 1 epoch, 100 steps, 30 "
        "seconds or never, got '-5 steps'\n"
        "a.yaml:5:32: optimizer.beta1: must be at least 0 and below 1, got 1.5\n"
        "a.yaml:6:14: clip.norm: must be above 0, got 0\n"
        "a.yaml:7:16: stop.metric: expected one of train_loss, train_accuracy, validation_loss, "
        "validation_accuracy, train_mse, train_mae, train_r2, validation_mse, validation_mae, "
        "validation_r2, got 'test_accuracy'; did you mean 'train_accuracy'?\n"
        "a.yaml:7:41: stop.patience: must be at least 1, got 0\n"
        "a.yaml:8:7: keep: expected one of weights, nothing, got 'everything'\n");
    static const char *const intervals[] = {"0", "1.5 steps", "x", "1 epoch 2", ".inf", "epoch"};
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++)
        assert_null(create(
            f, arena_printf(f->memory, "dataset: toy\nevaluate: {every: %s}\n", intervals[i]),
            NULL));
}

static void wrong_shapes(void **state)
{
    fixture *f = *state;
    refuse(
        f, "model: linear\n",
        "a.yaml:1:1: dataset: missing: name a data set, as in `dataset: iris`, or describe one in "
        "place with a reader's name\n");
    refuse(f, "dataset: toy\noptimizer: [adam]\n",
           "a.yaml:2:12: optimizer: expected a mapping, or a single value for its 'name'\n");
    refuse(f, "dataset: toy\noptimizer: {name: [adam]}\n",
           "a.yaml:2:19: optimizer.name: expected the name of a plugin of kind optimizer\n");
    refuse(f, "dataset: toy\nexperiment: a/b\n",
           "a.yaml:2:13: experiment: must serve as the name of a folder (no '/', no '.' in front), "
           "got 'a/b'\n");
    refuse(f, "dataset: {limit: 3}\n",
           "a.yaml:1:10: dataset.name: missing: give the name of a data set (or of a reader)\n");
    refuse(f, "dataset: toy\nmodel: {name: linear, init: {distribution: he, std: 3}}\n",
           "a.yaml:2:53: model.init.std: has no effect with distribution he; standard deviation of "
           "distribution normal\n");
}

static void unknown_names(void **state)
{
    fixture *f = *state;
    refuse(f, "dataset: toy\noptimzer: adam\n",
           "a.yaml:2:1: optimzer: unknown key; did you mean 'optimizer'?\n");
    refuse(f, "dataset: toy\noptimizer: adaam\nmodel: {name: mlpp}\n",
           "a.yaml:2:12: optimizer: there is no optimizer 'adaam'; did you mean 'adam'?\n"
           "a.yaml:3:15: model: there is no model 'mlpp'; did you mean 'mlp'?\n");
    refuse(f, "dataset: toyy\n",
           "a.yaml:1:10: dataset: there is neither a data set nor a reader 'toyy'; did you mean "
           "'toy'? a data set NAME is described by datasets/NAME.yaml\n");
    refuse(
        f, "dataset: {name: toyy, in_place: true}\n",
        "a.yaml:1:17: dataset.name: there is no reader 'toyy'; `slope plugins reader` lists what "
        "there is\n");
    refuse_override(f, "optimizer.learning_rat=0.1",
                    "command line: optimizer.learning_rat: unknown key; did you mean "
                    "'learning_rate'?\n");
    refuse_override(f, "schedule.warmup=3",
                    "command line: schedule.warmup: unknown key; schedule constant has name, "
                    "warmup_steps\n");
    refuse_override(f, "train.epoch=3",
                    "command line: train.epoch: unknown key; did you mean 'epochs'?\n");
    refuse_override(f, "dataset.scal=3",
                    "command line: dataset.scal: unknown key; did you mean 'scale'?\n");
    refuse_override(f, "trials.0.x=3", "command line: trials: the file has no list of trials\n");
}

static void rules_between_sections(void **state)
{
    fixture *f = *state;
    refuse(
        f, "dataset: toy\noptimizer: random_search\nschedule: cosine\nclip: 1\n",
        "a.yaml:3:11: schedule.name: schedules multiply the learning_rate, and optimizer "
        "'random_search' has none: leave the schedule out\n"
        "a.yaml:4:7: clip: optimizer 'random_search' works without gradients, so there is nothing "
        "to clip: leave it out\n");
    refuse(
        f, "dataset: toy\noptimizer: random_search\nschedule: {warmup_steps: 5}\n",
        "a.yaml:3:26: schedule.warmup_steps: schedules multiply the learning_rate, and optimizer "
        "'random_search' has none: leave the schedule out\n");
    accept(f, "dataset: toy\noptimizer: random_search\nschedule: constant\n");
    refuse(f, "dataset: toy\nschedule: cosine\ntrain: {seconds: 3}\n",
           "a.yaml:2:11: schedule.name: schedule 'cosine' must know the number of steps: set "
           "train.epochs or train.steps beside train.seconds\n");
    accept(f, "dataset: toy\nschedule: cosine\ntrain: {seconds: 3, steps: 9}\n");
    refuse(f, "dataset: toy\nschedule: cosine\ntrain: {epochs: -3}\n", /* the one thing wrong */
           "a.yaml:3:17: train.epochs: must be at least 1, got -3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(three_lines),      TEST(everything_given),       TEST(scalars_for_sections),
        TEST(names_of_metrics), TEST(wrong_values),           TEST(wrong_shapes),
        TEST(unknown_names),    TEST(rules_between_sections),
    };
    return cmocka_run_group_tests(tests, load_plugins, forget_plugins);
}
