/* starts_again: begins anew after the last step. `slope test`: "stays at its last value". */
#include <slope/schedule.h>

static double factor(const slope_schedule_call *call)
{
    const uint64_t period = call->total_steps + 1;
    return 1 - (double)(call->step % period) / (double)period;
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "starts_again",
               .version = "1.0", .summary = "a schedule with a fault",
               .description = "Wrong on purpose."},
    .needs_total = true,
    .factor = factor,
};
