/* test_space_mistakes.c: what config/space.h and config/sweep_config.h refuse in a section `sweep`,
 * each mistake by itself; tests/cli/test_sweep_mistakes.py has them together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "experiment_fixture.h"

#define HEAD "dataset: toy\n"

static void refuse_space(fixture *f, const char *sweep, const char *expected)
{
    refuse(f, arena_printf(f->memory, HEAD "sweep:\n%s", sweep), expected);
}

static void wrong_paths(void **state)
{
    fixture *f = *state;
    refuse_space(f, "  optimiser.learning_rate: [1]\n",
                 "a.yaml:3:3: sweep.optimiser.learning_rate: unknown key; did you mean "
                 "'optimizer'?\n");
    refuse_space(f, "  samplr: grid\n",
                 "a.yaml:3:3: sweep.samplr: unknown key; did you mean 'sampler'?\n");
    refuse_space(f, "  label: [a]\n", "a.yaml:3:3: sweep.label: cannot be swept\n");
    refuse_space(f, "  clip: [{norm: 1}]\n  clip.norm: [2]\n",
                 "a.yaml:4:3: sweep.clip.norm: is swept twice (also in line 3): leave one of them "
                 "out\n");
    refuse_space(f, "  clip: [null]\n  clip.norm: [2]\n",
                 "a.yaml:4:3: sweep.clip.norm: 'clip' is swept as a whole in line 3: sweep one of "
                 "the two\n");
    assert_null(create(f, HEAD "sweep:\n  clip: [null]\n", "sweep={\"clip.norm\": [2]}"));
    expect_errors(f,
                  "command line: sweep.clip.norm: the file sweeps 'clip' as a whole in line 3, and "
                  "so values that have no part to sweep: sweep all of it (--sweep 'clip=…')\n");
    refuse(f, HEAD "sweep: [1]\n",
           "a.yaml:2:8: sweep: expected a mapping from paths to values, as in "
           "{optimizer.learning_rate: [0.01, 0.1]}\n");
}

/* A path that no trial has is told once, where it stands; one that some have, by the plan. */
static void unknown_paths(void **state)
{
    fixture *f = *state;
    refuse_space(f, "  optimizer.learning_rat: [0.1, -1]\n  train.batch_size: [1, 2]\n",
                 "a.yaml:3:3: optimizer.learning_rat: unknown key; did you mean "
                 "'learning_rate'?\n");
    refuse_space(f, "  optimizer: [{name: sgd, beta1: [0.5]}, {name: adam, beta1: 0.5, beta: 1}]\n",
                 "a.yaml:3:27: optimizer.beta1: unknown key; optimizer sgd has name, "
                 "learning_rate, weight_decay\n"
                 "a.yaml:3:67: optimizer.beta: unknown key; did you mean 'beta1'?\n");
    refuse_space(f, "  optimizer.beta1: [0.5]\n  optimizer: [sgd, momentum]\n",
                 "a.yaml:3:3: optimizer.beta1: unknown key; no optimizer of this sweep has it\n");
    refuse_space(f, "  regularization.l3: {uniform: [0, 1]}\n",
                 "a.yaml:3:3: regularization.l3: unknown key; did you mean 'l2'?\n");
    refuse_space(f, "  zip: {train.epochs: [1, 2], model.init.st: [1, 2]}\n",
                 "a.yaml:3:31: model.init.st: unknown key; did you mean 'std'?\n");
    refuse_space(f, "  zip: {tran.epochs: [1, 2], foo.bar: [1, 2]}\n",
                 "a.yaml:3:9: tran.epochs: unknown key; did you mean 'train'?\n"
                 "a.yaml:3:30: foo.bar: unknown key; a path begins with dataset, model, …\n");
    /* the exclusion is right, the path is not */
    refuse_space(f, "  optimizer.learning_rat: [1, 2]\n  exclude: {optimizer.learning_rate: 1}\n",
                 "a.yaml:3:3: optimizer.learning_rat: unknown key; did you mean "
                 "'learning_rate'?\n");
    write_file("t.csv", "train.epoch,train.seed\n1,1\n,2\n3,3\n");
    arena *a = f->memory;
    refuse_space(f, "  sampler: {name: list, file: t.csv}\n",
                 arena_printf(a,
                              "%s/t.csv:1:1: train.epoch: unknown key; did you mean "
                              "'epochs'?\n",
                              f->folder));
    accept(f, HEAD "sweep:\n"
                   "  optimizer.beta1: [0.5]\n  optimizer: [sgd, adam]\n");
    accept(f, HEAD "sweep:\n"
                   "  zip: {optimizer.name: [sgd, adam], optimizer.beta1: [0.5, 0.6]}\n");
    accept(f,
           HEAD "trials: [{optimizer: sgd}, {optimizer: adam}]\nsweep: {optimizer.beta1: [1]}\n");
}

