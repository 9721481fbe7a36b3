/* engine/scratch.h: memory in which a thread works on a chunk of rows.
 *
 * It belongs to the thread, not to an objective: however many trials a process makes, there is one
 * block for each thread, as large as the largest chunk so far. What stands in it lasts until the
 * thread asks again. */
#ifndef SLOPE_ENGINE_SCRATCH_H
#define SLOPE_ENGINE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a chunk needs. */
typedef struct scratch_size {
    size_t rows, outputs, real_size;
    size_t row_length; /* reals from one row of x to the next */
    size_t workspace;  /* reals, of the model */
    size_t lanes;      /* weight vectors that the chunk goes through at once; at least 1 */
    size_t sums;       /* reals, for gradients that are added up beside the others */
} scratch_size;

/* Rows × columns without gaps; `lane` pieces one after another where there are several lanes. */
typedef struct scratch {
    void *x;                       /* rows × row_length: packed */
    void *workspace;               /* of each lane */
    void *scores, *score_gradient; /* rows × outputs, of each lane */
    void *loss_scratch, *targets;  /* rows × outputs */
    double *raw_targets;           /* rows × outputs */
    int32_t *labels, *guesses;     /* rows */
    double *losses;                /* rows */
    const char **next;             /* rows + FETCH_MOST: places of what comes next (row_source) */
    void *sums;
    size_t workspace_bytes, score_bytes; /* from one lane to the next */
    uint64_t taking;                     /* how often the thread has taken its memory */
} scratch;

/* Of the calling thread. Not zeroed. */
scratch scratch_take(const scratch_size *size);

/* Whether the calling thread, whose it must be, has not taken its memory again since. */
bool scratch_is_latest(const scratch *s);

/* The same with the workspace and scores of one lane in the first place. */
scratch scratch_lane(const scratch *s, size_t lane);

#endif
