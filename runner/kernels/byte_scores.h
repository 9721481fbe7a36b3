/* kernels/byte_scores.h: Y = φ(X Wᵀ + b) for rows of bytes (bytes.h).
 *
 * Weights are taken apart for some features of one tile of outputs, and then meet all the rows; the
 * sums of all outputs wait in memory for the next features. Where threads share the outputs and
 * rows are few, a thread keeps the words of all of them and works on a few tiles of outputs at a
 * time.
 *
 * Only for kernels/core.c, in float32. */
#ifndef SLOPE_KERNELS_BYTE_SCORES_H
#define SLOPE_KERNELS_BYTE_SCORES_H

#include "kernels/bytes.h"
#include "kernels/dots.h"

enum {
    SCORE_ROWS = 256,     /* for which weights are taken apart once */
    KEPT_BYTES = 1 << 19, /* of rows at most: their words stay in the second-level cache */
    PIECES_EACH = 4,      /* for a thread, of outputs */
};

typedef real score_sums[TILE][SCORE_ROWS];

/* What is known of one tile of outputs. */
typedef struct score_tile {
    real scale[TILE], unit[TILE];
    score_sums sums; /* [output][row] */
} score_tile;

/* Of one row tile and up to LONGEST features. */
typedef word row_words[LONGEST / WORD][TILE];

/* Memory for the scores of some rows. Words of LONGEST features, or of all where they are kept. */
typedef struct score_memory {
    tile_digits digits;
    score_tile *tiles;
    _Alignas(CACHE_LINE) row_words words[][SCORE_ROWS / TILE];
} score_memory;

/* Some rows, for one thread. */
typedef struct score_piece {
    const bytes_product *p;
    size_t row, rows, row_tiles;
    size_t turn; /* steps so far: where words stay for one step only, places take turns */
    score_memory *memory;
    const unsigned char *place[SCORE_ROWS];
} score_piece;

/* What a tile of outputs does about the words of a row tile. */
typedef enum words_wanted {
    MADE, /* nothing: they are there */
    KEPT, /* makes them, for later tiles too: each row tile has memory of its own */
    ONCE, /* makes them for itself alone: a few places for all, which stay in the cache */
} words_wanted;
enum { PLACES_ONCE = ABREAST * (1 + MAKES_AHEAD) }; /* those that are read, those that are made */

/* Row tiles that are worked on at a time, for some features. */
typedef struct score_step {
    size_t tile, first, count;
} score_step;

static size_t features_from(const score_piece *s, size_t first)
{
    return s->p->in - first < LONGEST ? s->p->in - first : LONGEST;
}

static size_t tiles_of(const score_piece *s, const score_step *at)
{
    return s->row_tiles - at->tile < ABREAST ? s->row_tiles - at->tile : ABREAST;
}

/* The next step, of the next features only where those are the same tile's of outputs; false: there
 * is none. */
static bool next_step(const score_piece *s, words_wanted wanted, score_step *at)
{
    at->tile += ABREAST;
    if (at->tile < s->row_tiles) return true;
    if (wanted != ONCE || at->first + LONGEST >= s->p->in) return false;
    *at = (score_step){0, at->first + LONGEST, features_from(s, at->first + LONGEST)};
    return true;
}

/* The words of a step; with ONCE, where step number `turn` has them. */
static word *words_of_step(const score_piece *s, words_wanted wanted, const score_step *at,
                           size_t turn)
{
    row_words *all = s->memory->words[s->p->keeps ? at->first / LONGEST : 0];
    return all[wanted == ONCE ? turn * ABREAST % PLACES_ONCE : at->tile][0];
}

/* Those that are to be made, while the rows of the step after it are fetched. */
static inline void plan_score_words(const score_piece *s, words_wanted wanted, const score_step *at,
                                    word *words, words_ahead *w)
{
    score_step after = *at;
    *w = words_of_rows_ahead(s->place + at->tile * TILE, tiles_of(s, at), at->first, at->count,
                             words, sizeof(row_words) / sizeof *words);
    if (!next_step(s, wanted, &after)) return;
    w->next = s->place + after.tile * TILE;
    w->next_rows = tiles_of(s, &after) * TILE;
    w->next_first = after.first;
    w->next_count = after.count;
}

/* To the sums of a row tile. */
static void add_found_scores(tile_sums found, size_t height, bool begins, size_t t,
                             score_tile *tile)
{
    for (size_t m = 0; m < height; m++)
        for (size_t n = 0; n < TILE; n += VLEN) {
            real *sums = tile->sums[m] + t * TILE + n;
            const vec more = number_at(found, height, m, n);
            v_store(sums, begins ? more : v_add(v_load(sums), more));
        }
}

