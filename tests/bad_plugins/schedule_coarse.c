/* schedule_coarse: computes in `real`, so that factors depend on the precision of the run. `slope
 * test`: "precisions agree". */
#include <slope/schedule.h>

static double factor(const slope_schedule_call *call)
{
    const real share = (real)call->step / (real)(call->step + 3);
    return 1 - (double)share;
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "schedule_coarse",
               .version = "1.0", .summary = "a schedule with a fault",
               .description = "Wrong on purpose."},
    .needs_total = false,
    .factor = factor,
};
