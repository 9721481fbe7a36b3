/* test_experiment.c: config/experiment.h with the plugins of this build: vocabulary, defaults,
 * rules between sections, data set descriptors, labels, and a record that gives the same trials
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/experiment.h"
#include "config_fixture.h"

#include <math.h>

static registry *plugins; /* loaded once: plugins are never unloaded */
static arena *plugin_memory;

static int load_plugins(void **state)
{
    (void)state;
    failure why;
    plugin_memory = arena_create();
    plugins = registry_create(plugin_memory, &why);
    return plugins ? 0 : 1;
}

static int forget_plugins(void **state)
{
    (void)state;
    arena_destroy(plugin_memory);
    return 0;
}

static const experiment *create(fixture *f, const char *text, const char *override)
{
    if (!file_exists("datasets/toy.yaml"))
        write_file("datasets/toy.yaml", "title: made up\nname: synthetic\nseed: 3\nrows: 30\n");
    write_file("a.yaml", text);
    config_node *tree = config_load(f->memory, "a.yaml", override ? 1 : 0, &override, f->errors);
    return tree ? experiment_create(f->memory, tree, "a.yaml", plugins, f->errors) : NULL;
}

static const experiment *accept(fixture *f, const char *text)
{
    const experiment *e = create(f, text, NULL);
    expect_errors(f, "");
    assert_non_null(e);
    return e;
}

static void refuse(fixture *f, const char *text, const char *expected)
{
    assert_null(create(f, text, NULL));
    expect_errors(f, expected);
}

static void refuse_override(fixture *f, const char *override, const char *expected)
{
    assert_null(create(f, "dataset: toy\nmodel: linear\noptimizer: adam\n", override));
    expect_errors(f, expected);
}

/* ---- defaults ---------------------------------------------------------------------------------
 */

static void three_lines(void **state)
{
    fixture *f = *state;
    const experiment *e = accept(f, "dataset: toy\nmodel: linear\noptimizer: adam\n");
    assert_string_equal(e->name, "a");
    assert_int_equal(e->trial_count, 1);
    const trial_config *t = e->trials;
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
    assert_string_equal(bare->trials->label, "linear softmax sgd");
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
    const trial_config *t = e->trials;
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
    const trial_config *t = e->trials;
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

/* ---- errors -----------------------------------------------------------------------------------
 */

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
        "validation_accuracy, got 'test_accuracy'; did you mean 'train_accuracy'?\n"
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
           "'toy'?; a data set NAME is described by datasets/NAME.yaml\n");
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
}

/* ---- data sets --------------------------------------------------------------------------------
 */

static void descriptors(void **state)
{
    fixture *f = *state;
    write_file("data/x.csv", "1,2\n");
    write_file("datasets/csvish.yaml",
               "name: csv\nfile: ../data/x.csv\nscale: 2\nvalidation: 0.5\ntitle: T\n"
               "how_to_get: |\n  make\n  it\n");
    const experiment *e = accept(f, "dataset: {name: csvish, scale: 3, validation: null}\n");
    const dataset_config *d = &e->trials->dataset;
    assert_string_equal(d->label, "csvish");
    assert_string_equal(d->reader.plugin->id, "csv");
    assert_true(d->scale == 3 && isnan(d->validation)); /* what is given goes over the descriptor */
    assert_string_equal(d->how_to_get, "make\nit\n");
    assert_null(config_find(e->resolved, "dataset.title"));
    write_file("datasets/csvish.yaml", "name: csv\nfile: gone.csv\nhow_to_get: |\n  make\n  it\n");
    assert_null(create(f, "dataset: csvish\n", NULL));
    assert_int_equal(diagnostics_status(f->errors), STATUS_ENVIRONMENT);
    assert_non_null(strstr(printed(f), "datasets/csvish.yaml:2:7: dataset.file: cannot read '/"));
    assert_non_null(strstr(printed(f), "; how to get it: make it\n"));
    f->errors = diagnostics_create(f->memory);
    write_file("datasets/csvish.yaml", "file: x.csv\n");
    refuse(f, "dataset: csvish\n",
           "datasets/csvish.yaml:1:1: dataset.name: missing: give the name of "
           "a reader\n");
}

static void descriptors_beside_the_parent(void **state)
{
    fixture *f = *state;
    write_file("datasets/here.yaml", "name: synthetic\n");
    write_file("configs/a.yaml", "dataset: here\n");
    config_node *tree = config_load(f->memory, "configs/a.yaml", 0, NULL, f->errors);
    assert_int_equal(chdir("/"), 0);
    const char *path = arena_printf(f->memory, "%s/configs/a.yaml", f->folder);
    const experiment *e = experiment_create(f->memory, tree, path, plugins, f->errors);
    expect_errors(f, "");
    assert_non_null(strstr(e->trials->dataset.descriptor, "/datasets/here.yaml"));
}