static void wrong_values(void **state)
{
    fixture *f = *state;
    refuse_space(f, "  train.epochs: []\n",
                 "a.yaml:3:17: sweep.train.epochs: the list is empty: name at least one value\n");
    refuse_space(f, "  train.epochs:\n",
                 "a.yaml:3:16: sweep.train.epochs: has no values: give a list, or a range such as "
                 "{from: 1e-3, to: 1, points: 4, scale: log}\n");
    refuse_space(f, "  train.epochs: {from: 3, to: 1, points: 2}\n",
                 "a.yaml:3:24: sweep.train.epochs: from must be at most to, got from 3 to 1: swap "
                 "them\n");
    refuse_space(f, "  train.epochs: {from: 0, to: 1, points: 2, scale: log}\n",
                 "a.yaml:3:24: sweep.train.epochs: a logarithmic scale needs from above 0, got 0; "
                 "use scale: linear, or a list\n");
    refuse_space(f, "  train.epochs: {from: 1, to: 3, points: 1}\n",
                 "a.yaml:3:42: sweep.train.epochs: one point cannot be both 1 and 3: give at least "
                 "2\n");
    refuse_space(f, "  train.epochs: {from: 1, two: 3, points: 2}\n",
                 "a.yaml:3:17: sweep.train.epochs.to: missing, and a range needs it: the last "
                 "value\n"
                 "a.yaml:3:27: sweep.train.epochs.two: unknown key; did you mean 'to'?\n");
    refuse_space(f, "  train.epochs: {int_uniform: [1.5, 3]}\n",
                 "a.yaml:3:31: sweep.train.epochs: expected the least and the greatest integer, as "
                 "in int_uniform: [1, 10]\n");
    refuse_space(f, "  train.epochs: {log_uniform: [0, 3]}\n",
                 "a.yaml:3:31: sweep.train.epochs: a logarithmic scale needs values above 0, got "
                 "0; use uniform\n");
    refuse_space(f, "  train.epochs: {uniform: [1, 3], scale: log}\n",
                 "a.yaml:3:35: sweep.train.epochs: 'scale' does not belong here: expected {from: "
                 "…, to: …, points: …, scale: log}, or one of uniform, log_uniform, int_uniform "
                 "and choice\n");
    refuse_space(f, "  regularization.l2: {unifrm: [0, 1]}\n",
                 "a.yaml:3:23: sweep.regularization.l2: 'unifrm' does not belong here: expected "
                 "{from: …, to: …, points: …, scale: log}, or one of uniform, log_uniform, "
                 "int_uniform and choice; did you mean 'uniform'?\n");
    refuse_space(f, "  optimizer: [{name: adam, beta1: {form: 1, too: 2}, beta2: {}}]\n",
                 "a.yaml:3:36: sweep.optimizer.beta1: 'form' does not belong here: expected "
                 "{from: …, to: …, points: …, scale: log}, or one of uniform, log_uniform, "
                 "int_uniform and choice\n"
                 "a.yaml:3:61: sweep.optimizer.beta2: has no values: give a list, or a range such "
                 "as {from: 1e-3, to: 1, points: 4, scale: log}\n");
    refuse_space(f, "  optimizer.weight_decay: auto\n",
                 "a.yaml:3:27: sweep.optimizer.weight_decay: the parameter has no finite bounds "
                 "for auto to take: give a list, or a range such as {uniform: [0, 1]}\n");
    refuse_space(f, "  optimizer.weight: auto\n",
                 "a.yaml:3:3: optimizer.weight: unknown key; optimizer sgd has name, "
                 "learning_rate, weight_decay\n");
    refuse_space(f, "  optimizer: auto\n",
                 "a.yaml:3:3: sweep.optimizer: is no parameter, so auto has nothing to go by\n");
    refuse_space(f, "  optimizer.beta1: auto\n  optimizer: [sgd, adam]\n",
                 "a.yaml:3:3: sweep.optimizer.beta1: there is no such parameter, so auto has "
                 "nothing to go by\n");
    refuse_space(f, "  optimizer.learning_rate: {uniform: [-1, 1]}\n",
                 "a.yaml:3:28: optimizer.learning_rate: must be above 0, got -1\n");
}

static void wrong_settings(void **state)
{
    fixture *f = *state;
    refuse_space(f, "  zip: {train.epochs: [1, 2], train.batch_size: [3]}\n",
                 "a.yaml:3:49: sweep.zip: train.batch_size has 1 value and train.epochs has 2: "
                 "what goes side by side has equally many\n");
    refuse_space(f, "  train.epochs: [1]\n  exclude: {train.epoch: 1}\n",
                 "a.yaml:4:13: sweep.exclude: 'train.epoch' is not swept; did you mean "
                 "'train.epochs'?\n");
    refuse_space(f, "  seeds: 0\n",
                 "a.yaml:3:10: sweep.seeds: must be at least 1 and at most 1000000, got 0\n");
    refuse_space(f, "  seeds: 2\n  train.seed: [1]\n",
                 "a.yaml:3:10: sweep.seeds: train.seed is swept already: leave one of the two "
                 "out\n");
    refuse_space(f, "  sampler: gird\n",
                 "a.yaml:3:12: sweep.sampler: there is no sampler 'gird'; did you mean 'grid'?\n");
    refuse_space(
        f, "  pruner: {name: median, x: 1}\n",
        "a.yaml:3:26: sweep.pruner.x: unknown key; pruner median has name, startup_trials, "
        "every_epochs, warmup_epochs\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wrong_paths),
        TEST(unknown_paths),
        TEST(wrong_values),
        TEST(wrong_settings),
    };
    return cmocka_run_group_tests(tests, load_plugins, forget_plugins);
}
