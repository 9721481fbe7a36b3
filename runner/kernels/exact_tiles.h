/* kernels/exact_tiles.h: sums of exact.h by the processor's own tiles (AMX), one tile of columns at
 * a time.
 *
 * Only for kernels/exact.h. */
#ifndef SLOPE_KERNELS_EXACT_TILES_H
#define SLOPE_KERNELS_EXACT_TILES_H

#include "kernels/digits.h"
#include "kernels/rows.h"
#include "kernels/words.h"

enum { ABREAST = 1, MAKES_AHEAD = 0 };

/* The rows of digits fall into tiles of the processor, the last of which may be lower: ten numbers
 * fill three, not four. On an Emerald Rapids processor a product and its load took 8 ns together
 * where the core was ours alone, and 31 ns (15 and 10, as they alternated) where another hardware
 * thread was at work on it, though multiply-adds were as fast as ever: so fewer tiles count even if
 * they are fuller. */
static size_t digit_tiles(size_t height)
{
    return (DIGITS * height + TILE - 1) / TILE;
}

/* Before tiles of that height, and after the last one: a thread that holds tiles is slower to
 * switch. Tiles 0 to 3 are sums, 4 is columns, 5 to 7 are digits; a fourth tile of digits takes the
 * place of the first, and is as high. */
static void tiles_begin(size_t height)
{
    const size_t last = digit_tiles(height) - 1, low = DIGITS * height - last * TILE;
    struct {
        uint8_t palette, start[15];
        uint16_t bytes[16];
        uint8_t rows[16];
    } shape = {.palette = 1};
    for (size_t t = 0; t < 8; t++) {
        const bool is_low = last < 3 && (t == last || t == 5 + last);
        shape.bytes[t] = UNIT;
        shape.rows[t] = (uint8_t)(is_low ? low : TILE);
    }
    __asm__ volatile("" ::"r"(&shape) : "memory"); /* gcc 12 takes it for one that reads a word */
    _tile_loadconfig(&shape);
}

static void tiles_end(void)
{
    _tile_release();
}

/* Half a tile's worth of what comes next: in bursts these would hold up the tiles' own loads. */
static inline void fetch_half(const fetcher *f, size_t first)
{
    for (size_t i = 0; f && i < TILE / 2; i++) FETCH(f, first + i);
}

/* The same of words that are in the second-level cache. */
static inline void fetch_words(const word *next, size_t first)
{
    for (size_t i = 0; next && i < TILE / 2; i++)
        __builtin_prefetch(next + (first + i) * TILE, 0, 3);
}

/* TILES tiles of digits against one of columns. Loads stand together where they can: with another
 * thread at work on the core, each change between loads and products takes time. But the first
 * product waits for two loads only. */
#define DEFINE_SUM_TILES(TILES) \
    static inline void sum_##TILES(size_t words, const digit *a, const word *x, tile_sums sums, \
                                   const fetcher *f, const word *next) \
    { \
        enum { ROW = LONGEST * sizeof(digit), NEXT = TILE * LONGEST }; \
        __asm__ volatile("" ::: "memory"); /* gcc takes the loads for ones that read nothing */ \
        _tile_zero(0); \
        if (TILES > 1) _tile_zero(1); \
        if (TILES > 2) _tile_zero(2); \
        if (TILES > 3) _tile_zero(3); \
        for (size_t k = 0; k < words; k += TILE, a += UNIT, x += TILE * TILE) { \
            fetch_half(f, k); \
            fetch_words(next, k); \
            _tile_loadd(4, x, UNIT); \
            _tile_loadd(5, a, ROW); \
            _tile_dpbsud(0, 5, 4); \
            if (TILES > 1) _tile_loadd(6, a + NEXT, ROW); \
            if (TILES > 2) _tile_loadd(7, a + 2 * NEXT, ROW); \
            if (TILES > 1) _tile_dpbsud(1, 6, 4); \
            if (TILES > 3) _tile_loadd(5, a + 3 * NEXT, ROW); \
            fetch_half(f, k + TILE / 2); \
            fetch_words(next, k + TILE / 2); \
            if (TILES > 2) _tile_dpbsud(2, 7, 4); \
            if (TILES > 3) _tile_dpbsud(3, 5, 4); \
        } \
        _tile_stored(0, sums[0], UNIT); \
        if (TILES > 1) _tile_stored(1, sums[TILE], UNIT); \
        if (TILES > 2) _tile_stored(2, sums[2 * TILE], UNIT); \
        if (TILES > 3) _tile_stored(3, sums[3 * TILE], UNIT); \
        __asm__ volatile("" ::: "memory"); \
    }
DEFINE_SUM_TILES(1)
DEFINE_SUM_TILES(2)
DEFINE_SUM_TILES(3)
DEFINE_SUM_TILES(4)

/* (Called by way of pointers instead, it cost a tenth of a whole run.) */
static inline void sum_tiles(const sums_wanted *s)
{
    const digit *a = (*s->digits)[0];
    const fetcher *f = s->fetched ? &s->fetch : NULL;
    switch (digit_tiles(s->height)) {
    case 1:
        sum_1(s->words, a, s->x, s->sums[0], f, s->next);
        return;
    case 2:
        sum_2(s->words, a, s->x, s->sums[0], f, s->next);
        return;
    case 3:
        sum_3(s->words, a, s->x, s->sums[0], f, s->next);
        return;
    default:
        sum_4(s->words, a, s->x, s->sums[0], f, s->next);
    }
}

#endif
