/* kernels/dots.h: Y = φ(X Wᵀ + b): every row of X against every row of W.
 *
 * Both rows lie in memory as their dot product reads them, so nothing is transposed or copied, and
 * lanes are full however few outputs there are. The price: a dot product is LANES partial sums,
 * that many on every instruction set, which are folded at its end (vector.h). Rows count as
 * continued with zeros to a multiple of LANES.
 *
 * A tile of some rows times some outputs is held in registers while it runs along the features.
 * The outputs of a tile, a strip, stay for many rows, so that their weights are read from the
 * first-level cache. Rows too long for that are cut into blocks, and the partial sums wait in
 * memory in between.
 *
 * Rows that are still to be packed are packed by the first strip that reads them, tile by tile,
 * just before. Those that come next are fetched meanwhile (rows.h).
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_DOTS_H
#define SLOPE_KERNELS_DOTS_H

#include "kernels/elementary.h"
#include "kernels/jobs.h"
#include "kernels/rows.h"
#include "kernels/vector.h"
#include "slope/kernels.h"

#if defined(__AVX512F__) /* 25 sums, 5 vectors of x and one of w: 31 of 32 registers */
enum { TILE_ROWS = 5, TILE_OUTS = 5 };
#define EACH_OUTS(X, ROWS) X(ROWS, 1) X(ROWS, 2) X(ROWS, 3) X(ROWS, 4) X(ROWS, 5)
#define EACH_TILE(X)       EACH_OUTS(X, 1) EACH_OUTS(X, 2) EACH_OUTS(X, 3) EACH_OUTS(X, 4) EACH_OUTS(X, 5)
#elif (defined(__AVX2__) && defined(__FMA__)) || \
    defined(__aarch64__) /* 12 sums of 16 registers, or 24 of 32 */
enum { TILE_ROWS = 2, TILE_OUTS = 3 };
#define EACH_TILE(X) X(1, 1) X(1, 2) X(1, 3) X(2, 1) X(2, 2) X(2, 3)
#else
enum { TILE_ROWS = 1, TILE_OUTS = 1 };
#define EACH_TILE(X) X(1, 1)
#endif

enum {
    BLOCK_ROWS = 26 * 5,                    /* of a task */
    MOST_FEATURES = 52 * 64 / sizeof(real), /* of a block */
    FEW_WEIGHTS = (1 << 18) / sizeof(real), /* stay in the second-level cache beside the rows */
};

/* The vector that begins `first` features after `at`, where `rest` are left; zeros beyond. */
static inline vec load_rest(const real *at, size_t rest, size_t first)
{
    if (rest <= first) return v_set1(0);
    return v_load_part(at + first, rest - first < VLEN ? rest - first : VLEN);
}

/* What a tile does with its partial sums. */
typedef struct dots_end {
    real *lanes;       /* where they wait, row after row, LANES for each dot product */
    bool go_on;        /* they begin with what is there; otherwise with 0 */
    const real *start; /* NULL: they are stored there. Otherwise they are folded, and start[i] is
                          added to number i; up to a whole vector is there */
    real *sums;        /* and written then: row after row, up to a whole vector */
    size_t fetches;    /* lines, one with each of the first steps … */
    fetcher next;      /* … from there */
} dots_end;

/* ROWS × OUTS dot products along `count` features. */
#define DEFINE_DOTS(ROWS, OUTS) \
    static void dots_##ROWS##_##OUTS(size_t count, const real *x, size_t ldx, const real *w, \
                                     size_t ldw, const dots_end *end) \
    { \
        enum { DOTS = ROWS * OUTS }; \
        vec sum[DOTS][PARTS]; \
        if (end->go_on) \
            UNROLL for (size_t i = 0; i < DOTS; i++) UNROLL for (size_t p = 0; p < PARTS; p++) \
                sum[i][p] = v_load(end->lanes + i * LANES + p * VLEN); \
        else \
            UNROLL for (size_t i = 0; i < DOTS; i++) UNROLL for (size_t p = 0; p < PARTS; p++) \
                sum[i][p] = v_set1(0); \
        size_t at = 0; \
        for (size_t step = 0; step < end->fetches; step++, at += LANES) { \
            FETCH(&end->next, step); \
            DOTS_STEP(ROWS, OUTS, DOTS_WHOLE); \
            x += LANES; \
            w += LANES; \
        } \
        for (; at + LANES <= count; at += LANES) { \
            DOTS_STEP(ROWS, OUTS, DOTS_WHOLE); \
            x += LANES; \
            w += LANES; \
        } \
        if (at < count) DOTS_STEP(ROWS, OUTS, DOTS_REST); \
        if (!end->start) { \
            UNROLL for (size_t i = 0; i < DOTS; i++) UNROLL for (size_t p = 0; p < PARTS; p++) \
                v_store(end->lanes + i * LANES + p * VLEN, sum[i][p]); \
            return; \
        } \
        UNROLL for (size_t first = 0; first < DOTS; first += VLEN) \
        { \
            vec group[VLEN]; \
            UNROLL for (size_t i = 0; i < VLEN; i++) \
            { \
                const size_t dot = first + v_slot(i); \
                group[i] = v_sum_parts(sum[dot < DOTS ? dot : DOTS - 1]); \
            } \
            v_store(end->sums + first, v_add(v_load(end->start + first), v_sum_lanes(group))); \
        } \
    }
