/* Tests of plugins/optimizers/lbfgs.c: against a second implementation in NumPy with whole
 * matrices, the strong Wolfe conditions at every step, convergence, and what can go wrong in a line
 * search.
 *
 * The wanted numbers stand in reference_lbfgs.h; reference_lbfgs.py made them. */
#include "plugin_test.h"

enum { N = 4, SNAPSHOTS = 4, COPIES = 3 * 10 + 4, MOST = 64 };
static const uint64_t snapshots[SNAPSHOTS] = {1, 2, 5, 12};

typedef struct setting {
    const char *key; /* NULL after the last */
    double value;
} setting;

typedef struct reference {
    setting settings[4];
    double weights[SNAPSHOTS][N];
} reference;

#include "reference_lbfgs.h"

enum { REFERENCES = sizeof references / sizeof references[0] };
static const setting no_settings[] = {{NULL, 0}};

/* ---- Problems -------------------------------------------------------------------------------- */

typedef double (*problem)(size_t n, const double *x, double *gradient);

static const double start[N] = {-1.2, 1.0, -0.75, 1.5};

static double rosenbrock(size_t n, const double *x, double *g)
{
    double sum = 0;
    for (size_t i = 0; i + 1 < n; i += 2) {
        const double valley = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
        sum += 100 * valley * valley + rest * rest;
        g[i] = -400 * x[i] * valley - 2 * rest;
        g[i + 1] = 200 * valley;
    }
    return sum;
}

static double bowl(size_t n, const double *x, double *g)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double stiffness = pow(1e2, (double)i / (double)(n - 1));
        g[i] = stiffness * (x[i] - 3);
        sum += 0.5 * g[i] * (x[i] - 3);
    }
    return sum;
}

/* Not a number for x <= 0; least at 1, steep on the way to 0. */
static double walled(size_t n, const double *x, double *g)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        g[i] = 1 - 1 / x[i];
        sum += x[i] - log(x[i]);
    }
    return sum;
}

static double downhill_for_ever(size_t n, const double *x, double *g)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        g[i] = -1;
        sum -= x[i];
    }
    return sum;
}

/* Its gradient is a lie: nothing leads down. */
static double lying(size_t n, const double *x, double *g)
{
    const double value = bowl(n, x, g);
    for (size_t i = 0; i < n; i++) g[i] = -g[i];
    return value;
}

/* ---- A search at work ------------------------------------------------------------------------ */

typedef struct search {
    const slope_optimizer *rule;
    plugin_config config;
    precision p;
    problem f;
    size_t n, copies;
    int evaluations, fail_after; /* fail_after: -1 for never */
    double weights[MOST], gradient[MOST], memory[COPIES][MOST], loss;
    void *slots[COPIES];
    call_host host;
} search;

static double evaluate(const search *s, const void *weights, void *gradient)
{
    double x[MOST], g[MOST];
    for (size_t i = 0; i < s->n; i++) x[i] = element(s->p, weights, i);
    const double value = s->f(s->n, x, g);
    for (size_t i = 0; i < s->n; i++) set_element(s->p, gradient, i, g[i]);
    return value;
}

static slope_status objective(const slope_host *host, const real *weights, double *loss,
                              real *gradient)
{
    search *s = call_host_of(host)->context;
    if (s->evaluations++ == s->fail_after) return (host->fail)(host, "no more");
    *loss = evaluate(s, weights, gradient);
    return SLOPE_OK;
}

static void begin(search *s, problem f, size_t n, const double *from, const setting *settings,
                  precision p)
{
    *s = (search){
        .rule = open_plugin("optimizers", "lbfgs", p), .p = p, .f = f, .n = n, .fail_after = -1};
    const slope_plugin *plugin = &s->rule->plugin;
    set_defaults(plugin, &s->config);
    for (const setting *at = settings; at->key; at++)
        set_parameter(plugin, &s->config, at->key, at->value);
    for (size_t i = 0; i < n; i++)
        set_element(p, s->weights, i, from ? from[i] : 0.5 + 0.01 * (double)i);
    for (size_t i = 0; i < COPIES; i++) s->slots[i] = s->memory[i];
    call_host_init(&s->host, p, 1);
    s->host.context = s;
}

