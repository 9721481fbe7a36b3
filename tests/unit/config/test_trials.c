/* test_trials.c: config/experiment.h: descriptors of data sets, trials and their labels, and a
 * record that gives the same trials again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "experiment_fixture.h"

#include <math.h>

/* ---- data sets ------------------------------------------------------------------------------- */

static void descriptors(void **state)
{
    fixture *f = *state;
    write_file("data/x.csv", "1,2\n");
    write_file("datasets/csvish.yaml",
               "name: csv\nfile: ../data/x.csv\nscale: 2\nvalidation: 0.5\ntitle: T\n"
               "how_to_get: |\n  make\n  it\n");
    const experiment *e = accept(f, "dataset: {name: csvish, scale: 3, validation: null}\n");
    const dataset_config *d = &e->bases->dataset;
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
    assert_non_null(strstr(e->bases->dataset.descriptor, "/datasets/here.yaml"));
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
    assert_true(isnan(e->bases->dataset.validation));
    assert_non_null(config_find(e->resolved, "dataset.validation.images"));
    e = accept(f, arena_printf(f->memory, text, "7"));
    assert_true(e->bases->dataset.validation == 7);
    refuse(f, arena_printf(f->memory, text, "{images: i}"),
           "a.yaml:1:10: dataset.validation.labels: is missing, but validation.images is given\n");
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void labels(void **state)
{
    fixture *f = *state;
    const experiment *e = accept(f, "dataset: toy\ntrials:\n"
                                    "- {optimizer: adam}\n"
                                    "- {optimizer: sgd, model: mlp}\n"
                                    "- {optimizer: {name: sgd, learning_rate: 0.5}, model: mlp}\n"
                                    "- {label: mine}\n"
                                    "- {label: mine}\n");
    assert_int_equal(e->base_count, 5);
    assert_string_equal(e->bases[0].label, "linear adam");
    assert_string_equal(e->bases[1].label, "mlp sgd learning_rate=0.001");
    assert_string_equal(e->bases[2].label, "mlp sgd learning_rate=0.5");
    assert_string_equal(e->bases[3].label, "mine");
    assert_string_equal(e->bases[4].label, "mine #2");
    e = accept(f, "dataset: toy\ntrials: [{train: {seed: 1}}, {train: {seed: 2}}, {train: {seed: "
                  "2}}]\n");
    assert_string_equal(e->bases[0].label, "seed=1");
    assert_string_equal(e->bases[2].label, "seed=2 #2");
    e = accept(f, "dataset: toy\nmodel: {name: mlp}\n"
                  "trials: [{model: {hidden: [5, 4]}}, {model: {hidden: 7}}, {clip: 1}]\n");
    assert_string_equal(e->bases[0].label, "hidden=[5,4]");
    assert_string_equal(e->bases[1].label, "hidden=7");
    e = accept(f, "dataset: toy\ntrials:\n" /* the names suffice, though more differs */
                  "- {optimizer: {name: sgd, learning_rate: 0.2}}\n"
                  "- {optimizer: adam}\n"
                  "- {optimizer: sgd, loss: svm, regularization: {l2: 1e-4}}\n"
                  "- {optimizer: adam, loss: svm, regularization: {l2: 1e-4}}\n"
                  "- {optimizer: adam, loss: svm, regularization: {l2: 1e-3}}\n");
    assert_string_equal(e->bases[0].label, "softmax sgd");
    assert_string_equal(e->bases[1].label, "softmax adam");
    assert_string_equal(e->bases[2].label, "svm sgd");
    assert_string_equal(e->bases[3].label, "svm adam l2=1e-4");
    assert_string_equal(e->bases[4].label, "svm adam l2=1e-3");
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
           "regularization, optimizer, schedule, clip, train, evaluate, stop, checkpoint, record, "
           "surface, label, "
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
    expect_text(e->bases[0].resolved, "optimizer.beta1", "0.5");
    expect_text(e->bases[0].resolved, "optimizer.beta2", "0.7");
    expect_text(e->bases[1].resolved, "optimizer.name", "sgd");
    assert_null(config_find(e->bases[1].resolved, "optimizer.beta1"));
    assert_true(e->bases[1].train.seed == 2 && e->bases[1].train.epochs == 2);
    e = create(f, text, "optimizer.learning_rate=0.25");
    expect_errors(f, "");
    expect_text(e->bases[0].resolved, "optimizer.learning_rate", "0.25");
    expect_text(e->bases[1].resolved, "optimizer.learning_rate", "0.25");
    e = create(f, text, "trials.1.train.seed=8");
    expect_errors(f, "");
    assert_true(e->bases[0].train.seed == 1 && e->bases[1].train.seed == 8);
}

/* ---- the record ------------------------------------------------------------------------------ */

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
    assert_int_equal(again->base_count, e->base_count);
    assert_string_equal(config_to_yaml(f->memory, again->resolved, false), yaml);
    for (size_t t = 0; t < e->base_count; t++) {
        assert_string_equal(again->bases[t].label, e->bases[t].label);
        assert_string_equal(again->bases[t].dataset.label, e->bases[t].dataset.label);
        assert_string_equal(config_to_yaml(f->memory, again->bases[t].resolved, false),
                            config_to_yaml(f->memory, e->bases[t].resolved, false));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
