/* slope/sampler.h: the contract of a sampler: which points of a sweep's space are tried.
 *
 * The host reads the space from the experiment (`sweep:`) and cuts it into dimensions: a list of
 * values to choose from, or a continuous range. A sampler places trial after trial in it and knows
 * nothing of what the values mean. It is a pure function of its parameters, the seed, the space and
 * the trials that are finished: asked again, on another day or after a crash, it says the same.
 *
 * Training, comparing and stopping trials is not its business (see pruner.h for the last).
 */
#ifndef SLOPE_SAMPLER_H
#define SLOPE_SAMPLER_H

#include "host.h"

#define SLOPE_NO_PARENT SIZE_MAX

/* One dimension of the space. */
typedef struct slope_dimension {
    const char *path; /* what it sets, for messages: "optimizer.learning_rate" */
    uint64_t choices; /* how many values there are to choose from, in order; 0: a range of numbers,
                         of which any may be taken */
    size_t parent;    /* the dimension with choices on which it depends, one before it;
                         SLOPE_NO_PARENT: it is always there */
    uint64_t parent_choice; /* it is there when the parent, being there itself, has this choice */
} slope_dimension;

typedef struct slope_sampler_call {
    uint32_t size;
    const slope_host *host; /* host->allocate gives memory that lasts until the call returns */
    const void *config;
    uint64_t seed;   /* `sweep.seed`; host->uniform draws by the same */
    uint64_t wanted; /* `sweep.trials`; 0: not given */

    size_t dimension_count;
    size_t dimension_size;             /* sizeof(slope_dimension) as the host's compiler saw it */
    const slope_dimension *dimensions; /* read through slope_dimension_at() */

    /* Trials of earlier rounds, in order; none without `round_parameter`. */
    size_t finished_count;
    const double *finished_points; /* finished_count × dimension_count, as in `points`; 0 where a
                                      dimension is not there */
    const double *finished_values; /* of `sweep.metric`, turned so that smaller is better; NAN: the
                                      trial diverged or failed */

    /* Only in `sample`: */
    uint64_t first; /* number of the first trial that is asked for, from 0 */
    size_t count;   /* how many, at least 1 */
    double *points; /* count × dimension_count, written: the number of a choice (0, 1, …), or the
                       place in a range, from 0 up to and without 1: the host knows bounds and
                       scale. What is written for a dimension that is not there does not matter */
} slope_sampler_call;

static inline const slope_dimension *slope_dimension_at(const slope_sampler_call *call, size_t i)
{
    return (const slope_dimension *)(const void *)((const char *)call->dimensions +
                                                   i * call->dimension_size);
}

/* Whether dimension i is there in the point whose parts before i have been written. */
static inline bool slope_dimension_there(const slope_sampler_call *call, const double *point,
                                         size_t i)
{
    for (;;) {
        const slope_dimension *d = slope_dimension_at(call, i);
        if (d->parent == SLOPE_NO_PARENT) return true;
        if (point[d->parent] != (double)d->parent_choice) return false;
        i = d->parent;
    }
}

/* For samplers that bring their own points, row by row, instead of placing them in a space. */
typedef struct slope_sampler_table slope_sampler_table;
struct slope_sampler_table {
    uint32_t size;
    const slope_host *host; /* host->allocate gives memory that lasts as long as the table: what is
                               written below may lie in it */
    const void *config;

    /* Whole contents of a file, ended by a zero byte that is not counted; they last as long as the
     * table. Fails with the reason already recorded: return SLOPE_ERROR. */
    slope_status (*load)(const slope_sampler_table *call, const char *path,
                         const unsigned char **bytes, size_t *count);

    /* Written by the sampler: */
    size_t rows, columns;     /* both at least 1 */
    const char *const *paths; /* columns: what each one sets, "optimizer.learning_rate" */
    const char *const *cells; /* rows × columns: YAML text; NULL: this row does not set it */
    const size_t *lines;      /* rows: where each stands in the file, from 1; NULL: not known */
};

typedef struct slope_sampler {
    slope_plugin plugin;

    bool needs_count; /* has no end of its own: `sweep.trials` must say how many */

    /* NULL: all trials are placed before the first one runs. Otherwise the key of the integer
     * parameter that says how many are placed at a time; the next round sees the results. */
    const char *round_parameter;

    /* How many trials there are in all, at least 1; UINT64_MAX where there is no end (`wanted` is
     * the host's to apply). Fails where the space does not suit the sampler, naming the dimension:
     * the host asks this first, and places no trial after a failure. Thread: any. */
    slope_status (*count)(const slope_sampler_call *call, uint64_t *count);

    /* Places the trials first … first + count - 1. Where each one lies does not depend on which
     * others are asked for in the same call. Thread: any. */
    slope_status (*sample)(const slope_sampler_call *call);

    /* Optional (NULL). The table becomes one more dimension, the last, with a choice for each row
     * and the path "". Thread: any. */
    slope_status (*table)(slope_sampler_table *call);
} slope_sampler;

#endif
