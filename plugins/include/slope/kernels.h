/* slope/kernels.h: the numeric core, as plugins see it.
 *
 * One law governs every function here: each output element has one order of accumulation, stated in
 * the comment, that depends on nothing but the arguments. Instruction set, number of threads and
 * the way that the work is cut do not change a bit. A plugin that computes only with these
 * functions, with
 * + - * / sqrt and fma of its own, and with no reduction across rows, inherits that promise. (exp,
 * log, tanh, sin and cos of the C library differ between machines: use the ones here.)
 *
 * Matrices are row-major; `ld` is the distance between rows, in elements. Outputs never overlap
 * inputs unless said. Every function may use several threads through `host`.
 *
 * Rows of bytes. Where all features of the data are bytes times one factor (images, say), precision
 * is float32, and the model leaves its rows to the kernels (SLOPE_MODEL_ROWS in model.h), affine,
 * affine_weights and their _many sum without rounding instead. The numbers v that bytes x are
 * multiplied by, a row of W or a column of D, become whole multiples q of one unit u = 2^(e - 29),
 * 2^e being the least power of two, and at least 2^-79, above all |v|: the nearest ones, of two the
 * even one. So what is at least 1/32 of the greatest |v| keeps all its bits. With q = 2^15 · h + l,
 * -16512 <= l < 16256, a sum of q · x is the number s = 2^15 · Σ h x + Σ l x, where both sums are
 * exact, and each is rounded once, as is s.
 *   affine: s for each 256 features from the first on, added in order to a; y = φ(a · (u · factor)
 *     + bias), each operation rounded.
 *   affine_weights: s for each 256 rows of the call, with a unit of their own, from the first on;
 *     g += s · (u · factor), in order, both operations rounded. `separate` adds them up from 0.
 * A row of W, or 256 rows of a column of D, with a number that is not finite gives NaN.
 */
#ifndef SLOPE_KERNELS_H
#define SLOPE_KERNELS_H

#include "host.h"

/* Nonlinearities that the products apply to a block of results while it is in the cache. */
typedef enum slope_activation {
    SLOPE_IDENTITY = 0,
    SLOPE_RELU = 1, /* max(0, z); derivative 0 at 0; NaN and -0 stay */
    SLOPE_TANH = 2,
    SLOPE_SIGMOID = 3, /* 1 / (1 + exp(-z)) */
} slope_activation;

