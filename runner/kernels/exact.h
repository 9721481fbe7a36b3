/* kernels/exact.h: dot products of bytes and reals whose sums are not rounded: they are sums of
 * whole numbers (digits.h), and have no order. So every instruction set uses what it has: tiles,
 * byte products, or pairs of 16 bits. slope/kernels.h says what a number comes to.
 *
 * TILE vectors of reals (their digits row after row) against TILE columns of bytes (their words
 * side by side) are a tile: the shape of the processor's own tiles, where it has them.
 *
 * Only for kernels/bytes.h, in float32. */
#ifndef SLOPE_KERNELS_EXACT_H
#define SLOPE_KERNELS_EXACT_H

#include "kernels/digits.h"
#include "kernels/rows.h"
#include "kernels/vector.h"

/* Sums of the products of each row of digits and the bytes of each column. */
typedef int32_t tile_sums[DIGITS * TILE][TILE];

#if defined(__AMX_INT8__)

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

/* Of the digits of `height` vectors and TILE columns, sums of `words` words. Between
 * tiles_begin(height) and tiles_end(). Of what f knows (NULL: nothing) a line is fetched with each
 * word, and so are the words at `next` (NULL: none). (Called by way of pointers instead, it cost a
 * tenth of a whole run.) */
static inline void sum_tile(size_t height, size_t words, tile_digits digits, const word *x,
                            tile_sums sums, const fetcher *f, const word *next)
{
    switch (digit_tiles(height)) {
    case 1:
        sum_1(words, digits[0], x, sums, f, next);
        return;
    case 2:
        sum_2(words, digits[0], x, sums, f, next);
        return;
    case 3:
        sum_3(words, digits[0], x, sums, f, next);
        return;
    default:
        sum_4(words, digits[0], x, sums, f, next);
    }
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

/* From the digits of one vector to those of the next, from one digit of a number to the next, and
 * from word to word. */
#if defined(WORDS_TOGETHER)
enum { VECTOR_STEP = DIGITS * WORD };
#define DIGIT_STEP(height) WORD
#define WORD_STEP(height)  ((height)*VECTOR_STEP)
/* (By gcc 12's intrinsic, sums are copied for each product.) */
static inline ints add_product(ints sum, const digit *a, ints column)
{
    __asm__("vpdpbusd %2%{1to16%}, %1, %0"
            : "+v"(sum)
            : "v"(column), "m"(*(const word *)(const void *)a));
    return sum;
}
#else
enum { VECTOR_STEP = LONGEST };
#define DIGIT_STEP(height) ((height)*LONGEST)
#define WORD_STEP(height)  WORD
static inline ints add_product(ints sum, const digit *a, ints column)
{
    word w;
    memcpy(&w, a, sizeof w);
    return INTS_DOT(sum, INTS_SET1(w), column);
}
#endif

/* ROWS of `height` vectors against INTS columns. */
#define DEFINE_SUMS(ROWS) \
    static void sums_##ROWS(size_t words, size_t height, const digit *a, const word *x, \
                            int32_t *sums) \
    { \
        const size_t next_digit = DIGIT_STEP(height), next_word = WORD_STEP(height); \
        ints sum[DIGITS][ROWS]; \
        UNROLL for (size_t d = 0; d < DIGITS; d++) UNROLL for (size_t m = 0; m < ROWS; m++) \
            sum[d][m] = INTS_SET1(0); \
        for (size_t k = 0; k < words; k++, a += next_word, x += TILE) { \
            const ints column = INTS_LOAD(x); \
            UNROLL for (size_t d = 0; d < DIGITS; d++) UNROLL for (size_t m = 0; m < ROWS; m++) \
                sum[d][m] = add_product(sum[d][m], a + d * next_digit + m * VECTOR_STEP, column); \
        } \
        UNROLL for (size_t d = 0; d < DIGITS; d++) UNROLL for (size_t m = 0; m < ROWS; m++) \
            INTS_STORE(sums + (d * height + m) * TILE, sum[d][m]); \
    }
#if defined(__AVX512VNNI__) /* 24 sums of 32 registers, as many as hide how long a product takes \
                             */
enum { SUMS_ROWS = 6 };
#define EACH_SUMS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#elif defined(__AVX512F__)
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

static void sum_tile(size_t height, size_t words, tile_digits digits, const word *x, tile_sums sums,
                     const fetcher *f, const word *next)
{
    (void)next; /* the processor sees by itself what is to come */
    for (size_t k = 0; f && k < words; k++) FETCH(f, k);
    const size_t parts = (height + SUMS_ROWS - 1) / SUMS_ROWS;
    for (size_t part = 0; part < parts; part++) {
        const size_t m = part * height / parts, rows = (part + 1) * height / parts - m;
        for (size_t n = 0; n < TILE; n += INTS)
            sums_of_rows[rows - 1](words, height, digits[0] + m * VECTOR_STEP, x + n, sums[m] + n);
    }
}

#endif

/* What a number and VLEN columns come to, in units: high · HIGH_UNIT + low, where both are exact,
 * rounded once, and their sum again. `sum` is the place of the first among the sums of the lowest
 * digits, of `height` numbers. */
#if defined(__AVX512F__)
#define INTS_TO_REALS(v) _mm512_cvtepi32_ps(v)
#elif defined(__AVX2__) && defined(__FMA__)
#define INTS_TO_REALS(v) _mm256_cvtepi32_ps(v)
#elif defined(__aarch64__)
#define INTS_TO_REALS(v) vcvtq_f32_s32(v)
#endif
static inline vec joined(const int32_t *sum, size_t height)
{
    const size_t plane = height * TILE;
#if defined(__AVX512VNNI__)
    const __m512i low = _mm512_add_epi32(_mm512_slli_epi32(_mm512_loadu_si512(sum + plane), 8),
                                         _mm512_loadu_si512(sum));
    const __m512i high = _mm512_add_epi32(_mm512_slli_epi32(_mm512_loadu_si512(sum + 3 * plane), 8),
                                          _mm512_loadu_si512(sum + 2 * plane));
    const vec l = INTS_TO_REALS(low), h = INTS_TO_REALS(high);
#elif defined(INTS_TO_REALS)
    const vec l = INTS_TO_REALS(INTS_LOAD(sum)), h = INTS_TO_REALS(INTS_LOAD(sum + plane));
#else
    const vec l = (real)*sum, h = (real)sum[plane];
#endif
    return v_add(v_mul(h, v_set1((real)HIGH_UNIT)), l);
}

#endif
