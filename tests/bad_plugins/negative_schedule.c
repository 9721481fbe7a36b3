/* negative_schedule: a line that ends below zero. `slope test`: "is finite and not negative". */
#include <slope/schedule.h>

static double factor(const slope_schedule_call *call)
{
    const uint64_t step = call->step < call->total_steps ? call->step : call->total_steps;
    return 0.9 - (double)step / (double)call->total_steps;
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "negative_schedule",
               .version = "1.0", .summary = "a schedule with a fault",
               .description = "Wrong on purpose."},
    .needs_total = true,
    .factor = factor,
};
