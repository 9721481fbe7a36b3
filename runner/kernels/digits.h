/* kernels/digits.h: what exact.h multiplies: digits of reals, and words of bytes.
 *
 * The reals of one vector become whole multiples of one unit, 29 bits and a sign, and these fall
 * into digits that the processor can multiply by bytes and add up in 32 bits. The numbers of a sum
 * stand in words of WORD neighbours, which are one lane of an instruction; so bytes are only
 * arranged, never converted to reals.
 *
 * Only for kernels/exact.h, in float32. */
#ifndef SLOPE_KERNELS_DIGITS_H
#define SLOPE_KERNELS_DIGITS_H

#include "kernels/elementary.h"
#include "kernels/kernels.h"
#include "kernels/vector.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512VNNI__)
typedef int8_t digit;
enum { DIGITS = 4 };
#else
typedef int16_t digit;
enum { DIGITS = 2 };
#endif
typedef uint32_t word; /* of digits, or of bytes that are as wide */

enum {
    WORD = sizeof(word) / sizeof(digit), /* numbers in a word */
    TILE = 16,
    UNIT = 64,           /* sums are as long as a multiple of this, continued with zeros */
    LONGEST = ROW_GROUP, /* sum; it fits 32 bits: below 2^31 / (255 · 16512) numbers */
};

/* Digits of up to TILE vectors, row after row: `height` rows of the lowest, then those of the next,
 * and so on. Or, with WORDS_TOGETHER, word after word: of the first word the digits of the first
 * vector, the lowest first, then those of the next vector; then the same of the next word. So the
 * products of one word find what they multiply side by side. */
typedef digit tile_digits[DIGITS * TILE][LONGEST];
#if defined(__AVX512VNNI__) && !defined(__AMX_INT8__)
#define WORDS_TOGETHER
#endif

/* ---- from reals to digits -------------------------------------------------------------------- */

enum {
    HIGH_UNIT = 1 << 15, /* a number is high · HIGH_UNIT + low, … */
    LEAST_LOW = 16512, /* … where low is from -LEAST_LOW to HIGH_UNIT - LEAST_LOW - 1, so that */
    LEAST_DIGIT = 128, /* both are two digits, to the base 256, from -128 on */
};

/* Unit of a vector, whose greatest number is below 2^e: 2^(e - 29), and NaN if there is a number
 * that is not finite; *scale = 1 / unit, and then 0. */
static real unit_of(size_t count, const real *w, real *scale)
{
    enum { BITS = 29, INFINITE = 128, LEAST = -80 /* so that no unit is subnormal */ };
    integer most = 0;
    for (size_t i = 0; i < count; i++) {
        const integer at = (bits){w[i]}.bits & INT32_MAX;
        most = at > most ? at : most;
    }
    const integer greatest = (most >> MANTISSA) - BIAS;
    const integer e = (greatest < LEAST ? LEAST : greatest) + 1;
    if (greatest == INFINITE) {
        *scale = 0;
        return NAN;
    }
    *scale = power_of_two(BITS - e);
    return power_of_two(e - BITS);
}

#if defined(__AVX512VNNI__)
/* The digits of TILE numbers, word after word: of each the lowest digits, then the next, and so on.
 * With low moved to 16 bits of its own, the digits are the bytes, up to the borrows between them;
 * adding 128 to each settles these, and flipping its highest bit takes the 128 away. */
static inline __m512i digits_of(__m512 w, real scale)
{
    const __m512i lows = _mm512_set1_epi32(-HIGH_UNIT), settle = _mm512_set1_epi32(0x808080);
    const __m512i bytes = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
    const __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(w, _mm512_set1_ps(scale)));
    const __m512i high = _mm512_and_si512(_mm512_add_epi32(q, _mm512_set1_epi32(LEAST_LOW)), lows);
    const __m512i apart = _mm512_add_epi32(_mm512_add_epi32(q, settle), high);
    return _mm512_shuffle_epi8(_mm512_xor_si512(apart, settle), bytes);
}
#endif

/* Digits of the multiples of a unit that w comes closest to (of two the even one), as vector m of
 * `height`; zeros up to `padded`. */
