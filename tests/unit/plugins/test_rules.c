/* Tests of the update rules that PyTorch lacks, against second implementations in NumPy over thirty
 * steps of a small problem, and of what is particular to some of them.
 *
 * The wanted numbers stand in reference_rules.h; reference_rules.py, which made them, states the
 * problem a second time. That slices give the bits of one call, and that state lives in slots, is
 * tested for all rules in conformance/. */
#include "plugin_test.h"

enum { WEIGHTS = 5, STEPS = 30, SNAPSHOTS = 3, SLOTS = 8 };
static const uint64_t snapshots[SNAPSHOTS] = {1, 7, 30};

typedef struct setting {
    const char *key; /* NULL after the last */
    double value;
} setting;

typedef struct reference {
    const char *id;
    setting settings[8];
    double weights[SNAPSHOTS][WEIGHTS];
    double solution[SNAPSHOTS][WEIGHTS];
} reference;

#include "reference_rules.h"

enum { REFERENCES = sizeof references / sizeof references[0] };

/* ---- The problem ----------------------------------------------------------------------------- */

static const double start[WEIGHTS] = {1.0, -0.5, 0.25, 3.0, -2.0};
static const double pull[WEIGHTS] = {1.0, 0.5, 4.0, 0.03125, 0.0};
static const double place[WEIGHTS] = {-1.0, 2.0, 0.125, 0.5, 0.0};

static double force(size_t i, double w, uint64_t step)
{
    if (i == WEIGHTS - 1) return 0; /* a weight that nothing pulls */
    const double shake = ((double)((7 * i + 3 * step) % 11) - 5) / 8;
    return pull[i] * (w - place[i]) + w / (1 + w * w) + shake;
}

static double made_up_loss(uint64_t step)
{
    return 1 + (double)(5 * step % 7) / 4;
}

static double warmup(uint64_t step)
{
    return step < 4 ? (double)step / 4 : 1;
}

/* A rule at work: everything that the host would own. */
typedef struct trial {
    const slope_optimizer *rule;
    plugin_config config;
    double learning_rate;
    precision p;
    double weights[WEIGHTS], gradient[WEIGHTS], memory[SLOTS][WEIGHTS];
    void *slots[SLOTS];
    call_host host;
} trial;

static void begin(trial *t, const char *id, const setting *settings, precision p)
{
    *t = (trial){.rule = open_plugin("optimizers", id, p), .p = p, .learning_rate = 1};
    assert_true(t->rule->slot_count <= SLOTS);
    set_defaults(&t->rule->plugin, &t->config);
    for (const setting *s = settings; s->key; s++)
        set_parameter(&t->rule->plugin, &t->config, s->key, s->value);
    for (uint32_t i = 0; i < t->rule->plugin.parameter_count; i++) {
        const slope_parameter *at = &t->rule->plugin.parameters[i];
        if (strcmp(at->key, "learning_rate") == 0)
            memcpy(&t->learning_rate, t->config.bytes + at->offset, sizeof t->learning_rate);
    }
    for (size_t s = 0; s < SLOTS; s++) t->slots[s] = t->memory[s];
    for (size_t i = 0; i < WEIGHTS; i++) set_element(p, t->weights, i, start[i]);
    call_host_init(&t->host, p, 1);
}

static slope_update make_call(trial *t, uint64_t step)
{
    return (slope_update){.size = sizeof(slope_update),
                          .host = &t->host.host,
                          .config = &t->config,
                          .n = WEIGHTS,
                          .weights = t->weights,
                          .gradient = t->gradient,
                          .slots = t->slots,
                          .step = step,
                          .learning_rate = t->learning_rate * warmup(step),
                          .loss = made_up_loss(step)};
}

static void take_step(trial *t, uint64_t step)
{
    const slope_update call = make_call(t, step);
    if (t->rule->begin) assert_int_equal(t->rule->begin(&call), SLOPE_OK);
    assert_int_equal(t->rule->update(&call), SLOPE_OK);
}

static void compute_gradient(trial *t, uint64_t step)
{
    for (size_t i = 0; i < WEIGHTS; i++)
        set_element(t->p, t->gradient, i, force(i, element(t->p, t->weights, i), step));
}

static void solve(trial *t, uint64_t step, double out[WEIGHTS])
{
    slope_update call = make_call(t, step);
    call.gradient = NULL;
    if (t->rule->solution)
        t->rule->solution(&call, out);
    else
        memcpy(out, t->weights, sizeof t->weights);
}

/* ---- Against NumPy --------------------------------------------------------------------------- */

static void compare(const reference *r, precision p, double tolerance)
{
    trial t;
    size_t seen = 0;
    begin(&t, r->id, r->settings, p);
    for (uint64_t step = 1; step <= STEPS; step++) {
        compute_gradient(&t, step);
        take_step(&t, step);
        if (step != snapshots[seen]) continue;
        double solution[WEIGHTS];
        solve(&t, step, solution);
        for (size_t i = 0; i < WEIGHTS; i++) {
            char what[128];
            snprintf(what, sizeof what, "references[%d] %s float%d: step %d, weight %zu",
                     (int)(r - references), r->id, p == FLOAT64 ? 64 : 32, (int)step, i);
            assert_close(what, element(p, t.weights, i), r->weights[seen][i], tolerance);
            assert_close(what, element(p, solution, i), r->solution[seen][i], tolerance);
        }
        seen++;
    }
    assert_int_equal(seen, SNAPSHOTS);
}

static void gives_what_the_second_implementation_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFERENCES; i++) compare(&references[i], FLOAT64, 1e-13);
}

static void float32_gives_the_same_within_its_rounding(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFERENCES; i++) compare(&references[i], FLOAT32, 2e-5);
}

