/* slope/kernels.h: the numeric core, as plugins see it.
 *
 * One law governs every function here: each output element has one order of accumulation, stated in
 * the comment, that depends on nothing but the arguments. Instruction set, number of threads and the
 * way that the work is cut do not change a bit. A plugin that computes only with these functions, with
 * + - * / sqrt and fma of its own, and with no reduction across rows, inherits that promise. (exp, log,
 * tanh, sin and cos of the C library differ between machines: use the ones here.)
 *
 * Matrices are row-major; `ld` is the distance between rows, in elements. Outputs never overlap inputs
 * unless said. Every function may use several threads through `host`.
 */
#ifndef SLOPE_KERNELS_H
#define SLOPE_KERNELS_H

#include "host.h"

typedef struct slope_kernels {
    uint32_t size; /* sizeof(slope_kernels) as the host's compiler saw it */

    /* Y = X W + b: y[r][o] = fma chain over i = 0, 1, … of x[r][i] · w[i][o], starting from bias[o]
     * (from 0 if bias is NULL). X is rows × in, W is in × out, Y is rows × out. */
    void (*affine)(const slope_host *host, size_t rows, size_t in, size_t out, const real *x,
                   size_t ldx, const real *w, size_t ldw, const real *bias, real *y, size_t ldy);

    /* G += Xᵀ D: g[i][o] = fma chain over r = 0, 1, … of x[r][i] · d[r][o], starting from g[i][o].
     * The gradient of affine's weights; chunks of rows, given in order, yield the bits of one call. */
    void (*affine_weights)(const slope_host *host, size_t rows, size_t in, size_t out, const real *x,
                           size_t ldx, const real *d, size_t ldd, real *g, size_t ldg);

    /* g[o] += column sums of D: chain of additions over r = 0, 1, …, starting from g[o].
     * The gradient of affine's bias. */
    void (*affine_bias)(const slope_host *host, size_t rows, size_t out, const real *d, size_t ldd,
                        real *g);

    /* E = D Wᵀ: e[r][i] = fma chain over o = 0, 1, … of d[r][o] · w[i][o], starting from 0.
     * The gradient of affine's input. */
    void (*affine_input)(const slope_host *host, size_t rows, size_t in, size_t out, const real *d,
                         size_t ldd, const real *w, size_t ldw, real *e, size_t lde);

    /* Element by element, y may be x. Largest error over all finite arguments, in units in the last
     * place, is stated in the runner's kernels/elementary.h and tested. */
    void (*exp)(size_t count, const real *x, real *y);
    void (*log)(size_t count, const real *x, real *y); /* 0 gives -inf, negative gives nan */
    void (*tanh)(size_t count, const real *x, real *y);
    void (*sigmoid)(size_t count, const real *x, real *y); /* 1 / (1 + exp(-x)) */

    /* Sums over all elements, in double: Σ x², Σ x y and Σ |x|. The elements fall into blocks of
     * 65536, the last one shorter. In a block, element i is added to lane i mod 8, one after
     * another from 0 (products by fma), and the lanes are folded as
     * ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)); the blocks are added in order, from 0. Since 1.1. */
    double (*sum_squares)(const slope_host *host, size_t count, const real *x);
    double (*dot)(const slope_host *host, size_t count, const real *x, const real *y);
    double (*sum_absolute)(const slope_host *host, size_t count, const real *x);

    /* Element by element, as exp. nan from |x| = 2^30 on. Since 1.1. */
    void (*sin)(size_t count, const real *x, real *y);
    void (*cos)(size_t count, const real *x, real *y);
} slope_kernels;

#endif
