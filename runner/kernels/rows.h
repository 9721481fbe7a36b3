/* kernels/rows.h: rows on their way into a product: from the type that they are stored in to reals,
 * and from memory into the cache.
 *
 * Memory is slow in two ways. Rows that nobody foresaw make their product wait: so what comes next
 * is fetched while the products are busy with what is there. And what a loop of its own writes to
 * the second-level cache has to be read from there again: so rows are packed by the first product
 * that reads them, tile by tile (dots.h). Bytes are best not packed at all (bytes.h).
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_ROWS_H
#define SLOPE_KERNELS_ROWS_H

#include "host/team.h"
#include "kernels/kernels.h"
#include "kernels/vector.h"

enum { CACHE_LINE = 64 };

/* ---- packing --------------------------------------------------------------------------------- */

/* Where the stored row that is `on` rows after row `row` of a call begins. */
static inline const char *stored_row(const pack_call *p, size_t row, size_t on)
{
    const size_t at = p->first + row + on;
    return (const char *)p->features +
           (p->index ? p->index[at] : at) * p->columns * element_bytes(p->element);
}

/* Columns [first, first + count) of the row that stands p->ahead after `row`, into the second-level
 * cache: a shuffled row is a jump to memory that no hardware foresees (rows one after another it
 * does). Always inline: gcc takes a function that only prefetches for one without effect, and drops
 * calls of it. */
static inline __attribute__((always_inline)) void fetch_row(const pack_call *p, size_t row,
                                                            size_t first, size_t count)
{
    enum { LINES = 64 };
    if (!p->ahead || !p->index) return;
    const size_t bytes = element_bytes(p->element);
    const char *at = stored_row(p, row, p->ahead) + first * bytes;
    for (size_t i = 0; i < count * bytes && i < LINES * CACHE_LINE; i += CACHE_LINE)
        __builtin_prefetch(at + i, 0, 2);
}

#define DEFINE_SCALE(type, name) \
    static void scale_##name(size_t count, const type *restrict raw, const real *restrict factor, \
                             real *restrict out) \
    { \
        for (size_t c = 0; c < count; c++) out[c] = (real)raw[c] * factor[c]; \
    }
DEFINE_SCALE(float, float32)
DEFINE_SCALE(double, float64)
DEFINE_SCALE(unsigned char, uint8)

#define DEFINE_PACK(type, name) \
    static void pack_##name(const pack_call *p, size_t row, size_t first, size_t count) \
    { \
        const type *restrict raw = (const type *)(const void *)stored_row(p, row, 0) + first; \
        real *restrict out = p->out + row * p->ld + first; \
        if (p->shift) { \
            const real *shift = p->shift + first, *factor = p->factor + first; \
            for (size_t c = 0; c < count; c++) out[c] = ((real)raw[c] - shift[c]) * factor[c]; \
        } else if (p->factor) \
            scale_##name(count, raw, p->factor + first, out); \
        else \
            for (size_t c = 0; c < count; c++) out[c] = (real)raw[c]; \
    }
DEFINE_PACK(unsigned char, uint8)
DEFINE_PACK(float, float32)
DEFINE_PACK(double, float64)

/* Columns [first, first + count) of rows [row, row + rows). */
static void pack_piece(const pack_call *p, size_t row, size_t rows, size_t first, size_t count)
{
    for (size_t r = row; r < row + rows; r++) {
        fetch_row(p, r, first, count);
        if (p->element == SLOPE_UINT8)
            pack_uint8(p, r, first, count);
        else if (p->element == SLOPE_FLOAT32)
            pack_float32(p, r, first, count);
        else
            pack_float64(p, r, first, count);
    }
}

static void pack(const pack_call *call)
{
    pack_piece(call, 0, call->rows, 0, call->columns);
}

/* ---- packing when it is asked for ------------------------------------------------------------ */

/* Of the matrix at x; NULL if it stands for itself. */
static inline row_source *rows_of(const slope_host *host, const real *x)
{
    row_source *s = host->rows;
    const uintptr_t first = s ? (uintptr_t)s->pack.out : 0, at = (uintptr_t)x;
    return s && at >= first && at < first + s->pack.rows * s->pack.ld * sizeof(real) ? s : NULL;
}

/* Number of the row that begins at x. */
static inline size_t row_number(const row_source *s, const real *x)
{
    return (size_t)(x - s->pack.out) / s->pack.ld;
}

/* Sees to it that `rows` rows from x on are packed. */
static inline void rows_wanted(row_source *s, const real *x, size_t rows)
{
    const size_t end = row_number(s, x) + rows;
    if (end <= s->packed) return;
    pack_piece(&s->pack, s->packed, end - s->packed, 0, s->pack.columns);
    s->packed = end;
}

/* ---- what comes next ------------------------------------------------------------------------- */

/* With each step of a tile, a cache line of what comes next. A line for each 20 multiply-adds of
 * whole vectors costs a fifth to two fifths of what memory takes for it, as long as these are
 * spread evenly; many at once would do harm: the product's own reads from the second-level cache
 * wait in the same queue. But all have to come: where a sixteenth was left out, its products waited
 * for memory, and a full batch took 5 to 12 % longer in a microbenchmark of the same structure. */
typedef struct fetcher {
    const char *const *places; /* that of step 0, 1, … */
    size_t offset;             /* from each of them */
    size_t singles;            /* FETCH_ALL: a step whose number has one of these bits fetches one
                                  line, any other two */
} fetcher;

/* Of 2^pace steps one fetches two lines. */
enum { ALL_SINGLE = 31 };

/* The pace at which `steps` steps fetch all that is left, or two lines each. */
static inline unsigned fetcher_pace(const row_source *s, size_t steps)
{
    enum { SLOWEST = 4 };
    const size_t left = s && s->fetched < s->lines ? s->lines - s->fetched : 0;
    unsigned pace = SLOWEST;
    if (left <= steps) return ALL_SINGLE;
    while (pace > 0 && steps >> pace < left - steps) pace--;
    return pace;
}

/* What a tile of `steps` steps is to fetch; false: nothing, or more than FETCH_MOST. */
static inline bool fetcher_begin(row_source *s, size_t steps, unsigned pace, fetcher *f)
{
    const size_t lines = steps + (steps >> pace);
    if (!s || s->fetched >= s->lines || lines > FETCH_MOST) return false;
    *f = (fetcher){s->next + s->fetched % s->pack.rows, s->fetched / s->pack.rows * s->stride,
                   ((size_t)1 << pace) - 1};
    s->fetched += lines;
    return true;
}

#define FETCH(f, step) __builtin_prefetch((f)->places[step] + (f)->offset, 0, 2)

/* For steps that count down to 1. */
#define FETCH_ALL(f, step) \
    do { \
        FETCH(f, 0); \
        (f)->places++; \
        if ((step) & (f)->singles) break; \
        FETCH(f, 0); \
        (f)->places++; \
    } while (false)
#define FETCH_NOT(f, step)

#endif
