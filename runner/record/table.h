/* record/table.h: tables for the terminal: aligned columns, a rule under the header, UTF-8 aware,
 * bold header and highlighted best row only on a terminal that has colours (NO_COLOR is heeded).
 * Used by run, plugins, describe and check alike. */
#ifndef SLOPE_RECORD_TABLE_H
#define SLOPE_RECORD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct table table;

typedef enum alignment { ALIGN_LEFT, ALIGN_RIGHT } alignment;

table *table_create(void);
void table_column(table *t, const char *title, alignment align);
/* Cells come row after row, one per column. Control characters become spaces. */
void table_cell(table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_highlight_row(table *t, size_t row); /* from 0 */
/* On a terminal the last column, if it is aligned left, is wrapped to the width there is. */
void table_print(const table *t, FILE *out);
void table_destroy(table *t);

#endif
