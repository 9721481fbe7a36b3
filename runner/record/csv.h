/* record/csv.h: appending rows to a CSV file (RFC 4180, with line feeds) so that a crash loses
 * nothing that was said to be safe. One writer per file, one thread. Numbers are printed so that
 * they read back the same. */
#ifndef SLOPE_RECORD_CSV_H
#define SLOPE_RECORD_CSV_H

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

typedef struct csv_writer csv_writer;

/* Creates the file with a header line, or, if `keep_bytes` >= 0, opens the one that is there, cuts
 * it to that length (what came after a checkpoint) and appends. A file that is shorter than
 * keep_bytes, has no line end there or has other columns is an error, and stays as it is. NULL with
 * the reason. */
csv_writer *csv_open(const char *path, const char *const *columns, size_t column_count,
                     int64_t keep_bytes, failure *why);

/* A row is built cell by cell in column order, then ended. Empty cells: csv_empty. */
void csv_text(csv_writer *w, const char *text); /* quoted where needed */
void csv_number(csv_writer *w, double value);   /* NAN gives "nan", infinities "inf", "-inf" */
void csv_seconds(csv_writer *w, double value);  /* three decimals: a time */
double csv_seconds_kept(double value); /* the time that a reader of such a cell finds: who shows
                                          one now and again from the file shows the same */
void csv_integer(csv_writer *w, int64_t value);
void csv_empty(csv_writer *w);
/* Writes the row to the file (to the kernel, not yet to the disk). Too few or too many cells is a
 * bug: abort. On failure (disk full) the file is cut back to its last whole row, the row is dropped
 * and the writer can still be used. */
bool csv_end_row(csv_writer *w, failure *why);
/* Ends the row, but keeps it in memory until csv_write_held() (or csv_close()) writes it with all
 * others held: rows that must not be there before what they rest on is. While rows are held,
 * csv_end_row() is not called. */
void csv_hold_row(csv_writer *w);
bool csv_write_held(csv_writer *w, failure *why);
size_t csv_held(const csv_writer *w);       /* bytes of the rows that are held */
bool csv_sync(csv_writer *w, failure *why); /* to the disk */
int64_t csv_bytes(const csv_writer *w);     /* length of the file: what a checkpoint remembers */
/* Syncs, too. The writer is gone whatever happens. NULL is allowed. */
bool csv_close(csv_writer *w, failure *why);

#endif
