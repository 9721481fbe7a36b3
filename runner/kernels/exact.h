/* kernels/exact.h: dot products of bytes and reals whose sums are not rounded: they are sums of
 * whole numbers.
 *
 * The reals of one vector become whole multiples of one unit, 29 bits and a sign, and these fall
 * into digits that the processor can multiply by bytes and add up in 32 bits. Such sums have no
 * order. So every instruction set uses what it has (tiles, byte products, pairs of 16 bits), and
 * nobody converts a byte to a real. slope/kernels.h says what a number comes to.
 *
 * The numbers of a sum stand in words of WORD neighbours, which are one lane of an instruction.
 * TILE vectors of reals (their digits row after row) against TILE columns of bytes (their words
 * side by side) are a tile: the shape of the processor's own tiles, where it has them.
 *
 * Only for kernels/bytes.h, in float32. */
#ifndef SLOPE_KERNELS_EXACT_H
#define SLOPE_KERNELS_EXACT_H

#include "kernels/elementary.h"
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
    UNIT = 64,          /* sums are as long as a multiple of this, continued with zeros */
    LONGEST = 7 * UNIT, /* sum that fits 32 bits: below 2^31 / (255 · 16512) numbers */
};

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
/* The digits of TILE numbers: all the lowest, then the next, and so on. With low moved to 16 bits
 * of its own, the digits are the bytes, up to the borrows between them; adding 128 to each settles
 * these, and flipping its highest bit takes the 128 away. */
static inline __m512i digits_of(const real *w, real scale)
{
    const __m512i lows = _mm512_set1_epi32(-HIGH_UNIT), settle = _mm512_set1_epi32(0x808080);
    const __m512i bytes = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
    const __m512i quarters =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(w), _mm512_set1_ps(scale)));
    const __m512i high = _mm512_and_si512(_mm512_add_epi32(q, _mm512_set1_epi32(LEAST_LOW)), lows);
    const __m512i apart = _mm512_add_epi32(_mm512_add_epi32(q, settle), high);
    return _mm512_permutexvar_epi32(quarters,
                                    _mm512_shuffle_epi8(_mm512_xor_si512(apart, settle), bytes));
}
#endif

/* Digits of the multiples of a unit that w comes closest to (of two the even one), the lowest
 * digits first, each `plane` digits further on; zeros up to `padded`. */