#define DOTS_WHOLE(row, p) v_load((row) + (p)*VLEN)
#define DOTS_REST(row, p)  load_rest(row, count - at, (p)*VLEN)
#define DOTS_STEP(ROWS, OUTS, LOAD) \
    UNROLL for (size_t p = 0; p < PARTS; p++) \
    { \
        vec a[ROWS]; \
        UNROLL for (size_t m = 0; m < ROWS; m++) a[m] = LOAD(x + m * ldx, p); \
        UNROLL for (size_t o = 0; o < OUTS; o++) \
        { \
            const vec b = LOAD(w + o * ldw, p); \
            UNROLL for (size_t m = 0; m < ROWS; m++) sum[m * OUTS + o][p] = \
                v_fma(a[m], b, sum[m * OUTS + o][p]); \
        } \
    }
EACH_TILE(DEFINE_DOTS)

typedef void (*dots_function)(size_t count, const real *x, size_t ldx, const real *w, size_t ldw,
                              const dots_end *end);
#define DOTS_ENTRY(ROWS, OUTS) [ROWS - 1][OUTS - 1] = dots_##ROWS##_##OUTS,
static const dots_function dots_tiles[TILE_ROWS][TILE_OUTS] = {EACH_TILE(DOTS_ENTRY)};

/* Y_i = φ(X W_iᵀ + b_i) for i < count; X is rows × in, W_i out × in, Y_i rows × out. */
typedef struct dots {
    size_t count, rows, in, out;
    const real *x;
    size_t ldx;
    const real *const *w;
    size_t ldw;
    const real *const *bias; /* NULL: none */
    slope_activation activation;
    real *const *y;
    size_t ldy;
    size_t strips;      /* of outputs, of each matrix */
    size_t blocks;      /* of rows */
    bool by_rows;       /* neighbouring tasks share their rows; otherwise their outputs */
    row_source *source; /* of x; NULL: none, or its rows are all there */
    bool on_the_way;    /* the product reads rows as they are packed */
} dots;

static void activate(slope_activation activation, size_t count, real *c)
{
    if (activation == SLOPE_RELU)
        for (size_t i = 0; i < count; i++) c[i] = c[i] < 0 ? 0 : c[i];
    else if (activation == SLOPE_TANH)
        for (size_t i = 0; i < count; i++) c[i] = tanh_one(c[i]);
    else if (activation == SLOPE_SIGMOID)
        for (size_t i = 0; i < count; i++) c[i] = sigmoid_one(c[i]);
}

/* Outputs [out, out + width) of one matrix for rows [row, row + rows), and what becomes of them. */
typedef struct strip {
    size_t matrix, out, width, row, rows;
    bool unpacked;                             /* the first one to read these rows packs them */
    real start[TILE_ROWS * TILE_OUTS + LANES]; /* of every tile: all begin with a row */
    real sums[BLOCK_ROWS * TILE_OUTS + LANES]; /* row after row, as the next */
    real lanes[BLOCK_ROWS * TILE_OUTS * LANES];
} strip;

/* The strip that task `task` is about, of all strips of all matrices. */
static size_t strip_number(const dots *d, size_t task)
{
    return d->by_rows ? task % (d->count * d->strips) : task / d->blocks;
}

static const real *strip_weights(const dots *d, size_t number)
{
    return d->w[number / d->strips] + piece_begin(d->out, d->strips, number % d->strips) * d->ldw;
}

static void begin_strip(const dots *d, size_t task, strip *s)
{
    const size_t number = strip_number(d, task);
    const size_t block = d->by_rows ? task / (d->count * d->strips) : task % d->blocks;
    s->matrix = number / d->strips;
    s->out = piece_begin(d->out, d->strips, number % d->strips);
    s->width = piece_begin(d->out, d->strips, number % d->strips + 1) - s->out;
    s->row = piece_begin(d->rows, d->blocks, block);
    s->rows = piece_begin(d->rows, d->blocks, block + 1) - s->row;
    const size_t first = d->source ? row_number(d->source, d->x) + s->row : 0;
    s->unpacked = d->source && d->on_the_way && first == d->source->packed;
    if (d->source && !s->unpacked) rows_wanted(d->source, d->x + s->row * d->ldx, s->rows);
    for (size_t i = 0; i < sizeof s->start / sizeof *s->start; i++)
        s->start[i] = -R(0.0); /* which changes no sum, not even -0 */
    for (size_t m = 0; d->bias && m < TILE_ROWS; m++)
        for (size_t o = 0; o < s->width; o++)
            s->start[m * s->width + o] = d->bias[s->matrix][s->out + o];
}

