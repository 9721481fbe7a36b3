/* kernels/exact_bytes.h: sums of exact.h by products of bytes (AVX-512 VNNI), two tiles of columns
 * at a time. A digit is broadcast once for both: with one column, the reads of digits alone keep
 * both load units of a Zen 5 processor busy, and the words that are made meanwhile gain little;
 * with two, a full batch of 3,072 features took a tenth less.
 *
 * Only for kernels/exact.h. */
#ifndef SLOPE_KERNELS_EXACT_BYTES_H
#define SLOPE_KERNELS_EXACT_BYTES_H

#include "kernels/digits.h"
#include "kernels/rows.h"
#include "kernels/words.h"

enum {
    ABREAST = 2,
    MAKES_AHEAD = 1,
    SUMS_VECTORS = 3, /* 24 sums of 32 registers */
    STEP_WORDS = TILE / WORD,
    VECTOR = DIGITS * TILE, /* digits of TILE numbers */
};

/* sum += the products of the bytes of each column and the digits of one word. By gcc 12's
 * intrinsic, sums are copied for each product. */
static inline __m512i add_products(__m512i sum, __m512i column, __m512i digits)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(column), "v"(digits));
    return sum;
}

static inline __m512i broadcast(const digit *a)
{
    word w;
    memcpy(&w, a, sizeof w);
    return _mm512_set1_epi32((int)w);
}

/* VECTORS of `height` vectors, from `a` on, against COLUMNS tiles of columns. Before the products
 * of every STEP_WORDS words, MEANWHILE. */
#define DEFINE_SUMS(VECTORS, COLUMNS, NAME, MEANWHILE) \
    static void sums_##VECTORS##_##COLUMNS##NAME(size_t words, size_t height, const digit *a, \
                                                 const word *x, size_t apart, real *sums, \
                                                 const words_ahead *w, const fetcher *f) \
    { \
        enum { ROWS = VECTORS * DIGITS }; \
        __m512i sum[COLUMNS][ROWS]; \
        (void)apart, (void)w, (void)f; \
        UNROLL for (size_t c = 0; c < COLUMNS; c++) UNROLL for (size_t i = 0; i < ROWS; i++) \
            sum[c][i] = _mm512_setzero_si512(); \
        for (size_t k = 0; k < words; k += STEP_WORDS, a += height * VECTOR) { \
            MEANWHILE; \
            UNROLL for (size_t j = 0; j < STEP_WORDS; j++, x += TILE) \
            { \
                __m512i column[COLUMNS]; \
                UNROLL for (size_t c = 0; c < COLUMNS; c++) column[c] = \
                    _mm512_loadu_si512(x + c * apart); \
                UNROLL for (size_t i = 0; i < ROWS; i++) \
                { \
                    const size_t at = j * DIGITS + i % DIGITS; \
                    const __m512i digits = broadcast(a + i / DIGITS * VECTOR + at * WORD); \
                    UNROLL for (size_t c = 0; c < COLUMNS; c++) sum[c][i] = \
                        add_products(sum[c][i], column[c], digits); \
                } \
            } \
        } \
        UNROLL for (size_t c = 0; c < COLUMNS; c++) UNROLL for (size_t i = 0; i < VECTORS; i++) \
        { \
            const __m512i *s = &sum[c][i * DIGITS]; \
            v_store(sums + (c * TILE + i) * TILE, \
                    joined(joined_digits(s[0], s[1]), joined_digits(s[2], s[3]))); \
        } \
    }
#define DEFINE_ALL_SUMS(COLUMNS, NAME, MEANWHILE) \
    DEFINE_SUMS(1, COLUMNS, NAME, MEANWHILE) \
    DEFINE_SUMS(2, COLUMNS, NAME, MEANWHILE) \
    DEFINE_SUMS(3, COLUMNS, NAME, MEANWHILE) \
    static sums_function *const sums_##COLUMNS##NAME[SUMS_VECTORS] = { \
        sums_1_##COLUMNS##NAME, sums_2_##COLUMNS##NAME, sums_3_##COLUMNS##NAME};

typedef void sums_function(size_t words, size_t height, const digit *a, const word *x, size_t apart,
                           real *sums, const words_ahead *w, const fetcher *f);

/* As many lines as the tiles of a step have words. (Scores, for which words of rows are made, fetch
 * no lines beside those of their rows.) */
#define FETCH_STEP(f, k) UNROLL for (size_t i_ = 0; (f) && i_ < STEP_WORDS; i_++) FETCH(f, (k) + i_)

DEFINE_ALL_SUMS(1, , FETCH_STEP(f, k))
DEFINE_ALL_SUMS(2, , FETCH_STEP(f, k))
DEFINE_ALL_SUMS(2, _making_rows, make_words_of_rows(w, w->done + k / STEP_WORDS))
DEFINE_ALL_SUMS(2, _making_features, make_words_of_features(w, w->done + k / STEP_WORDS);
                FETCH_STEP(f, k))

/* Lines are fetched by the first parts; those of the other tiles, if there are more tiles than
 * parts, at the end. */
static void sum_tiles(const sums_wanted *s)
{
    const size_t steps = s->words / STEP_WORDS;
    fetcher lines = s->fetch;
    size_t left = s->fetched;
    for (size_t m = 0, vectors; m < s->height; m += vectors) {
        const size_t rest = s->height - m;
        vectors = rest == SUMS_VECTORS + 1 ? rest / 2 : rest < SUMS_VECTORS ? rest : SUMS_VECTORS;
        words_ahead *w = s->tiles == ABREAST ? s->ahead : NULL;
        if (w && w->steps - w->done < steps) w = NULL;
        sums_function *const *functions = s->tiles == 1 ? sums_1 : sums_2;
        if (w) functions = w->of_features ? sums_2_making_features : sums_2_making_rows;
        functions[vectors - 1](s->words, s->height, (*s->digits)[0] + m * VECTOR, s->x, s->apart,
                               s->sums[0][m], w, left ? &lines : NULL);
        if (w) w->done += steps;
        if (left) left--, lines.places += s->words;
    }
    for (; left; left--, lines.places += s->words)
        for (size_t k = 0; k < s->words; k++) FETCH(&lines, k);
}

#endif