static void take_digits(size_t count, size_t padded, const real *w, real scale, digit *out,
                        size_t plane)
{
    if (scale == 0) count = 0;
    size_t i = 0;
#if defined(__AVX512VNNI__)
    for (; i + UNIT <= count; i += UNIT) {
        __m512i v[4]; /* quarter d: digit d of TILE numbers */
        UNROLL for (size_t j = 0; j < 4; j++) v[j] = digits_of(w + i + j * TILE, scale);
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

/* ---- from rows of bytes to words ------------------------------------------------------------- */

/* TILE bytes of each of TILE rows: word k of row r becomes out[k][r]. */
static inline void words_of_rows(const unsigned char *const row[TILE], size_t at, word *out)
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
    _mm512_storeu_si512(out + TILE, _mm512_unpackhi_epi64(a, b));
    _mm512_storeu_si512(out + 2 * TILE, _mm512_unpacklo_epi64(c, d));
    _mm512_storeu_si512(out + 3 * TILE, _mm512_unpackhi_epi64(c, d));
#elif defined(__SSE2__)
    const __m128i zero = _mm_setzero_si128();
    for (size_t r = 0; r < TILE; r += 4)
        for (size_t k = 0; k < TILE / WORD; k += 4) {
            __m128i v[4]; /* four words of a row */
            UNROLL for (size_t j = 0; j < 4; j++) v[j] = _mm_unpacklo_epi8(
                _mm_loadl_epi64((const __m128i *)(const void *)(row[r + j] + at + k * WORD)), zero);
            const __m128i a = _mm_unpacklo_epi32(v[0], v[1]), b = _mm_unpacklo_epi32(v[2], v[3]);
            const __m128i c = _mm_unpackhi_epi32(v[0], v[1]), d = _mm_unpackhi_epi32(v[2], v[3]);
            __m128i *to = (__m128i *)(void *)(out + k * TILE + r);
            _mm_storeu_si128(to, _mm_unpacklo_epi64(a, b));
            _mm_storeu_si128(to + TILE / 4, _mm_unpackhi_epi64(a, b));
            _mm_storeu_si128(to + 2 * TILE / 4, _mm_unpacklo_epi64(c, d));
            _mm_storeu_si128(to + 3 * TILE / 4, _mm_unpackhi_epi64(c, d));
        }
#else
    for (size_t r = 0; r < TILE; r++)
        for (size_t k = 0; k < TILE / WORD; k++) {
            digit pair[WORD];
            for (size_t i = 0; i < WORD; i++) pair[i] = row[r][at + k * WORD + i];
            memcpy(out + k * TILE + r, pair, sizeof pair);
        }
#endif
}

/* Features [first, first + count) of TILE rows, sums running along the features. */
static void words_along_features(const unsigned char *const row[TILE], size_t first, size_t count,
                                 size_t padded, word *out)
{
    size_t at = 0;
    for (; at + TILE <= count; at += TILE, out += TILE * TILE / WORD)
        words_of_rows(row, first + at, out);
    if (at < count) {
        unsigned char rest[TILE][TILE] = {{0}};
        const unsigned char *place[TILE];
        for (size_t r = 0; r < TILE; r++) {
            memcpy(rest[r], row[r] + first + at, count - at);
            place[r] = rest[r];
        }
        words_of_rows(place, 0, out);
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
        digit pairs[TILE][WORD] = {{0}};
        const size_t rest = count > first ? count - first : 0;
        if (rest >= TILE)
            for (size_t f = 0; f < TILE; f++)
                for (size_t i = 0; i < WORD; i++) pairs[f][i] = row[i][first + f];
        else
            for (size_t f = 0; f < rest; f++)
                for (size_t i = 0; i < WORD; i++) pairs[f][i] = row[i][first + f];
        memcpy(out, pairs, sizeof pairs);
    }
#endif
}

/* ---- a tile ---------------------------------------------------------------------------------- */

/* Sums of products of digit d of number m and the bytes of column n. */
typedef int32_t tile_sums[DIGITS][TILE][TILE];

#if defined(__AMX_INT8__)

/* Before tiles of that height, and after the last one: a thread that holds tiles is slower to
 * switch. */
static void tiles_begin(size_t height)
{
    struct {
        uint8_t palette, start[15];
        uint16_t bytes[16];
        uint8_t rows[16];
    } shape = {.palette = 1};
    for (size_t t = 0; t < 8; t++) {
        shape.bytes[t] = UNIT;
        shape.rows[t] = (uint8_t)(t == 4 ? TILE : height);
    }
    _tile_loadconfig(&shape);
}

static void tiles_end(void)
{
    _tile_release();
}

/* Of `height` vectors of digits, `stride` digits long, planes TILE of them apart, and TILE columns,
 * sums of `words` words. Between tiles_begin(height) and tiles_end(). */
static void sum_tile(size_t height, size_t words, const digit *a, size_t stride, const word *x,
                     tile_sums sums)
{
    const size_t plane = TILE * stride;
    (void)height;
    __asm__ volatile("" ::: "memory"); /* gcc takes the loads for ones that read nothing */
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t k = 0; k < words; k += TILE, a += TILE * WORD, x += TILE * TILE) {
        _tile_loadd(4, x, UNIT);
        _tile_loadd(5, a, stride);
        _tile_dpbsud(0, 5, 4);
        _tile_loadd(6, a + plane, stride);
        _tile_dpbsud(1, 6, 4);
        _tile_loadd(7, a + 2 * plane, stride);
        _tile_dpbsud(2, 7, 4);
        _tile_loadd(5, a + 3 * plane, stride);
        _tile_dpbsud(3, 5, 4);
    }
    _tile_stored(0, sums[0], UNIT);
    _tile_stored(1, sums[1], UNIT);
    _tile_stored(2, sums[2], UNIT);
    _tile_stored(3, sums[3], UNIT);
    __asm__ volatile("" ::: "memory");
}

#else

#if defined(__AVX512F__)
typedef __m512i ints;
#define INTS_LOAD(p)     _mm512_loadu_si512(p)
#define INTS_STORE(p, v) _mm512_storeu_si512(p, v)
#define INTS_SET1(w)     _mm512_set1_epi32((int)(w))
#if defined(__AVX512VNNI__)
#define INTS_DOT(sum, a, x) _mm512_dpbusd_epi32(sum, x, a)
#else
#define INTS_DOT(sum, a, x) _mm512_add_epi32(sum, _mm512_madd_epi16(a, x))
#endif
#elif defined(__AVX2__)
typedef __m256i ints;
#define INTS_LOAD(p)        _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define INTS_STORE(p, v)    _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define INTS_SET1(w)        _mm256_set1_epi32((int)(w))
#define INTS_DOT(sum, a, x) _mm256_add_epi32(sum, _mm256_madd_epi16(a, x))
#elif defined(__SSE2__)
typedef __m128i ints;
#define INTS_LOAD(p)        _mm_loadu_si128((const __m128i *)(const void *)(p))
#define INTS_STORE(p, v)    _mm_storeu_si128((__m128i *)(void *)(p), v)
#define INTS_SET1(w)        _mm_set1_epi32((int)(w))
#define INTS_DOT(sum, a, x) _mm_add_epi32(sum, _mm_madd_epi16(a, x))
#elif defined(__aarch64__)
typedef int32x4_t ints;
#define INTS_LOAD(p)     vld1q_s32((const int32_t *)(const void *)(p))
#define INTS_STORE(p, v) vst1q_s32(p, v)
#define INTS_SET1(w)     vdupq_n_s32((int32_t)(w))
static inline ints INTS_DOT(ints sum, ints a, ints x)
{
    const int16x8_t p = vreinterpretq_s16_s32(a), q = vreinterpretq_s16_s32(x);
    return vaddq_s32(sum,
                     vpaddq_s32(vmull_s16(vget_low_s16(p), vget_low_s16(q)), vmull_high_s16(p, q)));
}
#else
typedef int32_t ints;
#define INTS_LOAD(p)     ((ints) * (p))
#define INTS_STORE(p, v) (*(p) = (v))
#define INTS_SET1(w)     ((ints)(w))
static inline ints INTS_DOT(ints sum, ints a, ints x)
{
    int16_t p[2], q[2];
    memcpy(p, &a, sizeof p);
    memcpy(q, &x, sizeof q);
    return sum + p[0] * q[0] + p[1] * q[1];
}
#endif
enum { INTS = sizeof(ints) / sizeof(word) };

