/* engine/objective.h: the objective: mean over rows of loss(model(x; W)) plus regularisation.
 *
 * An objective belongs to one trial: model, loss and regularisation of its configuration, one data
 * set, one precision. Its functions use all threads inside; call them from one, or within a piece
 * of a loop.
 *
 * Bits. The rows of a batch fall into blocks of LOSS_BLOCK rows, in order. A block's losses are
 * added row after row in double, then the blocks in order. For gradients the rows fall into
 * segments of equal length (the last may be shorter): within a segment the model adds row after
 * row; then the segments are added in order. How many segments there are follows from the number of
 * rows and the sizes of model and data alone (objective_segment_length()). Within a segment
 * rows go through the model in chunks that fit the cache; by the contract of models that changes no
 * bit. (Rows of bytes whose gradient the kernels sum group by group, slope/kernels.h, go in chunks
 * of whole groups.) */
#ifndef SLOPE_ENGINE_OBJECTIVE_H
#define SLOPE_ENGINE_OBJECTIVE_H

#include "data/dataset.h"
#include "engine/layout.h"
#include "kernels/kernels.h"
#include "slope/loss.h"

enum { LOSS_BLOCK = 256, SEGMENTS = 16 };

typedef struct objective objective;

/* Rows first, first + 1, … of an index (or of the table itself where index is NULL). */
typedef struct batch {
    const slope_table *table;
    const uint32_t *index;
    size_t first, rows;
    size_t
        ahead; /* the rows wanted after these stand this far on in index or table; 0: none known */
} batch;

typedef struct evaluation {
    double loss;     /* mean data loss; NAN if there are no rows */
    double accuracy; /* fraction of rows whose greatest score is the label's; NAN without classes */
    double mse,
        mae;   /* mean squared and mean absolute error over rows and outputs; NAN without values */
    double r2; /* 1 - squared errors / squared distances from the mean, averaged over the outputs;
                  NAN without values, or where an output never changes */
} evaluation;

/* What there is of an evaluation that was not made. */
#define NO_EVALUATION ((evaluation){NAN, NAN, NAN, NAN, NAN})

/* Fails (status CONFIG) where model, loss and data do not fit: wrong kind of targets, and the like.
 * `chunk_rows` 0: chosen to fit the cache; tests set it. */
objective *objective_create(const trial_config *config, const dataset *data, size_t chunk_rows,
                            failure *why);
void objective_destroy(objective *o);

size_t objective_bytes(const objective *o); /* of memory that it alone holds, about */
const layout *objective_layout(const objective *o);
const kernels *objective_kernels(const objective *o);
size_t objective_outputs(const objective *o);                 /* scores per row */
slope_target objective_target(const objective *o);            /* what the loss compares them with */
batch objective_split(const objective *o, slope_split split); /* the whole split as one batch */

/* Value and, if `gradient` is not NULL, gradient of the whole objective on the batch (analytic). */
double objective_gradient(objective *o, const void *weights, batch rows, void *gradient);

/* The same in two parts, so that an update can follow while a slice of the gradient is in the
 * cache: accumulate leaves sums over rows in `gradient` (`zeroed`: it is all zero already) and
 * returns the value; then finish_slice, on any thread, makes elements [first, first + count) of a
 * tensor the gradient of the objective at `weights`. */
double objective_accumulate(objective *o, const void *weights, batch rows, bool zeroed,
                            void *gradient);
void objective_finish(const objective *o, const void *weights, void *gradient); /* all slices */
void objective_finish_slice(const objective *o, const void *weights, void *gradient, size_t tensor,
                            size_t first, size_t count);

/* The same by differences, one entry after another: f(w + h e_i) - f(w - h e_i) over 2h, or
 * f(w + h e_i) - f(w) over h. Gaps stay 0. weights are changed and restored on the way. */
double objective_gradient_numerical(objective *o, void *weights, batch rows,
                                    difference_method method, double h, void *gradient);

/* Objectives of `count` weight vectors on the same rows, which are read once for all. */
void objective_values(objective *o, const void *const *candidates, size_t count, batch rows,
                      double *values);

/* The parts of the objective, for the gradient check and for tables. */
typedef enum objective_part { PART_BOTH, PART_DATA, PART_REGULARIZATION } objective_part;
void objective_restrict(objective *o, objective_part part);        /* from now on; default BOTH */
double objective_penalty(const objective *o, const void *weights); /* λ2 ΣW² + λ1 Σ|W| */

/* Adds to counts[label · classes + guess] (classes of the data) how often each class was taken for
 * each. False where there are no classes. */
bool objective_confusion(objective *o, const void *weights, batch rows, uint64_t *counts);

evaluation objective_evaluate(objective *o, const void *weights, batch rows);

#endif
