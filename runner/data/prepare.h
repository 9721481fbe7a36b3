/* data/prepare.h: the two numbers per column by which features are prepared.
 *
 *     prepared = (raw - shift) · factor
 *
 * Order of what the configuration asks for: scale, then subtract the mean, then divide by the
 * standard deviation (so scale has no effect where the latter is done). The deviation is that of
 * the rows at hand (divided by n, not n - 1). Mean and deviation come from the training rows alone,
 * in double, each column's sums in the order of the rows: the same bits with any number of threads.
 */
#ifndef SLOPE_DATA_PREPARE_H
#define SLOPE_DATA_PREPARE_H

#include "base/arena.h"
#include "base/failure.h"
#include "data/dataset.h"

/* *shift and *factor are NULL where they would be all 0 and all 1. */
bool preparation_make(arena *memory, const dataset_split *train, const dataset_config *config,
                      const double **shift, const double **factor, failure *why);

#endif
