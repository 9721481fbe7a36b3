/* record/csv_scan.c: see csv_scan.h. */
#include "record/csv_scan.h"

#include "base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct csv_scan {
    arena *memory; /* path and header */
    FILE *file;
    const char *path;
    const char **columns, **cells;
    size_t column_count;
    char *line; /* the row under way, unquoted in place; getline() owns it */
    size_t line_room;
    int error; /* errno of a read that failed, or 0 */
};

/* ---- rows of text ---------------------------------------------------------------------------- */

static size_t quotes_in(const char *text, size_t length)
{
    size_t count = 0;
    const char *end = text + length;
    while (text < end && (text = memchr(text, '"', (size_t)(end - text))) != NULL) {
        count++;
        text++;
    }
    return count;
}

/* The next line, with its line end; -1 where the file ends before one. */
static ssize_t read_line(csv_scan *s)
{
    errno = 0;
    const ssize_t got = getline(&s->line, &s->line_room, s->file);
    if (got < 0 && ferror(s->file)) s->error = errno ? errno : EIO;
    return got > 0 && s->line[got - 1] == '\n' ? got : -1;
}

/* A row that goes over several lines, as a quoted line end lets it, of which the first is read. */
static bool join_lines(csv_scan *s, size_t length, size_t quotes)
{
    while (quotes % 2) {
        char *row = allocate(length + 1, 1);
        memcpy(row, s->line, length + 1);
        const ssize_t got = read_line(s);
        if (got < 0) {
            free(row);
            return false;
        }
        quotes += quotes_in(s->line, (size_t)got);
        char *longer = malloc(length + (size_t)got + 1); /* getline() will own it */
        if (!longer) out_of_memory(length + (size_t)got + 1);
        memcpy(longer, row, length);
        memcpy(longer + length, s->line, (size_t)got + 1);
        free(row);
        free(s->line);
        s->line = longer;
        length += (size_t)got;
        s->line_room = length + 1;
    }
    return true;
}

/* Lines until all quotes are closed; false where the file ends before that, or without a line
 * end. */
static bool read_row(csv_scan *s)
{
    const ssize_t got = read_line(s);
    return got > 0 && join_lines(s, (size_t)got, quotes_in(s->line, (size_t)got));
}

/* Unquotes the cell that begins at *at and ends it with a zero byte; *at moves behind what ended
 * it, a comma or the line end, which is returned. */
static char take_cell(char **at)
{
    char *p = *at, *out = p;
    bool quoted = *p == '"';
    if (!quoted) {
        while (*p && *p != ',' && *p != '\n') p++; /* cells are too short for strcspn() */
        const char separator = *p;
        *p = '\0';
        *at = p + 1;
        return separator;
    }
    for (p++; *p && (quoted || (*p != ',' && *p != '\n')); p++) {
        if (quoted && *p == '"' && p[1] != '"') {
            quoted = false;
            continue;
        }
        if (quoted && *p == '"') p++;
        *out++ = *p;
    }
    const char separator = *p;
    *out = '\0';
    *at = p + 1;
    return separator;
}

/* Number of cells; only the first `room` are kept. */
static size_t split(csv_scan *s, const char **cells, size_t room)
{
    size_t count = 0;
    char *at = s->line;
    for (char separator = ','; separator == ','; count++) {
        const char *cell = at;
        separator = take_cell(&at);
        if (count < room) cells[count] = cell;
        if (!separator) return 0; /* a zero byte in the file: not what we wrote */
    }
    return count;
}

/* ---- entries --------------------------------------------------------------------------------- */

static bool read_header(csv_scan *s)
{
    enum { MOST_COLUMNS = 4096 };
    const char *cells[MOST_COLUMNS];
    if (!read_row(s)) return false;
    s->column_count = split(s, cells, MOST_COLUMNS);
    if (!s->column_count || s->column_count > MOST_COLUMNS) return false;
    s->columns = arena_alloc(s->memory, s->column_count * sizeof *s->columns);
    s->cells = arena_alloc(s->memory, s->column_count * sizeof *s->cells);
    for (size_t c = 0; c < s->column_count; c++) s->columns[c] = arena_strdup(s->memory, cells[c]);
    return true;
}

csv_scan *csv_scan_open(const char *path, failure *why)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        failure_set(why, STATUS_ENVIRONMENT, "cannot open '%s': %s", path, strerror(errno));
        return NULL;
    }
    csv_scan *s = allocate(1, sizeof *s);
    s->memory = arena_create();
    s->file = file;
    s->path = arena_strdup(s->memory, path);
    if (read_header(s)) return s;
    if (!s->error) failure_set(why, STATUS_ENVIRONMENT, "'%s' has no header line", path);
    failure second;
    csv_scan_close(s, s->error ? why : &second);
    return NULL;
}

size_t csv_scan_column_count(const csv_scan *s)
{
    return s->column_count;
}

const char *csv_scan_column(const csv_scan *s, size_t column)
{
    return s->columns[column];
}

size_t csv_scan_find(const csv_scan *s, const char *name)
{
    for (size_t c = 0; c < s->column_count; c++)
        if (strcmp(s->columns[c], name) == 0) return c;
    return SIZE_MAX;
}

const char *const *csv_scan_next(csv_scan *s)
{
    return read_row(s) && split(s, s->cells, s->column_count) == s->column_count ? s->cells : NULL;
}

bool csv_scan_close(csv_scan *s, failure *why)
{
    const bool good = !s->error || failure_set(why, STATUS_ENVIRONMENT, "cannot read '%s': %s",
                                               s->path, strerror(s->error));
    fclose(s->file);
    free(s->line);
    arena_destroy(s->memory);
    free(s);
    return good;
}