typedef struct slope_kernels {
    uint32_t size; /* sizeof(slope_kernels) as the host's compiler saw it */

    /* Y = φ(X Wᵀ + b): y[r][o] = φ(bias[o] + the dot product of row r of X and row o of W). X is
     * rows × in, W is out × in, Y is rows × out. A dot product is n partial sums, n = 16 (8 in
     * float64): number j is the fma chain over i = j, j + n, … of x[r][i] · w[o][i], starting from
     * 0, where rows count as continued with zeros to a multiple of n; then number j + m is added to
     * j, for m = n/2, n/4, … 1. Nothing is added where bias is NULL. */
    void (*affine)(const slope_host *host, size_t rows, size_t in, size_t out, const real *x,
                   size_t ldx, const real *w, size_t ldw, const real *bias,
                   slope_activation activation, real *y, size_t ldy);

    /* G += Dᵀ X: g[o][i] = fma chain over r = 0, 1, … of d[r][o] · x[r][i], starting from g[o][i].
     * The gradient of affine's weights; chunks of rows, given in order, yield the bits of one call.
     */
    void (*affine_weights)(const slope_host *host, size_t rows, size_t in, size_t out,
                           const real *x, size_t ldx, const real *d, size_t ldd, real *g,
                           size_t ldg);

    /* g[o] += column sums of D: chain of additions over r = 0, 1, …, starting from g[o].
     * The gradient of affine's bias. */
    void (*affine_bias)(const slope_host *host, size_t rows, size_t out, const real *d, size_t ldd,
                        real *g);

    /* E = (D W) ∘ φ'(z): e[r][i] = fma chain over o = 0, 1, … of d[r][o] · w[o][i], starting from
     * 0, times the derivative of the activation that gave affine's input, from its value a[r][i] =
     * φ(z): relu a > 0 ? e : 0; tanh e · (1 - a·a); sigmoid e · (a · (1 - a)). The gradient of
     * affine's input. a is not used for SLOPE_IDENTITY. */
    void (*affine_input)(const slope_host *host, size_t rows, size_t in, size_t out, const real *d,
                         size_t ldd, const real *w, size_t ldw, slope_activation activation,
                         const real *a, size_t lda, real *e, size_t lde);

    /* Element by element, y may be x. Largest error over all finite arguments, in units in the last
     * place, is stated in the runner's kernels/elementary.h and tested. */
    void (*exp)(size_t count, const real *x, real *y);
    void (*log)(size_t count, const real *x, real *y); /* 0 gives -inf, negative gives nan */
    void (*tanh)(size_t count, const real *x, real *y);
    void (*sigmoid)(size_t count, const real *x, real *y); /* 1 / (1 + exp(-x)) */

    /* Sums over all elements, in double: Σ x², Σ x y and Σ |x|. The elements fall into blocks of
     * 65536, the last one shorter. In a block, element i is added to lane i mod 8, one after
     * another from 0 (products by fma), and the lanes are folded as
     * ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)); the blocks are added in order, from 0.
     */
    double (*sum_squares)(const slope_host *host, size_t count, const real *x);
    double (*dot)(const slope_host *host, size_t count, const real *x, const real *y);
    double (*sum_absolute)(const slope_host *host, size_t count, const real *x);

    /* Element by element, as exp. nan from |x| = 2^45 on. */
    void (*sin)(size_t count, const real *x, real *y);
    void (*cos)(size_t count, const real *x, real *y);

    /* affine for `count` layers of one shape on the same rows, which are read once for all:
     * Y_i = φ(X W_iᵀ + b_i), with the bits of one call after another. bias NULL: none has one. */
    void (*affine_many)(const slope_host *host, size_t count, size_t rows, size_t in, size_t out,
                        const real *x, size_t ldx, const real *const *w, size_t ldw,
                        const real *const *bias, slope_activation activation, real *const *y,
                        size_t ldy);

    /* The same for affine_weights, G_i += D_iᵀ X, and for affine_bias. `separate`: a chain over r
     * starts from 0 and its end is added to g in one addition; otherwise it starts from g. */
    void (*affine_weights_many)(const slope_host *host, size_t count, size_t rows, size_t in,
                                size_t out, const real *x, size_t ldx, const real *const *d,
                                size_t ldd, real *const *g, size_t ldg, bool separate);
    void (*affine_bias_many)(const slope_host *host, size_t count, size_t rows, size_t out,
                             const real *const *d, size_t ldd, real *const *g, bool separate);

    /* From contract 2.2 on: of each row of X, which is rows × columns without gaps, the sum and the
     * greatest number. As a dot product they are n = 16 partial results (8 in float64), number j of
     * the elements j, j + n, … one after another, starting from 0 and from -inf; then number j + m
     * is joined to j, for m = n/2, n/4, … 1. NaN is never the greatest; a sum or greatest number of
     * -0 is given as 0. A row without elements gives what it starts from. y must not overlap x.
     * Thread: the caller's alone. A plugin that may meet a host of 2.1 looks at `size` first. */
    void (*sum_rows)(size_t rows, size_t columns, const real *x, real *y);
    void (*max_rows)(size_t rows, size_t columns, const real *x, real *y);

    /* From contract 2.3 on: all that a layer's gradient is, at the same time, with the bits of one
     * after another: affine_weights and affine_bias to g and h, by way of their _many, which heed
     * `separate`; and affine_input from a = x to e. h or e may be NULL: then it is left out, and
     * without e, w and activation are not used. e may be x, with lde = ldx, where x is the plugin's
     * own: the layer's input then becomes its gradient, while it is in the cache. A plugin that may
     * meet an earlier host looks at `size` first. */
    void (*affine_backward)(const slope_host *host, size_t rows, size_t in, size_t out,
                            const real *x, size_t ldx, const real *d, size_t ldd, real *g,
                            size_t ldg, real *h, bool separate, const real *w, size_t ldw,
                            slope_activation activation, real *e, size_t lde);
} slope_kernels;

#endif
