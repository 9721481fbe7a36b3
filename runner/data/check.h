/* data/check.h: whether what a reader delivered is a data set that can be worked with.
 *
 * Readers may come from anywhere, so nothing they promise is taken on trust. */
#ifndef SLOPE_DATA_CHECK_H
#define SLOPE_DATA_CHECK_H

#include "base/failure.h"

#include "slope/reader.h"

/* Rows in training; the same columns and targets in all splits; finite numbers (unless that is
 * known); labels from 0 and below class_names (if that is not 0). *classes: class_names, or 1 + the
 * greatest label; 0 if the tables have targets. */
bool tables_check(const slope_table tables[SLOPE_SPLITS], bool known_finite, size_t class_names,
                  size_t *classes, failure *why);

const char *split_name(slope_split split); /* "train", "validation", "test" */

#endif
