/* kernels/kernels.h: the numeric core as the engine sees it, and the choice of the instruction set.
 *
 * core.c is compiled once for each instruction set and precision; this table is what it fills. Law
 * and orders of accumulation: slope/kernels.h. None of the functions that only the engine uses
 * starts threads: the engine cuts the work (where a sum runs over all elements, into blocks of
 * SUM_BLOCK).
 *
 * vnni and amx are avx512 with instructions for bytes (of 64 products, and of 16,384), which only
 * rows of bytes use. */
#ifndef SLOPE_KERNELS_KERNELS_H
#define SLOPE_KERNELS_KERNELS_H

#include "base/arena.h"
#include "base/failure.h"
#include "slope/kernels.h"
#include "slope/reader.h"

static inline size_t element_bytes(slope_element element) /* 0: there is no such element */
{
    switch (element) {
    case SLOPE_UINT8:
        return 1;
    case SLOPE_FLOAT32:
        return sizeof(float);
    case SLOPE_FLOAT64:
        return sizeof(double);
    }
    return 0;
}

/* Rows to be packed: out[r][c] = (raw[index[first + r]][c] - shift[c]) · factor[c], each operation
 * rounded once; without shift only the product, without factor only the conversion. */
typedef struct pack_call {
    slope_element element;
    const void *features; /* row-major, no gaps */
    size_t columns;
    const uint32_t *index; /* NULL: the rows first, first + 1, … themselves */
    size_t first, rows;
    const real *shift, *factor; /* columns; NULL for none */
    real *out;                  /* rows × ld */
    size_t ld;
    size_t ahead; /* while row first + r is packed, row first + r + ahead of the index (or of the
                     table) is fetched into the cache; 0: none. It must exist */
} pack_call;

/* Rows of a chunk, for the products that will read them: behind slope_host.rows while a model works
 * that leaves its rows to the kernels (SLOPE_MODEL_ROWS). They may still have to be packed; the
 * first product that reads them does so, tile by tile. Belongs to the thread that calls the model;
 * where several share a product, they only read it. */
typedef struct row_source {
    pack_call pack; /* of all rows; out is what the model knows as x */
    size_t packed;  /* so many stand there, the first ones; the others are to be packed */

    /* What will be read after these rows: the products have it fetched into the second-level cache
     * meanwhile, line by line. Places of the first lines, one for each row, then of the next ones,
     * `stride` bytes further on, and so on, so that FETCH_MOST are there from any of the first rows
     * on (for rows of bytes only those of the first lines). NULL: nothing is known. */
    const char *const *next;
    size_t stride;
    size_t lines, fetched; /* how many there are in all, and how many have been fetched */

    /* The rows are bytes times `factor`, and products read them where they are stored
     * (kernels/bytes.h). A product of other shape than they have packs them first. */
    bool exact;
    float factor;
} row_source;

enum {
    SUM_BLOCK = 65536,
    FETCH_MOST = 512, /* lines that a product fetches at once */
    ROW_GROUP = 256, /* rows of bytes that a gradient sums without rounding; features, for scores */
};

typedef struct kernels {
    slope_kernels plugin; /* first, so that a plugin's pointer is also ours */
    size_t real_size;     /* 4 or 8 */

    void (*pack)(const pack_call *call);

    /* y[i] += x[i] */
    void (*add)(size_t count, const real *x, real *y);
    /* gradient of the objective from the sum over rows:
     * g[i] = g[i] · inverse + (two_l2 · w[i] + l1 · sign(w[i])), in real, in this order */
    void (*finish)(size_t count, double inverse, double two_l2, double l1, const real *w, real *g);
    void (*scale)(size_t count, double factor, real *x);
    void (*clamp)(size_t count, double limit, real *x); /* into [-limit, limit]; NaN stays */

    /* In double: 8 lanes (element i goes to lane i mod 8; squares by fma), folded (0+4)+(2+6) +
     * (1+5)+(3+7). */
    double (*sum_squares)(size_t count, const real *x);
    double (*sum_absolute)(size_t count, const real *x);

    /* index[r] = first position of the greatest score of row r; a NaN is never the greatest */
    void (*argmax)(size_t rows, size_t outputs, const real *scores, int32_t *index);

    void (*from_double)(size_t count, const double *x, real *y); /* rounds to nearest */
    void (*to_double)(size_t count, const real *x, double *y);
} kernels;

/* Chooses the instruction set: the best that the processor has, or the one that SLOPE_ISA names.
 * Fails (status CONFIG) if that is unknown or the processor lacks it. Called once, before threads.
 */
bool kernels_select(failure *why);

const kernels *kernels_for_bits(int bits); /* 32 or 64; selects by itself if nobody has */
const char *kernels_isa(void);             /* "baseline", "avx2", "avx512", "vnni", "amx" */
const char *kernels_vectors(void);         /* "baseline", "avx2", "avx512": for plugins */

/* Those that the processor has, the best first: "avx2, baseline". */
const char *kernels_available(arena *a);

#endif
