/* kernels/bytes.h: scores of rows of bytes, and gradients of their weights, by exact sums
 * (exact.h): where all features are bytes times one factor, and the model leaves the rows to the
 * kernels. Nothing is packed: words are made of the stored rows in a thread's own memory, for some
 * rows and features at a time, so that they are still in the cache for all the weights.
 *
 * Only for kernels/core.c, in float32. */
#ifndef SLOPE_KERNELS_BYTES_H
#define SLOPE_KERNELS_BYTES_H

#include "kernels/cut.h"
#include "kernels/dots.h"
#include "kernels/exact.h"
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

    size_t pieces; /* for threads: … */
    bool by_tiles; /* … of tiles of outputs; otherwise of rows, or of features for gradients */
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

static size_t whole_units(size_t count)
{
    return ceil_divide(count, UNIT) * UNIT;
}

/* ---- memory of the thread -------------------------------------------------------------------- */

static struct bytes_memory {
    char *at;
    size_t bytes;
} bytes_memory[MOST_THREADS]; /* by thread_index() */

static void *own_memory(size_t bytes)
{
    struct bytes_memory *m = &bytes_memory[thread_index()];
    if (bytes + CACHE_LINE > m->bytes) {
        free(m->at);
        m->bytes = bytes + CACHE_LINE;
        m->at = allocate(m->bytes, 1);
    }
    return m->at + (CACHE_LINE - (uintptr_t)m->at % CACHE_LINE) % CACHE_LINE;
}

/* Where rows [row, row + count) of the product are stored; the last one again up to `places`. */
static void places_of_rows(const bytes_product *p, size_t row, size_t count, size_t places,
                           const unsigned char **at)
{
    for (size_t r = 0; r < places; r++)
        at[r] = (const unsigned char *)stored_row(&p->source->pack,
                                                  p->row + row + (r < count ? r : count - 1), 0);
}

/* ---- scores ---------------------------------------------------------------------------------- */

enum { SCORE_ROWS = 256 }; /* for which weights are taken apart once */

typedef real score_sums[TILE][SCORE_ROWS];

/* Memory for the scores of some rows. */
typedef struct score_memory {
    word words[SCORE_ROWS / TILE][LONGEST / WORD][TILE];
    digit digits[DIGITS][TILE][LONGEST];
    struct score_tile {
        real scale[TILE], unit[TILE];
        score_sums sums; /* [output][row] */
    } tiles[];
} score_memory;

typedef enum words_wanted { MADE, KEPT, ONCE } words_wanted;

/* The words of row tile `t`; the rows of the next one are fetched meanwhile. */
static void score_words(const unsigned char *const *place, size_t t, size_t tiles, size_t first,
                        size_t count, word *words)
{
    for (size_t r = 0; r < TILE && t + 1 < tiles; r++)
        for (size_t line = 0; line < count; line += CACHE_LINE)
            __builtin_prefetch(place[(t + 1) * TILE + r] + first + line, 0, 3);
    words_along_features(place + t * TILE, first, count, whole_units(count), words);
}

/* Adds what features [first, first + count) come to. The words of a row tile are made when the
 * first tile of outputs needs them, and kept if it is not the only one. */
static void add_scores(const bytes_product *p, const out_tile *o, size_t first, size_t count,
                       const unsigned char *const *place, size_t row_tiles, words_wanted wanted,
                       score_memory *memory, struct score_tile *tile)
{
    const size_t padded = whole_units(count);
    for (size_t m = 0; m < o->height; m++)
        take_digits(count, padded, place_in(p, o, m, p->w, p->ldw) + first, tile->scale[m],
                    memory->digits[0][m], TILE * LONGEST);
    for (size_t t = 0; t < row_tiles; t++) {
        _Alignas(CACHE_LINE) tile_sums found;
        word *words = memory->words[wanted == ONCE ? 0 : t][0];
        if (wanted != MADE) score_words(place, t, row_tiles, first, count, words);
        sum_tile(o->height, padded / WORD, memory->digits[0][0], LONGEST, words, found);
        for (size_t m = 0; m < o->height; m++)
            for (size_t n = 0; n < TILE; n += VLEN) {
                real *sums = tile->sums[m] + t * TILE + n;
                const vec more = joined(found[0][m] + n);
                v_store(sums, first ? v_add(v_load(sums), more) : more);
            }
    }
}

