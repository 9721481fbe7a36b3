/* report/ranking.h: which trial is better, and what a group of values amounts to. */
#ifndef SLOPE_REPORT_RANKING_H
#define SLOPE_REPORT_RANKING_H

#include "report/results.h"

/* Accuracies and r2; of everything else (losses, errors, times, steps) less is better. */
bool more_is_better(const char *column);

/* Strictly better; NAN is worse than every number. */
bool is_better(const char *column, double one, double other);

/* What trials are compared by: sweep.metric, else the first of validation_accuracy, validation_r2,
 * validation_loss, train_loss and train_objective that every finished trial has, else the first
 * that one has. NULL: nothing was measured. */
const char *ranking_metric(const results *r);

/* All rows, best first. By a score: finished trials, then those that ended early (pruned, out of
 * time), then those that failed. By anything else: by that alone, text in alphabetical order. What
 * has no value comes last; equal ones stand by the numbers of the trials. `reverse` turns the order
 * of the values around and leaves the rest. */
const size_t *ranking_order(const results *r, const char *column, bool reverse);

typedef struct summary {
    size_t count;               /* of values that are numbers, infinities included */
    double best, median, worst; /* NAN without values */
    double mean, deviation;     /* deviation: of a sample (n - 1); NAN below two values */
} summary;

/* Of values of the column's kind. Sorts `values`, NAN to the end. */
summary summarize(double *values, size_t count, const char *column);

#endif
