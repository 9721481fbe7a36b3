/* report/show.h: the tables of `slope show`: one run, its best trials, and what each swept value
 * does. */
#ifndef SLOPE_REPORT_SHOW_H
#define SLOPE_REPORT_SHOW_H

#include "report/problems.h"

#include <stdint.h>
#include <stdio.h>

typedef enum show_table { SHOW_ALL, SHOW_TRIALS, SHOW_EFFECTS, SHOW_SEEDS } show_table;

typedef struct show_options {
    show_table table;    /* CSV is of one table: SHOW_ALL means SHOW_TRIALS there */
    size_t top;          /* rows of trials and of seeds, of each problem; SIZE_MAX: all; 0: a few */
    const char *sort;    /* column of trials.csv; NULL: the metric */
    const char *problem; /* only its trials; NULL: all */
    bool reverse;        /* of the trials: worst first */
    bool csv;            /* every digit, nothing but the table */
} show_options;

/* Prints; `why` says what is wrong with the options (no such column, no such problem). Where trials
 * work on several problems (problems.h), whose scores tell nothing of each other, each problem has
 * its own best trials. */
bool show_run(const results *r, const show_options *options, FILE *out, failure *why);

/* ---- its parts, each one table --------------------------------------------------------------- */

/* Best trials of each problem. CSV has all columns of trials.csv, and the names of the problems in
 * the column `problem` where there are several. */
void show_trials(const contests *all, const show_options *options, FILE *out);
/* For each factor the trials that share a value. */
void show_effects(const contests *all, bool csv, FILE *out);
/* For each configuration mean and spread over its seeds; nothing where there are no seeds. False:
 * there are none. */
bool show_seeds(const contests *all, const show_options *options, FILE *out);

/* How many of `count` rows of a problem are shown, and of how many problems. */
size_t show_rows(const contests *all, const show_options *options, size_t count);
size_t show_contests(const contests *all, const show_options *options);

/* What contests are sorted by: "train_loss"; where they differ: "its metric". */
const char *show_metric(const contests *all);

/* Whether the labels say more than the swept values do. */
bool show_labels(const contests *all);

#endif
