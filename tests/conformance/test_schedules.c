/* test_schedules.c: what every schedule must keep to, over short and long horizons. */
#include "conformance.h"

#include "slope/schedule.h"

static double factor_of(const slope_schedule *schedule, const void *config, uint64_t step,
                        uint64_t total, uint64_t per_epoch)
{
    const slope_schedule_call call = {.size = sizeof call,
                                      .config = config,
                                      .step = step,
                                      .total_steps = total,
                                      .steps_per_epoch = per_epoch};
    const double factor = schedule->factor(&call);
    const double again = schedule->factor(&call);
    if (!isfinite(factor))
        fail_msg("step %llu of %llu: %g is not finite", (unsigned long long)step,
                 (unsigned long long)total, factor);
    if (factor < 0)
        fail_msg("step %llu of %llu: %g: it is negative", (unsigned long long)step,
                 (unsigned long long)total, factor);
    if (memcmp(&factor, &again, sizeof factor) != 0)
        fail_msg("step %llu: it gives %.17g, then %.17g", (unsigned long long)step, factor, again);
    return factor;
}

static void one_config(const subject *s, const void *config)
{
    const slope_schedule *schedule = (const slope_schedule *)s->about;
    const slope_schedule *other =
        (const slope_schedule *)s->plugin->description[s->p == FLOAT32 ? FLOAT64 : FLOAT32];
    const uint64_t totals[] = {0, 1, 2, 10, 1000, 12345}, epochs[] = {1, 7, 469};
    for (size_t t = schedule->needs_total ? 1 : 0; t < sizeof totals / sizeof *totals; ++t) {
        for (size_t e = 0; e < sizeof epochs / sizeof *epochs; ++e) {
            const uint64_t total = totals[t];
            for (uint64_t step = 0; step < total + 20; ++step) {
                const double factor = factor_of(schedule, config, step, total, epochs[e]);
                if (other != NULL && factor != factor_of(other, config, step, total, epochs[e]))
                    fail_msg("step %llu: the two precisions differ", (unsigned long long)step);
            }
            const double last = factor_of(schedule, config, total, total, epochs[e]);
            if (schedule->needs_total &&
                last != factor_of(schedule, config, total + 1000000, total, epochs[e]))
                fail_msg("it changes after the last step");
        }
    }
    if (!schedule->needs_total) factor_of(schedule, config, UINT64_C(1) << 40, 0, 1);
}

static void every_schedule(void **state)
{
    with_every_config(*state, one_config);
}

int main(int argc, char **argv)
{
    return conformance_run(argc, argv, SLOPE_KIND_SCHEDULE, every_schedule);
}
