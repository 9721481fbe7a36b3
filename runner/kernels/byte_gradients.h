/* kernels/byte_gradients.h: G += Dᵀ X for rows of bytes (bytes.h).
 *
 * The gradient of the scores is taken apart at once, for all rows; then UNIT features at a time go
 * along the rows of a group, and what a group comes to is added to g. What the model will read next
 * is fetched meanwhile. A thread keeps the digits of its part of d from piece to piece.
 *
 * Only for kernels/core.c, in float32. */
#ifndef SLOPE_KERNELS_BYTE_GRADIENTS_H
#define SLOPE_KERNELS_BYTE_GRADIENTS_H

#include "kernels/bytes.h"

enum { GROUP_TILES = UNIT / TILE }; /* of features that are worked on at once */

typedef word group_words[GROUP_TILES][GROUP_WORDS][TILE];

/* Memory for the gradients of some outputs. */
typedef struct group_tile {
    tile_digits digits;
    real unit[TILE];
} group_tile;

typedef struct gradient_memory {
    group_words words[1 + MAKES_AHEAD]; /* those that are read and those that are made */
    real columns[TILE][ROW_GROUP];      /* of d */
} gradient_memory;

/* Tiles [first, first + tiles) of outputs, and some of the features, for one thread. */
typedef struct gradient_piece {
    const bytes_product *p;
    size_t first, tiles, groups;
    gradient_memory *memory;
    group_tile *taken;        /* groups × tiles */
    real (*sums)[TILE][UNIT]; /* of each tile, to be added to g in the end; NULL: g itself grows */
    const unsigned char **place; /* of each row */
} gradient_piece;

static size_t rows_of_group(const bytes_product *p, size_t group)
{
    const size_t rest = p->rows - group * ROW_GROUP;
    return rest < ROW_GROUP ? rest : ROW_GROUP;
}

/* `width` numbers of each of `rows` rows of d, at most TILE, become columns. */
static void turn_columns(size_t rows, size_t width, const real *d, size_t ldd,
                         real (*columns)[ROW_GROUP])
{
    size_t m = 0;
#if defined(__AVX512VNNI__)
    const unsigned char *at[TILE]; /* a word is as long as a number */
    for (size_t r = 0; r < rows; r++) at[r] = (const unsigned char *)(d + r * ldd);
    for (; rows == TILE && m + WORD <= width; m += WORD)
        words_of_rows(at, m * sizeof(real), (word *)(void *)columns[m], ROW_GROUP);
#endif
    for (size_t r = 0; r < rows; r++)
        for (size_t i = m; i < width; i++) columns[i][r] = d[r * ldd + i];
}

/* Takes the columns of d of one tile apart, in one group of rows. Rows are turned into columns some
 * at a time, so that each of their cache lines is read once. */
static void take_columns(const bytes_product *p, const out_tile *o, size_t group,
                         gradient_memory *memory, group_tile *tile)
{
    const size_t rows = rows_of_group(p, group);
    for (size_t m = 0, width; m < o->height; m += width) {
        const real *d = place_in(p, o, m, p->d, 1) + group * ROW_GROUP * p->ldd;
        width = outs_of_matrix(p, o, m);
        for (size_t r = 0; r < rows; r += TILE)
            turn_columns(rows - r < TILE ? rows - r : TILE, width, d + r * p->ldd, p->ldd,
                         (real(*)[ROW_GROUP])(memory->columns[m] + r));
    }
    for (size_t m = 0; m < o->height; m++) {
        real scale;
        tile->unit[m] = unit_of(rows, memory->columns[m], &scale) * p->source->factor;
        take_digits(rows, padded_sum(rows), memory->columns[m], scale, o->height, m, tile->digits);
    }
}

/* g += unit · found, of output m of `height`, for `count` features. */
static void add_found(tile_sums found, size_t height, size_t m, real unit, size_t count, real *g)
{
    for (size_t n = 0; n < count; n += VLEN) {
        const vec more = v_mul(number_at(found, height, m, n), v_set1(unit));
        if (n + VLEN <= count)
            v_store(g + n, v_add(v_load(g + n), more));
        else
            v_store_part(g + n, v_add(v_load_part(g + n, count - n), more), count - n);
    }
}

