/* report/sheet.c: see sheet.h. */
#include "report/sheet.h"

#include "base/arena.h"
#include "base/text.h"
#include "record/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 4096 };

struct sheet {
    FILE *out;
    table *table;      /* NULL: CSV */
    bool *left_out;    /* of each column */
    size_t columns;    /* left-out ones too */
    size_t cells;      /* so far */
    bool began, empty; /* CSV: the header is ended; nothing stands in this row yet */
};

sheet *sheet_create(FILE *out, bool csv)
{
    sheet *s = allocate(1, sizeof *s);
    s->out = out;
    s->table = csv ? NULL : table_create();
    s->left_out = allocate(MOST_COLUMNS, sizeof *s->left_out);
    s->empty = true;
    return s;
}

bool sheet_is_csv(const sheet *s)
{
    return !s->table;
}

void sheet_put_csv(FILE *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put(sheet *s, const char *text)
{
    if (!s->empty) fputc(',', s->out);
    sheet_put_csv(s->out, text);
    s->empty = false;
}

static void add_column(sheet *s, const char *title, const char *name, alignment align)
{
    if (s->columns == MOST_COLUMNS) abort(); /* more than any table of ours has: a bug */
    s->left_out[s->columns++] = !(s->table ? title : name);
    if (s->table && title) table_column(s->table, title, align);
    if (!s->table && name) put(s, name);
}

void sheet_text_column(sheet *s, const char *title, const char *name)
{
    add_column(s, title, name, ALIGN_LEFT);
}

void sheet_number_column(sheet *s, const char *title, const char *name)
{
    add_column(s, title, name, ALIGN_RIGHT);
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void end_csv_line(sheet *s)
{
    fputc('\n', s->out);
    s->empty = true;
}

/* One cell, as people and as programs read it. */
static void add_cell(sheet *s, const char *shown, const char *exact)
{
    if (!s->table && !s->began) {
        end_csv_line(s);
        s->began = true;
    }
    const size_t column = s->cells++ % s->columns;
    if (s->left_out[column]) {
        /* nothing */
    } else if (s->table) {
        table_cell(s->table, "%s", shown);
    } else {
        put(s, exact);
    }
    if (!s->table && column + 1 == s->columns) end_csv_line(s);
}

void sheet_text(sheet *s, const char *text)
{
    add_cell(s, text, text);
}

void sheet_count(sheet *s, size_t count)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", count);
    add_cell(s, text, text);
}

static void add_number(sheet *s, const char *shown, double value)
{
    char exact[32];
    if (isnan(value))
        add_cell(s, "-", "");
    else
        add_cell(s, shown, text_from_number(exact, value));
}

void sheet_number(sheet *s, const char *format, double value)
{
    char shown[64];
    snprintf(shown, sizeof shown, format, value);
    add_number(s, shown, value);
}

char *score_text(char *buffer, const char *metric, double value)
{
    enum { ROOM = 32 };
    if (isnan(value))
        snprintf(buffer, ROOM, "-");
    else if (value == 0 && !strstr(metric, "accuracy"))
        snprintf(buffer, ROOM, "0");
    else if (strstr(metric, "accuracy"))
        snprintf(buffer, ROOM, "%.2f %%", 100 * value);
    else if (strstr(metric, "r2") && fabs(value) < 1e5)
        snprintf(buffer, ROOM, "%.5f", value);
    else if (fabs(value) < 1e5 && fabs(value) >= 0.01)
        snprintf(buffer, ROOM, "%.4f", value);
    else
        snprintf(buffer, ROOM, "%.4g", value);
    return buffer;
}

void sheet_score(sheet *s, const char *metric, double value)
{
    char shown[32];
    add_number(s, score_text(shown, metric, value), value);
}

void sheet_plain(sheet *s, double value)
{
    sheet_number(s, "%.4g", value);
}

/* ---- the end --------------------------------------------------------------------------------- */

void sheet_highlight(sheet *s, size_t row)
{
    if (s->table) table_highlight_row(s->table, row);
}

size_t sheet_rows(const sheet *s)
{
    return s->columns ? s->cells / s->columns : 0;
}

void sheet_end(sheet *s)
{
    if (s->table)
        table_print(s->table, s->out);
    else if (!s->began)
        end_csv_line(s);
    table_destroy(s->table);
    free(s->left_out);
    free(s);
}
