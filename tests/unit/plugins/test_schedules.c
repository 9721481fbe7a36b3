/* Tests of plugins/schedules against their formulas, computed by the C library, and of the powers
 * that they and the optimizers share (slope/arithmetic.h). */
#include "plugin_test.h"

static const double pi = 3.14159265358979323846;
static const precision both[] = {FLOAT32, FLOAT64};

typedef struct run {
    const slope_schedule *schedule;
    plugin_config config;
    uint64_t total, per_epoch;
} run;

static run open_schedule(const char *id, precision p, uint64_t total, uint64_t per_epoch)
{
    run r = {.schedule = open_plugin("schedules", id, p), .total = total, .per_epoch = per_epoch};
    set_defaults(&r.schedule->plugin, &r.config);
    return r;
}

static void set(run *r, const char *key, double value)
{
    set_parameter(&r->schedule->plugin, &r->config, key, value);
}

static double factor(const run *r, uint64_t step)
{
    const slope_schedule_call call = {.size = sizeof call,
                                      .config = &r->config,
                                      .step = step,
                                      .total_steps = r->total,
                                      .steps_per_epoch = r->per_epoch};
    return r->schedule->factor(&call);
}

static void constant_is_one(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const run r = open_schedule("constant", both[i], 0, 10);
        assert_false(r.schedule->needs_total);
        for (uint64_t t = 0; t < 1000; t += 7) assert_true(factor(&r, t) == 1);
        assert_true(factor(&r, UINT64_MAX) == 1);
    }
}

static void step_drops_at_whole_epochs_or_steps(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        run r = open_schedule("step", both[i], 0, 10);
        assert_false(r.schedule->needs_total);
        assert_true(factor(&r, 0) == 1 && factor(&r, 49) == 1); /* default: 0.1 every 5 epochs */
        assert_true(factor(&r, 50) == 0.1 && factor(&r, 99) == 0.1);
        set(&r, "step_size", 3);
        set(&r, "gamma", 0.5);
        for (uint64_t t = 0; t < 500; t++) {
            assert_true(factor(&r, t) == ldexp(1, -(int)(t / 30)));
        }
        set(&r, "unit", 1);
        for (uint64_t t = 0; t < 500; t++) assert_true(factor(&r, t) == ldexp(1, -(int)(t / 3)));
        assert_true(factor(&r, UINT64_MAX) == 0);
    }
}

static void exponential_shrinks_each_epoch_or_step(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        run r = open_schedule("exponential", both[i], 0, 10);
        assert_false(r.schedule->needs_total);
        assert_true(factor(&r, 9) == 1 && factor(&r, 10) == 0.9); /* default: 0.9 each epoch */
        set(&r, "gamma", 0.96875);
        for (uint64_t t = 0; t < 3000; t++) {
            assert_close("epochs", factor(&r, t), pow(0.96875, (double)(t / 10)), 1e-15);
        }
        set(&r, "unit", 1);
        for (uint64_t t = 0; t < 300; t++) {
            assert_close("steps", factor(&r, t), pow(0.96875, (double)t), 1e-15);
        }
        assert_true(factor(&r, UINT64_MAX) == 0);
        set(&r, "gamma", 1);
        assert_true(factor(&r, UINT64_MAX) == 1);
    }
}

static void cosine_follows_the_cosine(void **state)
{
    (void)state;
    const uint64_t totals[] = {1, 2, 3, 7, 40, 1000, 4690, UINT64_C(1) << 40};
    for (size_t k = 0; k < 2 * sizeof totals / sizeof totals[0]; k++) {
        const uint64_t total = totals[k / 2];
        run r = open_schedule("cosine", both[k % 2], total, 10);
        assert_true(r.schedule->needs_total);
        double before = 1;
        for (uint64_t i = 0; i <= 1000; i++) {
            const uint64_t t = total <= 1000 ? (i < total ? i : total) : total / 1000 * i;
            const double wanted = (1 + cos(pi * (double)t / (double)total)) / 2,
                         got = factor(&r, t);
            assert_close("cosine", got, wanted, 4e-16);
            assert_true(got >= 0 && got <= before); /* never rises */
            before = got;
        }
        assert_true(factor(&r, 0) == 1);
        assert_true(factor(&r, total) == 0 && factor(&r, UINT64_MAX) == 0);
        if (total % 2 == 0) assert_close("half way", factor(&r, total / 2), 0.5, 2e-16);
    }
}