/* `width` numbers, at most TILE; up to a whole vector is there to be read. */
static inline void store_row(size_t width, const real *from, real *to)
{
    for (size_t n = 0; n < width; n += VLEN) {
        const vec v = v_load(from + n);
        if (n + VLEN <= width)
            v_store(to + n, v);
        else
            v_store_part(to + n, v, width - n);
    }
}

/* The scores of TILE rows from `row` of the sums on, row after row. */
static void turn_scores(score_sums sums, size_t row, real *turned)
{
#if defined(__AVX512VNNI__)
    const unsigned char *at[TILE]; /* a word is as long as a number */
    for (size_t m = 0; m < TILE; m++) at[m] = (const unsigned char *)(sums[m] + row);
    for (size_t r = 0; r < TILE; r += WORD)
        words_of_rows(at, r * sizeof(real), (word *)(void *)(turned + r * TILE));
#else
    for (size_t r = 0; r < TILE; r++)
        for (size_t m = 0; m < TILE; m++) turned[r * TILE + m] = sums[m][row + r];
#endif
}

/* Units, bias and activation; then rows of scores, to each matrix its outputs. */
static void finish_scores(const bytes_product *p, const out_tile *o, size_t row, size_t rows,
                          struct score_tile *tile)
{
    for (size_t m = 0; m < o->height; m++) {
        const real unit = tile->unit[m], bias = p->bias ? *place_in(p, o, m, p->bias, 1) : 0;
        real *sums = tile->sums[m];
        if (!p->in) memset(sums, 0, rows * sizeof *sums);
        for (size_t r = 0; r < rows; r++) sums[r] *= unit;
        for (size_t r = 0; p->bias && r < rows; r++) sums[r] += bias;
        activate(p->activation, rows, sums);
    }
    for (size_t first = 0; first < rows; first += TILE) {
        real turned[TILE * TILE + LANES]; /* the last row is read beyond its end */
        const size_t height = rows - first < TILE ? rows - first : TILE;
        turn_scores(tile->sums, first, turned);
        for (size_t m = 0, width; m < o->height; m += width) {
            const size_t out = (o->first + m) % p->out;
            width = p->out - out < o->height - m ? p->out - out : o->height - m;
            real *y = p->y[(o->first + m) / p->out] + (row + first) * p->ldy + out;
            for (size_t r = 0; r < height; r++)
                store_row(width, turned + r * TILE + m, y + r * p->ldy);
        }
    }
}

static void begin_scores(const bytes_product *p, const out_tile *o, struct score_tile *tile)
{
    for (size_t m = 0; m < o->height; m++)
        tile->unit[m] =
            unit_of(p->in, place_in(p, o, m, p->w, p->ldw), &tile->scale[m]) * p->source->factor;
}

/* Of tiles [first, last) and some rows, at most SCORE_ROWS. */
static void score_rows(const bytes_product *p, size_t row, size_t rows, size_t first, size_t last)
{
    const size_t row_tiles = ceil_divide(rows, TILE);
    const unsigned char *place[SCORE_ROWS];
    score_memory *memory = own_memory(sizeof *memory + (last - first) * sizeof *memory->tiles);
    places_of_rows(p, row, rows, row_tiles * TILE, place);
    size_t height = 0;
    for (size_t k = 0; k < p->in; k += LONGEST) {
        const size_t count = p->in - k < LONGEST ? p->in - k : LONGEST;
        for (size_t n = first; n < last; n++) {
            const out_tile o = tile_number(p, n);
            if (k == 0) begin_scores(p, &o, &memory->tiles[n - first]);
            if (o.height != height) tiles_begin(height = o.height);
            add_scores(p, &o, k, count, place, row_tiles,
                       n > first          ? MADE
                       : last > first + 1 ? KEPT
                                          : ONCE,
                       memory, &memory->tiles[n - first]);
        }
    }
    tiles_end();
    for (size_t n = first; n < last; n++) {
        const out_tile o = tile_number(p, n);
        finish_scores(p, &o, row, rows, &memory->tiles[n - first]);
    }
}

