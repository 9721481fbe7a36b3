/* kernels/affine.h: affine layers and their gradients, as slope/kernels.h promises them, made of
 * the products: dot products (dots.h), sums of rows (product.h), and both for rows of bytes
 * (bytes.h).
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_AFFINE_H
#define SLOPE_KERNELS_AFFINE_H

#if SLOPE_REAL_BITS == 32
#include "kernels/byte_gradients.h"
#include "kernels/byte_scores.h"
#endif
#include "kernels/dots.h"
#include "kernels/product.h"
#include "kernels/rows.h"

/* ---- scores ---------------------------------------------------------------------------------- */

static void affine_many(const slope_host *host, size_t count, size_t rows, size_t in, size_t out,
                        const real *x, size_t ldx, const real *const *w, size_t ldw,
                        const real *const *bias, slope_activation activation, real *const *y,
                        size_t ldy)
{
    row_source *source = rows_of(host, x);
#if SLOPE_REAL_BITS == 32
    if (are_bytes(source, x, in, ldx)) {
        bytes_product p = {.count = count,
                           .rows = rows,
                           .in = in,
                           .out = out,
                           .source = source,
                           .row = row_number(source, x),
                           .w = w,
                           .ldw = ldw,
                           .bias = bias,
                           .activation = activation,
                           .y = y,
                           .ldy = ldy};
        multiply_scores(host, &p);
        return;
    }
#endif
    multiply_dots(host, &(dots){.count = count,
                                .rows = rows,
                                .in = in,
                                .out = out,
                                .x = x,
                                .ldx = ldx,
                                .w = w,
                                .ldw = ldw,
                                .bias = bias,
                                .activation = activation,
                                .y = y,
                                .ldy = ldy,
                                .source = source});
}

static void affine(const slope_host *host, size_t rows, size_t in, size_t out, const real *x,
                   size_t ldx, const real *w, size_t ldw, const real *bias,
                   slope_activation activation, real *y, size_t ldy)
{
    affine_many(host, 1, rows, in, out, x, ldx, &w, ldw, bias ? &bias : NULL, activation, &y, ldy);
}

/* ---- the gradient of the weights ------------------------------------------------------------- */

/* G_i += D_iᵀ X for i < count: the arguments of affine_weights_many. */
typedef struct weights_call {
    size_t count, rows, in, out;
    const real *x;
    size_t ldx;
    const real *const *d;
    size_t ldd;
    real *const *g;
    size_t ldg;
    sum_start start;
} weights_call;

typedef union weights_product {
    product reals;
#if SLOPE_REAL_BITS == 32
    bytes_product bytes;
#endif
} weights_product;

static job weights_job(const slope_host *host, const weights_call *c, weights_product *p)
{
    row_source *source = rows_of(host, c->x);
#if SLOPE_REAL_BITS == 32
    if (are_bytes(source, c->x, c->in, c->ldx)) {
        p->bytes = (bytes_product){.count = c->count,
                                   .rows = c->rows,
                                   .in = c->in,
                                   .out = c->out,
                                   .source = source,
                                   .row = row_number(source, c->x),
                                   .d = c->d,
                                   .ldd = c->ldd,
                                   .g = c->g,
                                   .ldg = c->ldg,
                                   .separate = c->start == SEPARATE};
        return gradients_job(&p->bytes);
    }
#endif
    if (source) rows_wanted(source, c->x, c->rows);
    p->reals = (product){.count = c->count,
                         .rows = c->out,
                         .columns = c->in,
                         .depth = c->rows,
                         .a = c->d,
                         .a_row = 1,
                         .a_step = c->ldd,
                         .b = c->x,
                         .ldb = c->ldx,
                         .c = c->g,
                         .ldc = c->ldg,
                         .start = c->start,
                         .source = source};
    return product_job(&p->reals, true); /* as dots.h shares the outputs, and updates the weights */
}

static void sum_weights(const slope_host *host, const weights_call *call)
{
    weights_product p;
    run_job(host, weights_job(host, call, &p));
}

static void affine_weights(const slope_host *host, size_t rows, size_t in, size_t out,
                           const real *x, size_t ldx, const real *d, size_t ldd, real *g,
                           size_t ldg)
{
    sum_weights(host, &(weights_call){1, rows, in, out, x, ldx, &d, ldd, &g, ldg, CONTINUE});
}

static void affine_weights_many(const slope_host *host, size_t count, size_t rows, size_t in,
                                size_t out, const real *x, size_t ldx, const real *const *d,
                                size_t ldd, real *const *g, size_t ldg, bool separate)
{
    sum_weights(host, &(weights_call){count, rows, in, out, x, ldx, d, ldd, g, ldg,
                                      separate ? SEPARATE : CONTINUE});
}

/* ---- of the input ---------------------------------------------------------------------------- */

