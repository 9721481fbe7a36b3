/* kernels/words.h: what exact.h multiplies on the other side: words of bytes, WORD neighbours of a
 * sum in one lane of an instruction, as digits.h has them of reals. Bytes are only arranged, never
 * converted to reals.
 *
 * Only for the products of bytes (bytes.h), in float32. */
#ifndef SLOPE_KERNELS_WORDS_H
#define SLOPE_KERNELS_WORDS_H

#include "kernels/digits.h"
#include "kernels/rows.h"

enum { GROUP_WORDS = ROW_GROUP / WORD };

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

/* ---- words that are made while others are multiplied ----------------------------------------- */

/* Products keep one kind of the processor's units busy, and making words keeps others. So words are
 * made step by step between products: on a Zen 5 processor they then cost some 3 of 31 ms of a full
 * batch (50,000 rows of 3,072 features, one thread), and 9 of 37 where they were made before the
 * products. What nobody made by then is made at the end, so that no sum depends on who did it. */
typedef struct words_ahead {
    bool of_features;                /* or of rows */
    const unsigned char *const *row; /* all rows of the group, or of the tiles */
    size_t rows;                     /* of features: how many */
    size_t tiles, apart; /* of rows: one or two tiles; the words of the second so far on */
    size_t first, count; /* features */
    const unsigned char *const *next;         /* of rows: those that come after, whose lines … */
    size_t next_rows, next_first, next_count; /* … are fetched meanwhile: some features of theirs */
    word *out;                                /* [word][row]; of features: [tile][word][feature] */
    size_t done, steps; /* whole ones: TILE features of TILE rows, UNIT features of WORD rows */
} words_ahead;

/* Words of features [first, first + count) of tiles of TILE rows, for sums along the features. */
static inline words_ahead words_of_rows_ahead(const unsigned char *const *row, size_t tiles,
                                              size_t first, size_t count, word *out, size_t apart)
{
    return (words_ahead){.row = row,
                         .tiles = tiles,
                         .apart = apart,
                         .first = first,
                         .count = count,
                         .out = out,
                         .steps = count / TILE * tiles};
}

/* Words of `count` features, at most UNIT, of a group of rows, for sums along the rows. */
static inline words_ahead words_of_features_ahead(const unsigned char *const *row, size_t rows,
                                                  size_t first, size_t count, word *out)
{
    return (words_ahead){.of_features = true,
                         .row = row,
                         .rows = rows,
                         .first = first,
                         .count = count,
                         .out = out,
                         .steps = rows / WORD};
}

static inline void make_words_of_rows(const words_ahead *w, size_t step)
{
    const size_t tile = step & (w->tiles - 1), at = step >> (w->tiles - 1);
    const size_t end = at + 1 == w->count / TILE ? TILE : at + 1; /* of the rows to be fetched */
    for (size_t r = tile * TILE + at; r < tile * TILE + end && r < w->next_rows; r++)
        for (size_t line = 0; line < w->next_count; line += CACHE_LINE)
            __builtin_prefetch(w->next[r] + w->next_first + line, 0, 3);
    words_of_rows(w->row + tile * TILE, w->first + at * TILE,
                  w->out + tile * w->apart + at * TILE * TILE / WORD, TILE);
}

static inline void make_words_of_features(const words_ahead *w, size_t step)
{
    const unsigned char *at[WORD];
    UNROLL for (size_t i = 0; i < WORD; i++) at[i] = w->row[step * WORD + i] + w->first;
    words_of_features(at, w->count, w->out + step * TILE, GROUP_WORDS * TILE);
}

/* The last features of a tile of rows, fewer than TILE, and the zeros of a padded sum. */
static inline void make_last_of_rows(const words_ahead *w, size_t tile)
{
    const size_t padded = padded_sum(w->count);
    const unsigned char *const *row = w->row + tile * TILE;
    word *out = w->out + tile * w->apart;
    size_t at = w->count / TILE * TILE;
    if (at < w->count) {
        unsigned char rest[TILE][TILE] = {{0}};
        const unsigned char *place[TILE];
        for (size_t r = 0; r < TILE; r++) {
            memcpy(rest[r], row[r] + w->first + at, w->count - at);
            place[r] = rest[r];
        }
        words_of_rows(place, 0, out + at / WORD * TILE, TILE);
        at += TILE;
    }
    memset(out + at / WORD * TILE, 0, (padded - at) / WORD * TILE * sizeof *out);
}

/* The last rows, and the very last one again in a padded sum: its digits are zero. */
static inline void make_last_of_features(const words_ahead *w)
{
    const size_t padded = padded_sum(w->rows);
    for (size_t step = w->steps; step < padded / WORD; step++) {
        const unsigned char *at[WORD];
        for (size_t i = 0; i < WORD; i++) {
            const size_t r = step * WORD + i;
            at[i] = w->row[r < w->rows ? r : w->rows - 1] + w->first;
        }
        words_of_features(at, w->count, w->out + step * TILE, GROUP_WORDS * TILE);
    }
}

/* All that is still to be made. */
static void make_rest(words_ahead *w)
{
    for (; w->done < w->steps; w->done++)
        if (w->of_features)
            make_words_of_features(w, w->done);
        else
            make_words_of_rows(w, w->done);
    if (w->of_features)
        make_last_of_features(w);
    else
        for (size_t tile = 0; tile < w->tiles; tile++) make_last_of_rows(w, tile);
}

#endif
