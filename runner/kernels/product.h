/* kernels/product.h: C += A B where the rows of B lie in memory as lanes want them: the gradients
 * of weights and of inputs. (Scores are dot products: dots.h.)
 *
 * A tile of outputs is held in registers while a chain of fused multiply-adds runs along the
 * summation index, one step for all outputs of the tile. Lanes are columns of B and of C, never
 * parts of one sum; so the order of accumulation is the plain one, at every width. Where many tiles
 * share columns of B, these are copied into a panel first (contiguous, padded with zeros). Sums
 * longer than a panel are continued from the output, which changes no bit. Where B is rows of data,
 * those that come next are fetched meanwhile (rows.h).
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_PRODUCT_H
#define SLOPE_KERNELS_PRODUCT_H

#include "kernels/jobs.h"
#include "kernels/rows.h"
#include "kernels/vector.h"
#include "slope/kernels.h"

enum {
    MAX_VECTORS = 2,
    PANEL_DEPTH = 256, /* so that a panel fits the first-level cache */
    ROWS_AHEAD = 16,   /* of a panel that is being copied are fetched */
};

/* Where a sum begins, and what becomes of it. */
typedef enum sum_start {
    CONTINUE, /* from c */
    FROM_ZERO,
    SEPARATE, /* from zero, and at its end it is added to c */
} sum_start;

/* ---- the tile -------------------------------------------------------------------------------- */

/* The end of sums that are multiplied by a derivative: where they are written instead of c. */
typedef struct tile_slope {
    slope_activation activation;
    const real *value; /* φ(z); may be the result */
    size_t ldv;
    real *result;
    size_t ldr;
} tile_slope;

static inline vec relu_slope(vec value, vec sum)
{
    return v_where_positive(value, sum);
}

static inline vec tanh_slope(vec value, vec sum)
{
    return v_mul(sum, v_sub(v_set1(1), v_mul(value, value)));
}

static inline vec sigmoid_slope(vec value, vec sum)
{
    return v_mul(sum, v_mul(value, v_sub(v_set1(1), value)));
}

/* What a tile works on: c[m][n] = chain over k of a(m, k) · b[k · ldb + n], where a(m, k) is
 * a[m + k · stride] or a[m · stride + k]. */
typedef struct tile {
    size_t depth;
    const real *a, *b;
    size_t stride, ldb;
    real *c;
    size_t ldc, tail; /* the last vector of a row of c has `tail` lanes that exist; of b, all do */
    sum_start start;
    fetcher next; /* if it fetches */
    bool ends;    /* with this: */
    tile_slope end;
} tile;

/* Of the sums of a tile, and where its rows go then. */
#define SLOPE_OF_TILE(ROWS, VECTORS, NAME) \
    UNROLL for (size_t m = 0; m < ROWS; m++) \
    { \
        const real *value = t->end.value + m * t->end.ldv; \
        UNROLL for (size_t n = 0; n + 1 < VECTORS; n++) sum[m][n] = \
            NAME##_slope(v_load(value + n * VLEN), sum[m][n]); \
        sum[m][LAST] = NAME##_slope(v_load_part(value + LAST * VLEN, tail), sum[m][LAST]); \
    }
#define END_TILE(ROWS, VECTORS) \
    if (t->ends) { \
        if (t->end.activation == SLOPE_RELU) { \
            SLOPE_OF_TILE(ROWS, VECTORS, relu) \
        } else if (t->end.activation == SLOPE_TANH) { \
            SLOPE_OF_TILE(ROWS, VECTORS, tanh) \
        } else { \
            SLOPE_OF_TILE(ROWS, VECTORS, sigmoid) \
        } \
        c = t->end.result; \
        ldc = t->end.ldr; \
    }
#define END_NOT(ROWS, VECTORS)

