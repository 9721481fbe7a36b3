/* kernels/exact_pairs.h: sums of exact.h by products of pairs of 16 bits, which every processor
 * has; one tile of columns at a time.
 *
 * Only for kernels/exact.h. */
#ifndef SLOPE_KERNELS_EXACT_PAIRS_H
#define SLOPE_KERNELS_EXACT_PAIRS_H

#include "kernels/digits.h"
#include "kernels/rows.h"
#include "kernels/words.h"

enum { ABREAST = 1, MAKES_AHEAD = 0 };

#if defined(__AVX512F__)
typedef __m512i ints;
#define INTS_LOAD(p)        _mm512_loadu_si512(p)
#define INTS_STORE(p, v)    _mm512_storeu_si512(p, v)
#define INTS_SET1(w)        _mm512_set1_epi32((int)(w))
#define INTS_DOT(sum, a, x) _mm512_add_epi32(sum, _mm512_madd_epi16(a, x))
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

static inline word word_at(const digit *a)
{
    word w;
    memcpy(&w, a, sizeof w);
    return w;
}

/* ROWS of `height` vectors against INTS columns. */
#define DEFINE_SUMS(ROWS) \
    static void sums_##ROWS(size_t words, size_t height, const digit *a, const word *x, \
                            int32_t *sums) \
    { \
        ints sum[DIGITS][ROWS]; \
        UNROLL for (size_t d = 0; d < DIGITS; d++) UNROLL for (size_t m = 0; m < ROWS; m++) \
            sum[d][m] = INTS_SET1(0); \
        for (size_t k = 0; k < words; k++, a += WORD, x += TILE) { \
            const ints column = INTS_LOAD(x); \
            UNROLL for (size_t d = 0; d < DIGITS; d++) UNROLL for (size_t m = 0; m < ROWS; \
                                                                   m++) sum[d][m] = \
                INTS_DOT(sum[d][m], INTS_SET1(word_at(a + (d * height + m) * LONGEST)), column); \
        } \
        UNROLL for (size_t d = 0; d < DIGITS; d++) UNROLL for (size_t m = 0; m < ROWS; m++) \
            INTS_STORE(sums + (d * height + m) * TILE, sum[d][m]); \
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
static void (*const sums_of_rows[SUMS_ROWS])(size_t words, size_t height, const digit *a,
                                             const word *x,
                                             int32_t *sums) = {EACH_SUMS(SUMS_ENTRY)};

static void sum_tiles(const sums_wanted *s)
{
    const size_t parts = (s->height + SUMS_ROWS - 1) / SUMS_ROWS;
    for (size_t k = 0; s->fetched && k < s->words; k++) FETCH(&s->fetch, k);
    for (size_t part = 0; part < parts; part++) {
        const size_t m = part * s->height / parts, rows = (part + 1) * s->height / parts - m;
        for (size_t n = 0; n < TILE; n += INTS)
            sums_of_rows[rows - 1](s->words, s->height, (*s->digits)[m], s->x + n,
                                   s->sums[0][m] + n);
    }
}

#endif
