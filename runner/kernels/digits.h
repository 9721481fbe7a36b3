/* kernels/digits.h: what exact.h multiplies on one side: digits of reals. (The other side:
 * words.h.)
 *
 * The reals of one vector become whole multiples of one unit, 29 bits and a sign, and these fall
 * into digits that the processor can multiply by bytes and add up in 32 bits. The numbers of a sum
 * stand in words of WORD neighbours, which are one lane of an instruction.
 *
 * Only for the products of bytes (bytes.h), in float32. */
#ifndef SLOPE_KERNELS_DIGITS_H
#define SLOPE_KERNELS_DIGITS_H

#include "kernels/cut.h"
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
    UNIT = 64,           /* bytes of a cache line, and of a row of the processor's own tiles */
    LONGEST = ROW_GROUP, /* sum; it fits 32 bits: below 2^31 / (255 · 16512) numbers */
};

/* How long a sum of `count` numbers is made, with zeros. */
static inline size_t padded_sum(size_t count)
{
#if defined(__AMX_INT8__)
    return ceil_divide(count, UNIT) * UNIT;
#else
    return ceil_divide(count, TILE) * TILE;
#endif
}

/* Digits of up to TILE vectors, row after row: `height` rows of the lowest, then those of the next,
 * and so on. Or, with WORDS_TOGETHER, TILE numbers after TILE numbers: those of the first vector,
 * word after word, of each word the lowest digits first; then those of the next vector. So products
 * find what they multiply side by side, and TILE numbers are stored at once. */
typedef digit tile_digits[DIGITS * TILE][LONGEST];
#if defined(__AVX512VNNI__) && !defined(__AMX_INT8__)
#define WORDS_TOGETHER
#endif

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
    digit *out = all[0] + m * DIGITS * TILE;
    if (scale == 0) count = 0;
    for (size_t i = 0; i < padded; i += TILE, out += height * DIGITS * TILE) {
        const size_t left = count > i ? count - i : 0;
        const __mmask16 there = (__mmask16)(left < TILE ? (1u << left) - 1 : 0xffff);
        _mm512_storeu_si512(out, digits_of(_mm512_maskz_loadu_ps(there, w + i), scale));
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

/* ---- from sums of products to numbers -------------------------------------------------------- */

/* In units: high · HIGH_UNIT + low, where both are exact, rounded once, and their sum again. */
static inline vec joined(vec low, vec high)
{
    return v_add(v_mul(high, v_set1((real)HIGH_UNIT)), low);
}

#if defined(__AVX512VNNI__)
/* Either of them, from the sums of two digits. */
static inline vec joined_digits(__m512i lower, __m512i upper)
{
    return _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_slli_epi32(upper, 8), lower));
}
#endif

#endif
