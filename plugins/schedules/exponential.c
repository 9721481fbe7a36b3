/* exponential: the learning rate shrinks by the same factor after every epoch (or step).
 *
 *     factor = gamma ^ t,    t in whole epochs or in steps
 *
 * The formula of torch.optim.lr_scheduler.ExponentialLR.
 */
#include <slope/schedule.h>

enum { EPOCHS, STEPS };
static const char *const units[] = {[EPOCHS] = "epochs", [STEPS] = "steps", NULL};

typedef struct config {
    int64_t unit;
    double gamma;
} config;

static const slope_parameter parameters[] = {
    {.key = "gamma",
     .type = SLOPE_NUMBER,
     .offset = offsetof(config, gamma),
     .fallback = "0.9",
     .min = 0,
     .max = 1,
     .flags = SLOPE_MIN_OPEN,
     .doc = "factor after each epoch or step"},
    SLOPE_PARAM_CHOICE(config, unit, "epochs", units, "how often the factor is applied"),
};

static double factor(const slope_schedule_call *call)
{
    const config *c = call->config;
    const uint64_t t = c->unit == EPOCHS ? call->step / call->steps_per_epoch : call->step;
    return slope_power(c->gamma, t);
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "exponential",
               .version = "1.0",
               .summary = "the learning rate shrinks by a factor after every epoch",
               .description = "factor = gamma ^ t, t in whole epochs or steps\n"
                              "torch.optim.lr_scheduler.ExponentialLR.",
               SLOPE_PARAMETERS(parameters, config)},
    .factor = factor,
};