static slope_status take_step(search *s, uint64_t step)
{
    s->loss = evaluate(s, s->weights, s->gradient);
    const slope_update call = {.size = sizeof call,
                               .host = &s->host.host,
                               .config = &s->config,
                               .n = s->n,
                               .weights = s->weights,
                               .gradient = s->gradient,
                               .slots = s->slots,
                               .step = step,
                               .learning_rate = 1,
                               .loss = s->loss,
                               .objective = objective};
    return s->rule->update(&call);
}

/* ---- Against NumPy
 * ------------------------------------------------------------------------------- */

static void gives_what_the_second_implementation_gives(void **state)
{
    (void)state;
    for (size_t r = 0; r < REFERENCES; r++) {
        search s;
        size_t seen = 0;
        begin(&s, rosenbrock, N, start, references[r].settings, FLOAT64);
        for (uint64_t step = 1; step <= snapshots[SNAPSHOTS - 1]; step++) {
            assert_int_equal(take_step(&s, step), SLOPE_OK);
            if (step != snapshots[seen]) continue;
            for (size_t i = 0; i < N; i++) {
                char what[64];
                snprintf(what, sizeof what, "references[%d]: step %d, weight %zu", (int)r,
                         (int)step, i);
                assert_close(what, s.weights[i], references[r].weights[seen][i], 1e-9);
            }
            seen++;
        }
        assert_int_equal(seen, SNAPSHOTS);
    }
}

/* ---- What it promises
 * ------------------------------------------------------------------------------ */

static void every_step_keeps_the_strong_wolfe_conditions(void **state)
{
    (void)state;
    const double decrease = 0.01, curvature = 0.25;
    const setting settings[] = {
        {"curvature", curvature}, {"sufficient_decrease", decrease}, {NULL, 0}};
    search s;
    begin(&s, rosenbrock, N, start, settings, FLOAT64);
    for (uint64_t step = 1; step <= 20; step++) {
        double before[N], g[N], first = 0, last = 0;
        memcpy(before, s.weights, sizeof before);
        assert_int_equal(take_step(&s, step), SLOPE_OK);
        const double after = rosenbrock(N, s.weights, g);
        for (size_t i = 0; i < N; i++) {
            first += s.gradient[i] * (s.weights[i] - before[i]);
            last += g[i] * (s.weights[i] - before[i]);
        }
        assert_true(first < 0);
        assert_true(after <= s.loss + decrease * first + 1e-15);
        assert_true(fabs(last) <= curvature * fabs(first) + 1e-15);
    }
}

static void finds_the_end_of_the_valley(void **state)
{
    (void)state;
    for (int p = FLOAT32; p <= FLOAT64; p++) {
        search s;
        begin(&s, rosenbrock, N, start, no_settings, (precision)p);
        for (uint64_t step = 1; step <= 60; step++) assert_int_equal(take_step(&s, step), SLOPE_OK);
        for (size_t i = 0; i < N; i++)
            assert_close("weight", element((precision)p, s.weights, i), 1,
                         p == FLOAT64 ? 1e-9 : 1e-2);
        assert_true(s.evaluations < 150);
    }
}

static void finds_the_bottom_of_a_long_bowl(void **state)
{
    (void)state;
    search s;
    begin(&s, bowl, 50, NULL, no_settings, FLOAT64);
    for (uint64_t step = 1; step <= 300; step++) assert_int_equal(take_step(&s, step), SLOPE_OK);
    for (size_t i = 0; i < 50; i++) assert_close("weight", s.weights[i], 3, 1e-8);
}

