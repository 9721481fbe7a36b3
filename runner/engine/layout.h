/* engine/layout.h: where each tensor of a model stands in the flat vector of weights.
 *
 * Every tensor starts at a multiple of 64 bytes; the gaps stay zero. Owner: the trial. Immutable.
 */
#ifndef SLOPE_ENGINE_LAYOUT_H
#define SLOPE_ENGINE_LAYOUT_H

#include "config/experiment.h"
#include "slope/model.h"

typedef struct layout {
    size_t tensor_count;
    const slope_tensor *tensors;
    const size_t *offsets; /* of each tensor, in elements */
    const size_t *sizes;   /* elements of each tensor */
    size_t total;          /* elements of the vector, gaps included */
    size_t parameters;     /* elements of all tensors */
} layout;

/* Asks the model. Fails if it cannot (status CONFIG) or names no tensor. */
bool layout_create(arena *a, const slope_model *model, const void *model_config,
                   slope_model_shape shape, layout *out, failure *why);

/* Starting weights by `model.init`: biases and gaps 0. Element i of tensor t is a function of
 * (seed, t, i), computed in double and rounded once. */
void layout_initialise(const layout *l, const init_config *init, precision p, uint64_t seed,
                       void *weights);

#endif
