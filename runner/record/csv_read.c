/* record/csv_read.c: see csv_read.h. */
#include "record/csv_read.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

/* One row from *at; false at the end of the file or where a line is not whole. Unquotes in place.
 */
static bool read_row(char **at, const char *end, char **cells, size_t capacity, size_t *count)
{
    char *p = *at;
    *count = 0;
    while (p < end) {
        char *cell = p, *out = p;
        bool quoted = *p == '"';
        if (quoted) p++;
        for (; p < end && (quoted || (*p != ',' && *p != '\n')); p++) {
            if (quoted && *p == '"') {
                if (p + 1 < end && p[1] == '"')
                    p++;
                else {
                    quoted = false;
                    continue;
                }
            }
            *out++ = *p;
        }
        if (p >= end) return false; /* no line end: torn */
        const char separator = *p;
        p++;
        *out = '\0';
        if (*count < capacity) cells[*count] = cell;
        ++*count;
        if (separator == '\n') {
            *at = p;
            return true;
        }
    }
    return false;
}

bool csv_read(arena *a, const char *path, csv_rows *rows, failure *why)
{
    enum { MOST_COLUMNS = 4096 };
    unsigned char *bytes;
    size_t size;
    if (!file_read(path, &bytes, &size, why)) return false;
    char *text = arena_copy(a, bytes, size + 1);
    free(bytes);
    char *at = text, *cells[MOST_COLUMNS];
    size_t count, capacity = 0;
    if (!read_row(&at, text + size, cells, MOST_COLUMNS, &count) || count > MOST_COLUMNS)
        return failure_set(why, STATUS_ENVIRONMENT, "'%s' has no header line", path);
    for (const char *p = at; p < text + size; p++) capacity += *p == '\n';
    *rows = (csv_rows){.column_count = count,
                       .header_end = at - text,
                       .columns = arena_copy(a, cells, count * sizeof *cells)};
    const char *const **all = arena_alloc(a, capacity * sizeof *all);
    int64_t *ends = arena_alloc(a, capacity * sizeof *ends);
    while (read_row(&at, text + size, cells, MOST_COLUMNS, &count) && count == rows->column_count) {
        ends[rows->row_count] = at - text;
        all[rows->row_count++] = arena_copy(a, cells, count * sizeof *cells);
    }
    rows->cells = all;
    rows->ends = ends;
    return true;
}

const char *csv_cell(const csv_rows *rows, size_t row, const char *column)
{
    for (size_t c = 0; c < rows->column_count; c++)
        if (strcmp(rows->columns[c], column) == 0) return rows->cells[row][c];
    return "";
}
