/* Tests of plugins/optimizers: every rule that PyTorch has, against PyTorch, over thirty steps; the
 * promises of scope ELEMENT; random search by its definition.
 *
 * The wanted numbers stand in reference_optimizers.h; reference_optimizers.py, which made them,
 * states the problem a second time. */
#include "plugin_test.h"

enum { WEIGHTS = 5, STEPS = 30, SNAPSHOTS = 3, SLOTS = 4 };
static const uint64_t snapshots[SNAPSHOTS] = {1, 7, 30};

typedef struct setting {
    const char *key; /* NULL after the last */
    double value;
} setting;

typedef struct reference {
    const char *id;
    setting settings[8];
    double weights[SNAPSHOTS][WEIGHTS];
} reference;

#include "reference_optimizers.h"

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

/* A rule at work on many copies of the problem side by side, so that vector loops and their
 * remainders are both run. Everything that the host would own. */
typedef struct trial {
    const slope_optimizer *rule;
    plugin_config config;
    double learning_rate;
    precision p;
    size_t n;
    void *weights, *gradient, *slots[SLOTS];
} trial;

static void begin(trial *t, const char *id, const setting *settings, precision p, size_t n)
{
    *t = (trial){.rule = open_plugin("optimizers", id, p), .p = p, .n = n};
    assert_true(t->rule->slot_count <= SLOTS);
    set_defaults(&t->rule->plugin, &t->config);
    for (const setting *s = settings; s->key; s++) {
        set_parameter(&t->rule->plugin, &t->config, s->key, s->value);
    }
    const slope_parameter *rate = find_parameter(&t->rule->plugin, "learning_rate");
    memcpy(&t->learning_rate, t->config.bytes + rate->offset, sizeof t->learning_rate);
    t->weights = calloc(n, sizeof(double));
    t->gradient = calloc(n, sizeof(double));
    for (size_t s = 0; s < SLOTS; s++) t->slots[s] = calloc(n, sizeof(double));
    for (size_t i = 0; i < n; i++) set_element(p, t->weights, i, start[i % WEIGHTS]);
}

static void finish(trial *t)
{
    free(t->weights);
    free(t->gradient);
    for (size_t s = 0; s < SLOTS; s++) free(t->slots[s]);
}

/* Updates [first, first + n) alone. */
static void update_slice(trial *t, uint64_t step, size_t first, size_t n)
{
    const size_t shift = first * (t->p == FLOAT32 ? sizeof(float) : sizeof(double));
    call_host host;
    call_host_init(&host, t->p, 1);
    void *slots[SLOTS];
    for (size_t s = 0; s < SLOTS; s++) slots[s] = (char *)t->slots[s] + shift;
    const slope_update call = {.size = sizeof call,
                               .host = &host.host,
                               .config = &t->config,
                               .n = n,
                               .first = first,
                               .weights = (char *)t->weights + shift,
                               .gradient = (char *)t->gradient + shift,
                               .slots = slots,
                               .step = step,
                               .learning_rate = t->learning_rate};
    assert_int_equal(t->rule->update(&call), SLOPE_OK);
}

static void compute_gradient(trial *t, uint64_t step)
{
    for (size_t i = 0; i < t->n; i++) {
        const double w = element(t->p, t->weights, i);
        set_element(t->p, t->gradient, i, force(i % WEIGHTS, w, step));
    }
}

/* ---- Against PyTorch ------------------------------------------------------------------------- */

static void compare(const reference *r, precision p, double tolerance)
{
    trial t;
    begin(&t, r->id, r->settings, p, 7 * WEIGHTS);
    size_t seen = 0;
    for (uint64_t step = 1; step <= STEPS; step++) {
        compute_gradient(&t, step);
        update_slice(&t, step, 0, t.n);
        if (step != snapshots[seen]) continue;
        for (size_t i = 0; i < t.n; i++) {
            char what[128];
            snprintf(what, sizeof what, "references[%d] %s: step %d, weight %zu",
                     (int)(r - references), r->id, (int)step, i % WEIGHTS);
            assert_close(what, element(p, t.weights, i), r->weights[seen][i % WEIGHTS], tolerance);
        }
        seen++;
    }
    assert_int_equal(seen, SNAPSHOTS);
    finish(&t);
}

