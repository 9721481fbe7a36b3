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

/* Where piece `i` of `pieces` begins; they differ by one at most. */
static inline size_t piece_begin(size_t count, size_t pieces, size_t i)
{
    return i == pieces ? count : i * count / pieces;
}

/* The same pieces one after another: a division for each would take a tenth of a short tile. */
typedef struct portion {
    size_t begin, end;
    size_t least, rest, pieces; /* count = least · pieces + rest */
    size_t owed;                /* end = (number + 1) · count / pieces, and so much is left over */
} portion;

/* From one piece to the next; beyond the last one it is of no use. */
static inline void portion_next(portion *p)
{
    p->begin = p->end;
    p->end += p->least;
    p->owed += p->rest;
    if (p->owed < p->pieces) return;
    p->owed -= p->pieces;
    p->end++;
}

static inline void portion_first(portion *p)
{
    p->end = p->owed = 0;
    portion_next(p);
}

static inline portion portion_number(size_t count, size_t pieces, size_t i)
{
    portion p = {.end = i * count / pieces,
                 .least = count / pieces,
                 .rest = count % pieces,
                 .pieces = pieces,
                 .owed = i * count % pieces};
    portion_next(&p);
    return p;
}

#endif
