/* report/one_trial.h: the whole configuration of one trial of a run, as a file that runs it alone.
 */
#ifndef SLOPE_REPORT_ONE_TRIAL_H
#define SLOPE_REPORT_ONE_TRIAL_H

#include "config/experiment.h"
#include "report/results.h"

/* `e` is what the folder's config.yaml says. `wanted` is the number of a trial, whether it has run
 * or not, or the beginning of the id of one that has. NULL with the reason. */
const char *one_trial_yaml(const results *r, const experiment *e, const char *wanted, failure *why);

#endif
