/* Tests of plugins/pruners: rungs from their formulas, decisions worked out by hand and by plain
 * sorting. */
#include "plugin_test.h"

#include "sweep/pruner.h"

#define NONE ((double)NAN)

typedef struct work {
    plugin_config config;
    pruner pruner;
} work;

static void begin(work *w, const char *id)
{
    const slope_pruner *about = open_plugin("pruners", id, FLOAT32);
    set_defaults(&about->plugin, &w->config);
    w->pruner = (pruner){about, &w->config};
}

static void set(work *w, const char *key, double value)
{
    set_parameter(&w->pruner.about->plugin, &w->config, key, value);
}

static void check_rungs(const work *w, uint64_t total, uint64_t per_epoch, size_t count,
                        const uint64_t *wanted)
{
    uint64_t before = 0;
    for (size_t r = 0; r < count; ++r) {
        const uint64_t at = pruner_rung(&w->pruner, r, before, total, per_epoch);
        if (at != wanted[r]) fail_msg("rung %zu: %llu", r, (unsigned long long)at);
        before = at;
    }
}

/* `wanted`: a letter for each trial, + for who goes on. */
static void check_decision(const work *w, size_t rung, size_t count, const double *values,
                           size_t earlier_count, const double *earlier, const char *wanted)
{
    failure why = {.text = ""};
    bool keep[64];
    char found[64] = "";
    if (!pruner_decide(&w->pruner, rung, count, values, earlier_count, earlier, keep, &why))
        fail_msg("%s", why.text);
    for (size_t i = 0; i < count; ++i) found[i] = keep[i] ? '+' : '-';
    assert_string_equal(found, wanted);
}

/* ---- successive halving ---------------------------------------------------------------------- */

static void halving_has_rungs_at_powers(void **state)
{
    work w;
    (void)state;
    begin(&w, "successive_halving");
    assert_int_equal(pruner_cohort(&w.pruner), 0);
    check_rungs(&w, 0, 10, 5, (uint64_t[]){10, 30, 90, 270, 810});
    check_rungs(&w, 90, 10, 3, (uint64_t[]){10, 30, 0});
    set(&w, "eta", 1.25);
    set(&w, "min_epochs", 0.2);
    check_rungs(&w, 0, 1, 4, (uint64_t[]){1, 2, 3, 4}); /* never twice at one step */
    set(&w, "eta", 1e9);
    check_rungs(&w, 0, 1, 4, (uint64_t[]){1, 200000000, 200000000000000000, 0}); /* past 2^63 */
}

static void halving_keeps_the_best(void **state)
{
    work w;
    (void)state;
    begin(&w, "successive_halving");
    const double nine[] = {0.9, 0.2, 0.5, 0.7, 0.1, 0.8, 0.3, 0.6, 0.4};
    check_decision(&w, 0, 9, nine, 0, NULL, "-+--+-+--");
    check_decision(&w, 0, 8, nine, 0, NULL, "-+--+---"); /* two of eight */
    check_decision(&w, 0, 2, nine, 0, NULL, "-+");
    check_decision(&w, 0, 1, nine, 0, NULL, "+");
    const double later[] = {0.1, 0.9, 0.2, 0.8, 0.3, 0.7}; /* three trials at rung 1 */
    check_decision(&w, 1, 3, later, 0, NULL, "--+");
}

static void halving_breaks_ties_by_number(void **state)
{
    work w;
    (void)state;
    begin(&w, "successive_halving");
    set(&w, "eta", 2);
    check_decision(&w, 0, 6, (double[]){1, 1, 1, 1, 1, 1}, 0, NULL, "+++---");
    check_decision(&w, 0, 6, (double[]){2, 1, 2, 1, 2, 2}, 0, NULL, "++-+--");
    check_decision(&w, 0, 4, (double[]){NONE, NONE, 3, NONE}, 0, NULL, "+-+-");
    check_decision(&w, 0, 4, (double[]){-INFINITY, INFINITY, NONE, 5}, 0, NULL, "+--+");
}

