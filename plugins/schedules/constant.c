/* constant: the learning rate stays as it is. */
#include <slope/schedule.h>

static double factor(const slope_schedule_call *call)
{
    (void)call;
    return 1;
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "constant", .version = "1.0",
               .summary = "the learning rate stays as it is", .description = "factor = 1"},
    .factor = factor,
};
