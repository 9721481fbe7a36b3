/* my_rule: an update rule as somebody outside this project would write it, with nothing but the
 * installed headers. Gradient descent whose steps are a power of the gradient:
 *
 *     v <- decay * v + sign(g) * |g|^power
 *     w <- w - learning_rate * v
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, power, decay;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.01", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, power, "0.5", SLOPE_BETWEEN(0, 1), "0 gives signs, 1 the gradient"),
    SLOPE_PARAM_NUMBER(config, decay, "0.9", SLOPE_IN_0_1, "how much of the last step is kept"),
};

static const slope_slot slots[] = {{"velocity", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const real rate = (real)call->learning_rate, decay = (real)c->decay;
    real *w = call->weights, *v = call->slots[0];
    for (size_t i = 0; i < call->n; i++) {
        const double size = pow(fabs((double)call->gradient[i]), c->power);
        v[i] = decay * v[i] + (real)copysign(size, (double)call->gradient[i]);
        w[i] -= rate * v[i];
    }
    return SLOPE_OK;
}

static slope_status check(const slope_host *host, const void *config_)
{
    const config *c = config_;
    if (c->power == 0.0 && c->decay == 0.0)
        return host->fail_key(host, "power", "must be above 0 when decay is 0");
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "my_rule", .version = "0.1",
               .summary = "steps by a power of the gradient",
               .description = "v <- decay * v + sign(g) * |g|^power\n"
                              "w <- w - learning_rate * v",
               SLOPE_PARAMETERS(parameters, config), .check = check},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .update = update,
};
