/* kernels/product.h: the one matrix product behind all the others, and how it is cut into tasks.
 *
 * A tile of outputs is held in registers while a chain of fused multiply-adds runs along the
 * summation index, one step for all outputs of the tile. Lanes are outputs, never parts of one sum;
 * so the order of accumulation is the plain one, at every width. The operand that gives the lanes
 * is copied into a panel first (contiguous, padded with zeros), and sums longer than the panel are
 * continued from the output, which changes no bit.
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_PRODUCT_H
#define SLOPE_KERNELS_PRODUCT_H

#include "host/team.h"
#include "kernels/elementary.h"
#include "kernels/vector.h"
#include "slope/kernels.h"

enum {
    STEPS_OF_LINE = 64 / sizeof(real),
    FETCHED = 4 * STEPS_OF_LINE, /* ahead, in elements */
    MAX_VECTORS = 3,
    PANEL_WIDTH = MAX_VECTORS * VLEN,
    ROWS_AHEAD = 16,     /* of a panel that is being copied are fetched */
    PANEL_DEPTH = 128,   /* so that a wide panel fits the first-level cache */
    NARROW_DEPTH = 4096, /* of one vector: rows are then read from end to end, as memory likes it */
};

/* From here on the compiler takes p for a pointer like any other, and derives no others from it: it
 * would keep them in vector registers, which the sums need. */
#define FORGET(p) __asm__("" : "+r"(p))

/* ---- the tile -------------------------------------------------------------------------------- */

/* c[m][n] += chain over k of a[m · ROW + k · STEP] · panel[k][n]. The last vector of a row of c has
 * `tail` lanes that exist. One of ROW and STEP is `stride`, the other 1. A turn of the loop takes
 * STEPS steps, and if they are several, fetches what its rows will need some turns on: tiles of one
 * vector go through their rows as fast as memory gives them. */
#define DEFINE_TILE(NAME, ROWS, VECTORS, ROW, STEP, STEPS) \
    static void NAME(size_t depth, const real *a, size_t stride, const real *panel, real *c, \
                     size_t ldc, size_t tail) \
    { \
        enum { LAST = (VECTORS - 1) * VLEN }; \
        vec sum[ROWS][VECTORS]; \
        for (size_t m = 0; m < ROWS; m++) { \
            for (size_t n = 0; n + 1 < VECTORS; n++) sum[m][n] = v_load(c + m * ldc + n * VLEN); \
            sum[m][VECTORS - 1] = v_load_part(c + m * ldc + LAST, tail); \
        } \
        size_t k = 0; \
        for (; k + STEPS <= depth; k += STEPS) { \
            for (size_t m = 0; STEPS > 1 && m < ROWS; m++) \
                __builtin_prefetch(a + m * (ROW) + FETCHED, 0, 3); \
            for (size_t u = 0; u < STEPS; u++) TILE_STEP(ROWS, VECTORS, ROW, STEP) \
        } \
        for (; k < depth; k++) TILE_STEP(ROWS, VECTORS, ROW, STEP) \
        FORGET(c); \
        for (size_t m = 0; m < ROWS; m++) { \
            for (size_t n = 0; n + 1 < VECTORS; n++) v_store(c + m * ldc + n * VLEN, sum[m][n]); \
            v_store_part(c + m * ldc + LAST, sum[m][VECTORS - 1], tail); \
        } \
    }
#define TILE_STEP(ROWS, VECTORS, ROW, STEP) \
    { \
        vec b[VECTORS]; \
        for (size_t n = 0; n < VECTORS; n++) b[n] = v_load(panel + n * VLEN); \
        for (size_t m = 0; m < ROWS; m++) { \
            const vec x = v_set1(a[m * (ROW)]); \
            for (size_t n = 0; n < VECTORS; n++) sum[m][n] = v_fma(x, b[n], sum[m][n]); \
        } \
        a += STEP; \
        panel += VECTORS * VLEN; \
    }