/* Many at once, against counting who is better. */
static void halving_agrees_with_counting(void **state)
{
    enum { N = 1000 };
    static double values[N];
    static bool keep[N];
    failure why;
    work w;
    (void)state;
    begin(&w, "successive_halving");
    set(&w, "eta", 2.5);
    for (size_t i = 0; i < N; ++i) values[i] = (double)(i * 7919 % 613);
    assert_true(pruner_decide(&w.pruner, 0, N, values, 0, NULL, keep, &why));
    for (size_t i = 0; i < N; ++i) {
        size_t better = 0;
        for (size_t k = 0; k < N; ++k)
            better += values[k] < values[i] || (values[k] == values[i] && k < i);
        assert_int_equal(keep[i], better < 400);
    }
}

/* ---- median ---------------------------------------------------------------------------------- */

static void median_has_rungs_at_even_distance(void **state)
{
    work w;
    (void)state;
    begin(&w, "median");
    assert_int_equal(pruner_cohort(&w.pruner), 10);
    set(&w, "startup_trials", 4);
    assert_int_equal(pruner_cohort(&w.pruner), 4);
    check_rungs(&w, 35, 10, 4, (uint64_t[]){10, 20, 30, 0});
    set(&w, "warmup_epochs", 5);
    set(&w, "every_epochs", 2.5);
    check_rungs(&w, 0, 10, 3, (uint64_t[]){75, 100, 125});
    set(&w, "warmup_epochs", 0);
    set(&w, "every_epochs", 0.01);
    check_rungs(&w, 0, 10, 3, (uint64_t[]){1, 2, 3});
}

/* Three trials came earlier, with means over two rungs of 0.45, 0.6 and 0.3: the median is 0.45. */
static void median_compares_the_best_with_means(void **state)
{
    const double earlier[] = {0.5, 0.4, 0.8, 0.4, 0.4, 0.2};
    const double values[] = {0.9,  0.44, /* its best is below */
                             0.9,  0.46, /* above */
                             0.44, 0.9,  /* was good once: the best counts */
                             0.45, 0.5,  /* equal to it: strictly worse ones go */
                             NONE, 0.4,  /* no number is the worst, but it has a better one */
                             NONE, NONE};
    work w;
    (void)state;
    begin(&w, "median");
    check_decision(&w, 1, 6, values, 3, earlier, "+-+++-");
    check_decision(&w, 1, 6, values, 0, NULL, "++++++"); /* the first cohort */
}

static void median_of_two_is_between_them(void **state)
{
    work w;
    (void)state;
    begin(&w, "median");
    check_decision(&w, 0, 3, (double[]){1.4, 1.5, 1.6}, 2, (double[]){2, 1}, "++-");
    check_decision(&w, 0, 3, (double[]){1.4, INFINITY, NONE}, 2, (double[]){2, NONE}, "+++");
    check_decision(&w, 0, 3, (double[]){1.4, INFINITY, NONE}, 3, (double[]){2, NONE, 1}, "+--");
}

static int ascending(const void *left, const void *right)
{
    const double one = *(const double *)left, other = *(const double *)right;
    return (one > other) - (one < other);
}

static void median_agrees_with_sorting(void **state)
{
    enum { MOST = 3000 };
    static double earlier[MOST], sorted[MOST];
    work w;
    (void)state;
    begin(&w, "median");
    for (size_t n = 1; n <= MOST; n = n * 3 / 2 + 1) {
        for (size_t i = 0; i < n; ++i) earlier[i] = sorted[i] = (double)(i * 7919 % 2003);
        qsort(sorted, n, sizeof *sorted, ascending);
        const double middle = (sorted[n / 2] + sorted[(n - 1) / 2]) / 2;
        check_decision(&w, 0, 3, (double[]){middle - 0.25, middle, middle + 0.25}, n, earlier,
                       "++-");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halving_has_rungs_at_powers),
        cmocka_unit_test(halving_keeps_the_best),
        cmocka_unit_test(halving_breaks_ties_by_number),
        cmocka_unit_test(halving_agrees_with_counting),
        cmocka_unit_test(median_has_rungs_at_even_distance),
        cmocka_unit_test(median_compares_the_best_with_means),
        cmocka_unit_test(median_of_two_is_between_them),
        cmocka_unit_test(median_agrees_with_sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
