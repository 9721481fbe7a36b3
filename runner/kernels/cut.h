/* kernels/cut.h: how the products fall into tasks for threads.
 *
 * A cut never changes a bit, so it may follow from the number of threads and from what fits a
 * cache. Tasks are numbered such that neighbours, which go to the same thread (host/team.h), share
 * what is larger: so weights that a thread updates are in its cache when it needs them again.
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_CUT_H
#define SLOPE_KERNELS_CUT_H

#include "host/team.h"

/* From here on the compiler takes p for a pointer like any other, and derives no others from it: it
 * would keep them in vector registers, which the sums need. */
#define FORGET(p) __asm__("" : "+r"(p))

static inline size_t ceil_divide(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Threads that are worth their while for so many multiply-adds. */
static inline size_t threads_worth(size_t rows, size_t columns, size_t depth)
{
    enum { WORTH_A_THREAD = 1 << 15 };
    const bool alone = rows * columns * depth < WORTH_A_THREAD || parallel_is_serial();
    return alone ? 1 : (size_t)threads_count();
}

/* Pieces of at most `most` of what there are `count` of, as many for each of `threads`; none is
 * empty. */
static inline size_t pieces_for(size_t count, size_t most, size_t threads)
{
    const size_t pieces = ceil_divide(ceil_divide(count, most), threads) * threads;
    return pieces < count ? pieces : count;
}

/* Where piece `i` of `pieces` begins; they differ by one at most. Loops over pieces remember where
 * the last one ended: a division takes longer than a short tile. */
static inline size_t piece_begin(size_t count, size_t pieces, size_t i)
{
    return i == pieces ? count : i * count / pieces;
}

#endif
