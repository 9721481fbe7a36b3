/* readers/records.h: RFC 4180 text cut into records and fields, for csv.c.
 *
 * Fields are spans of the text, nothing is copied. Beyond the RFC: LF line ends, blank lines
 * (skipped) and blanks around fields (dropped). The meaning of the fields is not known here. */
#ifndef SLOPE_READERS_RECORDS_H
#define SLOPE_READERS_RECORDS_H

#include "text.h"

/* A text and the place in it. Set the first block; free `fields` in the end. */
typedef struct records {
    const slope_host *host; /* for errors, which start with `path:line: ` */
    const char *path;
    char delimiter;
    const char *at, *end;
    size_t next_line; /* 1 at first */

    size_t line;  /* where the record at hand starts */
    span *fields; /* of the record at hand; quoted fields without their quotes, but with inner ones
                     still doubled: see field_text() */
    size_t count, capacity;
} records;

static inline bool is_blank(const records *r, char c)
{
    return (c == ' ' || c == '\t') && c != r->delimiter;
}

static inline bool ends_line(const records *r)
{
    return r->at == r->end || *r->at == '\n' ||
           (*r->at == '\r' && (r->at + 1 == r->end || r->at[1] == '\n'));
}

/* At the opening quote; leaves `at` after the closing one. The span is what stands between, in
 * which a doubled quote is still doubled. */
static inline slope_status quoted_field(records *r, span *field)
{
    const slope_host *host = r->host;
    field->text = ++r->at;
    for (;; r->at++) {
        if (r->at == r->end)
            return host->fail(host, "%s:%zu: a quoted field is never closed", r->path, r->line);
        if (*r->at == '\n') r->next_line++;
        if (*r->at != '"') continue;
        if (r->at + 1 < r->end && r->at[1] == '"')
            r->at++;
        else
            break;
    }
    field->length = (size_t)(r->at++ - field->text);
    return SLOPE_OK;
}

static inline slope_status plain_field(records *r, span *field)
{
    const slope_host *host = r->host;
    const char delimiter = r->delimiter;
    field->text = r->at;
    while (!ends_line(r) && *r->at != delimiter) {
        if (*r->at == '"')
            return host->fail(host, "%s:%zu: a quote inside a field that does not start with one",
                              r->path, r->line);
        r->at++;
    }
    const char *stop = r->at;
    while (stop > field->text && is_blank(r, stop[-1])) stop--;
    field->length = (size_t)(stop - field->text);
    return SLOPE_OK;
}

static inline slope_status add_field(records *r, span field)
{
    if (r->count == r->capacity) {
        const size_t capacity = r->capacity ? 2 * r->capacity : 64;
        span *fields = realloc(r->fields, capacity * sizeof *fields);
        if (!fields) return r->host->fail(r->host, "out of memory");
        r->fields = fields;
        r->capacity = capacity;
    }
    r->fields[r->count++] = field;
    return SLOPE_OK;
}

/* The next line that is not blank, cut into r->fields; count 0 at the end of the file. */
static inline slope_status next_record(records *r)
{
    const slope_host *host = r->host;
    r->count = 0;
    for (;;) {
        r->line = r->next_line;
        while (r->at < r->end && is_blank(r, *r->at)) r->at++;
        if (r->at == r->end) return SLOPE_OK;
        if (!ends_line(r)) break;
        r->at += *r->at == '\r' && r->at + 1 < r->end ? 2 : 1;
        r->next_line++;
    }
    for (;;) {
        span field = {0};
        while (r->at < r->end && is_blank(r, *r->at)) r->at++;
        if (r->at < r->end && *r->at == '"') {
            if (quoted_field(r, &field)) return SLOPE_ERROR;
            while (r->at < r->end && is_blank(r, *r->at)) r->at++;
            if (!ends_line(r) && *r->at != r->delimiter)
                return host->fail(host, "%s:%zu: text after a closing quote", r->path, r->line);
        } else if (plain_field(r, &field)) {
            return SLOPE_ERROR;
        }
        if (add_field(r, field)) return SLOPE_ERROR;
        if (ends_line(r)) break;
        r->at++; /* the delimiter */
    }
    if (r->at < r->end && *r->at == '\r') r->at++;
    if (r->at < r->end) r->at++;
    r->next_line++;
    return SLOPE_OK;
}

/* A copy of a field as text, doubled quotes undone; free(). */
static inline char *field_text(span field)
{
    char *text = malloc(field.length + 1);
    if (!text) return NULL;
    size_t length = 0;
    for (size_t i = 0; i < field.length; i++) {
        text[length++] = field.text[i];
        if (field.text[i] == '"') i++;
    }
    text[length] = '\0';
    return text;
}

#endif
