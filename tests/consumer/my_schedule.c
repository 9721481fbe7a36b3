/* my_schedule: a schedule as somebody outside this project would write it: the learning rate falls
 * with the square root of the steps,
 *
 *     factor = 1 / sqrt(1 + t / delay) */
#include <slope/schedule.h>

typedef struct config {
    int64_t delay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, delay, "100", SLOPE_AT_LEAST(1), "steps until it is 0.71"),
};

static double factor(const slope_schedule_call *call)
{
    const config *c = call->config;
    return 1 / sqrt(1 + (double)call->step / (double)c->delay);
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "my_schedule",
               .version = "0.1", .summary = "falls with the square root of the steps",
               .description = "factor = 1 / sqrt(1 + t / delay)",
               SLOPE_PARAMETERS(parameters, config)},
    .factor = factor,
};
