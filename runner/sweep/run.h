/* sweep/run.h: running a whole experiment: its trials, one after another or together, the run's
 * folder, going on with it.
 *
 * Everything that can be checked is checked before the folder is made. After that, a row that is in
 * trials.csv is a trial that is done (but for the status `interrupted`); a trial without one starts
 * from its checkpoint if it left one, else from its beginning. Which trials train together, on how
 * many threads, and how often the run was stopped changes nothing in its files but times. */
#ifndef SLOPE_SWEEP_RUN_H
#define SLOPE_SWEEP_RUN_H

#include "config/experiment.h"

/* A part of the trials: those whose number is `index` modulo `count`. */
typedef struct shard {
    size_t index, count; /* 0 of 1: all */
} shard;

typedef struct run_options {
    const char *output;  /* folder of the run, or NULL for results/<experiment>/<time> */
    const char *resume;  /* folder to go on with, or NULL */
    const char *extend;  /* folder whose trials are taken over into the experiment; or NULL. At most
                            one of these three is given */
    const char *command; /* command line, for the manifest */
    shard shard;         /* count 0: all; a run that is resumed keeps its own */
    bool quiet;          /* no progress and no table; errors are still printed */
} run_options;

/* Prints progress to stderr, the table of trials and the folder to stdout. Status OK: all trials
 * finished or were pruned; TRIALS_FAILED: some diverged or failed, or a limit left some undone (the
 * table says which); INTERRUPTED and AGAIN: asked to stop by Ctrl-C, or by SIGTERM or SIGUSR1;
 * otherwise `why` is set. */
exit_status run_experiment(const experiment *e, const run_options *options, failure *why);

/* What `slope run --dry-run` prints: trials, groups, memory, predicted time. Trains a little to
 * measure it, writes nothing. */
exit_status run_rehearse(const experiment *e, const run_options *options, failure *why);

/* Puts the trials of several folders of one experiment (shards, or the same shard twice) into a new
 * one, and says what is missing. */
exit_status run_merge(const experiment *e, const run_options *options, size_t count,
                      const char *const *folders, failure *why);

#endif