/* a(m, k) = a[m · ROW + k · STEP]. */
#define DEFINE_TILE(NAME, ROWS, VECTORS, ROW, STEP, FETCH_LINES, END) \
    static void NAME(const tile *t) \
    { \
        enum { LAST = VECTORS - 1 }; \
        const size_t stride = t->stride, ldb = t->ldb, tail = t->tail; \
        const real *a = t->a, *b = t->b; \
        const sum_start start = t->start; \
        real *c = t->c; \
        size_t ldc = t->ldc; \
        fetcher next = t->next; \
        (void)next; \
        vec sum[ROWS][VECTORS]; \
        UNROLL for (size_t m = 0; m < ROWS; m++) \
        { \
            UNROLL for (size_t n = 0; n + 1 < VECTORS; n++) sum[m][n] = \
                start == CONTINUE ? v_load(c + m * ldc + n * VLEN) : v_set1(0); \
            sum[m][LAST] = \
                start == CONTINUE ? v_load_part(c + m * ldc + LAST * VLEN, tail) : v_set1(0); \
        } \
        for (size_t step = t->depth; step > 0; step--) { \
            FETCH_LINES(&next, step); \
            vec factor[VECTORS]; \
            UNROLL for (size_t n = 0; n < VECTORS; n++) factor[n] = v_load(b + n * VLEN); \
            UNROLL for (size_t m = 0; m < ROWS; m++) \
            { \
                const vec x = v_set1(a[m * (ROW)]); \
                UNROLL for (size_t n = 0; n < VECTORS; n++) sum[m][n] = \
                    v_fma(x, factor[n], sum[m][n]); \
            } \
            a += STEP; \
            b += ldb; \
        } \
        END(ROWS, VECTORS) \
        FORGET(c); \
        UNROLL for (size_t m = 0; m < ROWS; m++) \
        { \
            real *row = c + m * ldc; \
            if (start == SEPARATE) { \
                UNROLL for (size_t n = 0; n + 1 < VECTORS; n++) sum[m][n] = \
                    v_add(v_load(row + n * VLEN), sum[m][n]); \
                sum[m][LAST] = v_add(v_load_part(row + LAST * VLEN, tail), sum[m][LAST]); \
            } \
            UNROLL for (size_t n = 0; n + 1 < VECTORS; n++) v_store(row + n * VLEN, sum[m][n]); \
            v_store_part(row + LAST * VLEN, sum[m][LAST], tail); \
        } \
    }

/* Heights of tiles: enough sums to hide how long a multiply-add takes, and operands beside them. */
#if VECTORS_32
enum { TALL = 12 };
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#else
enum { TALL = 6 };
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif

/* Of tiles whose steps lie apart and whose rows are neighbours in a, without and with something to
 * fetch, and the other way round. */