static void gives_what_pytorch_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFERENCES; i++) compare(&references[i], FLOAT64, 1e-14);
}

static void float32_gives_the_same_within_its_rounding(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFERENCES; i++) compare(&references[i], FLOAT32, 2e-5);
}

/* ---- Promises of scope ELEMENT --------------------------------------------------------------- */

static void any_slicing_gives_the_same_bits(void **state)
{
    (void)state;
    const size_t n = 61, cuts[] = {0, 1, 3, 20, 37, 61};
    for (int k = 0; k < 2 * REFERENCES; k++) {
        const reference *r = &references[k / 2];
        const precision p = k % 2 ? FLOAT64 : FLOAT32;
        trial whole, sliced;
        begin(&whole, r->id, r->settings, p, n);
        begin(&sliced, r->id, r->settings, p, n);
        assert_int_equal(whole.rule->scope, SLOPE_SCOPE_ELEMENT);
        for (uint64_t step = 1; step <= 5; step++) {
            compute_gradient(&whole, step);
            compute_gradient(&sliced, step);
            update_slice(&whole, step, 0, n);
            for (size_t c = 5; c-- > 0;) {
                update_slice(&sliced, step, cuts[c], cuts[c + 1] - cuts[c]);
            }
        }
        assert_memory_equal(whole.weights, sliced.weights, n * sizeof(double));
        for (size_t s = 0; s < SLOTS; s++) {
            assert_memory_equal(whole.slots[s], sliced.slots[s], n * sizeof(double));
        }
        finish(&whole);
        finish(&sliced);
    }
}

static void learning_rate_of_the_call_counts(void **state)
{
    (void)state;
    for (int i = 0; i < REFERENCES; i++) {
        trial t;
        begin(&t, references[i].id, references[i].settings, FLOAT64, WEIGHTS);
        t.learning_rate = 0; /* a schedule may say so */
        compute_gradient(&t, 1);
        update_slice(&t, 1, 0, WEIGHTS);
        assert_memory_equal(t.weights, start, sizeof start);
        finish(&t);
    }
}

static void a_gradient_that_is_no_number_is_not_hidden(void **state)
{
    (void)state;
    for (int i = 0; i < REFERENCES; i++) {
        trial t;
        begin(&t, references[i].id, references[i].settings, FLOAT64, WEIGHTS);
        compute_gradient(&t, 1);
        set_element(FLOAT64, t.gradient, 2, NAN);
        update_slice(&t, 1, 0, WEIGHTS);
        for (size_t w = 0; w < WEIGHTS; w++) {
            assert_int_equal(isnan(element(FLOAT64, t.weights, w)), w == 2);
        }
        finish(&t);
    }
}

/* Rounding makes the mean square a little less than the squared mean once a gradient has long been
 * constant; the root of that must not poison the weight. */
static void centered_rmsprop_survives_a_constant_gradient(void **state)
{
    (void)state;
    const setting settings[] = {{"centered", 1}, {"alpha", 0.5}, {NULL, 0}};
    trial t;
    begin(&t, "rmsprop", settings, FLOAT32, WEIGHTS);
    for (uint64_t step = 1; step <= 200; step++) {
        for (size_t i = 0; i < WEIGHTS; i++) {
            set_element(FLOAT32, t.gradient, i, 0.1 + 0.17 * (double)i);
        }
        update_slice(&t, step, 0, WEIGHTS);
    }
    for (size_t i = 0; i < WEIGHTS; i++) assert_true(isfinite(element(FLOAT32, t.weights, i)));
    finish(&t);
}

static void rprop_checks_its_bounds_against_each_other(void **state)
{
    (void)state;
    const setting no_settings[] = {{NULL, 0}};
    trial t;
    begin(&t, "rprop", no_settings, FLOAT64, WEIGHTS);
    const slope_plugin *plugin = &t.rule->plugin;
    call_host host;
    call_host_init(&host, FLOAT64, 1);
    assert_int_equal(plugin->check(&host.host, &t.config), SLOPE_OK);
    set_parameter(plugin, &t.config, "max_step", 0.25);
    set_parameter(plugin, &t.config, "min_step", 0.5);
    assert_int_equal(plugin->check(&host.host, &t.config), SLOPE_ERROR);
    assert_string_equal(host.key, "min_step");
    assert_string_equal(host.text, "must be at most max_step (0.25)");
    finish(&t);
}

