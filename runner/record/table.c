/* record/table.c: see table.h. Cells are kept as text; widths are found when the table is printed.
 */
#include "record/table.h"

#include "base/arena.h"
#include "record/terminal.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, NARROWEST = 20 }; /* between columns; of a column that is worth wrapping */

typedef struct column {
    const char *title;
    alignment align;
} column;

struct table {
    arena *memory; /* titles and cells */
    column *columns;
    size_t column_count;
    const char **cells; /* row after row */
    size_t cell_count, cell_room;
    size_t highlighted; /* row, or SIZE_MAX */
};

/* How one printing of a table looks. */
typedef struct look {
    FILE *out;
    size_t *widths; /* of the columns */
    size_t wrap;    /* width at which the last column is wrapped; SIZE_MAX: never */
    bool colour;
} look;

table *table_create(void)
{
    table *t = allocate(1, sizeof *t);
    t->memory = arena_create();
    t->highlighted = SIZE_MAX;
    return t;
}

void table_destroy(table *t)
{
    if (!t) return;
    arena_destroy(t->memory);
    free(t->columns);
    free(t->cells);
    free(t);
}

void table_column(table *t, const char *title, alignment align)
{
    column *more = allocate(t->column_count + 1, sizeof *more);
    if (t->column_count) memcpy(more, t->columns, t->column_count * sizeof *more);
    free(t->columns);
    t->columns = more;
    t->columns[t->column_count++] = (column){arena_strdup(t->memory, title), align};
}

void table_cell(table *t, const char *format, ...)
{
    if (t->cell_count == t->cell_room) {
        const size_t room = t->cell_room ? 2 * t->cell_room : 64;
        const char **more = allocate(room, sizeof *more);
        if (t->cell_count) memcpy(more, t->cells, t->cell_count * sizeof *more);
        free(t->cells);
        t->cells = more;
        t->cell_room = room;
    }
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(t->memory, format, args);
    va_end(args);
    terminal_clean(text);
    t->cells[t->cell_count++] = text;
}

void table_highlight_row(table *t, size_t row)
{
    t->highlighted = row;
}

static void repeat(FILE *out, const char *text, size_t times)
{
    while (times--) fputs(text, out);
}

/* Bytes of `text` that go into a line of `width` columns: up to the last space that fits, or, where
 * one word is longer than the line, as much of it as fits. */
static size_t line_length(const char *text, size_t width)
{
    const size_t fit = terminal_fit(text, width, NULL);
    if (!text[fit] || text[fit] == ' ') return fit;
    size_t end = fit;
    while (end && text[end - 1] != ' ') end--;
    while (end && text[end - 1] == ' ') end--;
    return end ? end : fit ? fit : 1;
}

/* The last column: no spaces after it, and lines of its own where the terminal ends. */
static void print_last(const look *how, const char *text, size_t indent)
{
    if (how->wrap == SIZE_MAX) {
        fputs(text, how->out);
        return;
    }
    for (;;) {
        const size_t length = line_length(text, how->wrap);
        fprintf(how->out, "%.*s", (int)length, text);
        text += length;
        while (*text == ' ') text++;
        if (!*text) return;
        fputc('\n', how->out);
        repeat(how->out, " ", indent);
    }
}

static void print_row(const table *t, const look *how, const char *const *cells, size_t count,
                      const char *style)
{
    if (how->colour && style) fputs(style, how->out);
    size_t indent = 0;
    for (size_t c = 0; c < count; c++) {
        const size_t columns = terminal_columns(cells[c]);
        const size_t space = how->widths[c] > columns ? how->widths[c] - columns : 0;
        if (t->columns[c].align == ALIGN_RIGHT) {
            repeat(how->out, " ", space);
            fputs(cells[c], how->out);
        } else if (c + 1 == count) {
            print_last(how, cells[c], indent);
        } else {
            fputs(cells[c], how->out);
            repeat(how->out, " ", space);
        }
        indent += how->widths[c] + GAP;
        if (c + 1 < count) repeat(how->out, " ", GAP);
    }
    if (how->colour && style) fputs("\033[0m", how->out);
    fputc('\n', how->out);
}

static void find_widths(const table *t, size_t *widths)
{
    for (size_t c = 0; c < t->column_count; c++) widths[c] = terminal_columns(t->columns[c].title);
    for (size_t i = 0; i < t->cell_count; i++) {
        const size_t columns = terminal_columns(t->cells[i]);
        if (columns > widths[i % t->column_count]) widths[i % t->column_count] = columns;
    }
}

/* Narrows the last column to what the terminal has left, where that is enough to read in. */
static void find_wrap(const table *t, look *how)
{
    const size_t last = t->column_count - 1, terminal = terminal_width(how->out);
    how->wrap = SIZE_MAX;
    if (!terminal || t->columns[last].align == ALIGN_RIGHT) return;
    size_t indent = 0;
    for (size_t c = 0; c < last; c++) indent += how->widths[c] + GAP;
    if (indent + how->widths[last] <= terminal || indent + NARROWEST > terminal) return;
    how->wrap = how->widths[last] = terminal - indent;
}

static void print_header(const table *t, const look *how)
{
    const char **titles = allocate(t->column_count, sizeof *titles);
    for (size_t c = 0; c < t->column_count; c++) titles[c] = t->columns[c].title;
    print_row(t, how, titles, t->column_count, "\033[1m");
    free(titles);

    const char *line = terminal_is(how->out) && terminal_is_utf8() ? "\u2500" : "-";
    for (size_t c = 0; c < t->column_count; c++) {
        repeat(how->out, line, how->widths[c]);
        if (c + 1 < t->column_count) repeat(how->out, " ", GAP);
    }
    fputc('\n', how->out);
}

void table_print(const table *t, FILE *out)
{
    if (!t->column_count) return;
    look how = {.out = out,
                .widths = allocate(t->column_count, sizeof(size_t)),
                .colour = terminal_has_colour(out)};
    find_widths(t, how.widths);
    find_wrap(t, &how);
    print_header(t, &how);
    for (size_t first = 0, row = 0; first < t->cell_count; first += t->column_count, row++) {
        const size_t left = t->cell_count - first;
        print_row(t, &how, t->cells + first, left < t->column_count ? left : t->column_count,
                  row == t->highlighted ? "\033[1;32m" : NULL);
    }
    free(how.widths);
}