static void learning_rate_of_the_call_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFERENCES; i++) {
        trial t;
        begin(&t, references[i].id, references[i].settings, FLOAT64);
        t.learning_rate = 0; /* a schedule may say so */
        for (uint64_t step = 1; step <= 3; step++) {
            compute_gradient(&t, step);
            take_step(&t, step);
        }
        assert_memory_equal(t.weights, start, sizeof start);
    }
}

static void a_gradient_that_is_no_number_is_not_hidden(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFERENCES; i++) {
        trial t;
        begin(&t, references[i].id, references[i].settings, FLOAT64);
        compute_gradient(&t, 1);
        set_element(FLOAT64, t.gradient, 2, NAN);
        take_step(&t, 1);
        assert_true(isnan(t.weights[2]));
    }
}

/* ---- What is particular ---------------------------------------------------------------------- */

static const setting no_settings[] = {{NULL, 0}};

static void steps_that_have_no_length_are_not_taken(void **state)
{
    (void)state;
    static const char *const ids[] = {"polyak", "dog", "prodigy", "lars", "lamb"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        trial t;
        begin(&t, ids[i], no_settings, FLOAT64);
        if (i == 4) set_parameter(&t.rule->plugin, &t.config, "weight_decay", 0);
        for (uint64_t step = 1; step <= 3; step++) take_step(&t, step); /* the gradient is 0 */
        assert_memory_equal(t.weights, start, sizeof start);
    }
}

/* At a loss that is already below the least one there is no step, and none uphill. */
static void polyak_stays_below_its_optimum(void **state)
{
    (void)state;
    trial t;
    begin(&t, "polyak", (const setting[]){{"optimal_loss", 100}, {NULL, 0}}, FLOAT64);
    compute_gradient(&t, 1);
    take_step(&t, 1);
    assert_memory_equal(t.weights, start, sizeof start);
}

/* On f = |w|² with its least value known, the step is half the way each time. */
static void polyak_halves_the_distance_on_a_bowl(void **state)
{
    (void)state;
    trial t;
    begin(&t, "polyak", no_settings, FLOAT64);
    for (int k = 1; k <= 20; k++) {
        slope_update call = make_call(&t, 10);
        call.loss = 0;
        for (size_t i = 0; i < WEIGHTS; i++) {
            call.loss += t.weights[i] * t.weights[i];
            t.gradient[i] = 2 * t.weights[i];
        }
        assert_int_equal(t.rule->begin(&call), SLOPE_OK);
        assert_int_equal(t.rule->update(&call), SLOPE_OK);
        for (size_t i = 0; i < WEIGHTS; i++)
            assert_close("weight", t.weights[i], ldexp(start[i], -k), 1e-15);
    }
}

/* A tensor of zeros, such as a bias at its start, must be able to leave 0. */
static void rules_by_norm_leave_zero(void **state)
{
    (void)state;
    static const char *const ids[] = {"lars", "lamb"};
    for (size_t i = 0; i < 2; i++) {
        trial t;
        begin(&t, ids[i], no_settings, FLOAT64);
        memset(t.weights, 0, sizeof t.weights);
        compute_gradient(&t, 4);
        take_step(&t, 4);
        for (size_t w = 0; w < WEIGHTS - 1; w++) assert_true(t.weights[w] != 0);
    }
}

/* With a constant learning rate x is the plain mean of all z. */
static void schedule_free_averages_what_it_visited(void **state)
{
    (void)state;
    trial t;
    double sums[WEIGHTS] = {0}, solution[WEIGHTS];
    begin(&t, "schedule_free_sgd", (const setting[]){{"learning_rate", 0.125}, {NULL, 0}}, FLOAT64);
    solve(&t, 0, solution);
    assert_memory_equal(solution, start, sizeof start);
    for (uint64_t step = 1; step <= 9; step++) {
        compute_gradient(&t, step);
        slope_update call = make_call(&t, step);
        call.learning_rate = 0.125;
        assert_int_equal(t.rule->begin(&call), SLOPE_OK);
        assert_int_equal(t.rule->update(&call), SLOPE_OK);
        solve(&t, step, solution);
        for (size_t i = 0; i < WEIGHTS; i++) {
            sums[i] += t.memory[0][i];
            assert_close("mean of z", solution[i], sums[i] / (double)step, 1e-14);
        }
    }
}

/* Far from the goal, both find steps of the right size by themselves. */
static void parameter_free_rules_get_there(void **state)
{
    (void)state;
    static const char *const ids[] = {"dog", "prodigy"};
    for (size_t i = 0; i < 2; i++) {
        trial t;
        begin(&t, ids[i], no_settings, FLOAT64);
        for (uint64_t step = 1; step <= 3000; step++) {
            for (size_t w = 0; w < WEIGHTS; w++) t.gradient[w] = t.weights[w] - 40;
            take_step(&t, step);
        }
        for (size_t w = 0; w < WEIGHTS; w++) assert_true(fabs(t.weights[w] - 40) < 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_the_second_implementation_gives),
        cmocka_unit_test(float32_gives_the_same_within_its_rounding),
        cmocka_unit_test(learning_rate_of_the_call_counts),
        cmocka_unit_test(a_gradient_that_is_no_number_is_not_hidden),
        cmocka_unit_test(steps_that_have_no_length_are_not_taken),
        cmocka_unit_test(polyak_stays_below_its_optimum),
        cmocka_unit_test(polyak_halves_the_distance_on_a_bowl),
        cmocka_unit_test(rules_by_norm_leave_zero),
        cmocka_unit_test(schedule_free_averages_what_it_visited),
        cmocka_unit_test(parameter_free_rules_get_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
