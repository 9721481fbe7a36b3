/* record/csv_scan.h: going through a CSV file that this program wrote (csv.h), row by row.
 *
 * For files of any length: one row is in memory at a time. Whole rows only, as in csv_read.h, which
 * holds a file as a whole: what a crash left behind the last line end is not there, and a row with
 * another number of cells ends the file. */
#ifndef SLOPE_RECORD_CSV_SCAN_H
#define SLOPE_RECORD_CSV_SCAN_H

#include "base/failure.h"

#include <stddef.h>

typedef struct csv_scan csv_scan;

/* Reads the header. NULL with the reason. */
csv_scan *csv_scan_open(const char *path, failure *why);
size_t csv_scan_column_count(const csv_scan *s);
const char *csv_scan_column(const csv_scan *s, size_t column);
size_t csv_scan_find(const csv_scan *s, const char *name); /* SIZE_MAX: no such column */

/* The cells of the next row, valid until the next call; NULL where the file ends. */
const char *const *csv_scan_next(csv_scan *s);

/* False if reading had failed before the end of the file. `s` is gone in any case. */
bool csv_scan_close(csv_scan *s, failure *why);

#endif
