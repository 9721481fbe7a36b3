/* slope/loss.h: the contract of a loss function.
 *
 * A loss turns the scores of one row into one number, and tells how that number changes with each
 * score. Rows are independent: the mean over rows and regularisation are the host's business.
 */
#ifndef SLOPE_LOSS_H
#define SLOPE_LOSS_H

#include "host.h"
#include "kernels.h"

/* What the rows must be labelled with. */
typedef enum slope_target {
    SLOPE_CLASS = 1,     /* one class index per row, 0 <= label < outputs */
    SLOPE_VALUES = 2,    /* `outputs` numbers per row (regression) */
    SLOPE_NO_TARGET = 3, /* nothing: the loss is a matter of the scores alone, and runs without
                            data. */
} slope_target;

typedef struct slope_loss_call {
    uint32_t size;
    const slope_host *host;
    const void *config;
    size_t rows;
    size_t outputs;        /* scores per row; at least 1 */
    const real *scores;    /* rows × outputs, row-major, no gaps */
    const int32_t *labels; /* rows, for SLOPE_CLASS; otherwise NULL */
    const real *targets;   /* rows × outputs, for SLOPE_VALUES; otherwise NULL */
    double *losses;        /* rows: written */
    real *gradient; /* rows × outputs: written with d losses[r] / d scores[r][o]; not divided by
                       the number of rows. NULL if not wanted. May be the same memory as scores:
                       read a row before writing it */
    real *scratch;  /* rows × outputs, for the loss to use as it likes */
} slope_loss_call;

typedef struct slope_loss {
    slope_plugin plugin;
    slope_target target;

    /* Cannot fail: extreme scores give large or infinite losses, never a crash. At a kink any
     * subgradient will do. Thread: any; row ranges of one batch run at the same time. */
    void (*evaluate)(const slope_loss_call *call);

    uint32_t outputs; /* scores per row that it takes; 0: any number. */
} slope_loss;

/* to[i] = formula for every number of `rows` rows of `outputs`, at the speed of vectors however
 * short a row is. Rows of ten classes fill no vector. So what is done to a row is done to
 * SLOPE_WIDE numbers at a time, and what that spoils of the rows after it is mended when it is
 * their turn; the last ones end where they end.
 *
 * The formula may name `i`, its number, and `own`, which its_own gives once for each row from `r`,
 * the row, and `begin`, where that begins. at_the_end is done after each row, and may name the
 * same but i. `to` must not overlap what the formula reads; numbers of `to` that at_the_end writes
 * must belong to its row. */
#define SLOPE_EACH_ROW(rows, outputs, to, its_own, formula, at_the_end) \
    for (size_t r = 0; r < (rows); r++) { \
        const size_t begin = r * (outputs), end = begin + (outputs); \
        const real own = (its_own); \
        size_t from = begin; \
        for (; from < end && from + SLOPE_WIDE <= (rows) * (outputs); from += SLOPE_WIDE) \
            for (size_t i = from; i < from + SLOPE_WIDE; i++) (to)[i] = (formula); \
        for (size_t i = from; i < end; i++) (to)[i] = (formula); \
        at_the_end; \
    }
enum { SLOPE_WIDE = 16 };

#endif
