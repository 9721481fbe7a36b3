/* report/sheet.h: a table that is printed for people (record/table.h) or as CSV, from the same
 * calls.
 *
 * People get rounded numbers and "-" for what is not there; CSV gets every digit and empty cells.
 * CSV rows are printed as they come, so that they take no memory. */
#ifndef SLOPE_REPORT_SHEET_H
#define SLOPE_REPORT_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct sheet sheet;

sheet *sheet_create(FILE *out, bool csv);
bool sheet_is_csv(const sheet *s);

/* All columns come before the first cell. `title` stands above the column for people, `name` in
 * CSV; where one of the two is NULL the column is left out there, and so are its cells. Numbers are
 * aligned right. */
void sheet_text_column(sheet *s, const char *title, const char *name);
void sheet_number_column(sheet *s, const char *title, const char *name);

/* Cells come row after row, one per column, the left-out ones too. `text` may be of a number. */
void sheet_text(sheet *s, const char *text);
void sheet_count(sheet *s, size_t count);
/* `format` (of one double) is for people. */
void sheet_number(sheet *s, const char *format, double value) __attribute__((format(printf, 2, 0)));
/* A value of the metric with this name: accuracies as percentages. */
void sheet_score(sheet *s, const char *metric, double value);
/* Formats for people by size: 1234, 12.34, 0.01234. */
void sheet_plain(sheet *s, double value);

void sheet_highlight(sheet *s, size_t row); /* from 0; where there are colours */
size_t sheet_rows(const sheet *s);          /* that are complete so far */

/* Prints what is not printed yet, and the sheet is gone. */
void sheet_end(sheet *s);

/* How people are shown a value of a metric, in `buffer` of 32 bytes, which is returned. */
char *score_text(char *buffer, const char *metric, double value);

/* Writes one cell, quoted where needed (RFC 4180). */
void sheet_put_csv(FILE *out, const char *text);

#endif
