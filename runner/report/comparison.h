/* report/comparison.h: the trials of one or several runs, sorted by problem and optimizer: what the
 * tables of `slope compare` are made of.
 *
 * What a problem is, problems.h says. Trials of the same problem may come from several folders. */
#ifndef SLOPE_REPORT_COMPARISON_H
#define SLOPE_REPORT_COMPARISON_H

#include "report/curves.h"

/* What an optimizer is given credit by. */
typedef enum effort { EFFORT_STEPS, EFFORT_EPOCHS, EFFORT_SECONDS } effort;

typedef struct comparison_options {
    const char *metric; /* NULL: sweep.metric, or what all finished trials of a problem have */
    double target;      /* of that metric; NAN: by what the optimizers reach (goals.c) */
    effort by;
    double within; /* what is near the best (rates): of accuracies and r2 the difference, of all
                      else the fraction of the best; NAN: 0.01 and 0.1 */
    bool curves;   /* read metrics.csv, and find targets */
} comparison_options;

/* One trial that ended. */
typedef struct entry {
    size_t problem, optimizer, configuration; /* numbers; the last one counts over all folders */
    const results *run;
    size_t row;
    bool failed;  /* results_failed() */
    double rate;  /* learning_rate; NAN: it has none */
    double tuned; /* rate, or of a rule without one the parameter that is swept; NAN: none */
    double final; /* the metric at the end; NAN where failed or not measured */
    curve curve;
} entry;

typedef struct problem {
    const char *name;   /* for tables */
    const char *label;  /* the name, but two problems may have the same */
    const char *metric; /* NULL: nothing of it was measured */
    double target;      /* NAN: there is none */
    size_t first, end;  /* its entries, sorted by optimizer and configuration */
} problem;

typedef struct comparison {
    arena *memory;
    const comparison_options *options;
    size_t run_count, problem_count, optimizer_count, entry_count;
    size_t copy_count; /* trials left out because they stand in an earlier folder, too */
    const results *const *runs;
    problem *problems;       /* in the order in which they come up */
    const char **optimizers; /* in alphabetical order */
    entry *entries;
} comparison;

/* NULL with the reason: a folder that cannot be read, no trials, no such metric. */
const comparison *comparison_read(arena *a, size_t count, char *const *folders,
                                  const comparison_options *options, failure *why);

/* One past the last entry from `first` with the same problem and optimizer. */
size_t comparison_end(const comparison *all, size_t first);

/* Reads the curves of all trials, with the target of each problem: the one that is given, or that
 * which half of the optimizers reach. */
bool comparison_find_targets(comparison *all, failure *why);

/* Of a configuration on its way to the target, by options->by. Over several seeds that by which at
 * least half of them are there; *entry_index receives the trial it is of. INFINITY: never. */
double configuration_effort(const comparison *all, size_t first, size_t end, size_t *entry_index);

/* The best configuration of the optimizer whose entries are first … end - 1: the least effort.
 * INFINITY: the target was never met. *best receives the trial. */
double best_effort(const comparison *all, size_t first, size_t end, size_t *best);

/* How many times the least effort an effort is, at least 1; no effort at all (the target was met
 * before the first step) counts as the smallest that can be told apart: a step, a millisecond. */
double effort_ratio(const comparison *all, double own, double least);

#endif
