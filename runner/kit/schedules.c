/* kit/schedules.c: what every schedule must keep to, over short and long horizons. */
#include "kit/private.h"

#include "slope/schedule.h"

static double factor_of(const slope_plugin *about, const void *config, uint64_t step,
                        uint64_t total, uint64_t per_epoch)
{
    const slope_schedule_call call = {.size = sizeof call,
                                      .config = config,
                                      .step = step,
                                      .total_steps = total,
                                      .steps_per_epoch = per_epoch};
    return ((const slope_schedule *)about)->factor(&call);
}

/* Calls `look` for many steps of short and long runs. */
static void walk(const subject *s, const void *config, void *argument,
                 void (*look)(void *argument, double factor, uint64_t step, uint64_t total))
{
    const slope_schedule *schedule = (const slope_schedule *)s->about;
    const uint64_t totals[] = {0, 1, 2, 10, 1000, 12345}, epochs[] = {1, 7, 469};
    for (size_t t = schedule->needs_total ? 1 : 0; t < sizeof totals / sizeof *totals; ++t)
        for (size_t e = 0; e < sizeof epochs / sizeof *epochs; ++e)
            for (uint64_t step = 0; step < totals[t] + 20; ++step)
                look(argument, factor_of(s->about, config, step, totals[t], epochs[e]), step,
                     totals[t]);
    const uint64_t far = UINT64_C(1) << 40, total = schedule->needs_total ? far : 0;
    look(argument, factor_of(s->about, config, far - 1, total, 1000), far - 1, total);
}

static void add_to_trace(void *argument, double factor, uint64_t step, uint64_t total)
{
    (void)step, (void)total;
    trace_bytes(argument, &factor, sizeof factor);
}

void exercise_schedule(const subject *s, const void *config, trace *out)
{
    walk(s, config, out, add_to_trace);
}

static void judge_factor(void *argument, double factor, uint64_t step, uint64_t total)
{
    (void)argument;
    if (!isfinite(factor))
        kit_fail("step %llu of %llu: %g is not finite", (unsigned long long)step,
                 (unsigned long long)total, factor);
    if (factor < 0)
        kit_fail("step %llu of %llu: %g is negative", (unsigned long long)step,
                 (unsigned long long)total, factor);
}

static void factors(const subject *s, const void *config)
{
    walk(s, config, NULL, judge_factor);
}

static void finite_and_not_negative(subject *s)
{
    with_every_config(s, factors);
}

static void last_value(const subject *s, const void *config)
{
    const slope_schedule *schedule = (const slope_schedule *)s->about;
    if (!schedule->needs_total) kit_skip("it does not depend on the length of the run");
    const uint64_t totals[] = {1, 10, 12345}, beyond[] = {1, 100, 1000000};
    for (size_t t = 0; t < sizeof totals / sizeof *totals; ++t)
        for (size_t b = 0; b < sizeof beyond / sizeof *beyond; ++b)
            if (factor_of(s->about, config, totals[t], totals[t], 7) !=
                factor_of(s->about, config, totals[t] + beyond[b], totals[t], 7))
                kit_fail("it changes after the last step of %llu", (unsigned long long)totals[t]);
}

static void stays_at_its_last_value(subject *s)
{
    with_every_config(s, last_value);
}

static void both(const subject *s, const void *config)
{
    subject other;
    trace one = {.memory = s->memory}, two = {.memory = s->memory};
    if (!other_precision(s, &other)) return;
    exercise_schedule(s, config, &one);
    exercise_schedule(&other, config, &two);
    if (!trace_same(&one, &two))
        kit_fail("its halves for float32 and float64 give other factors: compute in double");
}

static void precisions_agree(subject *s)
{
    if (s->halves[FLOAT64] == NULL)
        kit_skip("it is compiled for float32 only (`slope compile` makes both)");
    with_every_config(s, both);
}

const kit_check schedule_checks[] = {
    {"is finite and not negative", finite_and_not_negative, STANDS_ALONE},
    {"stays at its last value", stays_at_its_last_value, COMPARES},
    {"precisions agree", precisions_agree, COMPARES},
    {NULL, NULL, STANDS_ALONE},
};
