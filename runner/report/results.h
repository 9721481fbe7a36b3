/* report/results.h: what a run's folder says about its trials, read back for tables.
 *
 * Reads trials.csv as a whole, and what it needs of manifest.yaml and config.yaml. A folder whose
 * run is still going on, was interrupted or was killed can be read, too: what is not there or not
 * whole is told as unknown. Opens no data and no plugins, and changes nothing. */
#ifndef SLOPE_REPORT_RESULTS_H
#define SLOPE_REPORT_RESULTS_H

#include "base/arena.h"
#include "base/failure.h"
#include "config/tree.h"

#include <stddef.h>

typedef struct results {
    arena *memory;            /* of all that is here */
    const char *folder;       /* as given */
    const char *experiment;   /* its name; the folder where nothing tells it */
    const char *status;       /* of the manifest; "unknown" without one */
    double seconds;           /* of the whole run; NAN: unknown */
    size_t planned;           /* trials that the run is made of; 0: unknown */
    bool asked;               /* another program asked for them (slope ask-tell) */
    const char *metric;       /* sweep.metric, or NULL */
    const config_node *items; /* `trials` of the configuration; NULL: there are none */
    const char *said;         /* what tables say of all trials, so that labels need not; or NULL */
    size_t column_count;
    const char *const *columns;      /* of trials.csv */
    size_t count;                    /* rows of trials.csv: trials that ended */
    const char *const *const *cells; /* cells[row][column] */
    size_t first_swept, swept_count; /* columns of swept paths: those from hash to status */
} results;

/* NULL with the reason: no such folder, or not one of a run. */
const results *results_read(arena *a, const char *folder, failure *why);

/* SIZE_MAX: no such column. */
size_t results_column(const results *r, const char *name);

/* "" and NAN where there is no such column (SIZE_MAX) or nothing in the cell. */
const char *results_text(const results *r, size_t row, size_t column);
double results_number(const results *r, size_t row, size_t column);
const char *results_named(const results *r, size_t row, const char *column); /* by its name */

/* A text as a number, as csv.h writes them: NAN for "" and what is none. */
double number_of(const char *text);

/* Finished; and diverged, failed or interrupted, whose scores count for nothing. Between the two
 * are trials that were pruned or ran out of time. */
bool results_finished(const results *r, size_t row);
bool results_failed(const results *r, size_t row);

/* ---- what differs between trials ------------------------------------------------------------- */

/* A column of trials.csv whose values were chosen, not measured. */
typedef struct factor {
    const char *name; /* the column's */
    size_t column;
    bool numeric; /* all values are numbers or missing */
    bool seed;    /* train.seed of a sweep with several seeds */
} factor;

/* The swept paths, and of dataset, model, loss and optimizer those that differ and are not swept;
 * where nothing is swept, learning_rate as well. In the order of the columns. */
size_t results_factors(const results *r, const factor **factors);

/* What tables for people call a swept path: its last word where no other has the same one, without
 * `.name` ("learning_rate", "optimizer"). */
const char *results_title(const results *r, size_t column);

/* What tables for people show of a cell: fractions with at most six digits (1e-1 as 0.1), "-" for
 * nothing. */
const char *results_shown(const results *r, size_t row, size_t column);

/* The label without what the factors say already ("adam learning_rate=0.1" is "", where both are
 * swept). */
const char *results_short_label(const results *r, size_t row);

/* Trials that differ in nothing but their seeds have the same number, from 0 in order of first
 * appearance; *count receives how many numbers there are. */
const size_t *results_configurations(const results *r, size_t *count);

#endif
