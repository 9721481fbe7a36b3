/* negative_schedule: a straight line that does not stop at zero. Loads without complaint; the
 * conformance tests must find it. */
#include <slope/schedule.h>

static double factor(const slope_schedule_call *call)
{
    return 1 - (double)call->step / (double)(call->total_steps + 1);
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "negative_schedule",
               .version = "1.0", .summary = "a line that goes below zero",
               .description = "Wrong on purpose."},
    .needs_total = true,
    .factor = factor,
};
