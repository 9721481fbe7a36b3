/* kernels/bytes.h: products of rows of bytes by exact sums (exact.h): where all features are bytes
 * times one factor, and the model leaves the rows to the kernels. Nothing is packed: words are made
 * of the stored rows in a thread's own memory, for some rows and features at a time, so that they
 * are still in the cache for all the weights.
 *
 * Here is what both products share; scores are made in byte_scores.h, gradients of the weights in
 * byte_gradients.h. Only for these and for core.c, in float32. */
#ifndef SLOPE_KERNELS_BYTES_H
#define SLOPE_KERNELS_BYTES_H

#include "kernels/exact.h"
#include "kernels/jobs.h"
#include "kernels/rows.h"

#include <stdlib.h>

/* Scores Y_i = φ(X W_iᵀ + b_i), or gradients G_i += D_iᵀ X, for i < count. */
typedef struct bytes_product {
    size_t count, rows, in, out;
    row_source *source; /* of X, … */
    size_t row;         /* … which begins there */

    const real *const *w, *const *bias; /* bias NULL: none */
    size_t ldw;
    slope_activation activation;
    real *const *y;
    size_t ldy;

    const real *const *d;
    size_t ldd;
    real *const *g;
    size_t ldg;
    bool separate;

    size_t parts;  /* of the tiles of outputs, … */
    size_t ranges; /* … each in so many pieces: ranges of rows, or of features for gradients */
    bool keeps;    /* a thread keeps the words of all rows, from piece to piece */
    size_t number; /* of all products that have pieces; 0: this one has not */
} bytes_product;

/* Outputs [first, first + height) of those of all matrices, one matrix after another. */
typedef struct out_tile {
    size_t first, height;
} out_tile;

static size_t count_tiles(const bytes_product *p)
{
    return ceil_divide(p->count * p->out, TILE);
}

static out_tile tile_number(const bytes_product *p, size_t number)
{
    const size_t outs = p->count * p->out, tiles = count_tiles(p);
    const size_t first = piece_begin(outs, tiles, number);
    return (out_tile){first, piece_begin(outs, tiles, number + 1) - first};
}

/* Where output m of a tile has its row of `matrices`, or, with ld 1, its column. */
static const real *place_in(const bytes_product *p, const out_tile *o, size_t m,
                            const real *const *matrices, size_t ld)
{
    const size_t out = o->first + m;
    return matrices[out / p->out] + out % p->out * ld;
}

/* How many outputs of a tile, from output m on, are of the same matrix. */
static size_t outs_of_matrix(const bytes_product *p, const out_tile *o, size_t m)
{
    const size_t rest = p->out - (o->first + m) % p->out;
    return rest < o->height - m ? rest : o->height - m;
}

/* ---- memory of the thread -------------------------------------------------------------------- */

/* Each is touched by its own thread only. */
static struct bytes_memory {
    _Alignas(CACHE_LINE) char *at;
    size_t bytes;
    size_t product, what;     /* an earlier piece of that product has left that there; 0: nothing */
} bytes_memory[MOST_THREADS]; /* by thread_index() */

static void *own_memory(size_t bytes)
{
    struct bytes_memory *m = &bytes_memory[thread_index()];
    if (bytes + CACHE_LINE > m->bytes) {
        free(m->at);
        m->bytes = bytes + CACHE_LINE;
        m->at = allocate(m->bytes, 1);
        m->product = 0;
    }
    return m->at + (CACHE_LINE - (uintptr_t)m->at % CACHE_LINE) % CACHE_LINE;
}

/* Whether the thread's memory holds that already; from now on it does. */
static bool own_memory_holds(const bytes_product *p, size_t what)
{
    struct bytes_memory *m = &bytes_memory[thread_index()];
    const bool holds = p->number && m->product == p->number && m->what == what;
    m->product = p->number;
    m->what = what;
    return holds;
}

/* Where rows [row, row + count) of the product are stored; the last one again up to `places`. */
static void places_of_rows(const bytes_product *p, size_t row, size_t count, size_t places,
                           const unsigned char **at)
{
    for (size_t r = 0; r < places; r++)
        at[r] = (const unsigned char *)stored_row(&p->source->pack,
                                                  p->row + row + (r < count ? r : count - 1), 0);
}

/* ---- cutting -------------------------------------------------------------------------------- */

/* Whether x is whole rows of bytes that are left to the kernels as they are. */
static bool are_bytes(const row_source *s, const real *x, size_t in, size_t ldx)
{
    return s && s->exact && in == s->pack.columns && ldx == s->pack.ld &&
           (size_t)(x - s->pack.out) % ldx == 0;
}

static size_t bytes_threads(const bytes_product *p)
{
    return threads_worth(p->rows, p->count * p->out, p->in);
}

/* Threads share the tiles of outputs where there are enough, as the updates share the weights. */
static bool share_tiles(const bytes_product *p, size_t threads)
{
    return threads > 1 && count_tiles(p) >= 2 * threads;
}

/* There are more pieces than threads where a piece costs nothing of its own: what it needs a thread
 * makes for the first one that it runs, and keeps. So a core that does half as much as another,
 * because somebody else is at work on it, is not waited for. */
static job bytes_job(bytes_product *p, void (*task)(void *argument, size_t begin, size_t end))
{
    static size_t number; /* only one thread, outside of loops, deals pieces */
    const size_t pieces = p->parts * p->ranges;
    p->number = pieces > 1 ? ++number : 0;
    return (job){pieces, 1, task, p};
}

#endif
