/* random: each trial anywhere in the space, independently of the others.
 *
 *     place in a range = u,    choice of n = floor(u · n),    u uniform in [0, 1)
 *
 * J. Bergstra and Y. Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012. The
 * number u of trial t in dimension d is a function of (seed, d, t) alone, so that more trials of
 * the same sweep leave the first ones where they are.
 */
#include <slope/sampler.h>

enum { BLOCK = 256 };

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    (void)call;
    *result = UINT64_MAX;
    return SLOPE_OK;
}

static slope_status sample(const slope_sampler_call *call)
{
    double u[BLOCK];
    const size_t dimensions = call->dimension_count;
    for (size_t d = 0; d < dimensions; ++d) {
        const double choices = (double)slope_dimension_at(call, d)->choices;
        for (size_t i = 0; i < call->count; i += BLOCK) {
            const size_t n = call->count - i < BLOCK ? call->count - i : BLOCK;
            call->host->uniform(call->host, SLOPE_FOR_SAMPLES, d, call->first + i, n, u);
            for (size_t k = 0; k < n; ++k)
                call->points[(i + k) * dimensions + d] = choices > 0 ? floor(u[k] * choices) : u[k];
        }
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SLOPE_HEAD(slope_sampler, SLOPE_KIND_SAMPLER), .id = "random", .version = "1.0",
               .summary = "each trial anywhere, independently of the others",
               .description = "place in a range = u, choice of n = floor(u * n), u uniform\n"
                              "Bergstra and Bengio 2012. More trials of the same sweep leave the "
                              "first ones where they are."},
    .needs_count = true,
    .count = count,
    .sample = sample,
};
