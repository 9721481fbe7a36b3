/* sweep/sampler.h: calling a sampler plugin (slope/sampler.h), and not trusting it blindly.
 *
 * Owns the call structures and the memory behind host->allocate. What a sweep's space is made of
 * and what its points mean for a configuration is the plan's business. Safe on several threads, as
 * long as nobody writes to the sampler or to what it points at. */
#ifndef SLOPE_SWEEP_SAMPLER_H
#define SLOPE_SWEEP_SAMPLER_H

#include "base/arena.h"
#include "base/failure.h"

#include "slope/sampler.h"

/* One sampler at work in one space. Filled by its owner, who keeps all that it points at. */
typedef struct sampler {
    const slope_sampler *about; /* the float32 half: points do not depend on a run's precision */
    const void *config;         /* bound and checked */
    uint64_t seed;              /* `sweep.seed` */
    uint64_t wanted;            /* `sweep.trials`; 0: not given */
    size_t dimension_count;
    const slope_dimension *dimensions;

    /* Of earlier rounds, see slope_sampler_call; 0 and NULL otherwise. */
    size_t finished_count;
    const double *finished_points, *finished_values;
} sampler;

/* How many trials there are: the sampler's own count, or `wanted` where that is less. At least 1.
 * Fails, status CONFIG, where the space does not suit the sampler, and where it has no end and
 * `wanted` is 0. */
bool sampler_count(const sampler *s, uint64_t *count, failure *why);

/* Places the trials first … first + count - 1: count × dimension_count numbers, each of which is in
 * range where the dimension is there, and 0 where it is not. So equal points are equal bit by bit.
 */
bool sampler_place(const sampler *s, uint64_t first, size_t count, double *points, failure *why);

/* How many trials it places at a time; 0: all before the first one runs. */
uint64_t sampler_round(const slope_sampler *about, const void *config);

/* What a sampler with a `table` brings. Lives in the arena. */
typedef struct sampler_rows {
    size_t rows, columns;     /* at least 1 each */
    const char *const *paths; /* columns; none empty, none twice */
    const char *const *cells; /* rows × columns: YAML text; NULL: this row does not set it */
    const size_t *lines;      /* rows: line of the file, from 1; NULL: not known */
    const char *file;         /* the last that was read, for messages; NULL: none was */
} sampler_rows;

bool sampler_has_rows(const slope_sampler *about);
bool sampler_read_rows(arena *a, const slope_sampler *about, const void *config, sampler_rows *rows,
                       failure *why);

#endif