#if defined(WORDS_TOGETHER)
static void take_digits(size_t count, size_t padded, const real *w, real scale, size_t height,
                        size_t m, tile_digits all)
{
    __m128i *out = (__m128i *)(void *)all[0] + m;
    if (scale == 0) count = 0;
    for (size_t i = 0; i < padded; i += TILE, out += TILE / WORD * height) {
        const size_t left = count > i ? count - i : 0;
        const __mmask16 there = (__mmask16)(left < TILE ? (1u << left) - 1 : 0xffff);
        const __m512i v = digits_of(_mm512_maskz_loadu_ps(there, w + i), scale);
        _mm_storeu_si128(out, _mm512_castsi512_si128(v));
        _mm_storeu_si128(out + height, _mm512_extracti32x4_epi32(v, 1));
        _mm_storeu_si128(out + 2 * height, _mm512_extracti32x4_epi32(v, 2));
        _mm_storeu_si128(out + 3 * height, _mm512_extracti32x4_epi32(v, 3));
    }
}
#else
static void take_digits(size_t count, size_t padded, const real *w, real scale, size_t height,
                        size_t m, tile_digits all)
{
    const size_t plane = height * LONGEST;
    digit *out = all[m];
    if (scale == 0) count = 0;
    size_t i = 0;
#if defined(__AVX512VNNI__)
    const __m512i quarters =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for (; i + UNIT <= count; i += UNIT) {
        __m512i v[4]; /* quarter d: digit d of TILE numbers */
        UNROLL for (size_t j = 0; j < 4; j++) v[j] =
            _mm512_permutexvar_epi32(quarters, digits_of(_mm512_loadu_ps(w + i + j * TILE), scale));
        const __m512i a = _mm512_shuffle_i32x4(v[0], v[1], 0x44);
        const __m512i b = _mm512_shuffle_i32x4(v[2], v[3], 0x44);
        const __m512i c = _mm512_shuffle_i32x4(v[0], v[1], 0xee);
        const __m512i d = _mm512_shuffle_i32x4(v[2], v[3], 0xee);
        _mm512_storeu_si512(out + i, _mm512_shuffle_i32x4(a, b, 0x88));
        _mm512_storeu_si512(out + plane + i, _mm512_shuffle_i32x4(a, b, 0xdd));
        _mm512_storeu_si512(out + 2 * plane + i, _mm512_shuffle_i32x4(c, d, 0x88));
        _mm512_storeu_si512(out + 3 * plane + i, _mm512_shuffle_i32x4(c, d, 0xdd));
    }
#endif
    for (; i < count; i++) {
        const int32_t q = (int32_t)__builtin_rintf(w[i] * scale);
        const int32_t high = (q + LEAST_LOW) >> 15, low = q - high * HIGH_UNIT;
#if defined(__AVX512VNNI__)
        const int32_t digits[] = {low, (low + LEAST_DIGIT) >> 8, high, (high + LEAST_DIGIT) >> 8};
        for (size_t d = 0; d < DIGITS; d++) out[d * plane + i] = (digit)digits[d];
#else
        out[i] = (digit)low;
        out[plane + i] = (digit)high;
#endif
    }
    for (size_t d = 0; d < DIGITS; d++)
        memset(out + d * plane + count, 0, (padded - count) * sizeof *out);
}
#endif

/* ---- from rows of bytes to words ------------------------------------------------------------- */

/* TILE bytes of each of TILE rows, from byte `at` on: word k of row r becomes out[k · apart + r].
 */
static inline void words_of_rows(const unsigned char *const row[TILE], size_t at, word *out,
                                 size_t apart)
{
#if defined(__AVX512VNNI__)
    __m512i v[4]; /* quarter q of v[j] is row 4 q + j */
    UNROLL for (size_t j = 0; j < 4; j++)
    {
        v[j] =
            _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)(row[j] + at)));
        UNROLL for (size_t q = 1; q < 4; q++) v[j] = _mm512_mask_broadcast_i32x4(
            v[j], (__mmask16)(0xf << 4 * q),
            _mm_loadu_si128((const __m128i *)(const void *)(row[4 * q + j] + at)));
    }
    const __m512i a = _mm512_unpacklo_epi32(v[0], v[1]), b = _mm512_unpacklo_epi32(v[2], v[3]);
    const __m512i c = _mm512_unpackhi_epi32(v[0], v[1]), d = _mm512_unpackhi_epi32(v[2], v[3]);
    _mm512_storeu_si512(out, _mm512_unpacklo_epi64(a, b));
    _mm512_storeu_si512(out + apart, _mm512_unpackhi_epi64(a, b));
    _mm512_storeu_si512(out + 2 * apart, _mm512_unpacklo_epi64(c, d));
    _mm512_storeu_si512(out + 3 * apart, _mm512_unpackhi_epi64(c, d));
