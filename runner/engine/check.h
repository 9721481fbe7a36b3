/* engine/check.h: the gradient check: analytic gradient against central differences, in float64.
 *
 * Each entry is compared at steps h, 10h and 100h (the two larger ones extrapolated after
 * Richardson 1911, so that their truncation error is of fourth order), and the best agreement
 * counts: a right gradient agrees at some step, a wrong one at none. The relative error of an entry
 * is |analytic - numerical| / max(|analytic|, |numerical|, 10^-3 · greatest |analytic| of its
 * tensor).
 *
 * An entry over the tolerance is set aside if the objective has a kink (ReLU, hinge, |w|) within h
 * of the weight. That is judged from values of the objective alone, never from the analytic
 * gradient: the difference between right-hand and left-hand slopes shrinks with the step where the
 * function is smooth, and does not where there is a kink. */
#ifndef SLOPE_ENGINE_CHECK_H
#define SLOPE_ENGINE_CHECK_H

#include "engine/objective.h"

typedef struct check_options {
    double tolerance; /* default 1e-6 */
    double h;         /* default 1e-5 */
    size_t rows;      /* training rows to check on, at most; default 32 */
    size_t entries;   /* of each tensor: all if it has no more, else a seeded sample; default 256 */
} check_options;

extern const check_options check_defaults;

typedef struct check_entry {
    size_t index;                    /* in the tensor, row-major */
    double weight, loss, loss_above; /* objective at the weight, and at weight + h */
    double analytic, numerical, error;
} check_entry;

/* One tensor under one part of the objective. */
typedef struct check_row {
    const char *tensor;
    objective_part part;
    size_t size, checked, set_aside;
    check_entry worst;
    bool passed;
    size_t entry_count; /* the first few, for --verbose */
    check_entry entries[10];
} check_row;

typedef struct check_report {
    size_t count;
    check_row *rows;
    bool passed;
} check_report;

/* The configuration must be of precision float64. The weights are the starting weights plus a
 * seeded normal number of standard deviation 1 / sqrt(fan_in), so that nothing is checked only at
 * zero. */
bool check_gradient(arena *a, const trial_config *config, const dataset *data,
                    const check_options *options, check_report *report, failure *why);

#endif
