/* engine/together.h: the objectives of several weight vectors on the same rows, which are packed
 * once for all.
 *
 * A lane is one objective at one weight vector. Lanes may be those of one trial (candidates of a
 * search) or of several trials that lockstep_fits. A model with SLOPE_MODEL_MANY gets them all in
 * one call; otherwise they take turns on the rows while these are in the cache. The bits of a lane
 * do not depend on the others, nor on which of the two ways is taken; they are those that
 * objective.h states. */
#ifndef SLOPE_ENGINE_TOGETHER_H
#define SLOPE_ENGINE_TOGETHER_H

#include "engine/objective.h"
#include "engine/scratch.h"

typedef struct lane {
    objective *o;
    const void *weights;
    void *gradient; /* only for together_accumulate, all 0 before */
} lane;

/* How many lanes like this one go well through a cache together, from 1 to MOST_LANES. */
enum { MOST_LANES = 64 };
size_t together_width(const objective *o, size_t bytes_of_lane);

/* A batch in the hands of one thread: packed once, if it is no longer than a chunk, for all lanes
 * that follow. `width`: the most lanes that will come at once. */
typedef struct handful {
    const objective *o;
    batch rows;
    size_t width;
    bool wide; /* all lanes in one call of the model */
    scratch s;
    const void *x;     /* the packed batch; NULL: it is packed chunk after chunk */
    row_source source; /* of that, or of the chunk at hand */
} handful;
handful together_take(const objective *o, batch rows, size_t width);

/* What objective_accumulate does, for up to MOST_LANES objectives, each of which may then
 * finish_slice. Cuts nothing into pieces for other threads: call it within a loop over groups of
 * lanes, on the thread that took the batch. */
void together_accumulate(handful *h, const lane *lanes, size_t count, double *values);

/* Objectives of any number of lanes, and their evaluations. All threads share the rows. */
void together_values(const lane *lanes, size_t count, batch rows, double *values);
void together_evaluate(const lane *lanes, size_t count, batch rows, evaluation *evaluations);

/* For tests: whether SLOPE_MODEL_MANY is used where a model has it. True from the start. */
void together_use_many(bool use);

#endif
