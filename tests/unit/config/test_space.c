/* test_space.c: config/space.h and config/sweep_config.h: what of `sweep` becomes which dimension,
 * numbers on ranges (against 40-digit decimal arithmetic), and the command line. What is refused is
 * test_space_mistakes.c's matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/sweep_config.h"
#include "experiment_fixture.h"
#include "slope/sampler.h"

#include <math.h>

#define HEAD "dataset: toy\n"

static const space *accept_space(fixture *f, const char *sweep)
{
    return accept(f, arena_printf(f->memory, HEAD "sweep:\n%s", sweep))->sweep->space;
}

static const space *override_space(fixture *f, const char *sweep, const char *override)
{
    const experiment *e = create(f, arena_printf(f->memory, HEAD "sweep:\n%s", sweep), override);
    expect_errors(f, "");
    assert_non_null(e);
    return e->sweep->space;
}

/* "optimizer.name=adam optimizer.beta1=0.5" */
static const char *settings(fixture *f, const space *s, size_t d, size_t choice)
{
    const char *text = "";
    const space_choice *c = &s->dimensions[d].choices[choice];
    assert_true(choice < s->dimensions[d].choice_count);
    for (size_t i = 0; i < c->count; i++)
        text = arena_printf(f->memory, "%s%s%s=%s", text, i ? " " : "",
                            s->columns[c->settings[i].column].path,
                            space_text(c->settings[i].value, f->memory));
    return text;
}

