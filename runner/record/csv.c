/* record/csv.c: see csv.h. A row is put together in memory and given to the kernel in one write. */
#include "record/csv.h"

#include "base/arena.h"
#include "base/files.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct csv_writer {
    arena *names;
    const char *path;
    int file;
    int64_t bytes; /* of whole rows in the file */
    bool dirty;    /* not all of them are known to be on the disk */
    bool fresh;    /* neither is its name */
    size_t column_count;
    size_t cell_count; /* in the row being built */
    char *row;
    size_t length, room;
    size_t held; /* bytes of rows in `row` that are complete, before the one being built */
};

static bool cannot(failure *why, const char *verb, const char *path)
{
    return failure_set(why, STATUS_ENVIRONMENT, "cannot %s '%s': %s", verb, path, strerror(errno));
}

/* ---- building a row -------------------------------------------------------------------------- */

static void put(csv_writer *w, const char *bytes, size_t count)
{
    if (w->room - w->length < count) {
        const size_t room = 2 * w->room + count;
        char *more = allocate(room, 1);
        if (w->length) memcpy(more, w->row, w->length);
        free(w->row);
        w->row = more;
        w->room = room;
    }
    memcpy(w->row + w->length, bytes, count);
    w->length += count;
}

static void plain_cell(csv_writer *w, const char *text)
{
    if (w->cell_count++) put(w, ",", 1);
    put(w, text, strlen(text));
}

void csv_text(csv_writer *w, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        plain_cell(w, text);
        return;
    }
    plain_cell(w, "\"");
    for (const char *c = text; *c; c++) put(w, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    put(w, "\"", 1);
}

void csv_number(csv_writer *w, double value)
{
    char buffer[32];
    plain_cell(w, text_from_number(buffer, value));
}

enum { SECONDS_TEXT = 512 }; /* the greatest double has 309 digits before the point */

static void text_from_seconds(char buffer[SECONDS_TEXT], double value)
{
    snprintf(buffer, SECONDS_TEXT, "%.3f", value);
}

void csv_seconds(csv_writer *w, double value)
{
    char buffer[SECONDS_TEXT];
    text_from_seconds(buffer, value);
    plain_cell(w, buffer);
}

double csv_seconds_kept(double value)
{
    char buffer[SECONDS_TEXT];
    text_from_seconds(buffer, value);
    return strtod(buffer, NULL);
}

void csv_integer(csv_writer *w, int64_t value)
{
    char buffer[32];
    snprintf(buffer, sizeof buffer, "%" PRId64, value);
    plain_cell(w, buffer);
}

void csv_empty(csv_writer *w)
{
    plain_cell(w, "");
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool write_row(csv_writer *w)
{
    for (size_t done = 0; done < w->length;) {
        const ssize_t count = write(w->file, w->row + done, w->length - done);
        if (count >= 0) {
            done += (size_t)count;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static void end_row(csv_writer *w)
{
    if (w->cell_count != w->column_count) {
        fprintf(stderr, "slope: bug: %zu cells in a row of %zu columns of '%s'\n", w->cell_count,
                w->column_count, w->path);
        abort();
    }
    put(w, "\n", 1);
    w->cell_count = 0;
}

bool csv_end_row(csv_writer *w, failure *why)
{
    csv_hold_row(w);
    return csv_write_held(w, why);
}

void csv_hold_row(csv_writer *w)
{
    end_row(w);
    w->held = w->length;
}

bool csv_write_held(csv_writer *w, failure *why)
{
    if (!w->held) return true;
    w->dirty = true;
    const bool written = write_row(w);
    if (written) {
        w->bytes += (int64_t)w->length;
    } else {
        cannot(why, "write", w->path);
        /* Should even this fail, the next csv_open with keep_bytes cuts the rest away. */
        if (ftruncate(w->file, w->bytes) != 0)
            failure_context(why, "half a row may be left at its end");
    }
    w->length = w->held = 0;
    return written;
}

size_t csv_held(const csv_writer *w)
{
    return w->held;
}

bool csv_sync(csv_writer *w, failure *why)
{
    if (!w->dirty) return true;
    if (w->fresh ? !file_flush(w->path, why)
                 : fsync(w->file) != 0 && !cannot(why, "write", w->path))
        return false;
    w->dirty = w->fresh = false;
    return true;
}

int64_t csv_bytes(const csv_writer *w)
{
    return w->bytes;
}

bool csv_close(csv_writer *w, failure *why)
{
    if (!w) return true;
    bool good = csv_write_held(w, why) && csv_sync(w, why);
    if (close(w->file) != 0 && good) good = cannot(why, "close", w->path);
    arena_destroy(w->names);
    free(w->row);
    free(w);
    return good;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The header is built in w->row by the same code as every row. */
static void build_header(csv_writer *w, const char *const *columns)
{
    for (size_t c = 0; c < w->column_count; c++) csv_text(w, columns[c]);
    put(w, "\n", 1);
    w->cell_count = 0;
}

/* Whether what is in the file is what this writer would go on with. */
static bool check_kept(const csv_writer *w, int64_t keep, failure *why)
{
    unsigned char *bytes;
    size_t count;
    if (!file_read(w->path, &bytes, &count, why)) return false;
    bool good = false;
    if ((uint64_t)keep > count) {
        failure_set(why, STATUS_ENVIRONMENT,
                    "'%s' has %zu bytes, but the checkpoint was made when it had %" PRId64
                    ": it was changed since",
                    w->path, count, keep);
    } else if ((size_t)keep < w->length || memcmp(bytes, w->row, w->length) != 0) {
        failure_set(why, STATUS_ENVIRONMENT,
                    "the columns of '%s' are not those that this version of slope writes", w->path);
    } else if (bytes[keep - 1] != '\n') {
        failure_set(why, STATUS_ENVIRONMENT,
                    "'%s' has no line end at byte %" PRId64
                    ", where the checkpoint was made: it was changed since",
                    w->path, keep);
    } else {
        good = true;
    }
    free(bytes);
    return good;
}

static bool open_file(csv_writer *w, int64_t keep, failure *why)
{
    const bool fresh = keep < 0;
    if (fresh ? !file_write_unflushed(w->path, w->row, w->length, why) : !check_kept(w, keep, why))
        return false;
    w->bytes = fresh ? (int64_t)w->length : keep;
    w->length = 0;
    w->dirty = true;
    w->fresh = fresh;
    w->file = open(w->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (w->file < 0) return cannot(why, "open", w->path);
    if (!fresh && ftruncate(w->file, keep) != 0) return cannot(why, "cut back", w->path);
    return true;
}

csv_writer *csv_open(const char *path, const char *const *columns, size_t column_count,
                     int64_t keep_bytes, failure *why)
{
    csv_writer *w = allocate(1, sizeof *w);
    w->names = arena_create();
    w->path = arena_strdup(w->names, path);
    w->column_count = column_count;
    w->file = -1;
    build_header(w, columns);
    if (open_file(w, keep_bytes, why)) return w;
    if (w->file >= 0) close(w->file);
    arena_destroy(w->names);
    free(w->row);
    free(w);
    return NULL;
}