#elif defined(__SSE2__)
    const __m128i zero = _mm_setzero_si128();
    for (size_t r = 0; r < TILE; r += 4)
        for (size_t k = 0; k < TILE / WORD; k += 4) {
            __m128i v[4]; /* four words of a row */
            UNROLL for (size_t j = 0; j < 4; j++) v[j] = _mm_unpacklo_epi8(
                _mm_loadl_epi64((const __m128i *)(const void *)(row[r + j] + at + k * WORD)), zero);
            const __m128i a = _mm_unpacklo_epi32(v[0], v[1]), b = _mm_unpacklo_epi32(v[2], v[3]);
            const __m128i c = _mm_unpackhi_epi32(v[0], v[1]), d = _mm_unpackhi_epi32(v[2], v[3]);
            word *to = out + k * apart + r;
            _mm_storeu_si128((__m128i *)(void *)to, _mm_unpacklo_epi64(a, b));
            _mm_storeu_si128((__m128i *)(void *)(to + apart), _mm_unpackhi_epi64(a, b));
            _mm_storeu_si128((__m128i *)(void *)(to + 2 * apart), _mm_unpacklo_epi64(c, d));
            _mm_storeu_si128((__m128i *)(void *)(to + 3 * apart), _mm_unpackhi_epi64(c, d));
        }
#else
    for (size_t r = 0; r < TILE; r++)
        for (size_t k = 0; k < TILE / WORD; k++) {
            digit pair[WORD];
            for (size_t i = 0; i < WORD; i++) pair[i] = row[r][at + k * WORD + i];
            memcpy(out + k * apart + r, pair, sizeof pair);
        }
#endif
}

/* Features [first, first + count) of TILE rows, sums running along the features. */
static void words_along_features(const unsigned char *const row[TILE], size_t first, size_t count,
                                 size_t padded, word *out)
{
    size_t at = 0;
    for (; at + TILE <= count; at += TILE, out += TILE * TILE / WORD)
        words_of_rows(row, first + at, out, TILE);
    if (at < count) {
        unsigned char rest[TILE][TILE] = {{0}};
        const unsigned char *place[TILE];
        for (size_t r = 0; r < TILE; r++) {
            memcpy(rest[r], row[r] + first + at, count - at);
            place[r] = rest[r];
        }
        words_of_rows(place, 0, out, TILE);
        at += TILE;
        out += TILE * TILE / WORD;
    }
    memset(out, 0, (padded - at) / WORD * TILE * sizeof *out);
}

/* UNIT features of WORD rows (of `count` features, as if zeros came after them): word f % TILE of
 * out[f / TILE · tile], and so on for each feature f. */
static inline void words_of_features(const unsigned char *const row[WORD], size_t count, word *out,
                                     size_t tile)
{
#if defined(__AVX512VNNI__)
    /* quarter q of a vector gets bytes 4 q … of each 16, which the others then interleave */
    const __m512i spread = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __mmask64 there = ~(__mmask64)0 >> (UNIT - count);
    __m512i v[4];
    UNROLL for (size_t r = 0; r < 4; r++) v[r] =
        _mm512_permutexvar_epi32(spread, _mm512_maskz_loadu_epi8(there, row[r]));
    const __m512i a = _mm512_unpacklo_epi8(v[0], v[1]), b = _mm512_unpackhi_epi8(v[0], v[1]);
    const __m512i c = _mm512_unpacklo_epi8(v[2], v[3]), d = _mm512_unpackhi_epi8(v[2], v[3]);
    _mm512_storeu_si512(out, _mm512_unpacklo_epi16(a, c));
    _mm512_storeu_si512(out + tile, _mm512_unpackhi_epi16(a, c));
    _mm512_storeu_si512(out + 2 * tile, _mm512_unpacklo_epi16(b, d));
    _mm512_storeu_si512(out + 3 * tile, _mm512_unpackhi_epi16(b, d));
#else
    for (size_t first = 0; first < UNIT; first += TILE, out += tile) {
        unsigned char rest[WORD][TILE] = {{0}};
        const unsigned char *from[WORD];
        for (size_t i = 0; i < WORD; i++) {
            from[i] = row[i] + first;
            if (first + TILE <= count) continue;
            memcpy(rest[i], row[i] + first, count > first ? count - first : 0);
            from[i] = rest[i];
        }
#if defined(__SSE2__)
        const __m128i zero = _mm_setzero_si128();
        const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)from[0]);
        const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)from[1]);
        const __m128i lower = _mm_unpacklo_epi8(a, b), upper = _mm_unpackhi_epi8(a, b);
        __m128i *to = (__m128i *)(void *)out;
        _mm_storeu_si128(to, _mm_unpacklo_epi8(lower, zero));
        _mm_storeu_si128(to + 1, _mm_unpackhi_epi8(lower, zero));
        _mm_storeu_si128(to + 2, _mm_unpacklo_epi8(upper, zero));
        _mm_storeu_si128(to + 3, _mm_unpackhi_epi8(upper, zero));
#else
        for (size_t f = 0; f < TILE; f++) {
            digit pair[WORD];
            for (size_t i = 0; i < WORD; i++) pair[i] = from[i][f];
            memcpy(out + f, pair, sizeof pair);
        }
#endif
    }
#endif
}

#endif
