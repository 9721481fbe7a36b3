/* cosine: the learning rate falls along half a cosine wave, from its full value to min_factor of
 * it.
 *
 *     factor = min_factor + (1 - min_factor) · (1 + cos(π t / T)) / 2,    t steps of T
 *
 * I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017,
 * its equation 5 without restarts. The formula of torch.optim.lr_scheduler.CosineAnnealingLR
 * stepped after every update, with eta_min = min_factor · learning_rate.
 */
#include <slope/schedule.h>

typedef struct config {
    double min_factor;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, min_factor, "0", SLOPE_BETWEEN(0.0, 1.0),
                       "factor at the end of the run"),
};

/* cos²(π/2 · done / total). The C library's cos differs between machines in its last bit, so the
 * cosine is summed from its Taylor series, or beyond π/4 from the sine's of the rest; both are good
 * to 1e-16 up to there. */
static double half_wave(uint64_t done, uint64_t total)
{
    const double half_pi = 1.5707963267948966;
    const bool near = done <= total - done;
    const double x = half_pi * ((double)(near ? done : total - done) / (double)total);
    double sum = 1; /* 1 - x²/(k(k-1)) (1 - …), from the last term to the first */
    for (int k = near ? 16 : 17; k > 1; k -= 2) sum = 1 - x * x / (k * (k - 1)) * sum;
    const double root = near ? sum : x * sum;
    return root * root;
}

static double factor(const slope_schedule_call *call)
{
    const config *c = call->config;
    if (call->step >= call->total_steps) return c->min_factor;
    return c->min_factor + (1 - c->min_factor) * half_wave(call->step, call->total_steps);
}

SLOPE_PLUGIN(slope_schedule) = {
    .plugin = {SLOPE_HEAD(slope_schedule, SLOPE_KIND_SCHEDULE), .id = "cosine", .version = "1.0",
               .summary = "the learning rate falls along half a cosine wave",
               .description = "factor = min_factor + (1 - min_factor) * (1 + cos(pi * t / T)) / 2\n"
                              "Loshchilov and Hutter 2017 (SGDR), without restarts; t steps of T, "
                              "so the run needs a limit in steps or epochs.",
               SLOPE_PARAMETERS(parameters, config)},
    .needs_total = true,
    .factor = factor,
};
