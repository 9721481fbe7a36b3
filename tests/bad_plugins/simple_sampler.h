/* simple_sampler: random search without a fault, for the samplers of this folder to spoil. */
#ifndef SLOPE_TESTS_SIMPLE_SAMPLER_H
#define SLOPE_TESTS_SIMPLE_SAMPLER_H

#include <slope/sampler.h>

/* A uniform number as a place in dimension d: a choice, or itself. */
static inline double place_in(const slope_sampler_call *call, size_t d, double u)
{
    const double choices = (double)slope_dimension_at(call, d)->choices;
    return choices > 0 ? floor(u * choices) : u;
}

/* What trial number `trial` draws for dimension d. */
static inline double uniform(const slope_sampler_call *call, size_t d, uint64_t trial)
{
    double u;
    call->host->uniform(call->host, SLOPE_FOR_SAMPLES, d, trial, 1, &u);
    return u;
}

static inline slope_status no_end(const slope_sampler_call *call, uint64_t *result)
{
    (void)call;
    *result = UINT64_MAX;
    return SLOPE_OK;
}

#define SIMPLE_HEAD(id_) \
    SLOPE_HEAD(slope_sampler, SLOPE_KIND_SAMPLER), .id = id_, .version = "1.0", \
                                                   .summary = "a sampler with a fault", \
                                                   .description = "Wrong on purpose."

#endif
