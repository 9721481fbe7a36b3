/* report/problems.h: what the trials of a run work on, and which of their scores can be compared.
 *
 * A problem is a data set, a model and a loss, by their names, and what the column `problem` says
 * where these do not tell (sweep/plan.h); without a data set (a surface) the experiment's name
 * stands for it. That is what optimizers are compared on (comparison.h).
 *
 * A contest is wider: trials whose scores can stand in one list. Models compete on one data set,
 * so all trials on the same data are in one, whatever their models; but the loss of one kind says
 * nothing of another kind's, so where losses are compared they part trials, too. Without a data set
 * each problem is a contest of its own. */
#ifndef SLOPE_REPORT_PROBLEMS_H
#define SLOPE_REPORT_PROBLEMS_H

#include "report/results.h"

/* "iris linear softmax"; the experiment's name where there is no data set. */
const char *problem_names(const results *r, size_t row);

/* What the trials of one problem have in common, in whatever run. */
const char *problem_key(const results *r, size_t row);

/* For tables: "quadratic 100"; two problems may have the same. */
const char *problem_name(const results *r, size_t row);

typedef struct contest {
    const char *name;    /* for tables; no other contest has it */
    const char *metric;  /* what they are compared by (ranking_metric); NULL: nothing is measured */
    const results *rows; /* the run with these trials alone, in the order of the run */
} contest;

typedef struct contests {
    const results *run;  /* all of them */
    size_t count;        /* 0 of a run without trials */
    const contest *list; /* in the order in which they come up */
    const size_t *of;    /* of each row of the run: number of its contest */
} contests;

/* All of the run's trials. In the arena of the results. */
const contests *contests_of(const results *r);

/* The contest with that name alone; NULL with the reason, which lists the names that there are. */
const contests *contest_named(const contests *all, const char *name, failure *why);

#endif