static void score_task(void *argument, size_t begin, size_t end)
{
    const bytes_product *p = argument;
    const size_t tiles = count_tiles(p), units = ceil_divide(p->rows, TILE);
    const size_t first = p->by_tiles ? piece_begin(tiles, p->pieces, begin) : 0;
    const size_t last = p->by_tiles ? piece_begin(tiles, p->pieces, end) : tiles;
    const size_t row = p->by_tiles ? 0 : piece_begin(units, p->pieces, begin) * TILE;
    size_t stop = p->by_tiles ? p->rows : piece_begin(units, p->pieces, end) * TILE;
    if (stop > p->rows) stop = p->rows;
    for (size_t r = row; r < stop; r += SCORE_ROWS)
        score_rows(p, r, stop - r < SCORE_ROWS ? stop - r : SCORE_ROWS, first, last);
}

/* ---- gradients of weights -------------------------------------------------------------------- */

enum { GROUP_TILES = UNIT / TILE }; /* of features that are worked on at once */

/* Memory for the gradients of some outputs. */
typedef struct group_tile {
    digit digits[DIGITS][TILE][ROW_GROUP];
    real unit[TILE];
} group_tile;

typedef struct gradient_memory {
    word words[GROUP_TILES][ROW_GROUP / WORD][TILE];
    real column[ROW_GROUP]; /* of d */
    group_tile tiles[];     /* of all groups; then sums for `separate`, then places of all rows */
} gradient_memory;

/* What becomes of the columns of d of one tile and one group. */
static void take_columns(const bytes_product *p, const out_tile *o, size_t row, size_t rows,
                         gradient_memory *memory, group_tile *tile)
{
    for (size_t m = 0; m < o->height; m++) {
        const real *d = place_in(p, o, m, p->d, 1) + row * p->ldd;
        real scale;
        for (size_t r = 0; r < rows; r++) memory->column[r] = d[r * p->ldd];
        tile->unit[m] = unit_of(rows, memory->column, &scale) * p->source->factor;
        take_digits(rows, whole_units(rows), memory->column, scale, tile->digits[0][m],
                    TILE * ROW_GROUP);
    }
}

/* Words of features [feature, feature + count) of a group of rows; what comes next is fetched. */
static void gradient_words(const unsigned char *const *place, size_t rows, size_t feature,
                           size_t count, const fetcher *f, gradient_memory *memory)
{
    const size_t padded = whole_units(rows);
    for (size_t r = 0; r < padded; r += WORD) {
        const unsigned char *at[WORD];
        for (size_t i = 0; i < WORD; i++) {
            const size_t here = r + i < rows ? r + i : rows - 1;
            at[i] = place[here] + feature;
            if (f) FETCH(f, here);
        }
        words_of_features(at, count, memory->words[0][r / WORD], ROW_GROUP / WORD * TILE);
    }
}

/* g += unit · found, for `count` features. */
static void add_found(const int32_t *found, real unit, size_t count, real *g)
{
    for (size_t n = 0; n < count; n += VLEN) {
        const vec more = v_mul(joined(found + n), v_set1(unit));
        if (n + VLEN <= count)
            v_store(g + n, v_add(v_load(g + n), more));
        else
            v_store_part(g + n, v_add(v_load_part(g + n, count - n), more), count - n);
    }
}

static void add_gradients(const out_tile *o, size_t rows, size_t count, const group_tile *tile,
                          const gradient_memory *memory, real *const g[TILE], size_t feature)
{
    for (size_t n = 0; n < GROUP_TILES && n * TILE < count; n++) {
        _Alignas(CACHE_LINE) tile_sums found;
        sum_tile(o->height, whole_units(rows) / WORD, tile->digits[0][0], ROW_GROUP,
                 memory->words[n][0], found);
        const size_t width = count - n * TILE < TILE ? count - n * TILE : TILE;
        for (size_t m = 0; m < o->height; m++)
            add_found(found[0][m], tile->unit[m], width, g[m] + feature + n * TILE);
    }
}

static real *gradient_row(const bytes_product *p, const out_tile *o, size_t m)
{
    return (real *)(uintptr_t)place_in(p, o, m, (const real *const *)p->g, p->ldg);
}

