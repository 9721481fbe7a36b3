/* kernels/rowwise.h: what becomes of each row by itself: its sum, its greatest number.
 *
 * A row is short, so what takes time is its end, when lanes are folded: that is done for VLEN rows
 * at once. Nothing here starts threads.
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_ROWWISE_H
#define SLOPE_KERNELS_ROWWISE_H

#include "kernels/vector.h"

/* y[r] = all `columns` numbers of row r of x, joined: LANES partial results, each of which begins
 * as `start`, and their fold. */
#define DEFINE_ROWWISE(NAME, JOIN, START) \
    static inline vec NAME##_row(size_t whole, size_t rest, const real *row) \
    { \
        const vec start = v_set1(START); \
        vec part[PARTS]; \
        UNROLL for (size_t p = 0; p < PARTS; p++) part[p] = start; \
        for (const real *end = row + whole; row < end; row += LANES) \
            UNROLL for (size_t p = 0; p < PARTS; p++) part[p] = \
                JOIN(v_load(row + p * VLEN), part[p]); \
        UNROLL for (size_t p = 0; p < PARTS; p++) if (rest > p * VLEN) part[p] = \
            JOIN(v_load_part_over(row + p * VLEN, rest - p * VLEN < VLEN ? rest - p * VLEN : VLEN, \
                                  start), \
                 part[p]); \
        return v_##NAME##_parts(part); \
    } \
    static void NAME##_rows(size_t rows, size_t columns, const real *x, real *y) \
    { \
        const size_t rest = columns % LANES, whole = columns - rest; \
        for (size_t first = 0; first < rows; first += VLEN) { \
            const size_t some = rows - first < VLEN ? rows - first : VLEN; \
            vec group[VLEN]; \
            UNROLL for (size_t i = 0; i < VLEN; i++) \
            { \
                const size_t row = v_slot(i) < some ? v_slot(i) : some - 1; \
                group[i] = NAME##_row(whole, rest, x + (first + row) * columns); \
            } \
            v_store_part(y + first, v_add(v_##NAME##_lanes(group), v_set1(0)), some); \
        } \
    }
DEFINE_ROWWISE(sum, v_add, 0)
DEFINE_ROWWISE(max, v_max, -(real)INFINITY)

#endif
