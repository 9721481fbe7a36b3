/* slope/sampler.h: the contract of a sampler: which points of a sweep's space are tried.
 *
 * The host reads the space from the experiment (`sweep:`) and cuts it into dimensions: a list of
 * values to choose from, or a continuous range. A sampler places trial after trial in it and knows
 * nothing of what the values mean. It is a pure function of its parameters, the seed, the space and
 * the trials that are finished: asked again, on another day or after a crash, it says the same.
 *
 * Training, comparing and stopping trials is not its business (see pruner.h for the last).
 * Since 1.2.
 */
#ifndef SLOPE_SAMPLER_H
#define SLOPE_SAMPLER_H

#include "host.h"

#define SLOPE_NO_PARENT SIZE_MAX

/* One dimension of the space. */
typedef struct slope_dimension {
    const char *path; /* what it sets, for messages: "optimizer.learning_rate" */
    uint64_t
        choices;   /* how many values there are to choose from, in order; 0: a continuous range */
    size_t parent; /* the dimension on whose choice it depends, one before it; SLOPE_NO_PARENT:
                      it is always there */
    uint64_t parent_choice; /* it is there when the parent, being there itself, has this choice */
} slope_dimension;

typedef struct slope_sampler_call {
    uint32_t size;
    const slope_host *host;
    const void *config;
    uint64_t seed;   /* `sweep.seed`; host->uniform draws by the same */
    uint64_t wanted; /* `sweep.trials`; 0: not given */
    size_t dimension_count,
        dimension_size;                /* dimension_size: sizeof(slope_dimension) of the host */
    const slope_dimension *dimensions; /* read through slope_dimension_at() */

    /* Trials of earlier rounds, in order; none without `round_parameter`. */
    size_t finished_count;
    const double *finished_points; /* finished_count × dimension_count, as in `point` */
    const double *finished_values; /* of `sweep.metric`, turned so that smaller is better; NAN: the
                                      trial diverged or failed */

    /* Only in `sample`: */
    uint64_t trial; /* which one, from 0 */
    double *point; /* dimension_count, written: the number of a choice (0, 1, …), or the place in a
                      range, from 0 up to and without 1: the host knows bounds and scale. What is
                      written for a dimension that is not there does not matter */
} slope_sampler_call;

static inline const slope_dimension *slope_dimension_at(const slope_sampler_call *call, size_t i)
{
    return (const slope_dimension *)(const void *)((const char *)call->dimensions +
                                                   i * call->dimension_size);
}

/* For samplers that bring their own points, row by row, instead of placing them in a space. */
typedef struct slope_sampler_table slope_sampler_table;
struct slope_sampler_table {
    uint32_t size;
    const slope_host *host; /* with host->allocate, for what is written below */
    const void *config;

    /* Whole contents of a file, ended by a zero byte that is not counted, valid as long as what is
     * allocated. Fails with the reason already recorded. */
    slope_status (*load)(const slope_sampler_table *call, const char *path,
                         const unsigned char **bytes, size_t *count);

    /* Written by the sampler: */
    size_t rows, columns;
    const char *const *paths; /* columns: what each one sets, "optimizer.learning_rate" */
    const char *const *cells; /* rows × columns: YAML text; NULL: this row does not set it */
};

typedef struct slope_sampler {
    slope_plugin plugin;

    bool needs_count; /* has no end of its own: `sweep.trials` must say how many */

    /* NULL: all trials are placed before the first one runs. Otherwise the key of the integer
     * parameter that says how many are placed at a time; the next round sees the results. */
    const char *round_parameter;

    /* How many trials there are in all (`wanted` is the host's to apply). Fails where the space
     * does not suit the sampler, naming the dimension. Thread: any. */
    slope_status (*count)(const slope_sampler_call *call, uint64_t *count);

    /* Places trial `call->trial`. Thread: any. */
    slope_status (*sample)(const slope_sampler_call *call);

    /* Optional (NULL). The table becomes one more dimension, the last, with a choice for each row.
     * Thread: any. */
    slope_status (*table)(slope_sampler_table *call);
} slope_sampler;

#endif
