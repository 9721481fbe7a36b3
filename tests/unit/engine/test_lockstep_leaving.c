/* Trials in lockstep that end at different steps, diverge, wait, are pruned, run out of time, are
 * stopped and gone on with: each ends with the bits of the trial run alone, and the others do not
 * notice. */
#include "lockstep_company.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_pruning_and_time),
        cmocka_unit_test(test_going_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
