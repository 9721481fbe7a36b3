/* kernels/product_many.h: one wide product whose columns are pieces of several matrices.
 *
 * Trials that share their rows ask for X W_0, X W_1, …: the matrices stand side by side as if they
 * were one, so that panels are full however narrow each is, and x is read once for all. Operands
 * are gathered piece by piece into the panel; outputs live in a block on the stack while the sum
 * runs, and are scattered at its end. Neither changes the order of a sum.
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_PRODUCT_MANY_H
#define SLOPE_KERNELS_PRODUCT_MANY_H

#include "kernels/product.h"

/* C_i += A B_i for i < count; A is rows × depth as in `product`, B_i depth × out, C_i rows × out.
 */
typedef struct product_many {
    size_t count, rows, out, depth;
    const real *a;
    size_t a_row, a_step;
    const real *const *b;
    size_t ldb;
    real *const *c;
    size_t ldc;
    bool from_zero;           /* c starts as start_i, or as 0 where that is NULL; else continues */
    const real *const *start; /* NULL: none */
    bool separate;            /* the sum starts from 0 and is added to c at its end */
    slope_activation activation;
    product_cut cut;
} product_many;

/* Columns [first, first + width) of matrix `matrix` stand at column `at` of the panel. */
typedef struct piece {
    size_t matrix, first, width, at;
} piece;

typedef struct panel_many {
    size_t vectors, width, count;
    piece pieces[PANEL_WIDTH]; /* no wider than a vector */
} panel_many;

enum { MANY_ROWS = 256 }; /* as many as a task can have */

static panel_many cut_panel(const product_many *p, size_t panel)
{
    const size_t first = panel * p->cut.vectors / p->cut.panels;
    const size_t last = (panel + 1) * p->cut.vectors / p->cut.panels;
    const size_t begin = first * VLEN, columns = p->count * p->out;
    const size_t end = last * VLEN < columns ? last * VLEN : columns;
    panel_many cut = {.vectors = last - first, .width = end - begin};
    for (size_t n = begin; n < end;) {
        const size_t matrix = n / p->out, column = n % p->out;
        size_t width = p->out - column < VLEN ? p->out - column : VLEN;
        if (width > end - n) width = end - n;
        cut.pieces[cut.count++] = (piece){matrix, column, width, n - begin};
        n += width;
    }
    return cut;
}

/* Piece after piece, each from its first row to its last: so memory is read in order. */
static void copy_piece(size_t rows, size_t width, const real *from, size_t ld, real *to,
                       size_t ld_to)
{
    for (size_t m = 0; m < rows; m++)
        v_store_part(to + m * ld_to, v_load_part(from + m * ld, width), width);
}

/* to += from. Some rows are read before the first of them is written: a row that begins where the
 * one before it ends lies within that one's vector, beyond what is stored of it, and the processor
 * lets such a load wait until the store is done. */
static void add_piece(size_t rows, size_t width, const real *from, size_t ld, real *to,
                      size_t ld_to)
{
    enum { AT_ONCE = 8 };
    const vec one = v_set1(1);
    size_t m = 0;
    for (; m + AT_ONCE <= rows; m += AT_ONCE, from += AT_ONCE * ld, to += AT_ONCE * ld_to) {
        vec sum[AT_ONCE];
        for (size_t i = 0; i < AT_ONCE; i++) sum[i] = v_load_part(to + i * ld_to, width);
        for (size_t i = 0; i < AT_ONCE; i++)
            sum[i] = v_fma(v_load_part(from + i * ld, width), one, sum[i]);
        for (size_t i = 0; i < AT_ONCE; i++) v_store_part(to + i * ld_to, sum[i], width);
    }
    for (; m < rows; m++, from += ld, to += ld_to)
        v_store_part(to, v_fma(v_load_part(from, width), one, v_load_part(to, width)), width);
}

static void clear_columns(size_t rows, size_t first, size_t padded, real *block)
{
    for (size_t m = 0; m < rows; m++)
        for (size_t n = first; n < padded; n += VLEN) v_store(block + m * padded + n, v_set1(0));
}

static void gather_panel(const product_many *p, const panel_many *columns, size_t k0, size_t depth,
                         real *panel)
{
    const size_t padded = columns->vectors * VLEN;
    if (columns->width < padded) clear_columns(depth, padded - VLEN, padded, panel);
    for (size_t i = 0; i < columns->count; i++) {
        const piece *s = &columns->pieces[i];
        copy_piece(depth, s->width, p->b[s->matrix] + k0 * p->ldb + s->first, p->ldb, panel + s->at,
                   padded);
    }
}

static void start_pieces(const product_many *p, const panel_many *columns, size_t m0, size_t rows,
                         real *block)
{
    const size_t padded = columns->vectors * VLEN;
    const bool zero = p->separate || (p->from_zero && !p->start);
    clear_columns(rows, zero ? 0 : padded - VLEN, padded, block);
    for (size_t i = 0; !zero && i < columns->count; i++) {
        const piece *s = &columns->pieces[i];
        if (p->from_zero)
            copy_piece(rows, s->width, p->start[s->matrix] + s->first, 0, block + s->at, padded);
        else
            copy_piece(rows, s->width, p->c[s->matrix] + m0 * p->ldc + s->first, p->ldc,
                       block + s->at, padded);
    }
}

static void scatter_pieces(const product_many *p, const panel_many *columns, size_t m0, size_t rows,
                           real *block)
{
    const size_t padded = columns->vectors * VLEN;
    if (p->activation != SLOPE_IDENTITY) activate(p->activation, rows * padded, block);
    for (size_t i = 0; i < columns->count; i++) {
        const piece *s = &columns->pieces[i];
        real *to = p->c[s->matrix] + m0 * p->ldc + s->first;
        if (p->separate)
            add_piece(rows, s->width, block + s->at, padded, to, p->ldc);
        else
            copy_piece(rows, s->width, block + s->at, padded, to, p->ldc);
    }
}

/* Task t is one block of rows and one panel of columns. */
static void product_many_task(void *argument, size_t first, size_t last)
{
    const product_many *p = argument;
    real panel[PANEL_DEPTH * PANEL_WIDTH], block[MANY_ROWS * PANEL_WIDTH];
    for (size_t t = first; t < last; t++) {
        const size_t m0 = t / p->cut.panels * p->cut.row_block;
        const size_t rows = p->rows - m0 < p->cut.row_block ? p->rows - m0 : p->cut.row_block;
        const panel_many columns = cut_panel(p, t % p->cut.panels);
        const size_t padded = columns.vectors * VLEN;
        start_pieces(p, &columns, m0, rows, block);
        for (size_t k = 0; k < p->depth; k += PANEL_DEPTH) {
            const size_t depth = p->depth - k < PANEL_DEPTH ? p->depth - k : PANEL_DEPTH;
            gather_panel(p, &columns, k, depth, panel);
            tiles(rows, columns.vectors, VLEN, depth, p->a + m0 * p->a_row + k * p->a_step,
                  p->a_row, p->a_step, panel, block, padded);
        }
        scatter_pieces(p, &columns, m0, rows, block);
    }
}

static void multiply_many(const slope_host *host, product_many *p)
{
    if (!p->rows || !p->count || !p->out) return;
    p->cut = cut_product(p->rows, p->count * p->out, p->depth);
    if (p->cut.threads == 1)
        product_many_task(p, 0, p->cut.tasks);
    else
        host->parallel_for(host, p->cut.tasks, 1, product_many_task, p);
}

#endif