/* E = (D W) ∘ φ'(z) with A = φ(z): the arguments of affine_input. */
typedef struct input_call {
    size_t rows, in, out;
    const real *d;
    size_t ldd;
    const real *w;
    size_t ldw;
    slope_activation activation;
    const real *a;
    size_t lda;
    real *e;
    size_t lde;
} input_call;

static job input_job(const input_call *c, bool by_rows, product *p)
{
    *p = (product){.count = 1,
                   .rows = c->rows,
                   .columns = c->in,
                   .depth = c->out,
                   .a = &c->d,
                   .a_row = c->ldd,
                   .a_step = 1,
                   .b = c->w,
                   .ldb = c->ldw,
                   .c = &c->e,
                   .ldc = c->lde,
                   .start = FROM_ZERO,
                   .end = {c->activation, c->a, c->lda, c->e, c->lde}};
    return product_job(p, by_rows);
}

/* Threads share the rows where W, which all then read, is small. */
static bool input_by_rows(const input_call *c)
{
    return 4 * c->out <= c->rows;
}

static void affine_input(const slope_host *host, size_t rows, size_t in, size_t out, const real *d,
                         size_t ldd, const real *w, size_t ldw, slope_activation activation,
                         const real *a, size_t lda, real *e, size_t lde)
{
    const input_call call = {rows, in, out, d, ldd, w, ldw, activation, a, lda, e, lde};
    product p;
    run_job(host, input_job(&call, input_by_rows(&call), &p));
}

/* ---- of the bias ----------------------------------------------------------------------------- */

enum { BIAS_COLUMNS = 4 * LANES };

typedef struct bias_sums {
    size_t rows;
    const real *d;
    size_t ldd;
    real *g;
    bool separate;
} bias_sums;

/* Columns [first, last), at most BIAS_COLUMNS. */
static void sum_bias(void *argument, size_t first, size_t last)
{
    const bias_sums *b = argument;
    const size_t width = last - first;
    const real *from = b->d + first;
    real *to = b->g + first, sum[BIAS_COLUMNS] = {0};
    for (size_t o = 0; !b->separate && o < width; o++) sum[o] = to[o];
    for (size_t r = 0; r < b->rows; r++)
        for (size_t o = 0; o < width; o++) sum[o] += from[r * b->ldd + o];
    for (size_t o = 0; o < width; o++) to[o] = b->separate ? to[o] + sum[o] : sum[o];
}

static void affine_bias_many(const slope_host *host, size_t count, size_t rows, size_t out,
                             const real *const *d, size_t ldd, real *const *g, bool separate)
{
    (void)host; /* not worth a second thread */
    for (size_t i = 0; i < count; i++) {
        bias_sums b = {rows, d[i], ldd, g[i], separate};
        for (size_t o = 0; o < out; o += BIAS_COLUMNS)
            sum_bias(&b, o, out - o < BIAS_COLUMNS ? out : o + BIAS_COLUMNS);
    }
}

static void affine_bias(const slope_host *host, size_t rows, size_t out, const real *d, size_t ldd,
                        real *g)
{
    affine_bias_many(host, 1, rows, out, &d, ldd, &g, false);
}

/* ---- all at one go --------------------------------------------------------------------------- */

/* Columns of the weights' gradient, and then the same columns of the input's: these may take the
 * place of the input's own, which only the former needed, and which are still in the cache. */
static void backward_columns(void *argument, size_t first, size_t last)
{
    product *two = argument;
    for (size_t t = first; t < last; t++) {
        product_task(&two[0], t, t + 1);
        product_task(&two[1], t, t + 1);
    }
}

static void affine_backward(const slope_host *host, size_t rows, size_t in, size_t out,
                            const real *x, size_t ldx, const real *d, size_t ldd, real *g,
                            size_t ldg, real *h, bool separate, const real *w, size_t ldw,
                            slope_activation activation, real *e, size_t lde)
{
    const weights_call weights = {
        1, rows, in, out, x, ldx, &d, ldd, &g, ldg, separate ? SEPARATE : CONTINUE};
    const input_call input = {rows, in, out, d, ldd, w, ldw, activation, x, ldx, e, lde};
    bias_sums bias = {rows, d, ldd, h, separate};
    weights_product p;
    product two[2];
    job list[MOST_JOBS];
    size_t count = 0;
    if (h) list[count++] = (job){out, BIAS_COLUMNS, sum_bias, &bias};
    if (e && e != x) list[count++] = input_job(&input, input_by_rows(&input), &two[1]);
    list[count++] = weights_job(host, &weights, &p);
    if (e != x) {
        run_jobs(host, count, list);
        return;
    }
    const job of_input = input_job(&input, false, &two[1]);
    const bool by_columns =
        p.reals.blocks == 1 && two[1].blocks == 1 && p.reals.panels == two[1].panels;
    if (by_columns) {
        two[0] = p.reals;
        list[count - 1] = (job){of_input.count, of_input.grain, backward_columns, two};
    }
    run_jobs(host, count, list);
    if (!by_columns) run_job(host, of_input);
}

#endif