/* Of tiles [first, last) and features [from, to). */
static void gradient_piece(const bytes_product *p, size_t first, size_t last, size_t from,
                           size_t to)
{
    typedef real tile_gradient[TILE][UNIT];
    const size_t tiles = last - first, groups = ceil_divide(p->rows, ROW_GROUP);
    const bool apart = p->separate && groups > 1;
    gradient_memory *memory =
        own_memory(sizeof *memory + groups * tiles * sizeof *memory->tiles +
                   (apart ? tiles * sizeof(tile_gradient) : 0) + p->rows * sizeof(char *));
    tile_gradient *sums = (void *)(memory->tiles + groups * tiles);
    const unsigned char **place = (void *)(sums + (apart ? tiles : 0));
    places_of_rows(p, 0, p->rows, p->rows, place);
    for (size_t group = 0; group < groups; group++)
        for (size_t n = first; n < last; n++) {
            const out_tile o = tile_number(p, n);
            const size_t row = group * ROW_GROUP, rest = p->rows - row;
            take_columns(p, &o, row, rest < ROW_GROUP ? rest : ROW_GROUP, memory,
                         &memory->tiles[group * tiles + n - first]);
        }
    const bool fetches = p->pieces == 1 && p->source->next; /* a line of UNIT bytes each */
    size_t height = 0;
    for (size_t j = from; j < to; j += UNIT) {
        const size_t count = to - j < UNIT ? to - j : UNIT;
        if (apart) memset(sums, 0, tiles * sizeof *sums);
        for (size_t group = 0; group < groups; group++) {
            const size_t row = group * ROW_GROUP;
            const size_t rows = p->rows - row < ROW_GROUP ? p->rows - row : ROW_GROUP;
            const fetcher next = {fetches ? p->source->next + p->row + row : NULL,
                                  j / UNIT * p->source->stride};
            gradient_words(place + row, rows, j, count, fetches ? &next : NULL, memory);
            for (size_t n = first; n < last; n++) {
                const out_tile o = tile_number(p, n);
                if (o.height != height) tiles_begin(height = o.height);
                real *g[TILE];
                for (size_t m = 0; m < o.height; m++)
                    g[m] = apart ? sums[n - first][m] : gradient_row(p, &o, m);
                add_gradients(&o, rows, count, &memory->tiles[group * tiles + n - first], memory, g,
                              apart ? 0 : j);
            }
        }
        for (size_t n = first; apart && n < last; n++) {
            const out_tile o = tile_number(p, n);
            for (size_t m = 0; m < o.height; m++)
                for (size_t i = 0; i < count; i++)
                    gradient_row(p, &o, m)[j + i] += sums[n - first][m][i];
        }
    }
    tiles_end();
}

static void gradient_task(void *argument, size_t begin, size_t end)
{
    const bytes_product *p = argument;
    const size_t tiles = count_tiles(p), units = ceil_divide(p->in, UNIT);
    if (p->by_tiles) {
        gradient_piece(p, piece_begin(tiles, p->pieces, begin), piece_begin(tiles, p->pieces, end),
                       0, p->in);
        return;
    }
    const size_t to = piece_begin(units, p->pieces, end) * UNIT;
    gradient_piece(p, 0, tiles, piece_begin(units, p->pieces, begin) * UNIT,
                   to < p->in ? to : p->in);
}

/* ---- both ------------------------------------------------------------------------------------ */

/* Whether x is whole rows of bytes that are left to the kernels as they are. */
static bool are_bytes(const row_source *s, const real *x, size_t in, size_t ldx)
{
    return s && s->exact && in == s->pack.columns && ldx == s->pack.ld &&
           (size_t)(x - s->pack.out) % ldx == 0;
}

/* Threads share the tiles of outputs where there are enough, as the updates share the weights. */
static void multiply_bytes(const slope_host *host, bytes_product *p, size_t units,
                           void (*task)(void *argument, size_t begin, size_t end))
{
    if (!p->rows || !p->out || !p->count) return;
    const size_t threads = threads_worth(p->rows, p->count * p->out, p->in);
    const size_t tiles = count_tiles(p);
    p->by_tiles = threads > 1 && tiles >= 2 * threads;
    const size_t parts = p->by_tiles ? tiles : units;
    p->pieces = threads < parts ? threads : parts;
    if (p->pieces <= 1) {
        p->pieces = 1;
        task(p, 0, 1);
    } else
        host->parallel_for(host, p->pieces, 1, task, p);
}

#endif
