/* report/curves.h: what a run's metrics.csv says about the way of each trial: the best value of a
 * metric that any evaluation saw, and when a target was first met. The file is gone through row by
 * row and never held. */
#ifndef SLOPE_REPORT_CURVES_H
#define SLOPE_REPORT_CURVES_H

#include "report/results.h"

/* What is asked about one trial, and the answer. */
typedef struct curve {
    const char *metric; /* column of metrics.csv; NULL: nothing is asked */
    double target;      /* NAN: only the best value is asked */
    double first, best; /* of the first evaluation, and of all; NAN: none has the metric */
    /* Of the first evaluation that met the target: so the interval of evaluation is the resolution.
     * INFINITY: it was never met. Seconds are of training. */
    double steps, epochs, seconds;
} curve;

/* Answers for all rows of trials.csv, curves[row]. False if the file cannot be read, or lacks a
 * column that is asked for. */
bool curves_read(const results *r, curve *curves, failure *why);

#endif