/* ---- Random search --------------------------------------------------------------------------- */

enum { SPACE = 11, CANDIDATES = 3 };

typedef struct search {
    const slope_optimizer *rule;
    plugin_config config;
    call_host host;
    double memory[CANDIDATES][SPACE], weights[SPACE], best;
    void *candidates[CANDIDATES], *slots[1];
    slope_population call;
} search;

static void begin_search(search *s)
{
    *s = (search){.rule = open_plugin("optimizers", "random_search", FLOAT64)};
    set_defaults(&s->rule->plugin, &s->config);
    set_parameter(&s->rule->plugin, &s->config, "scale", 0.5);
    call_host_init(&s->host, FLOAT64, 7);
    for (int k = 0; k < CANDIDATES; k++) s->candidates[k] = s->memory[k];
    for (int i = 0; i < SPACE; i++) s->weights[i] = 100 + i;
    s->slots[0] = &s->best;
    s->call = (slope_population){.size = sizeof s->call,
                                 .host = &s->host.host,
                                 .config = &s->config,
                                 .n = SPACE,
                                 .count = CANDIDATES,
                                 .candidates = s->candidates,
                                 .weights = s->weights,
                                 .slots = s->slots,
                                 .step = 1};
}

static void search_step(search *s, uint64_t step, const double losses[CANDIDATES])
{
    s->call.step = step;
    s->call.losses = NULL;
    assert_int_equal(s->rule->propose(&s->call), SLOPE_OK);
    s->call.losses = losses;
    assert_int_equal(s->rule->select(&s->call), SLOPE_OK);
}

static void random_search_draws_scaled_normal_numbers(void **state)
{
    (void)state;
    search s;
    begin_search(&s);
    assert_int_equal(s.rule->scope, SLOPE_SCOPE_POPULATION);
    assert_string_equal(s.rule->count_parameter, "population");
    for (uint64_t step = 1; step <= 2; step++) {
        search_step(&s, step, (const double[]){NAN, NAN, NAN});
        double wanted[CANDIDATES * SPACE];
        s.host.host.normal(&s.host.host, SLOPE_FOR_CANDIDATES, step, 0, CANDIDATES * SPACE, wanted);
        for (int i = 0; i < CANDIDATES * SPACE; i++) {
            assert_true(s.memory[i / SPACE][i % SPACE] == 0.5 * wanted[i]);
        }
    }
}

static void random_search_keeps_the_best(void **state)
{
    (void)state;
    search s;
    begin_search(&s);
    double kept[SPACE];
    memcpy(kept, s.weights, sizeof kept);
    search_step(&s, 1, (const double[]){NAN, INFINITY, NAN}); /* none to be had */
    assert_memory_equal(s.weights, kept, sizeof kept);
    search_step(&s, 2, (const double[]){3, 2, NAN});
    assert_memory_equal(s.weights, s.memory[1], sizeof kept);
    memcpy(kept, s.weights, sizeof kept);
    search_step(&s, 3, (const double[]){2.5, NAN, 2}); /* as good is not better */
    assert_memory_equal(s.weights, kept, sizeof kept);
    search_step(&s, 4, (const double[]){1.5, -1, 0});
    assert_memory_equal(s.weights, s.memory[1], sizeof kept);
    assert_true(s.best == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_pytorch_gives),
        cmocka_unit_test(float32_gives_the_same_within_its_rounding),
        cmocka_unit_test(any_slicing_gives_the_same_bits),
        cmocka_unit_test(learning_rate_of_the_call_counts),
        cmocka_unit_test(a_gradient_that_is_no_number_is_not_hidden),
        cmocka_unit_test(centered_rmsprop_survives_a_constant_gradient),
        cmocka_unit_test(rprop_checks_its_bounds_against_each_other),
        cmocka_unit_test(random_search_draws_scaled_normal_numbers),
        cmocka_unit_test(random_search_keeps_the_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