static void tiles_begin(size_t height)
{
    (void)height;
}

static void tiles_end(void)
{
}

static inline word word_at(const digit *a)
{
    word w;
    memcpy(&w, a, sizeof w);
    return w;
}

/* ROWS numbers, two digits of each, against INTS columns. */
#define DEFINE_SUMS(ROWS) \
    static void sums_##ROWS(size_t words, const digit *a, size_t stride, const word *x, \
                            int32_t *low, int32_t *high) \
    { \
        const digit *b = a + TILE * stride; \
        ints sum[2][ROWS]; \
        UNROLL for (size_t m = 0; m < ROWS; m++) sum[0][m] = sum[1][m] = INTS_SET1(0); \
        for (size_t k = 0; k < words; k++, a += WORD, b += WORD, x += TILE) { \
            const ints column = INTS_LOAD(x); \
            UNROLL for (size_t m = 0; m < ROWS; m++) \
            { \
                sum[0][m] = INTS_DOT(sum[0][m], INTS_SET1(word_at(a + m * stride)), column); \
                sum[1][m] = INTS_DOT(sum[1][m], INTS_SET1(word_at(b + m * stride)), column); \
            } \
        } \
        UNROLL for (size_t m = 0; m < ROWS; m++) \
        { \
            INTS_STORE(low + m * TILE, sum[0][m]); \
            INTS_STORE(high + m * TILE, sum[1][m]); \
        } \
    }
#if defined(__AVX512F__)
enum { SUMS_ROWS = 8 };
#define EACH_SUMS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#else
enum { SUMS_ROWS = 4 };
#define EACH_SUMS(X) X(1) X(2) X(3) X(4)
#endif
EACH_SUMS(DEFINE_SUMS)
#define SUMS_ENTRY(ROWS) [ROWS - 1] = sums_##ROWS,
static void (*const sums_of_rows[SUMS_ROWS])(size_t words, const digit *a, size_t stride,
                                             const word *x, int32_t *low,
                                             int32_t *high) = {EACH_SUMS(SUMS_ENTRY)};

static void sum_tile(size_t height, size_t words, const digit *a, size_t stride, const word *x,
                     tile_sums sums)
{
    const size_t parts = (height + SUMS_ROWS - 1) / SUMS_ROWS;
    for (size_t part = 0; part < parts; part++) {
        const size_t m = part * height / parts, rows = (part + 1) * height / parts - m;
        for (size_t d = 0; d < DIGITS; d += 2)
            for (size_t n = 0; n < TILE; n += INTS)
                sums_of_rows[rows - 1](words, a + (d * TILE + m) * stride, stride, x + n,
                                       sums[d][m] + n, sums[d + 1][m] + n);
    }
}

#endif

/* What a number and VLEN columns come to, in units: high · HIGH_UNIT + low, where both are exact,
 * rounded once, and their sum again. `sum` is the place of the first in the first plane. */
#if defined(__AVX512F__)
#define INTS_TO_REALS(v) _mm512_cvtepi32_ps(v)
#elif defined(__AVX2__) && defined(__FMA__)
#define INTS_TO_REALS(v) _mm256_cvtepi32_ps(v)
#elif defined(__aarch64__)
#define INTS_TO_REALS(v) vcvtq_f32_s32(v)
#endif
static inline vec joined(const int32_t *sum)
{
    enum { PLANE = TILE * TILE };
#if defined(__AVX512VNNI__)
    const __m512i low = _mm512_add_epi32(_mm512_slli_epi32(_mm512_loadu_si512(sum + PLANE), 8),
                                         _mm512_loadu_si512(sum));
    const __m512i high = _mm512_add_epi32(_mm512_slli_epi32(_mm512_loadu_si512(sum + 3 * PLANE), 8),
                                          _mm512_loadu_si512(sum + 2 * PLANE));
    const vec l = INTS_TO_REALS(low), h = INTS_TO_REALS(high);
#elif defined(INTS_TO_REALS)
    const vec l = INTS_TO_REALS(INTS_LOAD(sum)), h = INTS_TO_REALS(INTS_LOAD(sum + PLANE));
#else
    const vec l = (real)*sum, h = (real)sum[PLANE];
#endif
    return v_add(v_mul(h, v_set1((real)HIGH_UNIT)), l);
}

#endif