#define DEFINE_TILES(ROWS) \
    DEFINE_TILE(across_##ROWS##_1, ROWS, 1, 1, stride, FETCH_NOT, END_NOT) \
    DEFINE_TILE(across_##ROWS##_2, ROWS, 2, 1, stride, FETCH_NOT, END_NOT) \
    DEFINE_TILE(fetching_##ROWS##_1, ROWS, 1, 1, stride, FETCH_ALL, END_NOT) \
    DEFINE_TILE(fetching_##ROWS##_2, ROWS, 2, 1, stride, FETCH_ALL, END_NOT) \
    DEFINE_TILE(along_##ROWS##_1, ROWS, 1, stride, 1, FETCH_NOT, END_TILE) \
    DEFINE_TILE(along_##ROWS##_2, ROWS, 2, stride, 1, FETCH_NOT, END_TILE)
EACH_HEIGHT(DEFINE_TILES)

typedef void (*tile_function)(const tile *t);
#define ACROSS(ROWS)   [ROWS - 1] = {across_##ROWS##_1, across_##ROWS##_2},
#define FETCHING(ROWS) [ROWS - 1] = {fetching_##ROWS##_1, fetching_##ROWS##_2},
#define ALONG(ROWS)    [ROWS - 1] = {along_##ROWS##_1, along_##ROWS##_2},
static const tile_function across_tiles[TALL][MAX_VECTORS] = {EACH_HEIGHT(ACROSS)};
static const tile_function fetching_tiles[TALL][MAX_VECTORS] = {EACH_HEIGHT(FETCHING)};
static const tile_function along_tiles[TALL][MAX_VECTORS] = {EACH_HEIGHT(ALONG)};

/* ---- a product, cut into tasks --------------------------------------------------------------- */

/* C_i += A_i B for i < count, C rows × columns, sums of length `depth`:
 * a(m, k) = a[m · a_row + k · a_step], one of which is 1; b(k, n) = b[k · ldb + n]. */
typedef struct product {
    size_t count, rows, columns, depth;
    const real *const *a;
    size_t a_row, a_step;
    const real *b;
    size_t ldb;
    real *const *c;
    size_t ldc;
    sum_start start;
    tile_slope end;     /* if it has an activation: one matrix, and `along` */
    size_t panels;      /* of columns */
    size_t blocks;      /* of rows */
    row_source *source; /* of b: it knows what comes next; NULL: nothing */
    unsigned pace;      /* at which that is fetched (rows.h) */
} product;

/* Rows [row, row + rows) and columns [column, column + columns) of every C. */
typedef struct block {
    size_t row, rows, column, columns;
    size_t tiles, height, higher; /* rows of a tile, and how many have one more */
    size_t vectors, tail;         /* the last vector of a row has `tail` columns */
} block;

static void set_rows(size_t row, size_t rows, block *at)
{
    at->row = row;
    at->rows = rows;
    at->tiles = ceil_divide(rows, TALL);
    at->height = rows / at->tiles;
    at->higher = rows % at->tiles;
}

static void copy_panel(const product *p, const block *at, size_t k0, size_t depth, real *panel)
{
    for (size_t k = 0; k < depth; k++, panel += at->vectors * VLEN) {
        const real *source = p->b + (k0 + k) * p->ldb + at->column;
        for (size_t n = 0; n < at->vectors; n++)
            __builtin_prefetch(source + ROWS_AHEAD * p->ldb + n * VLEN, 0, 3);
        for (size_t n = 0; n + 1 < at->vectors; n++)
            v_store(panel + n * VLEN, v_load(source + n * VLEN));
        const size_t last = (at->vectors - 1) * VLEN;
        v_store(panel + last, v_load_part(source + last, at->tail));
    }
}

/* Of the parts of its matrices that begin `rows` rows and `columns` columns further on. */
static tile_slope slope_from(tile_slope s, size_t rows, size_t columns)
{
    if (s.activation == SLOPE_IDENTITY) return s;
    s.value += rows * s.ldv + columns;
    s.result += rows * s.ldr + columns;
    return s;
}

/* Outputs that a tile will need; they may lie beyond what there is. */
static void fetch_outputs(size_t rows, size_t vectors, const real *c, size_t ldc)
{
    for (size_t m = 0; m < rows; m++, c += ldc) {
        __builtin_prefetch(c, 1, 3);
        if (vectors > 1) __builtin_prefetch(c + VLEN, 1, 3);
    }
}

/* All tiles of a block, for steps [k0, k0 + depth) of the sums. Each fetches the outputs of the
 * next, which is below it, at the top of the next C, or at the top of the next panel. */
static void add_tiles(const product *p, const block *at, size_t k0, size_t depth, const real *b,
                      size_t ldb, sum_start start)
{
    const bool along = p->a_step == 1 && !p->source; /* one output: both, and across fetches */
    const tile_function(*usual)[MAX_VECTORS] = along ? along_tiles : across_tiles;
    const size_t top = at->row * p->ldc + at->column;
    tile t;
    t.depth = depth;
    t.b = b;
    t.stride = along ? p->a_row : p->a_step;
    t.ldb = ldb;
    t.ldc = p->ldc;
    t.tail = at->tail;
    t.start = start;
    t.ends = p->end.activation != SLOPE_IDENTITY && k0 + depth == p->depth;
    if (t.ends) t.end = slope_from(p->end, at->row, at->column);
    for (size_t i = 0; i < p->count; i++) {
        const real *next_c = i + 1 < p->count ? p->c[i + 1] + top : p->c[0] + top + at->columns;
        t.a = p->a[i] + at->row * p->a_row + k0 * p->a_step;
        t.c = p->c[i] + top;
        for (size_t left = at->tiles; left > 0; left--) {
            const size_t height = at->height + (left <= at->higher);
            real *below = t.c + height * p->ldc;
            const bool fetches = fetcher_begin(p->source, depth, p->pace, &t.next);
            const tile_function(*table)[MAX_VECTORS] = fetches ? fetching_tiles : usual;
            fetch_outputs(height, at->vectors, left > 1 ? below : next_c, p->ldc);
            table[height - 1][at->vectors - 1](&t);
            if (t.ends) t.end = slope_from(t.end, height, 0);
            t.a += height * p->a_row;
            t.c = below;
        }
    }
}

static void add_block(const product *p, const block *at)
{
    enum { FEW = 2 }; /* tiles, for which a panel does not pay */
    _Alignas(CACHE_LINE) real panel[PANEL_DEPTH * MAX_VECTORS * VLEN];
    const bool whole = at->tail == VLEN;
    const bool in_place = whole && p->count * at->tiles <= FEW;
    if (in_place) {
        add_tiles(p, at, 0, p->depth, p->b + at->column, p->ldb, p->start);
        return;
    }
    for (size_t k = 0; k == 0 || k < p->depth; k += PANEL_DEPTH) {
        const size_t depth = p->depth - k < PANEL_DEPTH ? p->depth - k : PANEL_DEPTH;
        copy_panel(p, at, k, depth, panel);
        add_tiles(p, at, k, depth, panel, at->vectors * VLEN, k ? CONTINUE : p->start);
    }
}

/* Sums of more than one panel that are to be added to c at their end, or to be written elsewhere
 * then: they grow in memory of their own. */
static void add_apart(const product *p, const block *at)
{
    enum { ROWS = 8 * TALL, LD = MAX_VECTORS * VLEN }; /* for which panels are copied once */
    _Alignas(CACHE_LINE) real sums[ROWS * LD];
    for (size_t i = 0; i < p->count; i++)
        for (size_t m = at->row; m < at->row + at->rows; m += ROWS) {
            const real *a = p->a[i] + m * p->a_row;
            real *to = sums, *c = p->c[i] + m * p->ldc + at->column;
            block rows = *at;
            set_rows(0, at->row + at->rows - m < ROWS ? at->row + at->rows - m : ROWS, &rows);
            rows.column = 0;
            product part = *p;
            part.count = 1;
            part.a = &a;
            part.b += at->column;
            part.c = &to;
            part.ldc = LD;
            part.start = FROM_ZERO;
            part.end = slope_from(p->end, m, at->column);
            add_block(&part, &rows);
            for (size_t r = 0; p->start == SEPARATE && r < rows.rows; r++)
                for (size_t n = 0; n < at->columns; n++) c[r * p->ldc + n] += sums[r * LD + n];
        }
}

static void begin_rows(const product *p, size_t number, block *at)
{
    const size_t row = piece_begin(p->rows, p->blocks, number);
    set_rows(row, piece_begin(p->rows, p->blocks, number + 1) - row, at);
}

/* Columns from vector `first` to vector `last`. */
static void set_columns(const product *p, size_t first, size_t last, block *at)
{
    at->column = first * VLEN;
    at->vectors = last - first;
    at->columns = at->vectors * VLEN;
    if (at->columns > p->columns - at->column) at->columns = p->columns - at->column;
    at->tail = at->columns - (at->vectors - 1) * VLEN;
}

/* Task t is one block of rows and one panel of columns. */
static void product_task(void *argument, size_t begin, size_t end)
{
    const product *p = argument;
    const size_t vectors = ceil_divide(p->columns, VLEN);
    size_t number = begin / p->panels, panel = begin % p->panels;
    size_t first = piece_begin(vectors, p->panels, panel), last;
    block at;
    begin_rows(p, number, &at);
    for (size_t t = begin; t < end; t++, panel++, first = last) {
        if (panel == p->panels) {
            begin_rows(p, ++number, &at);
            panel = first = 0;
        }
        last = piece_begin(vectors, p->panels, panel + 1);
        set_columns(p, first, last, &at);
        const bool ends_elsewhere = p->start == SEPARATE || p->end.activation != SLOPE_IDENTITY;
        if (ends_elsewhere && p->depth > PANEL_DEPTH)
            add_apart(p, &at);
        else
            add_block(p, &at);
    }
}

/* Threads share the rows of C where there are many and `by_rows` says that these are better shared,
 * and otherwise its columns; where these are few, the rows after all. */
static job product_job(product *p, bool by_rows)
{
    enum { MANY = 32 };
    if (!p->rows || !p->columns || !p->count) return (job){.count = 0};
    const size_t threads = threads_worth(p->count * p->rows, p->columns, p->depth);
    const size_t vectors = ceil_divide(p->columns, VLEN);
    by_rows = (by_rows && p->rows >= MANY * threads) || vectors < 2 * threads;
    p->panels = pieces_for(vectors, MAX_VECTORS, by_rows ? 1 : threads);
    p->blocks = by_rows && p->rows >= threads ? threads : 1;
    const size_t tasks = p->panels * p->blocks;
    if (threads > 1) p->source = NULL; /* it is one thread's */
    const size_t tiles = p->panels * p->count * ceil_divide(p->rows, TALL);
    p->pace = fetcher_pace(p->source, tiles * p->depth);
    return (job){tasks, threads > 1 ? 1 : tasks, product_task, p};
}

#endif
