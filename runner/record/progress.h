/* record/progress.h: what a person sees while a run goes on.
 *
 * On a terminal one line that is rewritten at most ten times a second; otherwise plain lines at
 * evaluations; nothing with --quiet. Everything goes to stderr; results (record/table.h) go to
 * stdout. One thread. Reading the clock is the only cost of a call that prints nothing. */
#ifndef SLOPE_RECORD_PROGRESS_H
#define SLOPE_RECORD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct progress progress;

typedef struct progress_state {
    size_t trial, trial_count; /* trial from 1 */
    const char *label;
    double epoch;  /* may be fractional */
    double epochs; /* limit; 0 if there is none */
    uint64_t step;
    double fraction;       /* of the trial's limit that is done, 0 to 1; NAN if unknown */
    double loss, accuracy; /* latest known; NAN if unknown */
    const char *loss_name, *accuracy_name; /* "train_loss", "validation_accuracy" */
    double rows_per_second;                /* training only; 0 or NAN if unknown */
    double best_accuracy;                  /* of the trials so far; NAN if none */
} progress_state;

/* A sweep as a whole. */
typedef struct progress_sweep {
    size_t done, total; /* trials */
    size_t done_before; /* when this process began */
    double under_way;   /* what is done of those that train now, in trials */
    size_t failures;
    double best;           /* NAN: none yet */
    const char *best_name; /* "validation_accuracy" */
} progress_sweep;

/* Whether a call would print something now; from any thread. A sweep is drawn as often as a trial
 * on a terminal, and in plain lines every few seconds. NULL: never. */
bool progress_is_due(const progress *p);
void progress_show_sweep(progress *p, const progress_sweep *state);

/* `quiet`: prints nothing at all. */
progress *progress_create(bool quiet);
void progress_update(progress *p, const progress_state *state);     /* each step, cheap */
void progress_evaluation(progress *p, const progress_state *state); /* each evaluation */
void progress_clear(progress *p);   /* before anything else is printed */
void progress_destroy(progress *p); /* clears; NULL is allowed */

#endif
