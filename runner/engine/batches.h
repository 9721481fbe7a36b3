/* engine/batches.h: which rows each step trains on.
 *
 * Every epoch is a permutation of the training rows, a function of (seed, epoch) alone, cut into
 * batches in order; the last batch of an epoch may be shorter. A full batch is all rows in their
 * own order: there is nothing to shuffle. */
#ifndef SLOPE_ENGINE_BATCHES_H
#define SLOPE_ENGINE_BATCHES_H

#include "engine/objective.h"

typedef struct batches {
    batch all;
    size_t size; /* rows of a batch */
    uint64_t seed;
    uint64_t steps_per_epoch;
    uint64_t epoch;  /* whose order stands in `order`; UINT64_MAX: none */
    uint32_t *order; /* NULL until a batch is asked for, and for full batches */
} batches;

/* size 0: full. */
void batches_create(batches *b, batch all, size_t size, uint64_t seed);
void batches_destroy(batches *b);

/* Rows of step `step`, 0 for the first. Valid until the next call. */
batch batches_at(batches *b, uint64_t step);

#endif
