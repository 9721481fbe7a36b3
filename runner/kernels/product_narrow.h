/* kernels/product_narrow.h: the gradient of the weights where outputs are few.
 *
 * G += Xᵀ D with ten columns leaves lanes of wide vectors idle, and asks for a broadcast of every
 * x. Here lanes are features instead: rows of X are read as they stand, and what is broadcast is D,
 * once for two vectors of features. The chain of every element is that of product.h. Outputs lie
 * across the lanes, so G is gathered and scattered, which enough rows make up for.
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_PRODUCT_NARROW_H
#define SLOPE_KERNELS_PRODUCT_NARROW_H

#include "kernels/product.h"

enum {
    NARROW_FEATURES = 2 * VLEN,         /* of a tile */
    NARROW_GROUP = VECTORS_32 ? 12 : 6, /* outputs of a tile: two sums for each in registers */
    NARROW_MOST = 12,                   /* more outputs fill vectors of their own */
    NARROW_ROWS = 32,                   /* fewer do not make up for gather and scatter */
    NARROW_STRIDE = 1 << 24,            /* a gather's offsets are of 32 bits */
    NARROW_GRAIN = 4 * NARROW_FEATURES, /* features of a task */
};

/* g[i][o] += chain over r of x[r][i] · d[r][o] for NARROW_FEATURES features and OUT outputs. */
#define DEFINE_NARROW(OUT) \
    static void narrow_##OUT(size_t rows, const real *x, size_t ldx, const real *d, size_t ldd, \
                             real *g, size_t ldg) \
    { \
        vec sum[OUT][2]; \
        for (size_t o = 0; o < OUT; o++) { \
            sum[o][0] = v_gather(g + o, ldg); \
            sum[o][1] = v_gather(g + o + VLEN * ldg, ldg); \
        } \
        for (size_t r = 0; r < rows; r++) { \
            const vec low = v_load(x), high = v_load(x + VLEN); \
            for (size_t o = 0; o < OUT; o++) { \
                const vec factor = v_set1(d[o]); \
                sum[o][0] = v_fma(factor, low, sum[o][0]); \
                sum[o][1] = v_fma(factor, high, sum[o][1]); \
            } \
            x += ldx; \
            d += ldd; \
        } \
        FORGET(g); \
        for (size_t o = 0; o < OUT; o++) { \
            v_scatter(g + o, ldg, sum[o][0]); \
            v_scatter(g + o + VLEN * ldg, ldg, sum[o][1]); \
        } \
    }

DEFINE_NARROW(1)
DEFINE_NARROW(2)
DEFINE_NARROW(3)
DEFINE_NARROW(4)
DEFINE_NARROW(5)
DEFINE_NARROW(6)
#if VECTORS_32
DEFINE_NARROW(7)
DEFINE_NARROW(8)
DEFINE_NARROW(9)
DEFINE_NARROW(10)
DEFINE_NARROW(11)
DEFINE_NARROW(12)
#endif

/* A product as affine_weights makes it: rows of it are features, its depth is the rows of x. */
static bool is_narrow(const product *p)
{
    return VLEN > 1 && p->a_row == 1 && p->columns <= NARROW_MOST && p->depth >= NARROW_ROWS &&
           p->rows >= NARROW_FEATURES && p->ldc < NARROW_STRIDE;
}

/* Features [first, last); what is left of the last tile goes the common way. */
static void narrow_task(void *argument, size_t first, size_t last)
{
    static void (*const tile[NARROW_GROUP])(size_t rows, const real *x, size_t ldx, const real *d,
                                            size_t ldd, real *g, size_t ldg) = {
        narrow_1,
        narrow_2,
        narrow_3,
        narrow_4,
        narrow_5,
        narrow_6,
#if VECTORS_32
        narrow_7,
        narrow_8,
        narrow_9,
        narrow_10,
        narrow_11,
        narrow_12,
#endif
    };
    const product *p = argument;
    const size_t groups = (p->columns + NARROW_GROUP - 1) / NARROW_GROUP;
    size_t i = first;
    for (; i + NARROW_FEATURES <= last; i += NARROW_FEATURES)
        for (size_t group = 0; group < groups; group++) {
            const size_t begin = group * p->columns / groups;
            const size_t end = (group + 1) * p->columns / groups;
            tile[end - begin - 1](p->depth, p->a + i, p->a_step, p->b + begin, p->b_step,
                                  p->c + i * p->ldc + begin, p->ldc);
        }
    if (i == last) return;
    product rest = *p;
    rest.rows = last - i;
    rest.cut = cut_product(rest.rows, rest.columns, 0); /* as small: on this thread */
    rest.a += i;
    rest.c += i * p->ldc;
    product_task(&rest, 0, rest.cut.tasks);
}

static void multiply_narrow(const slope_host *host, product *p)
{
    if (cut_product(p->rows, p->columns, p->depth).threads == 1)
        narrow_task(p, 0, p->rows);
    else
        host->parallel_for(host, p->rows, NARROW_GRAIN, narrow_task, p);
}

#endif