static void wrong_data_sets(void **state)
{
    fixture *f = *state;
    refuse(f,
           "dataset: {name: toy, validation: 1.5, limit: 0, sha256: {x: abc}, class_names: a,\n"
           "  scale: [1]}\n",
           "a.yaml:1:34: dataset.validation: must be a fraction below 1 or a whole number of rows, "
           "got 1.5\n"
           "a.yaml:1:46: dataset.limit: must be at least 1, got 0\n"
           "a.yaml:1:61: dataset.sha256.x: expected a SHA-256 digest, 64 hexadecimal digits\n"
           "a.yaml:1:80: dataset.class_names: expected a list of names, class 0 first\n"
           "a.yaml:2:10: dataset.scale: expected a number, got a list\n");
    refuse(f, "dataset: {name: toy, sha256: 5}\n",
           "a.yaml:1:30: dataset.sha256: expected a mapping from file names to digests\n");
}

/* A mapping below `validation` belongs to the reader, a number to the runner. */
static void validation_of_the_reader(void **state)
{
    fixture *f = *state;
    write_file("i", "x");
    write_file("l", "x");
    const char *text = "dataset: {name: idx, train: {images: i, labels: l}, validation: %s}\n";
    const experiment *e = accept(f, arena_printf(f->memory, text, "{images: i, labels: l}"));
    assert_true(isnan(e->trials->dataset.validation));
    assert_non_null(config_find(e->resolved, "dataset.validation.images"));
    e = accept(f, arena_printf(f->memory, text, "7"));
    assert_true(e->trials->dataset.validation == 7);
    refuse(f, arena_printf(f->memory, text, "{images: i}"),
           "a.yaml:1:10: dataset.validation.labels: is missing, but validation.images is given\n");
}

/* ---- trials -----------------------------------------------------------------------------------
 */

static void labels(void **state)
{
    fixture *f = *state;
    const experiment *e = accept(f, "dataset: toy\ntrials:\n"
                                    "- {optimizer: adam}\n"
                                    "- {optimizer: sgd, model: mlp}\n"
                                    "- {optimizer: {name: sgd, learning_rate: 0.5}, model: mlp}\n"
                                    "- {label: mine}\n"
                                    "- {label: mine}\n");
    assert_int_equal(e->trial_count, 5);
    assert_string_equal(e->trials[0].label, "linear adam");
    assert_string_equal(e->trials[1].label, "mlp sgd learning_rate=0.001");
    assert_string_equal(e->trials[2].label, "mlp sgd learning_rate=0.5");
    assert_string_equal(e->trials[3].label, "mine");
    assert_string_equal(e->trials[4].label, "mine #2");
    e = accept(f, "dataset: toy\ntrials: [{train: {seed: 1}}, {train: {seed: 2}}, {train: {seed: "
                  "2}}]\n");
    assert_string_equal(e->trials[0].label, "seed=1");
    assert_string_equal(e->trials[2].label, "seed=2 #2");
    e = accept(f, "dataset: toy\nmodel: {name: mlp}\n"
                  "trials: [{model: {hidden: [5, 4]}}, {model: {hidden: 7}}, {clip: 1}]\n");
    assert_string_equal(e->trials[0].label, "hidden=[5,4]");
    assert_string_equal(e->trials[1].label, "hidden=7");
}

static void wrong_trials(void **state)
{
    fixture *f = *state;
    refuse(f, "dataset: toy\ntrials: adam\n",
           "a.yaml:2:9: trials: expected a list with at least one mapping (- optimizer: adam)\n");
    refuse(f, "dataset: toy\ntrials: []\n",
           "a.yaml:2:9: trials: expected a list with at least one mapping (- optimizer: adam)\n");
    refuse(f,
           "dataset: toy\ntrain: {epochs: 0}\n"
           "trials: [adam, {optimzer: sgd}, {experiment: x}, {optimizer: {name: adam, beta: 1}}]\n",
           "a.yaml:2:17: train.epochs: must be at least 1, got 0\n" /* said once, not per trial */
           "a.yaml:3:10: trials.0: expected a mapping, as in `- optimizer: adam`\n"
           "a.yaml:3:17: trials.1.optimzer: unknown key; did you mean 'optimizer'?\n"
           "a.yaml:3:34: trials.2.experiment: unknown key; a trial has dataset, model, loss, "
           "regularization, optimizer, schedule, clip, train, evaluate, stop, checkpoint, label, "
           "keep\n"
           "a.yaml:3:75: optimizer.beta: unknown key; did you mean 'beta1'?\n");
}