/* Of one tile of outputs, while a line of each of the next `rows` rows is fetched, if f knows, and
 * the words of what comes next are made. */
static void add_gradients(const out_tile *o, size_t rows, size_t count, group_tile *tile,
                          group_words all, real *const g[TILE], const fetcher *f,
                          words_ahead *ahead)
{
    const size_t words = padded_sum(rows) / WORD;
    const size_t height = o->height; /* read once: a vector that is stored might change it */
    const size_t tiles = ceil_divide(count, TILE), fetched = f ? rows / words : 0;
    for (size_t n = 0; n < tiles; n += ABREAST) {
        _Alignas(CACHE_LINE) tile_sums found[ABREAST];
        const size_t now = tiles - n < ABREAST ? tiles - n : ABREAST;
        const size_t left = fetched > n ? fetched - n : 0;
        const sums_wanted sums = {.height = height,
                                  .words = words,
                                  .digits = &tile->digits,
                                  .tiles = now,
                                  .x = all[n][0],
                                  .apart = sizeof *all / sizeof(word),
                                  .sums = found,
                                  .fetch = {.places = left ? f->places + n * words : NULL,
                                            .offset = left ? f->offset : 0},
                                  .fetched = left < now ? left : now,
                                  .ahead = ahead};
        sum_tiles(&sums);
        for (size_t i = 0; i < now * TILE; i += TILE) {
            const size_t at = n * TILE + i, width = count - at < TILE ? count - at : TILE;
            for (size_t m = 0; m < height; m++)
                add_found(found[i / TILE], height, m, tile->unit[m], width, g[m] + at);
        }
    }
}

static real *gradient_row(const bytes_product *p, const out_tile *o, size_t m)
{
    return (real *)(uintptr_t)place_in(p, o, m, (const real *const *)p->g, p->ldg);
}

/* Gives the piece its memory: the same place for the same thread, whichever piece it is. */
static void place_gradients(gradient_piece *piece)
{
    const bytes_product *p = piece->p;
    const size_t most = ceil_divide(count_tiles(p), p->parts); /* tiles of a piece */
    const size_t taken = piece->groups * most * sizeof *piece->taken;
    const bool apart = p->separate && piece->groups > 1;
    const size_t sums = apart ? most * sizeof *piece->sums : 0;
    char *memory = own_memory(sizeof *piece->memory + taken + sums + p->rows * sizeof(char *));
    piece->memory = (void *)memory;
    piece->taken = (void *)(memory += sizeof *piece->memory);
    piece->sums = apart ? (void *)(memory + taken) : NULL;
    piece->place = (void *)(memory + taken + sums);
}

/* Takes d apart. */
static void begin_gradients(const gradient_piece *piece)
{
    const bytes_product *p = piece->p;
    places_of_rows(p, 0, p->rows, p->rows, piece->place);
    for (size_t group = 0; group < piece->groups; group++)
        for (size_t n = 0; n < piece->tiles; n++) {
            const out_tile o = tile_number(p, piece->first + n);
            take_columns(p, &o, group, piece->memory, &piece->taken[group * piece->tiles + n]);
        }
}

/* The words of one group of rows, for features [feature, feature + count). */
static words_ahead gradient_words(const gradient_piece *piece, size_t group, size_t feature,
                                  size_t count, group_words words)
{
    return words_of_features_ahead(piece->place + group * ROW_GROUP, rows_of_group(piece->p, group),
                                   feature, count, words[0][0]);
}

