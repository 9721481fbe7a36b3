/* kernels/exact.h: dot products of bytes and reals whose sums are not rounded: they are sums of
 * whole numbers (digits.h, words.h), and have no order. So every instruction set uses what it has:
 * tiles, byte products, or pairs of 16 bits. slope/kernels.h says what a number comes to.
 *
 * TILE vectors of reals (their digits) against TILE columns of bytes (their words side by side) are
 * a tile: the shape of the processor's own tiles, where it has them.
 *
 * Only for kernels/bytes.h, in float32. */
#ifndef SLOPE_KERNELS_EXACT_H
#define SLOPE_KERNELS_EXACT_H

#include "kernels/digits.h"
#include "kernels/rows.h"
#include "kernels/vector.h"
#include "kernels/words.h"

/* What a tile comes to. With WORDS_TOGETHER: the numbers, in units. Otherwise the sums of the
 * products of each row of digits and the bytes of each column; rows in the order of tile_digits. */
#if defined(WORDS_TOGETHER)
typedef real tile_sums[TILE][TILE];
#else
typedef int32_t tile_sums[DIGITS * TILE][TILE];
#endif

/* Sums of `words` words. */
typedef struct sums_wanted {
    size_t height; /* vectors */
    size_t words;
    tile_digits *digits;
    size_t tiles;    /* of columns, at most ABREAST; … */
    const word *x;   /* … words of the first, … */
    size_t apart;    /* … and so far on those of the next */
    tile_sums *sums; /* of each tile of columns */

    fetcher fetch;      /* with each word of a tile a line of this is fetched, … */
    size_t fetched;     /* … for so many tiles */
    const word *next;   /* words that may be far, to be fetched, too; NULL: none */
    words_ahead *ahead; /* of these some are made meanwhile, if MAKES_AHEAD; NULL: none */
} sums_wanted;

/* Each defines sum_tiles(wanted); ABREAST, the most tiles of columns at a time; and MAKES_AHEAD,
 * whether words ahead are made, which then need a place of their own. Sums of one height stand
 * between tiles_begin(height) and tiles_end(): the processor's own tiles must be set up. */
#if defined(__AMX_INT8__)
#include "kernels/exact_tiles.h"
#elif defined(WORDS_TOGETHER)
#include "kernels/exact_bytes.h"
#else
#include "kernels/exact_pairs.h"
#endif
#if !defined(__AMX_INT8__)
static void tiles_begin(size_t height)
{
    (void)height;
}

static void tiles_end(void)
{
}
#endif

#if !defined(__AVX512VNNI__)
/* VLEN whole numbers, each rounded once. */
static inline vec reals_of(const int32_t *at)
{
#if defined(__AVX512F__)
    return _mm512_cvtepi32_ps(INTS_LOAD(at));
#elif defined(__AVX2__) && defined(__FMA__)
    return _mm256_cvtepi32_ps(INTS_LOAD(at));
#elif defined(__aarch64__)
    return vcvtq_f32_s32(INTS_LOAD(at));
#else
    return (real)*at;
#endif
}
#endif

/* What vector m of `height` and VLEN columns, from column n on, come to, in units. */
static inline vec number_at(tile_sums sums, size_t height, size_t m, size_t n)
{
#if defined(WORDS_TOGETHER)
    (void)height;
    return v_load(sums[m] + n);
#else
    const size_t plane = height * TILE;
    const int32_t *sum = sums[m] + n;
#if defined(__AVX512VNNI__)
    return joined(
        joined_digits(_mm512_loadu_si512(sum), _mm512_loadu_si512(sum + plane)),
        joined_digits(_mm512_loadu_si512(sum + 2 * plane), _mm512_loadu_si512(sum + 3 * plane)));
#else
    return joined(reals_of(sum), reals_of(sum + plane));
#endif
#endif
}

#endif