static void trials_are_merged(void **state)
{
    fixture *f = *state;
    static const char text[] = "dataset: toy\noptimizer: {name: adam, beta1: 0.5}\n"
                               "train: {epochs: 2, seed: 1}\ntrials:\n"
                               "- {optimizer: {beta2: 0.7}}\n"
                               "- {optimizer: sgd, train: {seed: 2}}\n";
    const experiment *e = accept(f, text);
    expect_text(e->trials[0].resolved, "optimizer.beta1", "0.5");
    expect_text(e->trials[0].resolved, "optimizer.beta2", "0.7");
    expect_text(e->trials[1].resolved, "optimizer.name", "sgd");
    assert_null(config_find(e->trials[1].resolved, "optimizer.beta1"));
    assert_true(e->trials[1].train.seed == 2 && e->trials[1].train.epochs == 2);
    e = create(f, text, "optimizer.learning_rate=0.25");
    expect_errors(f, "");
    expect_text(e->trials[0].resolved, "optimizer.learning_rate", "0.25");
    expect_text(e->trials[1].resolved, "optimizer.learning_rate", "0.25");
    e = create(f, text, "trials.1.train.seed=8");
    expect_errors(f, "");
    assert_true(e->trials[0].train.seed == 1 && e->trials[1].train.seed == 8);
}

/* ---- the record -------------------------------------------------------------------------------
 */

/* The record, loaded in another folder where no descriptor can be found, gives the same record. */
static void record_again(fixture *f, const char *text)
{
    const experiment *e = accept(f, text);
    const char *yaml = config_to_yaml(f->memory, e->resolved, false);
    write_file("elsewhere/deep/config.yaml", yaml);
    write_file("elsewhere/deep/datasets/csv.yaml", "name: synthetic\nscale: 9\nlimit: 1\n");
    assert_int_equal(chdir("elsewhere/deep"), 0);
    config_node *tree = config_load(f->memory, "config.yaml", 0, NULL, f->errors);
    expect_errors(f, "");
    const experiment *again = experiment_create(f->memory, tree, "config.yaml", plugins, f->errors);
    expect_errors(f, "");
    assert_int_equal(chdir(f->folder), 0);
    assert_string_equal(again->name, e->name);
    assert_int_equal(again->trial_count, e->trial_count);
    assert_string_equal(config_to_yaml(f->memory, again->resolved, false), yaml);
    for (size_t t = 0; t < e->trial_count; t++) {
        assert_string_equal(again->trials[t].label, e->trials[t].label);
        assert_string_equal(again->trials[t].dataset.label, e->trials[t].dataset.label);
        assert_string_equal(config_to_yaml(f->memory, again->trials[t].resolved, false),
                            config_to_yaml(f->memory, e->trials[t].resolved, false));
    }
}

static void record_runs_again(void **state)
{
    fixture *f = *state;
    write_file("data/x.csv", "1,2\n");
    write_file("datasets/csv.yaml", "name: csv\nfile: ../data/x.csv\nlabel_column: -1\n"
                                    "how_to_get: |\n  look\n  around\nclass_names: ['1', no]\n");
    record_again(f, "dataset: toy\n");
    record_again(f, "dataset: csv\nexperiment: '12'\ntrain: {seconds: 1}\n");
    record_again(f, "dataset: csv\ntrials:\n- {optimizer: adam, clip: 1}\n"
                    "- {optimizer: {name: adam, beta1: 0.5}, dataset: toy}\n"
                    "- {model: {name: mlp, hidden: []}, label: 'true', keep: nothing}\n"
                    "- {optimizer: random_search}\n");
    record_again(f, "dataset: toy\ntrials: [{optimizer: adam}]\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(three_lines),
        TEST(everything_given),
        TEST(scalars_for_sections),
        TEST(names_of_metrics),
        TEST(wrong_values),
        TEST(wrong_shapes),
        TEST(unknown_names),
        TEST(rules_between_sections),
        TEST(descriptors),
        TEST(descriptors_beside_the_parent),
        TEST(wrong_data_sets),
        TEST(validation_of_the_reader),
        TEST(labels),
        TEST(wrong_trials),
        TEST(trials_are_merged),
        TEST(record_runs_again),
    };
    return cmocka_run_group_tests(tests, load_plugins, forget_plugins);
}