/* Adds what one group of rows comes to, for features [feature, feature + count). */
static void add_group(const gradient_piece *piece, size_t group, size_t feature, size_t count,
                      group_words words, words_ahead *ahead, size_t *height)
{
    const bytes_product *p = piece->p;
    const size_t row = group * ROW_GROUP, rows = rows_of_group(p, group);
    const bool fetches = p->source->next; /* a line of UNIT bytes of each row */
    const fetcher next = {.places = fetches ? p->source->next + p->row + row : NULL,
                          .offset = feature / UNIT * p->source->stride};
    for (size_t n = 0; n < piece->tiles; n++) {
        const out_tile o = tile_number(p, piece->first + n);
        real *g[TILE];
        if (o.height != *height) tiles_begin(*height = o.height);
        for (size_t m = 0; m < o.height; m++)
            g[m] = piece->sums ? piece->sums[n][m] : gradient_row(p, &o, m) + feature;
        add_gradients(&o, rows, count, &piece->taken[group * piece->tiles + n], words, g,
                      fetches && n == 0 ? &next : NULL, ahead);
    }
}

static void add_sums(const gradient_piece *piece, size_t feature, size_t count)
{
    for (size_t n = 0; n < piece->tiles; n++) {
        const out_tile o = tile_number(piece->p, piece->first + n);
        for (size_t m = 0; m < o.height; m++) {
            real *g = gradient_row(piece->p, &o, m) + feature;
            for (size_t i = 0; i < count; i++) g[i] += piece->sums[n][m][i];
        }
    }
}

/* Where UNIT features from `feature` on end, or all of them. */
static size_t units_end(size_t feature, size_t to)
{
    return to - feature < UNIT ? to : feature + UNIT;
}

/* Of one part of the tiles, and features [from, to). */
static void add_piece(const bytes_product *p, size_t part, size_t from, size_t to)
{
    const size_t first = piece_begin(count_tiles(p), p->parts, part);
    gradient_piece piece = {.p = p,
                            .first = first,
                            .tiles = piece_begin(count_tiles(p), p->parts, part + 1) - first,
                            .groups = ceil_divide(p->rows, ROW_GROUP)};
    size_t height = 0; /* that tiles have now */
    place_gradients(&piece);
    if (!own_memory_holds(p, part)) begin_gradients(&piece);
    enum { PLACES = 1 + MAKES_AHEAD };
    group_words *words = piece.memory->words;
    words_ahead ahead = gradient_words(&piece, 0, from, units_end(from, to) - from, words[0]);
    for (size_t j = from, turn = 0; j < to; j += UNIT) {
        const size_t end = units_end(j, to), count = end - j;
        if (piece.sums) memset(piece.sums, 0, piece.tiles * sizeof *piece.sums);
        for (size_t group = 0; group < piece.groups; group++, turn++) {
            const bool last = group + 1 == piece.groups;
            make_rest(&ahead);
            const size_t after = last ? end : j; /* what comes next */
            ahead = gradient_words(&piece, last ? 0 : group + 1, after,
                                   units_end(after, to) - after, words[(turn + 1) % PLACES]);
            add_group(&piece, group, j, count, words[turn % PLACES], after < to ? &ahead : NULL,
                      &height);
        }
        if (piece.sums) add_sums(&piece, j, count);
    }
    tiles_end();
}

static void gradient_task(void *argument, size_t begin, size_t end)
{
    const bytes_product *p = argument;
    const size_t units = ceil_divide(p->in, UNIT), range = begin % p->ranges;
    (void)end; /* one piece */
    const size_t to = piece_begin(units, p->ranges, range + 1) * UNIT;
    add_piece(p, begin / p->ranges, piece_begin(units, p->ranges, range) * UNIT,
              to < p->in ? to : p->in);
}

static job gradients_job(bytes_product *p)
{
    enum { PIECE_UNITS = 4 };
    if (!p->rows || !p->out || !p->count) return (job){.count = 0};
    const size_t threads = bytes_threads(p), units = ceil_divide(p->in, UNIT);
    const bool by_tiles = share_tiles(p, threads);
    p->parts = by_tiles ? threads : 1;
    p->ranges = threads == 1 ? 1 : pieces_for(units, PIECE_UNITS, by_tiles ? 1 : threads);
    return bytes_job(p, gradient_task);
}

#endif
