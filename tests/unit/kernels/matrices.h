/* matrices.h: what tests of the products share: matrices of either precision, whose elements are
 * read and written as double, and arithmetic in that precision.
 *
 * Behind every row there is a gap that belongs to nobody. It holds no number, so that whoever reads
 * it spoils a result; check_gaps() tells who wrote there. */
#ifndef SLOPE_TESTS_MATRICES_H
#define SLOPE_TESTS_MATRICES_H

#include "kernels/kernels.h"

#include "host/services.h"
#include "host/team.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GAP = 3, MOST_LANES = 16 };

typedef struct matrix {
    precision p;
    size_t rows, columns, ld;
    void *at;
} matrix;

static inline double get(const matrix *m, size_t r, size_t c)
{
    const size_t i = r * m->ld + c;
    return m->p == FLOAT64 ? ((const double *)m->at)[i] : (double)((const float *)m->at)[i];
}

static inline void put(const matrix *m, size_t r, size_t c, double value)
{
    const size_t i = r * m->ld + c;
    if (m->p == FLOAT64)
        ((double *)m->at)[i] = value;
    else
        ((float *)m->at)[i] = (float)value;
}

/* All 0, in memory that ends with the last gap: a sanitizer sees what goes beyond. */
static inline matrix matrix_make(precision p, size_t rows, size_t columns)
{
    matrix m = {p, rows, columns, columns + GAP, NULL};
    m.at = calloc(rows * m.ld + 1, p == FLOAT64 ? 8 : 4);
    assert_non_null(m.at);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = columns; c < m.ld; c++) put(&m, r, c, (double)NAN);
    return m;
}

static inline void check_gaps(const matrix *m)
{
    for (size_t r = 0; r < m->rows; r++)
        for (size_t c = m->columns; c < m->ld; c++) assert_true(isnan(get(m, r, c)));
}

/* Equal to the bit, but for the bits of what is no number. */
static inline bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

static inline double fma_in(precision p, double a, double b, double c)
{
    return p == FLOAT64 ? fma(a, b, c) : (double)fmaf((float)a, (float)b, (float)c);
}

static inline double add_in(precision p, double a, double b)
{
    return p == FLOAT64 ? a + b : (double)((float)a + (float)b);
}

static inline size_t lanes_of(precision p)
{
    return p == FLOAT64 ? MOST_LANES / 2 : MOST_LANES;
}

/* The dot product that slope/kernels.h defines, of row r of x and row o of w. */
static inline double dot_of_rows(const matrix *x, size_t r, const matrix *w, size_t o)
{
    const size_t lanes = lanes_of(x->p), count = x->columns;
    double lane[MOST_LANES] = {0};
    for (size_t i = 0; i < (count + lanes - 1) / lanes * lanes; i++)
        lane[i % lanes] = fma_in(x->p, i < count ? get(x, r, i) : 0, i < count ? get(w, o, i) : 0,
                                 lane[i % lanes]);
    for (size_t half = lanes / 2; half; half /= 2)
        for (size_t j = 0; j < half; j++) lane[j] = add_in(x->p, lane[j], lane[j + half]);
    return lane[0];
}

/* Calls `test` for every instruction set that this processor has, and both precisions. */
static inline void everywhere(void (*test)(const slope_host *host, precision p))
{
    static const char *const isas[] = {"baseline", "avx2", "avx512", "vnni", "amx"};
    size_t tested = 0;
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        failure why;
        setenv("SLOPE_ISA", isas[i], 1);
        if (!kernels_select(&why)) continue;
        for (int wide = 0; wide < 2; wide++, tested++) {
            call_host call;
            call_host_init(&call, wide ? FLOAT64 : FLOAT32, 0);
            test(&call.host, wide ? FLOAT64 : FLOAT32);
        }
    }
    threads_set(1);
    assert_true(tested >= 2);
}

#endif