/* Adds what LONGEST features from `first` on come to. */
static void add_scores(score_piece *s, const out_tile *o, size_t first, words_wanted wanted,
                       score_tile *tile)
{
    const bytes_product *p = s->p;
    const size_t count = features_from(s, first), padded = padded_sum(count);
    const size_t height = o->height; /* read once: a vector that is stored might change it */
    for (size_t m = 0; m < height; m++)
        take_digits(count, padded, place_in(p, o, m, p->w, p->ldw) + first, tile->scale[m], height,
                    m, s->memory->digits);
    words_ahead ahead;
    score_step at = {0, first, count};
    if (wanted == KEPT || (wanted == ONCE && first == 0)) { /* nobody was before to make them */
        plan_score_words(s, wanted, &at, words_of_step(s, wanted, &at, s->turn), &ahead);
        make_rest(&ahead);
    }
    while (at.first == first) {
        _Alignas(CACHE_LINE) tile_sums found[ABREAST];
        score_step after = at;
        const bool follows = next_step(s, wanted, &after), makes = follows && wanted != MADE;
        word *next = follows ? words_of_step(s, wanted, &after, s->turn + 1) : NULL;
        if (makes) plan_score_words(s, wanted, &after, next, &ahead);
        const sums_wanted sums = {.height = height,
                                  .words = padded / WORD,
                                  .digits = &s->memory->digits,
                                  .tiles = tiles_of(s, &at),
                                  .x = words_of_step(s, wanted, &at, s->turn++),
                                  .apart = sizeof(row_words) / sizeof(word),
                                  .sums = found,
                                  .next = makes ? NULL : next,
                                  .ahead = makes ? &ahead : NULL};
        sum_tiles(&sums);
        if (makes) make_rest(&ahead);
        for (size_t i = 0; i < sums.tiles; i++)
            add_found_scores(found[i], height, first == 0, at.tile + i, tile);
        if (!follows) break;
        at = after;
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
        words_of_rows(at, r * sizeof(real), (word *)(void *)(turned + r * TILE), TILE);
#else
    for (size_t r = 0; r < TILE; r++)
        for (size_t m = 0; m < TILE; m++) turned[r * TILE + m] = sums[m][row + r];
#endif
}

/* To be written: another thread may have read them last. */
static void fetch_scores(const bytes_product *p, const out_tile *o, size_t row, size_t rows)
{
    const size_t matrix = o->first / p->out;
    const real *y = p->y[matrix] + row * p->ldy + o->first % p->out;
    for (size_t r = 0; r < rows; r++) __builtin_prefetch(y + r * p->ldy, 1, 3);
}

/* Units, bias and activation; then rows of scores, to each matrix its outputs. */
static void finish_scores(const score_piece *s, const out_tile *o, score_tile *tile)
{
    const bytes_product *p = s->p;
    const size_t row = s->row, rows = s->rows;
    fetch_scores(p, o, row, rows);
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
            width = outs_of_matrix(p, o, m);
            real *y = p->y[(o->first + m) / p->out] + (row + first) * p->ldy + out;
            for (size_t r = 0; r < height; r++)
                store_row(width, turned + r * TILE + m, y + r * p->ldy);
        }
    }
}

static void begin_scores(const bytes_product *p, const out_tile *o, score_tile *tile)
{
    for (size_t m = 0; m < o->height; m++)
        tile->unit[m] =
            unit_of(p->in, place_in(p, o, m, p->w, p->ldw), &tile->scale[m]) * p->source->factor;
}

static score_memory *scores_memory(const bytes_product *p)
{
    const size_t tiles = ceil_divide(count_tiles(p), p->parts);
    const size_t blocks = p->keeps ? ceil_divide(p->in, LONGEST) : 1;
    score_memory *m = own_memory(sizeof *m + blocks * sizeof *m->words + tiles * sizeof *m->tiles);
    m->tiles = (score_tile *)(void *)(m->words + blocks);
    return m;
}

/* Of tiles [first, last) and some rows, at most SCORE_ROWS. The words of a row tile are made when
 * the first tile of outputs needs them, and kept if it is not the only one. */
static void score_rows(const bytes_product *p, size_t row, size_t rows, size_t first, size_t last)
{
    score_piece s = {.p = p, .row = row, .rows = rows, .row_tiles = ceil_divide(rows, TILE)};
    s.memory = scores_memory(p);
    places_of_rows(p, row, rows, s.row_tiles * TILE, s.place);
    const bool made = p->keeps && own_memory_holds(p, 0); /* the only range of rows */
    const words_wanted wanted = made ? MADE : p->keeps || last > first + 1 ? KEPT : ONCE;
    size_t height = 0;
    for (size_t k = 0; k < p->in; k += LONGEST)
        for (size_t n = first; n < last; n++) {
            const out_tile o = tile_number(p, n);
            score_tile *tile = &s.memory->tiles[n - first];
            if (k == 0) begin_scores(p, &o, tile);
            if (o.height != height) tiles_begin(height = o.height);
            add_scores(&s, &o, k, n > first ? MADE : wanted, tile);
        }
    tiles_end();
    for (size_t n = first; n < last; n++) {
        const out_tile o = tile_number(p, n);
        finish_scores(&s, &o, &s.memory->tiles[n - first]);
    }
}

static void score_task(void *argument, size_t begin, size_t end)
{
    const bytes_product *p = argument;
    const size_t tiles = count_tiles(p), units = ceil_divide(p->rows, TILE);
    (void)end; /* one piece */
    const size_t part = begin / p->ranges, range = begin % p->ranges;
    const size_t first = piece_begin(tiles, p->parts, part);
    const size_t last = piece_begin(tiles, p->parts, part + 1);
    const size_t row = piece_begin(units, p->ranges, range) * TILE;
    size_t stop = piece_begin(units, p->ranges, range + 1) * TILE;
    if (stop > p->rows) stop = p->rows;
    for (size_t r = row; r < stop; r += SCORE_ROWS)
        score_rows(p, r, stop - r < SCORE_ROWS ? stop - r : SCORE_ROWS, first, last);
}

static void multiply_scores(const slope_host *host, bytes_product *p)
{
    if (!p->rows || !p->out || !p->count) return;
    const size_t threads = bytes_threads(p), units = ceil_divide(p->rows, TILE);
    const bool by_tiles = share_tiles(p, threads);
    p->keeps = by_tiles && p->rows <= SCORE_ROWS && p->rows * p->in <= KEPT_BYTES;
    p->parts = !by_tiles ? 1 : threads * (p->keeps ? PIECES_EACH : 1);
    if (p->parts > count_tiles(p)) p->parts = count_tiles(p);
    p->ranges = by_tiles ? 1 : threads < units ? threads : units;
    run_job(host, bytes_job(p, score_task));
}

#endif