/* Once there it stays: neither noise nor an endless search. */
static void rests_where_it_is_least(void **state)
{
    (void)state;
    search s;
    double at_end[MOST];
    begin(&s, bowl, 8, NULL, no_settings, FLOAT64);
    for (uint64_t step = 1; step <= 200; step++) assert_int_equal(take_step(&s, step), SLOPE_OK);
    memcpy(at_end, s.weights, sizeof at_end);
    const int before = s.evaluations;
    for (uint64_t step = 201; step <= 205; step++) assert_int_equal(take_step(&s, step), SLOPE_OK);
    for (size_t i = 0; i < 8; i++) assert_close("weight", s.weights[i], at_end[i], 1e-12);
    assert_true(s.evaluations - before <= 5 * 2 * 25);
    for (size_t i = 0; i < 8; i++) s.weights[i] = 3;
    assert_int_equal(take_step(&s, 206), SLOPE_OK); /* the gradient is 0 */
    for (size_t i = 0; i < 8; i++) assert_true(s.weights[i] == 3);
}

/* ---- What can go wrong
 * -------------------------------------------------------------------------------- */

static void comes_back_from_where_there_is_no_loss(void **state)
{
    (void)state;
    search s;
    const double far[] = {40, 0.01};
    begin(&s, walled, 2, far, no_settings, FLOAT64);
    for (uint64_t step = 1; step <= 40; step++) {
        assert_int_equal(take_step(&s, step), SLOPE_OK);
        assert_true(isfinite(s.loss));
    }
    for (size_t i = 0; i < 2; i++) assert_close("weight", s.weights[i], 1, 1e-7);
}

static void takes_the_longest_step_it_tried_where_there_is_no_bottom(void **state)
{
    (void)state;
    search s;
    begin(&s, downhill_for_ever, 2, (const double[]){0, 0},
          (const setting[]){{"evaluations", 5}, {NULL, 0}}, FLOAT64);
    assert_int_equal(take_step(&s, 1), SLOPE_OK);
    assert_int_equal(s.evaluations, 5);
    assert_close("weight", s.weights[0], 8, 1e-15); /* 1/2, doubled four times */
}

static void stays_where_nothing_leads_down(void **state)
{
    (void)state;
    search s;
    begin(&s, lying, 3, NULL, no_settings, FLOAT64);
    double before[MOST];
    memcpy(before, s.weights, sizeof before);
    assert_int_equal(take_step(&s, 1), SLOPE_OK);
    assert_memory_equal(before, s.weights, sizeof before);
}

static void tells_why_the_objective_failed(void **state)
{
    (void)state;
    search s;
    begin(&s, rosenbrock, N, start, no_settings, FLOAT64);
    assert_int_equal(take_step(&s, 1), SLOPE_OK);
    double before[MOST];
    memcpy(before, s.weights, sizeof before);
    s.fail_after = s.evaluations;
    assert_int_equal(take_step(&s, 2), SLOPE_ERROR);
    assert_string_equal(s.host.text, "no more");
    assert_memory_equal(before, s.weights, sizeof before);
}

static void checks_its_shares_against_each_other(void **state)
{
    (void)state;
    search s;
    begin(&s, rosenbrock, N, start, (const setting[]){{"curvature", 1e-5}, {NULL, 0}}, FLOAT64);
    assert_int_equal(s.rule->plugin.check(&s.host.host, &s.config), SLOPE_ERROR);
    assert_string_equal(s.host.key, "sufficient_decrease");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_the_second_implementation_gives),
        cmocka_unit_test(every_step_keeps_the_strong_wolfe_conditions),
        cmocka_unit_test(finds_the_end_of_the_valley),
        cmocka_unit_test(finds_the_bottom_of_a_long_bowl),
        cmocka_unit_test(rests_where_it_is_least),
        cmocka_unit_test(comes_back_from_where_there_is_no_loss),
        cmocka_unit_test(takes_the_longest_step_it_tried_where_there_is_no_bottom),
        cmocka_unit_test(stays_where_nothing_leads_down),
        cmocka_unit_test(tells_why_the_objective_failed),
        cmocka_unit_test(checks_its_shares_against_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