/* Tiles of a height for 1, 2 and 3 vectors: whose rows of a lie apart, and whose steps do. */
#define DEFINE_TILES(NAME, ROWS_1, ROWS_2, ROWS_3) \
    DEFINE_TILE(NAME##_1, ROWS_1, 1, stride, 1, STEPS_OF_LINE) \
    DEFINE_TILE(NAME##_2, ROWS_2, 2, stride, 1, 1) \
    DEFINE_TILE(NAME##_3, ROWS_3, 3, stride, 1, 1)
#define DEFINE_NEAR_TILES(NAME, ROWS_1, ROWS_2, ROWS_3) \
    DEFINE_TILE(NAME##_1, ROWS_1, 1, 1, stride, 1) \
    DEFINE_TILE(NAME##_2, ROWS_2, 2, 1, stride, 1) \
    DEFINE_TILE(NAME##_3, ROWS_3, 3, 1, stride, 1)

#if VECTORS_32 /* enough sums to hide how long a multiply-add takes, and operands beside them */
#define LARGE      12, 12, 8
#define NEAR_LARGE 16, 12, 8
#else
#define LARGE      8, 6, 4
#define NEAR_LARGE 12, 6, 4
#endif
#define EXPAND_TILES(DEFINE, NAME, ...) DEFINE(NAME, __VA_ARGS__)
EXPAND_TILES(DEFINE_TILES, large, LARGE)
EXPAND_TILES(DEFINE_NEAR_TILES, near_large, NEAR_LARGE)
DEFINE_TILES(middle, 8, 4, 4)
DEFINE_NEAR_TILES(near_middle, 8, 4, 4)
DEFINE_TILES(single, 1, 1, 1)
DEFINE_NEAR_TILES(near_single, 1, 1, 1)
DEFINE_TILE(low_1, 4, 1, stride, 1, STEPS_OF_LINE)
DEFINE_TILE(near_low_1, 4, 1, 1, stride, 1)

typedef void (*tile_function)(size_t depth, const real *a, size_t stride, const real *panel,
                              real *c, size_t ldc, size_t tail);

/* Into the cache, where it may lie beyond what there is. */
static void fetch_block(size_t rows, size_t vectors, const real *p, size_t ld)
{
    for (size_t m = 0; m < rows; m++)
        for (size_t n = 0; n < vectors; n++) __builtin_prefetch(p + m * ld + n * VLEN, 1, 3);
}

/* c[m][n] += Σ a · panel for `rows` rows; a row of c has `vectors` vectors, the last of `tail`
 * lanes. One of row and step is 1. The tallest tiles come first, but 16 rows are 8 and 8 rather
 * than 12 and 4: the lower a tile, the longer it waits for its sums. */
static void tiles(size_t rows, size_t vectors, size_t tail, size_t depth, const real *a, size_t row,
                  size_t step, const real *panel, real *c, size_t ldc)
{
    enum { HEIGHTS = 4 };
    static const struct {
        tile_function tile[MAX_VECTORS];
        size_t height[MAX_VECTORS];
    } heights[2][HEIGHTS] = {{{{large_1, large_2, large_3}, {LARGE}},
                              {{middle_1, middle_2, middle_3}, {8, 4, 4}},
                              {{low_1, middle_2, middle_3}, {4, 4, 4}},
                              {{single_1, single_2, single_3}, {1, 1, 1}}},
                             {{{near_large_1, near_large_2, near_large_3}, {NEAR_LARGE}},
                              {{near_middle_1, near_middle_2, near_middle_3}, {8, 4, 4}},
                              {{near_low_1, near_middle_2, near_middle_3}, {4, 4, 4}},
                              {{near_single_1, near_single_2, near_single_3}, {1, 1, 1}}}};
    const bool near = row == 1;
    const size_t stride = near ? step : row;
    size_t m = 0;
    for (size_t h = 0; h < HEIGHTS; h++) {
        const size_t height = heights[near][h].height[vectors - 1];
        const tile_function tile = heights[near][h].tile[vectors - 1];
        const size_t pair = h + 1 < HEIGHTS ? 2 * heights[near][h + 1].height[vectors - 1] : 0;
        for (; rows - m >= height && (rows - m != pair || pair <= height); m += height) {
            fetch_block(height, vectors, c + (m + height) * ldc, ldc);
            tile(depth, a + m * row, stride, panel, c + m * ldc, ldc, tail);
        }
    }
}

/* ---- a product, cut into tasks --------------------------------------------------------------- */

/* How a product falls into tasks: blocks of rows times panels of columns, which differ by one
 * vector at most. Each thread gets as much, and the same tasks every time (host/team.h), so what it
 * wrote is in its cache when the next product, or an update, comes to the same place. */
typedef struct product_cut {
    size_t threads, tasks;
    size_t row_block;
    size_t vectors, panels; /* of all columns */
} product_cut;

static size_t ceil_divide(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Threads share the columns where the panels are the larger operand (a layer's weights against a
 * small batch), so that each is copied once; otherwise the rows. */
static product_cut cut_product(size_t rows, size_t columns, size_t depth)
{
    enum { WORTH_A_THREAD = 1 << 15 /* multiply-adds */, BLOCK = 256, TALL = 8 };
    const bool alone = rows * columns * depth < WORTH_A_THREAD || parallel_is_serial();
    product_cut cut = {.threads = alone ? 1 : (size_t)threads_count(),
                       .row_block = BLOCK,
                       .vectors = ceil_divide(columns, VLEN)};
    const size_t threads = cut.threads;
    cut.panels = ceil_divide(cut.vectors, MAX_VECTORS);
    if (columns >= rows && cut.vectors >= threads)
        cut.panels = ceil_divide(cut.panels, threads) * threads;
    else if (!alone)
        cut.row_block = ceil_divide(rows, ceil_divide(rows, threads * BLOCK) * threads);
    cut.row_block = ceil_divide(cut.row_block, TALL) * TALL;
    cut.tasks = ceil_divide(rows, cut.row_block) * cut.panels;
    return cut;
}

/* C += A B with C rows × columns and a sum of length `depth`:
 * a(m, k) = a[m · a_row + k · a_step], b(k, n) = b[k · b_step + n · b_column]. */
typedef struct product {
    size_t rows, columns, depth;
    const real *a;
    size_t a_row, a_step;
    const real *b;
    size_t b_step, b_column;
    real *c;
    size_t ldc;
    const real *start; /* NULL: continue from c; otherwise c[m][n] starts as start[n] */
    bool from_zero;    /* c starts as 0 */
    slope_activation activation;
    const real *value; /* NULL: c becomes φ(c); otherwise c is multiplied by φ'(z), value = φ(z) */
    size_t ldv;
    product_cut cut;
} product;

static void copy_panel(const product *p, size_t k0, size_t depth, size_t n0, size_t width,
                       size_t vectors, real *panel)
{
    const size_t padded = vectors * VLEN, tail = width - (vectors - 1) * VLEN;
    for (size_t k = 0; k < depth; k++) {
        const real *source = p->b + (k0 + k) * p->b_step + n0 * p->b_column;
        real *row = panel + k * padded;
        if (p->b_column == 1) {
            fetch_block(1, vectors, source + ROWS_AHEAD * p->b_step, 0);
            for (size_t n = 0; n + 1 < vectors; n++)
                v_store(row + n * VLEN, v_load(source + n * VLEN));
            v_store(row + padded - VLEN, v_load_part(source + padded - VLEN, tail));
        } else {
            size_t n = 0;
            for (; n + VLEN <= width; n += VLEN)
                v_store(row + n, v_gather(source + n * p->b_column, p->b_column));
            for (; n < width; n++) row[n] = source[n * p->b_column];
            for (; n < padded; n++) row[n] = 0;
        }
    }
}

static void start_block(const product *p, size_t m0, size_t rows, size_t n0, size_t width)
{
    if (!p->start && !p->from_zero) return;
    for (size_t m = m0; m < m0 + rows; m++)
        for (size_t n = n0; n < n0 + width; n++) p->c[m * p->ldc + n] = p->start ? p->start[n] : 0;
}

static void activate(slope_activation activation, size_t count, real *c)
{
    if (activation == SLOPE_RELU)
        for (size_t i = 0; i < count; i++) c[i] = c[i] < 0 ? 0 : c[i];
    else if (activation == SLOPE_TANH)
        for (size_t i = 0; i < count; i++) c[i] = tanh_one(c[i]);
    else
        for (size_t i = 0; i < count; i++) c[i] = sigmoid_one(c[i]);
}

static void differentiate(slope_activation activation, size_t count, const real *restrict a,
                          real *restrict c)
{
    if (activation == SLOPE_RELU)
        for (size_t i = 0; i < count; i++) c[i] = a[i] > 0 ? c[i] : 0;
    else if (activation == SLOPE_TANH)
        for (size_t i = 0; i < count; i++) c[i] *= 1 - a[i] * a[i];
    else
        for (size_t i = 0; i < count; i++) c[i] *= a[i] * (1 - a[i]);
}

/* While the block is still in the cache of the thread that computed it. */
static void finish_block(const product *p, size_t m0, size_t rows, size_t n0, size_t width)
{
    if (p->activation == SLOPE_IDENTITY) return;
    for (size_t m = m0; m < m0 + rows; m++) {
        real *c = p->c + m * p->ldc + n0;
        if (p->value)
            differentiate(p->activation, width, p->value + m * p->ldv + n0, c);
        else
            activate(p->activation, width, c);
    }
}

/* Task t is one block of rows and one panel of columns; neighbours share their rows. */
static void product_task(void *argument, size_t first, size_t last)
{
    const product *p = argument;
    real panel[NARROW_DEPTH * VLEN > PANEL_DEPTH * PANEL_WIDTH ? NARROW_DEPTH * VLEN
                                                               : PANEL_DEPTH * PANEL_WIDTH];
    for (size_t t = first; t < last; t++) {
        const size_t m0 = t / p->cut.panels * p->cut.row_block;
        const size_t rows = p->rows - m0 < p->cut.row_block ? p->rows - m0 : p->cut.row_block;
        const size_t begin = t % p->cut.panels * p->cut.vectors / p->cut.panels;
        const size_t end = (t % p->cut.panels + 1) * p->cut.vectors / p->cut.panels;
        const size_t vectors = end - begin, n0 = begin * VLEN;
        const size_t width = p->columns - n0 < vectors * VLEN ? p->columns - n0 : vectors * VLEN;
        start_block(p, m0, rows, n0, width);
        const size_t deepest = vectors == 1 ? NARROW_DEPTH : PANEL_DEPTH;
        for (size_t k = 0; k < p->depth; k += deepest) {
            const size_t depth = p->depth - k < deepest ? p->depth - k : deepest;
            copy_panel(p, k, depth, n0, width, vectors, panel);
            tiles(rows, vectors, width - (vectors - 1) * VLEN, depth,
                  p->a + m0 * p->a_row + k * p->a_step, p->a_row, p->a_step, panel,
                  p->c + m0 * p->ldc + n0, p->ldc);
        }
        finish_block(p, m0, rows, n0, width);
    }
}

static void multiply(const slope_host *host, product *p)
{
    if (!p->rows || !p->columns) return;
    p->cut = cut_product(p->rows, p->columns, p->depth);
    if (p->cut.threads == 1) {
        p->cut.row_block = p->rows; /* each panel is copied once */
        product_task(p, 0, p->cut.panels);
    } else {
        host->parallel_for(host, p->cut.tasks, 1, product_task, p);
    }
}

#endif