static void cosine_ends_at_min_factor(void **state)
{
    (void)state;
    run r = open_schedule("cosine", FLOAT64, 40, 10);
    set(&r, "min_factor", 0.125);
    for (uint64_t t = 0; t <= 40; t++) {
        const double wanted = 0.125 + 0.875 * (1 + cos(pi * (double)t / 40)) / 2;
        assert_close("cosine", factor(&r, t), wanted, 4e-16);
    }
    assert_true(factor(&r, 0) == 1);
    assert_true(factor(&r, 40) == 0.125 && factor(&r, 41) == 0.125);
}

/* torch.optim.lr_scheduler of PyTorch 1.13.0 with lr = 1, each stepped t times:
 * StepLR(step_size=3, gamma=0.3), ExponentialLR(gamma=0.9), CosineAnnealingLR(T_max=12,
 * eta_min=0.1). */
static void gives_what_pytorch_gives(void **state)
{
    (void)state;
    static const struct {
        uint64_t t;
        double step, exponential, cosine;
    } wanted[] = {
        {0, 1.0, 1.0, 1.0},
        {1, 1.0, 0.9, 0.9846666218300807},
        {2, 1.0, 0.81, 0.9397114317029974},
        {3, 0.3, 0.7290000000000001, 0.8681980515339462},
        {5, 0.3, 0.5904900000000002, 0.6664685702961343},
        {6, 0.09, 0.5314410000000002, 0.5499999999999999},
        {8, 0.09, 0.43046721000000016, 0.3250000000000001},
        {9, 0.027, 0.38742048900000015, 0.23180194846605368},
        {11, 0.027, 0.31381059609000017, 0.11533337816991932},
        {12, 0.0081, 0.28242953648100017, 0.1},
    };
    run step = open_schedule("step", FLOAT64, 0, 1);
    set(&step, "step_size", 3);
    set(&step, "gamma", 0.3);
    run exponential = open_schedule("exponential", FLOAT64, 0, 1);
    run cosine = open_schedule("cosine", FLOAT64, 12, 1);
    set(&cosine, "min_factor", 0.1);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_close("step", factor(&step, wanted[i].t), wanted[i].step, 1e-15);
        assert_close("exponential", factor(&exponential, wanted[i].t), wanted[i].exponential,
                     1e-15);
        assert_close("cosine", factor(&cosine, wanted[i].t), wanted[i].cosine, 1e-15);
    }
}

static void powers(void **state)
{
    (void)state;
    assert_true(slope_power(0, 0) == 1 && slope_power(0, 5) == 0);
    assert_true(slope_power(1, UINT64_MAX) == 1 && slope_power(0.9, UINT64_MAX) == 0);
    assert_true(slope_power(3, 20) == 3486784401.0 && slope_power(2, 1023) == 0x1p1023);
    assert_true(slope_power(0.5, 1074) == 0x1p-1074);
    const double bases[] = {0.1, 0.75, 0.9, 0.99, 0.999, 0.9999};
    for (size_t b = 0; b < sizeof bases / sizeof bases[0]; b++) {
        for (uint64_t n = 0; n < 2000; n += 1 + n / 40) {
            const double wanted = pow(bases[b], (double)n);
            if (wanted < 1e-290) break; /* subnormal numbers have fewer digits */
            assert_close("power", slope_power(bases[b], n) / wanted, 1, 1e-12);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_is_one),
        cmocka_unit_test(step_drops_at_whole_epochs_or_steps),
        cmocka_unit_test(exponential_shrinks_each_epoch_or_step),
        cmocka_unit_test(cosine_follows_the_cosine),
        cmocka_unit_test(cosine_ends_at_min_factor),
        cmocka_unit_test(gives_what_pytorch_gives),
        cmocka_unit_test(powers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
