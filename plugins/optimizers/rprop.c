/* rprop: each weight has a step of its own, which grows while the gradient keeps its sign and
 * shrinks when it turns. Only signs count. For `batch_size: full`; noise turns signs at random.
 *
 *     g · p > 0:  s <- min(grow · s, max_step)
 *     g · p < 0:  s <- max(shrink · s, min_step),  g <- 0     (p: the gradient of the step before)
 *     w <- w - s · sign(g),   p <- g                          (s starts at learning_rate, p at 0)
 *
 * M. Riedmiller and H. Braun, "A Direct Adaptive Method for Faster Backpropagation Learning: The
 * RPROP Algorithm", ICNN 1993, in the variant without taking a step back (iRprop-: C. Igel and M.
 * Hüsken, 2000). The formula of torch.optim.Rprop; etas = (shrink, grow), step_sizes = (min_step,
 * max_step). There a learning rate that a schedule changes has no effect; here the schedule's
 * factor scales s.
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, shrink, grow, min_step, max_step;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.01", SLOPE_POSITIVE, "length of the first step"),
    SLOPE_PARAM_NUMBER(config, shrink, "0.5", SLOPE_BETWEEN(0.0, 1.0),
                       "factor of a step when the gradient turns"),
    SLOPE_PARAM_NUMBER(config, grow, "1.2", SLOPE_AT_LEAST(1.0),
                       "factor of a step while the gradient keeps its sign"),
    SLOPE_PARAM_NUMBER(config, min_step, "1e-6", SLOPE_NOT_NEGATIVE, "shortest step"),
    SLOPE_PARAM_NUMBER(config, max_step, "50", SLOPE_POSITIVE, "longest step"),
};

static const slope_slot slots[] = {{"step", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"gradient_before", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status check(const slope_host *host, const void *config_)
{
    const config *c = config_;
    if (c->min_step <= c->max_step) return SLOPE_OK;
    return host->fail_key(host, "min_step", "must be at most max_step (%g)", c->max_step);
}

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real scale = (real)(call->learning_rate / c->learning_rate); /* the schedule's factor */
    const real start = (real)(call->step == 1 ? c->learning_rate : 0); /* the slot holds 0 then */
    const real shrink = (real)c->shrink, grow = (real)c->grow;
    const real shortest = (real)c->min_step, longest = (real)c->max_step;
    real *restrict w = call->weights, *restrict s = call->slots[0], *restrict p = call->slots[1];
    const real *restrict gradient = call->gradient;

    for (size_t i = 0; i < call->n; i++) {
        const real kept = gradient[i] * p[i];
        const real grown = kept > 0 ? grow : 1, factor = kept < 0 ? shrink : grown;
        const real size = (s[i] + start) * factor, capped = size > longest ? longest : size;
        const real g = kept < 0 ? 0 : gradient[i];
        const real down = g < 0 ? -1 : g, sign = g > 0 ? 1 : down; /* nan stays nan */
        s[i] = capped < shortest ? shortest : capped;
        w[i] -= scale * s[i] * sign;
        p[i] = g;
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "rprop", .version = "1.0",
               .summary = "a step for each weight, from the signs of its gradients",
               .description =
                   "p: the gradient before; s: a step for each weight, at first learning_rate\n"
                   "g * p > 0: s <- min(grow * s, max_step)\n"
                   "g * p < 0: s <- max(shrink * s, min_step), g <- 0\n"
                   "w <- w - s * sign(g), p <- g\n"
                   "Riedmiller and Braun 1993, Igel and Huesken 2000 (iRprop-); torch.optim.Rprop. "
                   "Meant for `batch_size: full`.",
               SLOPE_PARAMETERS(parameters, config), .check = check},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
