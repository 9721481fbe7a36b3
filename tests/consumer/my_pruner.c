/* my_pruner: a pruner as somebody outside this project would write it: a trial goes that is far
 * behind the best of those that wait with it,
 *
 *     v_i > min_j v_j + slack · |min_j v_j| */
#include <slope/pruner.h>

typedef struct config {
    double slack;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, slack, "1", SLOPE_NOT_NEGATIVE,
                       "how far behind the best it may be, as a share of the best"),
};

static uint64_t rung(const slope_pruner_call *call)
{
    return (call->rung + 1) * call->steps_per_epoch;
}

static slope_status decide(const slope_pruner_call *call)
{
    const config *c = call->config;
    const size_t rungs = call->rung + 1;
    double best = INFINITY;
    for (size_t i = 0; i < call->count; ++i)
        best = fmin(best, call->values[i * rungs + call->rung]); /* fmin passes over nan */
    const double limit = isinf(best) ? best : best + c->slack * fabs(best);
    for (size_t i = 0; i < call->count; ++i) {
        const double value = call->values[i * rungs + call->rung];
        call->keep[i] = value <= limit || best == INFINITY; /* nobody has a number: nobody goes */
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_pruner) = {
    .plugin = {SLOPE_HEAD(slope_pruner, SLOPE_KIND_PRUNER), .id = "my_pruner", .version = "0.1",
               .summary = "ends trials that are far behind the best",
               .description = "trial i goes if v_i > min v + slack * |min v|",
               SLOPE_PARAMETERS(parameters, config)},
    .rung = rung,
    .decide = decide,
};