static void expect_values(fixture *f, const space *s, size_t d, const char *const *values,
                          size_t count)
{
    assert_int_equal(s->dimensions[d].choice_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(space_text(s->dimensions[d].choices[i].settings[0].value, f->memory),
                            values[i]);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void lists(void **state)
{
    fixture *f = *state;
    const space *s = accept_space(f, "  optimizer.learning_rate: [0.01, 1e-1]\n"
                                     "  model: [linear, {name: mlp, hidden: [[10], [20, 5]]}]\n"
                                     "  loss: {name: {choice: [softmax, svm]}}\n"
                                     "  train.epochs: 3\n");
    assert_int_equal(s->count, 5);
    assert_string_equal(settings(f, s, 0, 1), "optimizer.learning_rate=1e-1");
    assert_string_equal(settings(f, s, 1, 0), "model.name=linear");
    assert_string_equal(settings(f, s, 1, 1), "model.name=mlp");
    assert_true(s->dimensions[2].parent == 1 && s->dimensions[2].parent_choice == 1);
    assert_string_equal(settings(f, s, 2, 1), "model.hidden=[20, 5]");
    assert_string_equal(settings(f, s, 3, 1), "loss.name=svm");
    assert_true(s->dimensions[3].parent == SLOPE_NO_PARENT);
    assert_string_equal(settings(f, s, 4, 0), "train.epochs=3");
    assert_int_equal(s->column_count, 5);
}

static void points(void **state)
{
    fixture *f = *state;
    const space *s = accept_space(
        f, "  optimizer.learning_rate: {from: 1e-4, to: 1.0, points: 7, scale: log}\n"
           "  regularization.l2: {from: .003, to: 0.7, points: 5, scale: log}\n"
           "  regularization.l1: {from: 0.1, to: 0.7, points: 4}\n"
           "  model.init: [{distribution: normal, std: {from: 0.5, to: 0.5, points: 1}}]\n"
           "  optimizer.weight_decay: {from: 0, to: 1, points: 4}\n");
    /* The ends stay as they are written. */
    static const char *const decades[] = {"1e-4", "0.000464158883361", "0.00215443469003",
                                          "0.01", "0.0464158883361",   "0.215443469003",
                                          "1.0"};
    static const char *const odd[] = {".003", "0.0117250701852", "0.0458257569496",
                                      "0.179103405508", "0.7"};
    static const char *const tenths[] = {"0.1", "0.3", "0.5", "0.7"};
    static const char *const half[] = {"0.5"};
    static const char *const thirds[] = {"0", "0.333333333333", "0.666666666667", "1"};
    expect_values(f, s, 0, decades, 7);
    expect_values(f, s, 1, odd, 5);
    expect_values(f, s, 2, tenths, 4);
    expect_values(f, s, 4, half, 1);
    expect_values(f, s, 5, thirds, 4);
}

static void ranges(void **state)
{
    fixture *f = *state;
    const space *s = accept_space(f, "  sampler: random\n  trials: 5\n"
                                     "  optimizer.learning_rate: {log_uniform: [1e-3, 10]}\n"
                                     "  regularization.l2: {uniform: [0.5, 1.5]}\n"
                                     "  train.epochs: {int_uniform: [3, 5]}\n"
                                     "  train.seed: {int_uniform: [0, 5000]}\n"
                                     "  train.steps: {from: 1, to: 999, scale: log}\n");
    const space_dimension *d = s->dimensions;
    assert_true(d[0].choice_count == 0 && d[0].low == 1e-3 && d[0].high == 10 && d[0].log);
    assert_string_equal(space_number(&d[0], 0.5, f->memory), "0.1");
    assert_string_equal(space_number(&d[0], 0.25, f->memory), "0.01");
    assert_string_equal(space_number(&d[1], 0.25, f->memory), "0.75");
    static const char *const integers[] = {"3", "4", "5"};
    expect_values(f, s, 2, integers, 3);
    assert_true(d[3].choice_count == 0 && d[3].integer && !d[3].log);
    assert_string_equal(space_number(&d[3], 0, f->memory), "0");
    assert_string_equal(space_number(&d[3], 0x1.fffffffffffffp-1, f->memory), "5000");
    assert_string_equal(space_number(&d[3], 0.5, f->memory), "2500");
    assert_true(d[4].integer && d[4].log);
    assert_string_equal(space_number(&d[4], 0, f->memory), "1");
    assert_string_equal(space_number(&d[4], 1.0 / 3 + 1e-9, f->memory), "10");
}

static void by_the_table(void **state)
{
    fixture *f = *state;
    const space *s =
        accept_space(f, "  sampler: random\n  trials: 5\n"
                        "  optimizer: [{learning_rate: auto, name: adam, beta1: auto}]\n"
                        "  loss: [{name: svm, squared: auto, variant: auto}]\n"
                        "  model.init: [{distribution: normal, std: auto}]\n");
    const space_dimension *d = s->dimensions;
    assert_true(d[1].low == 1e-6 && d[1].high == 1 && d[1].log); /* default 1e-3, above 0 */
    assert_true(d[2].low == 0 && d[2].high == 1 && !d[2].log && d[2].high_open);
    double value = strtod(space_number(&d[2], 0x1.fffffffffffffp-1, f->memory), NULL);
    assert_true(value < 1 && value > 0.999);
    static const char *const truths[] = {"false", "true"};
    static const char *const variants[] = {"weston_watkins", "crammer_singer"};
    expect_values(f, s, 4, truths, 2);
    expect_values(f, s, 5, variants, 2);
    assert_true(d[7].log && fabs(d[7].low - 1e-5) < 1e-18 && d[7].high == 10);
}

/* ---- together -------------------------------------------------------------------------------- */

static void zip_and_exclude(void **state)
{
    fixture *f = *state;
    const space *s = accept_space(
        f, "  zip:\n"
           "    - {train.batch_size: [32, 64, 128], train: {epochs: {from: 1, to: 3, points: 3}}}\n"
           "  optimizer: [{name: sgd, learning_rate: [0.1, 1]}, adam]\n"
           "  exclude:\n"
           "    - {optimizer: sgd, optimizer.learning_rate: 1.0}\n"
           "    - {train.batch_size: [32, 64], optimizer.name: adam}\n");
    assert_int_equal(s->count, 3);
    assert_string_equal(settings(f, s, 0, 1), "train.batch_size=64 train.epochs=2");
    int left_out = 0;
    for (int n = 0; n < 12; n++) {
        const double point[] = {n / 4, n / 2 % 2, n % 2};
        const bool adam = point[1] == 1;
        const bool expected = adam ? point[0] < 2 : point[2] == 1;
        assert_int_equal(space_excludes(s, point, f->memory), expected);
        left_out += expected;
    }
    assert_int_equal(left_out, 3 + 4);
    const double point[] = {2, 1, 0};
    assert_null(space_value(s, point, 3, f->memory)); /* adam has its own rate */
    assert_string_equal(space_text(space_value(s, point, 2, f->memory), f->memory), "adam");
    assert_string_equal(space_text(space_section(s, point, "train", f->memory), f->memory),
                        "{batch_size: 128, epochs: 3}");
    assert_null(space_section(s, point, "clip", f->memory));
}

static void rows_of_a_table(void **state)
{
    fixture *f = *state;
    write_file("t.csv", "optimizer,optimizer.learning_rate,train.epochs\nsgd,0.1,\nadam,,4\n"
                        "\"{name: adam, beta1: 0.5}\",2,1\n");
    const space *s = accept_space(f, "  sampler: {name: list, file: t.csv}\n");
    assert_int_equal(s->count, 1);
    assert_string_equal(s->dimensions[0].path, "");
    assert_string_equal(settings(f, s, 0, 0), "optimizer.name=sgd optimizer.learning_rate=0.1");
    assert_string_equal(settings(f, s, 0, 1), "optimizer.name=adam train.epochs=4");
    for (int i = 0; i < 2; i++) { /* which leaves the cell as it was */
        const double third = 2;
        assert_string_equal(space_text(space_section(s, &third, "optimizer", f->memory), f->memory),
                            "{name: adam, beta1: 0.5, learning_rate: 2}");
        assert_string_equal(space_text(s->dimensions[0].choices[2].settings[0].value, f->memory),
                            "{name: adam, beta1: 0.5}");
    }
}

static void first_points(void **state)
{
    fixture *f = *state;
    const experiment *e =
        accept(f, HEAD "optimizer: {name: momentum, learning_rate: 5}\n"
                       "sweep:\n"
                       "  optimizer: [{name: adam, learning_rate: [0.1, 1]}, sgd]\n"
                       "  regularization.l2: [3, 4]\n"
                       "  exclude: {optimizer.learning_rate: 0.1}\n");
    /* the first that is not excluded; other rules' parameters are gone */
    expect_text(e->bases->resolved, "optimizer.name", "adam");
    expect_text(e->bases->resolved, "optimizer.learning_rate", "1");
    expect_text(e->bases->resolved, "regularization.l2", "3");
    assert_null(config_find(e->bases->resolved, "optimizer.momentum"));
}

/* ---- the section ----------------------------------------------------------------------------- */

static void settings_of_a_sweep(void **state)
{
    fixture *f = *state;
    const sweep_config *s = accept(f, HEAD "sweep: {train.epochs: [1, 2]}\n")->sweep;
    assert_string_equal(s->sampler.plugin->id, "grid");
    assert_true(s->trials == 0 && s->seed == 0 && s->seeds == 1 && !s->pruner.plugin && s->fuse);
    assert_true(s->metric == METRIC_NONE && s->keep_best == 1 && !s->stop_on_error);
    assert_true(s->max_failures == SLOPE_ABSENT && isnan(s->seconds) && isnan(s->trial_seconds));
    s = accept(f, HEAD "sweep: {sampler: sobol, trials: 9, seed: 4, seeds: 3, pruner: median,\n"
                       "  metric: train_loss, fuse: off, keep_best: 5, on_error: stop,\n"
                       "  max_failures: 2, trial_seconds: 1.5, seconds: 60, train.epochs: [1]}\n")
            ->sweep;
    assert_string_equal(s->sampler.plugin->id, "sobol");
    assert_string_equal(s->pruner.plugin->id, "median");
    assert_true(s->trials == 9 && s->seed == 4 && s->seeds == 3 && !s->fuse && s->keep_best == 5);
    assert_true(s->metric == METRIC_TRAIN_LOSS && s->stop_on_error && s->max_failures == 2);
    assert_true(s->trial_seconds == 1.5 && s->seconds == 60);
    assert_null(accept(f, HEAD)->sweep);
    assert_null(accept(f, HEAD "sweep:\n")->sweep);
}

static void the_command_line_takes_out(void **state)
{
    fixture *f = *state;
    static const char sweep[] = "  optimizer:\n"
                                "    - {name: sgd, learning_rate: [0.1, 1]}\n"
                                "    - {name: adam, learning_rate: [0.2, 2], beta1: [0.5]}\n"
                                "  train.epochs: [1, 2]\n"
                                "  exclude: {optimizer.name: sgd, train.epochs: 2}\n";
    const space *s = override_space(f, sweep, "train.epochs=2");
    assert_int_equal(s->count, 4);
    assert_int_equal(s->exclusions[0].count, 1); /* its other half is true now */
    s = override_space(f, sweep, "train.epochs=1");
    assert_int_equal(s->exclusion_count, 0);
    s = override_space(f, sweep, "optimizer=adam");
    assert_int_equal(s->count, 4);
    assert_int_equal(s->dimensions[0].choice_count, 1);
    assert_string_equal(settings(f, s, 0, 0), ""); /* the base has it */
    s = override_space(f, sweep, "optimizer=rmsprop");
    assert_int_equal(s->count, 1);
    s = override_space(f, sweep, "optimizer.learning_rate=0.5");
    assert_int_equal(s->count, 3);
    /* what the command line sweeps stands for what the file sweeps */
    s = override_space(f, "  train.epochs: [1, 2]\n", "sweep.train.epochs=[7]");
    assert_string_equal(settings(f, s, 0, 0), "train.epochs=7");
    s = override_space(f, "  seed: 1\n", "sweep.train.epochs=[7]");
    assert_string_equal(settings(f, s, 0, 0), "train.epochs=7");
}

/* --sweep PATH=VALUES comes as sweep={PATH: [VALUES]} */
static void the_command_line_sweeps(void **state)
{
    fixture *f = *state;
    static const char sweep[] = "  optimizer:\n"
                                "    - {name: sgd, learning_rate: [0.1, 1]}\n"
                                "    - {name: adam, learning_rate: 3, beta1: [0.5]}\n"
                                "  zip: {train.epochs: [1, 2], train.batch_size: [3, 4]}\n"
                                "  exclude: {optimizer.beta1: 0.5, train.epochs: 2}\n";
    /* in alternatives, as values and as a constant */
    const space *s = override_space(f, sweep, "sweep={\"optimizer.learning_rate\": [7, 8]}");
    assert_int_equal(s->count, 4);
    assert_string_equal(settings(f, s, 0, 0), "optimizer.name=sgd");
    assert_string_equal(settings(f, s, 0, 1), "optimizer.name=adam");
    assert_string_equal(settings(f, s, 1, 0), "optimizer.beta1=0.5");
    assert_string_equal(settings(f, s, 3, 1), "optimizer.learning_rate=8");
    assert_int_equal(s->exclusion_count, 1);
    /* out of a zip, the rest of which stays */
    s = override_space(f, sweep, "sweep={\"train.epochs\": [7, 8, 9]}");
    assert_string_equal(settings(f, s, 3, 0), "train.batch_size=3");
    assert_string_equal(settings(f, s, 4, 2), "train.epochs=9");
    /* names instead of alternatives, whose parameters no exclusion can mean any more */
    s = override_space(f, sweep, "sweep={\"optimizer.name\": [lion, sgd]}");
    assert_int_equal(s->count, 2);
    assert_string_equal(settings(f, s, 1, 0), "optimizer.name=lion");
    assert_int_equal(s->exclusion_count, 0);
    /* alternatives instead of all that the file sweeps there, written either way */
    static const char lists[] = "  optimizer: {name: [sgd, adam], learning_rate: [1, 2]}\n"
                                "  optimizer.weight_decay: [0, 1]\n";
    s = override_space(f, lists, "sweep={\"optimizer\": [{name: lion, beta1: [0.5]}]}");
    assert_int_equal(s->count, 2);
    assert_string_equal(settings(f, s, 1, 0), "optimizer.beta1=0.5");
    s = override_space(f, lists, "sweep={\"optimizer.name\": [lion]}");
    assert_int_equal(s->count, 3);
    assert_string_equal(settings(f, s, 0, 1), "optimizer.learning_rate=2");
    /* a column of a table */
    write_file("t.csv", "optimizer,train.epochs\nsgd,3\nadam,4\n");
    s = override_space(f, "  sampler: {name: list, file: t.csv}\n", "train.epochs=9");
    assert_string_equal(settings(f, s, 0, 1), "optimizer.name=adam");
}

static void record_runs_again(void **state)
{
    fixture *f = *state;
    static const char *const files[] = {
        "sweep: {train.steps: [3, 4], optimizer: [adam, {name: sgd, learning_rate: auto}],\n"
        "  sampler: random, trials: 3, exclude: {train.steps: 3, optimizer: adam}}\n",
        "model: {name: mlp, hidden: [4]}\nlabel: mine\nsweep: {model.name: [linear, mlp], seeds: "
        "2}\n",
        "trials: [{train: {epochs: 2}}, {optimizer: adam}]\nsweep: {clip: [null, {norm: 1}]}\n",
        "sweep: {zip: {train.epochs: [1, 2], train.batch_size: [3, 4]}, train.seed: [0, 1]}\n",
        "sweep: {dataset.name: [toy, other], dataset.seed: [0, 1]}\n",
    };
    write_file("datasets/other.yaml", "name: synthetic\nrows: 31\n");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const experiment *e = accept(f, arena_printf(f->memory, HEAD "%s", files[i]));
        const char *yaml = config_to_yaml(f->memory, e->resolved, false);
        write_file("results/config.yaml", yaml);
        config_node *tree = config_load(f->memory, "results/config.yaml", 0, NULL, f->errors);
        const experiment *again =
            experiment_create(f->memory, tree, "results/config.yaml", plugins, f->errors);
        expect_errors(f, "");
        assert_string_equal(config_to_yaml(f->memory, again->resolved, false), yaml);
        assert_int_equal(again->base_count, e->base_count);
        assert_int_equal(again->sweep->space->count, e->sweep->space->count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists),
        TEST(points),
        TEST(ranges),
        TEST(by_the_table),
        TEST(zip_and_exclude),
        TEST(rows_of_a_table),
        TEST(first_points),
        TEST(settings_of_a_sweep),
        TEST(the_command_line_takes_out),
        TEST(the_command_line_sweeps),
        TEST(record_runs_again),
    };
    return cmocka_run_group_tests(tests, load_plugins, forget_plugins);
}
