/* report/groups.h: the trials of a run by the values of a factor: what tables of effects are made
 * of.
 *
 * A number with many values, as from a range, is put into bins of about the same number of trials,
 * from the smallest values to the greatest (quantiles); trials with equal values are never in two
 * bins. Trials that have no such parameter are in no group. */
#ifndef SLOPE_REPORT_GROUPS_H
#define SLOPE_REPORT_GROUPS_H

#include "report/ranking.h"

enum { MOST_VALUES = 12 }; /* that are not put into bins; rows of a table for people */

/* Trials that share a value, or the values of a bin. */
typedef struct value_group {
    const char *first, *last; /* the same text, but for a bin */
    const size_t *rows;       /* of its trials */
    size_t count;
} value_group;

typedef struct value_groups {
    value_group *list; /* in the order of the values */
    size_t count;      /* of groups */
    size_t values;     /* that differ; more than groups where there are bins */
    size_t trials;     /* in all of them */
    bool binned;
} value_groups;

value_groups groups_of(const results *r, const factor *f);

/* Of a group's trials that did not fail; *failed counts the others. `of` is NULL, or numbers for
 * each row, and only rows with the number `wanted` count; *trials receives how many do. */
summary group_scores(const results *r, const value_group *g, const char *metric, const size_t *of,
                     size_t wanted, size_t *trials, size_t *failed);

/* "0.1", or "0.1 to 0.3" of a bin. */
const char *group_text(const results *r, const factor *f, const value_group *g);
bool group_is_range(const value_group *g);

#endif
