/* report/compare.h: the tables of `slope compare`: how soon optimizers reach a target, on how many
 * problems they are near the best, and how much they depend on the learning rate. */
#ifndef SLOPE_REPORT_COMPARE_H
#define SLOPE_REPORT_COMPARE_H

#include "report/comparison.h"

#include <stdio.h>

/* All optimizers on all problems: the effort to the target, and the best rate. */
void compare_standings(const comparison *all, bool csv, FILE *out);

/* For each problem and optimizer the trial of the best configuration: that which met the target
 * with the least effort. */
void compare_targets(const comparison *all, bool csv, FILE *out);

/* Performance profile: the fraction of problems on which the optimizer needs at most tau times the
 * effort of the best one, for several tau, and the area below that curve. */
void compare_profile(const comparison *all, bool csv, FILE *out);

/* For each problem and optimizer the metric over the learning rate, and the share of rates that are
 * near the best. */
void compare_rates(const comparison *all, bool csv, FILE *out);

const char *effort_name(effort by); /* "steps" */

#endif
