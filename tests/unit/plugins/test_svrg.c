/* Tests of plugins/optimizers/svrg.c on a sum of parabolas, whose gradients are known: against the
 * formula written out again, exact convergence with a constant learning rate, and failures. */
#include "plugin_test.h"

enum { N = 3, PARTS = 5 };

/* f = mean over parts k of ½ Σ_i steep[k][i] (w_i - place[k][i])². */
static const double steep[PARTS][N] = {
    {1, 0.5, 2}, {0.25, 1, 1}, {2, 2, 0.5}, {1, 0.75, 1}, {0.5, 1.5, 0.25}};
static const double place[PARTS][N] = {{1, -2, 0}, {3, 0, 1}, {-1, 1, 2}, {0, 4, -3}, {2, 2, 2}};

static double part(size_t k, const double *w, double *g)
{
    double sum = 0;
    for (size_t i = 0; i < N; i++) {
        g[i] = steep[k][i] * (w[i] - place[k][i]);
        sum += 0.5 * g[i] * (w[i] - place[k][i]);
    }
    return sum;
}

static void mean(const double *w, double *g)
{
    for (size_t i = 0; i < N; i++) g[i] = 0;
    for (size_t k = 0; k < PARTS; k++) {
        double one[N];
        part(k, w, one);
        for (size_t i = 0; i < N; i++) g[i] += one[i] / PARTS;
    }
}

typedef struct descent {
    const slope_optimizer *rule;
    plugin_config config;
    call_host host;
    double learning_rate, weights[N], gradient[N], memory[3][N];
    uint64_t step;
    int whole, batches; /* objectives asked for */
    bool broken;
} descent;

static size_t part_of(uint64_t step)
{
    return (size_t)(step * 7 % PARTS);
}

static slope_status on_batch(const slope_host *host, const real *w, double *loss, real *g)
{
    descent *d = call_host_of(host)->context;
    d->batches++;
    *loss = part(part_of(d->step), w, g);
    return SLOPE_OK;
}

static slope_status on_all(const slope_host *host, const real *w, double *loss, real *g)
{
    descent *d = call_host_of(host)->context;
    if (d->broken) return (host->fail)(host, "no rows");
    d->whole++;
    *loss = 0;
    mean(w, g);
    return SLOPE_OK;
}

static void begin(descent *d, double learning_rate, int anchor_steps)
{
    *d = (descent){.rule = open_plugin("optimizers", "svrg", FLOAT64),
                   .learning_rate = learning_rate,
                   .weights = {4, -4, 4}};
    set_defaults(&d->rule->plugin, &d->config);
    set_parameter(&d->rule->plugin, &d->config, "anchor_steps", anchor_steps);
    call_host_init(&d->host, FLOAT64, 1);
    d->host.context = d;
}

static slope_status take_step(descent *d)
{
    void *slots[] = {d->memory[0], d->memory[1], d->memory[2]};
    d->step++;
    const double loss = part(part_of(d->step), d->weights, d->gradient);
    const slope_update call = {.size = sizeof call,
                               .host = &d->host.host,
                               .config = &d->config,
                               .n = N,
                               .weights = d->weights,
                               .gradient = d->gradient,
                               .slots = slots,
                               .step = d->step,
                               .learning_rate = d->learning_rate,
                               .loss = loss,
                               .objective = on_batch,
                               .full_objective = on_all};
    return d->rule->update(&call);
}

static void follows_its_formula(void **state)
{
    (void)state;
    descent d;
    double w[N] = {4, -4, 4}, anchor[N] = {0}, mu[N] = {0};
    begin(&d, 0.125, 4);
    for (uint64_t step = 1; step <= 10; step++) {
        double here[N], there[N];
        if (step == 1 || step == 5 || step == 9) {
            memcpy(anchor, w, sizeof w);
            mean(anchor, mu);
        }
        part(part_of(step), w, here);
        part(part_of(step), anchor, there);
        for (size_t i = 0; i < N; i++) w[i] -= 0.125 * (here[i] - there[i] + mu[i]);
        assert_int_equal(take_step(&d), SLOPE_OK);
        for (size_t i = 0; i < N; i++) assert_close("weight", d.weights[i], w[i], 1e-15);
    }
    assert_int_equal(d.whole, 3);
    assert_int_equal(d.batches, 10);
}

/* Plain descent on single parts would go round and round the solution for ever. */
static void converges_with_a_constant_learning_rate(void **state)
{
    (void)state;
    descent d;
    begin(&d, 0.2, 10);
    for (int step = 0; step < 600; step++) assert_int_equal(take_step(&d), SLOPE_OK);
    for (size_t i = 0; i < N; i++) {
        double weighted = 0, all = 0;
        for (size_t k = 0; k < PARTS; k++) {
            weighted += steep[k][i] * place[k][i];
            all += steep[k][i];
        }
        assert_close("solution", d.weights[i], weighted / all, 1e-12);
    }
}

static void passes_failures_on(void **state)
{
    (void)state;
    descent d;
    begin(&d, 0.2, 10);
    d.broken = true;
    assert_int_equal(take_step(&d), SLOPE_ERROR);
    assert_string_equal(d.host.text, "no rows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_its_formula),
        cmocka_unit_test(converges_with_a_constant_learning_rate),
        cmocka_unit_test(passes_failures_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
