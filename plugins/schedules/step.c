/* step: the learning rate drops by a factor every so many epochs (or steps).
 *
 *     factor = gamma ^ floor(t / step_size),    t in epochs or in steps
 *
 * The staircase of K. He, X. Zhang, S. Ren and J. Sun, "Deep Residual Learning for Image
 * Recognition", CVPR 2016. The formula of torch.optim.lr_scheduler.StepLR.
 */
#include <slope/schedule.h>

enum { EPOCHS, STEPS };
static const char *const units[] = {[EPOCHS] = "epochs", [STEPS] = "steps", NULL};

typedef struct config {
    int64_t step_size, unit;
    double gamma;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, step_size, "5", SLOPE_AT_LEAST(1.0),
                        "how long the learning rate stays between two drops"),
    SLOPE_PARAM_CHOICE(config, unit, "epochs", units, "what step_size counts"),
    {.key = "gamma",
     .type = SLOPE_NUMBER,
     .offset = offsetof(config, gamma),
     .fallback = "0.1",
     .min = 0,
     .max = 1,
     .flags = SLOPE_MIN_OPEN,
     .doc = "factor of each drop"},
};

static double factor(const slope_schedule_call *call)
{
    const config *c = call->config;
    const uint64_t t = c->unit == EPOCHS ? call->step / call->steps_per_epoch : call->step;
    return slope_power(c->gamma, t / (uint64_t)c->step_size);
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "step", .version = "1.0",
               .summary = "the learning rate drops every so many epochs",
               .description = "factor = gamma ^ floor(t / step_size), t in epochs or steps\n"
                              "He et al. 2016; torch.optim.lr_scheduler.StepLR.",
               SLOPE_PARAMETERS(parameters, config)},
    .factor = factor,
};
