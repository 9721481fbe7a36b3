/* Tests of the rules that propose candidates: spsa and cma_es against second implementations in
 * NumPy, random_local_search by its definition. (random_search: test_optimizers.c.)
 *
 * The wanted numbers stand in reference_search.h; reference_search.py, which made them, states the
 * problem and the made-up random numbers a second time. */
#include "plugin_test.h"

enum { N = 6, SNAPSHOTS = 3, MOST = 13 };
static const uint64_t snapshots[SNAPSHOTS] = {1, 5, 40};

typedef struct setting {
    const char *key; /* NULL after the last */
    double value;
} setting;

typedef struct reference {
    const char *id;
    setting settings[8];
    double rows[SNAPSHOTS][N + 1];
} reference;

#include "reference_search.h"

enum { REFERENCES = sizeof references / sizeof references[0] };

/* ---- The problem ----------------------------------------------------------------------------- */

static const double start[N] = {1.0, -0.5, 0.25, 3.0, -2.0, 0.5};
static const double pull[N] = {1.0, 0.5, 4.0, 0.25, 2.0, 1.0};
static const double place[N] = {-1.0, 2.0, 0.125, 0.5, 0.0, 1.0};

static double objective(const double *w)
{
    double sum = 0;
    for (size_t i = 0; i < N; i++) sum += pull[i] * (w[i] - place[i]) * (w[i] - place[i]);
    return sum;
}

static uint64_t scrambled(uint64_t stream, uint64_t index)
{
    return (index * 37 + stream * 101 + index * index * stream * 7) % 64;
}

static void made_up_normal(const slope_host *host, slope_purpose purpose, uint64_t stream,
                           uint64_t first, size_t count, real *out)
{
    (void)host;
    assert_int_equal(purpose, SLOPE_FOR_CANDIDATES);
    for (size_t i = 0; i < count; i++)
        ((double *)out)[i] = ((double)scrambled(stream, first + i) - 31.5) / 18;
}

static void made_up_uniform(const slope_host *host, slope_purpose purpose, uint64_t stream,
                            uint64_t first, size_t count, double *out)
{
    (void)host;
    assert_int_equal(purpose, SLOPE_FOR_CANDIDATES);
    for (size_t i = 0; i < count; i++) out[i] = (double)scrambled(stream, first + i) / 64;
}

/* ---- A search at work ------------------------------------------------------------------------ */

typedef struct search {
    const slope_optimizer *rule;
    plugin_config config;
    call_host host;
    double learning_rate;
    size_t count;
    double candidates[MOST][N], weights[N], losses[MOST], memory[4][N];
    void *slots[4];
} search;

static void begin(search *s, const char *id, const setting *settings)
{
    *s = (search){.rule = open_plugin("optimizers", id, FLOAT64), .learning_rate = 1};
    const slope_plugin *plugin = &s->rule->plugin;
    assert_int_equal(s->rule->scope, SLOPE_SCOPE_POPULATION);
    set_defaults(plugin, &s->config);
    for (const setting *at = settings; at->key; at++)
        set_parameter(plugin, &s->config, at->key, at->value);
    for (uint32_t i = 0; i < plugin->parameter_count; i++) {
        const slope_parameter *p = &plugin->parameters[i];
        if (strcmp(p->key, "learning_rate") == 0)
            memcpy(&s->learning_rate, s->config.bytes + p->offset, sizeof s->learning_rate);
    }
    int64_t count;
    memcpy(&count, s->config.bytes + find_parameter(plugin, s->rule->count_parameter)->offset,
           sizeof count);
    assert_true(count <= MOST);
    s->count = (size_t)count;
    for (size_t i = 0; i < 4; i++) s->slots[i] = s->memory[i];
    memcpy(s->weights, start, sizeof start);
    call_host_init(&s->host, FLOAT64, 1);
    s->host.host.normal = made_up_normal;
    s->host.host.uniform = made_up_uniform;
}

/* One step; `losses` instead of the problem's, if not NULL. */
static void take_step(search *s, uint64_t step, const double *losses)
{
    void *candidates[MOST];
    for (size_t k = 0; k < s->count; k++) candidates[k] = s->candidates[k];
    slope_population call = {.size = sizeof call,
                             .host = &s->host.host,
                             .config = &s->config,
                             .n = N,
                             .count = s->count,
                             .candidates = candidates,
                             .weights = s->weights,
                             .slots = s->slots,
                             .step = step,
                             .learning_rate = s->learning_rate};
    assert_int_equal(s->rule->propose(&call), SLOPE_OK);
    for (size_t k = 0; k < s->count; k++)
        s->losses[k] = losses ? losses[k] : objective(s->candidates[k]);
    call.losses = s->losses;
    assert_int_equal(s->rule->select(&call), SLOPE_OK);
}

/* ---- Against NumPy --------------------------------------------------------------------------- */

