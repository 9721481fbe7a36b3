/* report/show.h: the tables of `slope show`: one run, its best trials, and what each swept value
 * does. */
#ifndef SLOPE_REPORT_SHOW_H
#define SLOPE_REPORT_SHOW_H

#include "report/results.h"

#include <stdint.h>
#include <stdio.h>

typedef enum show_table { SHOW_ALL, SHOW_TRIALS, SHOW_EFFECTS, SHOW_SEEDS } show_table;

typedef struct show_options {
    show_table table; /* CSV is of one table: SHOW_ALL means SHOW_TRIALS there */
    size_t top;       /* rows of trials and of seeds; SIZE_MAX: all */
    const char *sort; /* column of trials.csv; NULL: the metric */
    bool reverse;     /* of the trials: worst first */
    bool csv;         /* every digit, nothing but the table */
} show_options;

/* Prints; `why` says what is wrong with the options (no such column). */
bool show_run(const results *r, const show_options *options, FILE *out, failure *why);

/* ---- its parts, each one table --------------------------------------------------------------- */

/* Best trials. CSV has all columns of trials.csv. */
void show_trials(const results *r, const char *metric, const show_options *options, FILE *out);
/* For each factor the trials that share a value. `metric` is not NULL. */
void show_effects(const results *r, const char *metric, bool csv, FILE *out);
/* For each configuration mean and spread over its seeds; nothing where there are no seeds. False:
 * there are none. */
bool show_seeds(const results *r, const char *metric, const show_options *options, FILE *out);

/* Whether the labels say more than the swept values do. */
bool show_labels(const results *r);

#endif
