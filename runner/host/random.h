/* host/random.h: random numbers as a pure function of a key and an index.
 *
 * Philox 4x32 with 10 rounds (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2,
 * 3, 2011). Key: the seed. Counter: purpose, stream, index. No state. A number costs a few
 * nanoseconds in calls of a hundred and more, tens in calls of one. */
#ifndef SLOPE_HOST_RANDOM_H
#define SLOPE_HOST_RANDOM_H

#include "slope/host.h"

typedef struct random_key {
    uint64_t seed;
    slope_purpose purpose;
    uint64_t stream; /* below 2^56 */
} random_key;

/* Uniform in [0, 1), multiples of 2^-53; number i is of index first + i. */
void random_uniform(random_key key, uint64_t first, size_t count, double *out);

/* Standard normal, Box and Muller 1958: indices 2j and 2j + 1 are the cosine and sine of one pair.
 */
void random_normal(random_key key, uint64_t first, size_t count, double *out);

/* out = a permutation of 0 … count - 1 (Fisher-Yates, downwards); count at most 2^32. */
void random_permutation(random_key key, size_t count, uint32_t *out);

#endif