static void gives_what_the_second_implementation_gives(void **state)
{
    (void)state;
    for (size_t r = 0; r < REFERENCES; r++) {
        search s;
        size_t seen = 0;
        begin(&s, references[r].id, references[r].settings);
        for (uint64_t step = 1; step <= snapshots[SNAPSHOTS - 1]; step++) {
            take_step(&s, step, NULL);
            if (step != snapshots[seen]) continue;
            char what[128];
            for (size_t i = 0; i < N; i++) {
                snprintf(what, sizeof what, "references[%d] %s: step %d, weight %zu", (int)r,
                         references[r].id, (int)step, i);
                assert_close(what, s.weights[i], references[r].rows[seen][i], 1e-12);
            }
            if (strcmp(references[r].id, "cma_es") == 0) /* the last slot is sigma */
                assert_close("sigma", *(double *)s.slots[3], references[r].rows[seen][N], 1e-12);
            seen++;
        }
        assert_int_equal(seen, SNAPSHOTS);
    }
}

static void a_schedule_scales_the_steps_of_spsa(void **state)
{
    (void)state;
    search s, half;
    const setting settings[] = {{"perturbation", 0.25}, {NULL, 0}};
    begin(&s, "spsa", settings);
    begin(&half, "spsa", settings);
    half.learning_rate /= 2;
    take_step(&s, 1, NULL);
    take_step(&half, 1, NULL);
    for (size_t i = 0; i < N; i++)
        assert_close("weight", half.weights[i] - start[i], (s.weights[i] - start[i]) / 2, 1e-15);
}

/* ---- Losses that are no numbers
 * ------------------------------------------------------------------ */

static void directions_without_a_loss_do_not_count(void **state)
{
    (void)state;
    search s;
    begin(&s, "spsa", (const setting[]){{"population", 4}, {NULL, 0}});
    const double none[] = {NAN, 1, INFINITY, 2}, one[] = {NAN, 1, 3, 2};
    take_step(&s, 1, none);
    assert_memory_equal(s.weights, start, sizeof start);
    take_step(&s, 2, one);
    for (size_t i = 0; i < N; i++) assert_true(isfinite(s.weights[i]) && s.weights[i] != start[i]);
}

static void cma_es_draws_in_where_too_few_have_a_loss(void **state)
{
    (void)state;
    search s;
    begin(&s, "cma_es", (const setting[]){{"population", 4}, {"sigma", 8}, {NULL, 0}});
    const double one[] = {NAN, 1, INFINITY, -INFINITY}, two[] = {NAN, 1, 2, -INFINITY};
    take_step(&s, 1, one);
    assert_memory_equal(s.weights, start, sizeof start);
    assert_true(*(double *)s.slots[3] == 4);
    take_step(&s, 2, two); /* the best half are the two that have one */
    assert_memory_not_equal(s.weights, start, sizeof start);
}

static void spsa_needs_an_even_population(void **state)
{
    (void)state;
    search s;
    begin(&s, "spsa", (const setting[]){{"population", 3}, {NULL, 0}});
    assert_int_equal(s.rule->plugin.check(&s.host.host, &s.config), SLOPE_ERROR);
    assert_string_equal(s.host.key, "population");
}

/* ---- Random local search
 * --------------------------------------------------------------------------- */

static void local_search_takes_steps_that_lead_down(void **state)
{
    (void)state;
    search s;
    double before[N];
    begin(&s, "random_local_search",
          (const setting[]){{"population", 4}, {"step_size", 0.5}, {NULL, 0}});
    take_step(&s, 1, NULL);
    assert_memory_equal(s.candidates[0], start, sizeof start); /* the loss to beat */
    for (size_t k = 1; k < 4; k++)
        for (size_t i = 0; i < N; i++) {
            const double z = ((double)scrambled(1, k * N + i) - 31.5) / 18;
            assert_close("candidate", s.candidates[k][i], start[i] + 0.5 * z, 1e-15);
        }
    for (uint64_t step = 2; step < 30; step++) {
        memcpy(before, s.weights, sizeof before);
        const double best = objective(before);
        take_step(&s, step, NULL);
        size_t winner = 4;
        for (size_t k = 0; k < 4; k++)
            if (s.losses[k] < best && (winner == 4 || s.losses[k] < s.losses[winner])) winner = k;
        assert_memory_equal(s.weights, winner < 4 ? s.candidates[winner] : before, sizeof before);
    }
    assert_true(objective(s.weights) < objective(start));
}

static void local_search_stays_where_nothing_is_better(void **state)
{
    (void)state;
    search s;
    begin(&s, "random_local_search", (const setting[]){{"population", 2}, {NULL, 0}});
    const double first[] = {5, 6}, later[] = {5, NAN};
    take_step(&s, 1, first);
    take_step(&s, 2, later);
    assert_memory_equal(s.weights, start, sizeof start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_the_second_implementation_gives),
        cmocka_unit_test(a_schedule_scales_the_steps_of_spsa),
        cmocka_unit_test(directions_without_a_loss_do_not_count),
        cmocka_unit_test(cma_es_draws_in_where_too_few_have_a_loss),
        cmocka_unit_test(spsa_needs_an_even_population),
        cmocka_unit_test(local_search_takes_steps_that_lead_down),
        cmocka_unit_test(local_search_stays_where_nothing_is_better),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
