/* engine/objective_private.h: what the files of the objective share: the files named after
 * it, together.c, and model_graph.c, which looks inside. For nobody else. */
#ifndef SLOPE_ENGINE_OBJECTIVE_PRIVATE_H
#define SLOPE_ENGINE_OBJECTIVE_PRIVATE_H

#include "engine/objective.h"
#include "engine/scratch.h"
#include "host/services.h"
#include "slope/loss.h"

struct objective {
    arena *memory;
    const trial_config *config;
    const dataset *data;
    const kernels *k;
    const slope_model *model;
    const slope_loss *loss;
    slope_model_shape shape;
    const void *program;      /* what the model prepared */
    size_t program_workspace; /* reals per row */
    layout layout;
    objective_part part;
    void *shift, *factor; /* columns of real; NULL for none */
    size_t row_length;    /* reals from one packed row to the next */
    size_t chunk_rows;
    scratch_size scratch;         /* what a chunk needs, for one lane */
    const slope_model_many *many; /* NULL: the model has none */
    bool rows_by_kernels;         /* the model keeps SLOPE_MODEL_ROWS */
    bool exact;                   /* its rows are bytes times exact_factor (row_source) */
    float exact_factor;
    double *row_losses; /* of the batch whose gradient was asked for last */
    size_t row_capacity;
    char *segment_gradients;
    size_t summed_rows, summed_segments; /* what the last accumulate left for finish_slice */
};

/* Sees to it that model, loss and data fit, and lets the model prepare: sets shape and program. */
bool objective_fit(objective *o, failure *why);

/* A call of the model on rows that came from objective_pack; `host` has their source, and lives as
 * long as the call. */
slope_model_call objective_model_call(const objective *o, const scratch *s, const slope_host *host,
                                      const void *weights, const void *x, size_t rows);

/* The loss of those rows, whose scores are in s: s->losses, and s->score_gradient if `gradient`. */
void objective_losses(const objective *o, scratch *s, const slope_host *host, size_t rows,
                      bool gradient);

/* Adds the errors of rows whose scores are in s to sums: `outputs` sums of squares, then as many of
 * absolute values. Then, from the sums of all blocks, mse, mae and r2. */
void objective_add_errors(const objective *o, scratch *s, batch rows, double *sums);
void objective_judge_errors(const objective *o, batch rows, const double *sums, size_t blocks,
                            evaluation *e);

/* Rows of the batch as the model wants them, and their labels in s. What stands behind the rows is
 * in *source, which is for the host of the model's calls: where the model keeps SLOPE_MODEL_ROWS it
 * may be that only they pack them. */
const void *objective_pack(const objective *o, scratch *s, batch rows, row_source *source);

/* How many rows of the batch hit their label, by the scores in s; the guesses stay there. */
size_t objective_count_hits(const objective *o, scratch *s, size_t rows);

/* Forward, losses (into s->losses), and backward if gradient is not NULL (added to it). */
void objective_chunk(const objective *o, scratch *s, const void *weights, const void *x,
                     row_source *source, size_t rows, void *gradient);

/* Rows of a segment of a batch (objective.h). */
size_t objective_segment_length(const objective *o, size_t rows);

/* Losses of rows in their order: within a block one after another, then the blocks. Starts at 0. */
typedef struct loss_sum {
    double blocks, block;
    size_t rows;
} loss_sum;
void loss_sum_add(loss_sum *sum, const double *losses, size_t rows);
double loss_sum_total(const loss_sum *sum);

/* From the sum over rows to the objective's value. */
double objective_of_sum(const objective *o, const void *weights, double sum, size_t rows);

#endif
