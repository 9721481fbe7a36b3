/* slope/model.h: the contract of a score function s = f(x; W).
 *
 * A model declares its tensors, computes scores for a chunk of rows, and adds up the gradient of
 * its tensors from the gradient of the scores. Weights belong to the host, as one flat vector in
 * which every tensor starts at a known offset.
 *
 * Rows are independent: a model must give the same scores for a row in whatever chunk it comes, and
 * must add gradients row after row (the functions of kernels.h do both).
 */
#ifndef SLOPE_MODEL_H
#define SLOPE_MODEL_H

#include "host.h"
#include "kernels.h"

typedef enum slope_tensor_role {
    SLOPE_WEIGHT = 1, /* initialised by `model.init`, regularised */
    SLOPE_BIAS = 2,   /* starts at zero, not regularised */
} slope_tensor_role;

typedef struct slope_tensor {
    char name[64]; /* name in weight files: "weight", "layer1.bias" */
    slope_tensor_role role;
    uint32_t rank;                  /* 1 to SLOPE_MAX_RANK */
    size_t extents[SLOPE_MAX_RANK]; /* row-major; an affine layer's weight is outputs × inputs */
    size_t fan_in, fan_out;         /* for He and Xavier initialisation */
    const double *initial; /* fixed starting values; NULL: by role. Lives as long as the config */
} slope_tensor;

/* What the data asks of the model. */
typedef struct slope_model_shape {
    size_t features; /* columns of x */
    size_t outputs;  /* scores per row: number of classes, or of target values */
} slope_model_shape;

/* One call of `prepare`. */
typedef struct slope_model_prepare {
    uint32_t size;
    const slope_host *host; /* with host->allocate */
    const void *config;
    slope_model_shape shape; /* outputs: what data and loss ask for; 0 if they leave it open */
    const char *const *column_names; /* of the features; NULL if the data have none */

    /* Written by the model: */
    const void *program;      /* comes back in every slope_model_call; host->allocate'd; constant */
    size_t outputs;           /* scores per row that it gives; the host sees to it that they fit */
    size_t workspace_per_row; /* reals of workspace for each row, beside what `workspace` says */
} slope_model_prepare;

typedef struct slope_model_call {
    uint32_t size;
    const slope_host *host;
    const void *config;
    slope_model_shape shape;
    const size_t *offsets; /* of each tensor in weights and gradient, in declared order */
    const real *weights;
    size_t rows;
    const real *x; /* rows × features, row-major */
    size_t ldx;
    real
        *workspace; /* `workspace(rows)` reals, kept from forward to the backward that follows it */
    real *scores;   /* rows × outputs, no gaps: written by forward; NULL in backward */

    /* Only in backward: */
    real *score_gradient; /* rows × outputs: d loss / d score; may be overwritten */
    real *gradient;       /* like weights: the model adds the chunk's contribution, row after row */

    const void *program; /* what `prepare` made; NULL without it. */
} slope_model_call;

typedef struct slope_model {
    slope_plugin plugin;
    const char
        *initialisation; /* default of `model.init.distribution` for this model, "zeros" say */

    /* Writes at most `capacity` tensors and always the number there are. Called first with capacity
     * 0. Thread: any. */
    slope_status (*tensors)(const slope_host *host, const void *config,
                            const slope_model_shape *shape, size_t capacity, slope_tensor *tensors,
                            size_t *count);

    /* Reals of workspace for a chunk of that many rows. Optional (NULL): none. */
    size_t (*workspace)(const void *config, const slope_model_shape *shape, size_t rows);

    /* Scores of the rows. Thread: any; chunks of one batch run at the same time, each with its own
     * workspace. */
    void (*forward)(const slope_model_call *call);

    /* Adds to call->gradient what these rows contribute. Follows a forward with the same rows,
     * weights and workspace, which it may use up: there is one backward for each. Thread: as
     * forward, each with its own gradient. */
    void (*backward)(const slope_model_call *call);

    /* Once for each trial, before the first forward: works out what all calls need and what only
     * configuration and data together tell, such as a program made from text. A model whose number
     * of outputs is not the data's to choose says so here. Optional (NULL): outputs are as asked
     * for, 1 where nothing asks. Thread: any. */
    slope_status (*prepare)(slope_model_prepare *call);
} slope_model;

/* Extension SLOPE_MODEL_ROWS: a promise. The model does nothing with x but to pass it on to affine,
 * affine_weights and affine_backward (without e) of the host that came with the call, or their
 * _many: all rows or some of them, with ldx as it came, first in forward. Then the host may leave it
 * to these functions to convert rows from the type that they are stored in, on the way, or, where
 * they are bytes, not to convert them at all ("rows of bytes" in kernels.h). */
#define SLOPE_MODEL_ROWS "slope.model.rows/1"

typedef struct slope_model_rows {
    uint32_t size;
} slope_model_rows;

/* Extension SLOPE_MODEL_MANY: several weight vectors on the same rows at once. Each of `count`
 * calls is one that the plain function could get; config, shape, program, rows, x and ldx are the
 * same in all, everything else is each call's own. The bits are those of the plain function, called
 * for one after another. */
#define SLOPE_MODEL_MANY "slope.model.many/1"

typedef struct slope_model_many {
    uint32_t size;

    void (*forward)(size_t count, const slope_model_call *calls);

    /* `separate`: what the rows contribute is summed from 0 and then added to call->gradient in one
     * addition for each element, as the host does with segments of a batch; otherwise as the plain
     * function, row after row from what is there. A model without workspace keeps nothing from
     * forward to backward, so this may be called for some of forward's rows at a time. */
    void (*backward)(size_t count, const slope_model_call *calls, bool separate);
} slope_model_many;

#endif
