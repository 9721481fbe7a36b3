/* record/csv_read.h: reading back a CSV file that this program wrote (csv.h), for resume and
 * tables.
 *
 * Whole rows only: what a crash left behind the last line end is not there. Not a reader of data
 * sets (that is the csv plugin). */
#ifndef SLOPE_RECORD_CSV_READ_H
#define SLOPE_RECORD_CSV_READ_H

#include "base/arena.h"
#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

typedef struct csv_rows {
    size_t column_count, row_count; /* without the header */
    const char *const *columns;     /* the header */
    const char *const *const
        *cells;          /* cells[row][column]; rows with another number of cells end the file */
    const int64_t *ends; /* byte after each row */
    int64_t header_end;  /* byte after the header */
} csv_rows;

bool csv_read(arena *a, const char *path, csv_rows *rows, failure *why);

/* Cell by column name; "" if there is no such column. */
const char *csv_cell(const csv_rows *rows, size_t row, const char *column);

#endif
