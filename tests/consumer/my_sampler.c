/* my_sampler: a sampler as somebody outside this project would write it, which looks at results:
 * random search that closes in on the best trial so far. In round k, a trial lies
 *
 *     within shrink^k / 2 of the best one,    a choice is the best one's with probability
 *                                             1 - shrink^k
 *
 * and one in four anywhere, lest it be caught where the first round happened to look. */
#include <slope/sampler.h>

typedef struct config {
    int64_t round;
    double shrink;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, round, "16", SLOPE_AT_LEAST(2), "trials that are placed at a time"),
    SLOPE_PARAM_NUMBER(config, shrink, "0.5", SLOPE_IN_0_1,
                       "how much nearer to the best each round is than the one before"),
};

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    (void)call;
    *result = UINT64_MAX;
    return SLOPE_OK;
}

/* The point of the best trial; NULL if none has come to anything. */
static const double *best_point(const slope_sampler_call *call)
{
    const double *best = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < call->finished_count; ++i)
        if (call->finished_values[i] < least) { /* never of nan */
            least = call->finished_values[i];
            best = call->finished_points + i * call->dimension_count;
        }
    return best;
}

/* Number `draw` of the trial, uniform in [0, 1). */
static double uniform(const slope_sampler_call *call, uint64_t trial, uint64_t draw)
{
    double u;
    call->host->uniform(call->host, SLOPE_FOR_SAMPLES, draw, trial, 1, &u);
    return u;
}

static double place(const slope_sampler_call *call, uint64_t trial, size_t d, double best,
                    double width)
{
    const double choices = (double)slope_dimension_at(call, d)->choices;
    const double u = uniform(call, trial, 2 * d + 1), coin = uniform(call, trial, 2 * d + 2);
    if (choices > 0) return coin < width ? floor(u * choices) : best;
    const double at = best + (u - 0.5) * width;
    return at < 0 || at >= 1 ? u : at; /* out of the range: anywhere */
}

static slope_status sample(const slope_sampler_call *call)
{
    const config *c = call->config;
    const double *best = best_point(call);
    const uint64_t rounds = call->finished_count / (uint64_t)c->round;
    double near = 1;
    for (uint64_t k = 0; k < rounds; ++k) near *= c->shrink;
    for (size_t i = 0; i < call->count; ++i) {
        const uint64_t trial = call->first + i;
        const bool anywhere = best == NULL || uniform(call, trial, 0) < 0.25;
        for (size_t d = 0; d < call->dimension_count; ++d)
            call->points[i * call->dimension_count + d] =
                anywhere ? place(call, trial, d, 0.5, 1) : place(call, trial, d, best[d], near);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SLOPE_HEAD(slope_sampler, SLOPE_KIND_SAMPLER), .id = "my_sampler", .version = "0.1",
               .summary = "random search that closes in on the best so far",
               .description = "place = best + (u - 1/2) * shrink^k in round k",
               SLOPE_PARAMETERS(parameters, config)},
    .needs_count = true,
    .round_parameter = "round",
    .count = count,
    .sample = sample,
};
