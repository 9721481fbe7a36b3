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

#endif
