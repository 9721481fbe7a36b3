/* kit/model_rig.h: a model with weights and a batch, ready to be called: what its checks work with.
 * For models.c, models_many.c and models_rows.c. */
#ifndef SLOPE_KIT_MODEL_RIG_H
#define SLOPE_KIT_MODEL_RIG_H

#include "kit/private.h"

#include "slope/model.h"

enum { MOST_TENSORS = 256, RIG_SHAPES = 5 };

/* Rows, features and outputs: one of each, few, many, and what the example of `expression` takes.
 */
extern const size_t rig_shapes[RIG_SHAPES][3];

/* A model with weights and a batch. What is differentiated is Σ c[r][o] · s[r][o], with fixed c. */
typedef struct rig {
    const subject *s;
    const slope_model *model;
    const void *config;
    call_host host;
    slope_model_shape shape;
    size_t tensor_count, offsets[MOST_TENSORS], sizes[MOST_TENSORS];
    slope_tensor tensors[MOST_TENSORS];
    const void *program;
    size_t program_workspace; /* per row */
    size_t rows, ldx;
    buffer weights, gradient, x, scores, coefficients;
    bool whole; /* nothing was written where it may not be */
} rig;

/* NULL if the model is not for data of that shape (rows, features, outputs). `judge`: fails where
 * its tensors are not as they should be. */
rig *rig_create(const subject *s, const void *config, const size_t shape[3], bool judge);

/* Calls `test`, if there is one, for every shape that the model takes. */
void every_shape(const subject *s, const void *config, bool judge,
                 void (*test)(rig *t, const size_t shape[3]));

/* Workspace for that many rows, full of numbers that nobody may rely on. */
buffer rig_workspace(const rig *t, size_t rows);

/* A call of forward on rows [first, end). */
slope_model_call rig_call(rig *t, const buffer *workspace, size_t first, size_t end);

/* Forward over rows [first, end), and backward if wanted. Clears t->whole if something was written
 * where it may not be. */
void rig_pass(rig *t, size_t first, size_t end, bool backward);

/* The checks of the extensions SLOPE_MODEL_MANY (models_many.c) and SLOPE_MODEL_ROWS
 * (models_rows.c). */
void several_are_as_one(subject *s);
void rows_may_come_late(subject *s);

#endif