/* Features [first, first + count). While one tile of rows is at work, the beginnings of the next
 * ones are fetched: from there on the processor sees what is to come. So are, bit by bit, the
 * weights that begin at `ahead`, the next strip's; NULL: they are in the cache anyway. */
static void sum_strip(const dots *d, strip *s, size_t first, size_t count, const real *ahead)
{
    const size_t tiles = ceil_divide(s->rows, TILE_ROWS), higher = s->rows % tiles;
    const real *x = d->x + s->row * d->ldx + first;
    const real *w = d->w[s->matrix] + s->out * d->ldw + first;
    const size_t share = ceil_divide(s->width * count, tiles); /* of what lies ahead */
    size_t row = s->unpacked ? d->source->packed : 0;
    dots_end end = {.lanes = s->lanes,
                    .go_on = first > 0,
                    .start = first + count == d->in ? s->start : NULL,
                    .sums = s->sums};
    for (size_t t = 0; t < tiles; t++) {
        const size_t height = s->rows / tiles + (t < higher);
        const real *next = x + height * d->ldx;
        for (size_t r = 0; r < TILE_ROWS && t + 1 < tiles; r++)
            __builtin_prefetch(next + r * d->ldx, 0, 3);
        for (size_t i = 0; ahead && i < share; i += LANES)
            __builtin_prefetch(ahead + s->width * first + t * share + i, 0, 2);
        if (s->unpacked) pack_piece(&d->source->pack, row, height, first, count);
        end.fetches =
            fetcher_begin(d->source, count / LANES, ALL_SINGLE, &end.next) ? count / LANES : 0;
        dots_tiles[height - 1][s->width - 1](count, x, d->ldx, w, d->ldw, &end);
        x = next;
        row += height;
        end.lanes += height * s->width * LANES;
        end.sums += height * s->width;
    }
}

static void finish_strip(const dots *d, strip *s)
{
    activate(d->activation, s->rows * s->width, s->sums);
    real *y = d->y[s->matrix] + s->row * d->ldy + s->out;
    for (size_t o = 0; o < s->width; o += VLEN) {
        const size_t width = s->width - o < VLEN ? s->width - o : VLEN;
        for (size_t m = 0; m < s->rows; m++)
            v_store_part(y + m * d->ldy + o, v_load(s->sums + m * s->width + o), width);
    }
}

/* A task is one strip of outputs and one block of rows. */
static void dots_task(void *argument, size_t begin, size_t end)
{
    const dots *d = argument;
    strip s; /* too large to be set to 0 for nothing */
    const size_t parts = d->in ? ceil_divide(d->in, MOST_FEATURES) : 1;
    const size_t units = ceil_divide(d->in, LANES);
    const bool few = d->count * d->out * d->in <= FEW_WEIGHTS;
    for (size_t t = begin; t < end; t++) {
        const real *ahead = few ? NULL : strip_weights(d, strip_number(d, t + 1 < end ? t + 1 : t));
        begin_strip(d, t, &s);
        for (size_t p = 0; p < parts; p++) {
            const size_t first = piece_begin(units, parts, p) * LANES;
            const size_t last = piece_begin(units, parts, p + 1) * LANES;
            sum_strip(d, &s, first, (last < d->in ? last : d->in) - first, ahead);
        }
        finish_strip(d, &s);
        if (s.unpacked) d->source->packed += s.rows;
    }
}

/* Rows that belong to one thread are packed before several share them. */
static void prepare_source(dots *d, size_t threads)
{
    row_source *s = d->source;
    if (!s) return;
    d->on_the_way = d->in == s->pack.columns && d->ldx == s->pack.ld;
    if (threads > 1) {
        rows_wanted(s, d->x, d->rows);
        d->source = NULL;
    }
}

static void multiply_dots(const slope_host *host, dots *d)
{
    if (!d->rows || !d->count || !d->out) return;
    const size_t threads = threads_worth(d->rows, d->count * d->out, d->in);
    d->by_rows = d->out < 2 * TILE_OUTS * threads || threads == 1;
    d->strips = pieces_for(d->out, TILE_OUTS, d->by_rows ? 1 : threads);
    d->blocks = pieces_for(d->rows, BLOCK_ROWS, d->by_rows ? threads : 1);
    const size_t tasks = d->count * d->strips * d->blocks;
    prepare_source(d, threads);
    run_job(host, (job){tasks, threads > 1 ? 1 : tasks, dots_task, d});
}

#endif
