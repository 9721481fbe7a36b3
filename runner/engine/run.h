/* engine/run.h: running a whole experiment: data, trials one after another, the run's folder,
 * resume.
 *
 * Everything that can be checked is checked before the folder is made: data are read, every trial's
 * model is fitted to its data. After that, a row that is in trials.csv is a trial that is done; the
 * trial after it starts from its checkpoint if it left one, else from its beginning. */
#ifndef SLOPE_ENGINE_RUN_H
#define SLOPE_ENGINE_RUN_H

#include "config/experiment.h"

typedef struct run_options {
    const char *output;  /* folder of the run, or NULL for results/<experiment>/<time> */
    const char *resume;  /* folder to go on with, or NULL; then `output` is NULL */
    const char *command; /* command line, for the manifest */
    bool quiet;          /* no progress and no table; errors are still printed */
} run_options;

/* Prints progress to stderr, the table of trials and the folder to stdout. Status OK: all trials
 * finished; TRIALS_FAILED: some diverged or failed (the table says which); INTERRUPTED; otherwise
 * `why` is set. */
exit_status run_experiment(const experiment *e, const run_options *options, failure *why);

#endif
