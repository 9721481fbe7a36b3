/* report/one_trial.h: the whole configuration of one trial of a run, as a file that runs it alone.
 */
#ifndef SLOPE_REPORT_ONE_TRIAL_H
#define SLOPE_REPORT_ONE_TRIAL_H

#include "report/results.h"
#include "sweep/plan.h"

/* `trials` are those of `e`, which is what the folder's config.yaml says; the plan needs no data.
 * `wanted` is the number of a trial, whether it has run or not, or the beginning of the id of one
 * that has. Where the sampler looks at results, the plan is extended by those in trials.csv. NULL
 * with the reason. */
const char *one_trial_yaml(const results *r, const experiment *e, plan *trials, const char *wanted,
                           failure *why);

/* The same for a folder of slope ask-tell, of a trial that ended. `base` is the plan of
 * asked_base(e). */
const char *one_asked_yaml(const results *r, const experiment *e, plan *base, const char *wanted,
                           failure *why);

#endif
