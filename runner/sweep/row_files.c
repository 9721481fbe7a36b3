/* sweep/row_files.c: see row_files.h. Sources are mapped, not read: of a row only its place is kept
 * in memory, and pages that were gone through are given back. */
#include "sweep/row_files.h"

#include "base/arena.h"
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct source {
    const char *path;
    const char *text; /* NULL: not there */
    size_t length, header;
} source;

/* Small, since there is one of every row of a sweep at once. */
typedef struct row {
    const char *text;
    size_t number;  /* of the row, in the order of the sources */
    uint32_t trial; /* its new number, at most SPACE_MOST_TRIALS */
    uint32_t length;
} row;

typedef struct gathering {
    source *sources;
    size_t source_count;
    row *rows;
    size_t row_count, capacity;
    bool changed; /* the target is not yet what it is to be */
} gathering;

/* ---- sources --------------------------------------------------------------------------------- */

/* The byte after the row that begins at `at`; NULL where it is torn. */
static const char *row_end(const char *at, const char *end)
{
    bool quoted = false;
    for (; at < end; at++) {
        if (*at == '"') quoted = !quoted;
        if (*at == '\n' && !quoted) return at + 1;
    }
    return NULL;
}

static bool map_source(source *s, failure *why)
{
    struct stat facts;
    const int file = open(s->path, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return true;
    if (file < 0 || fstat(file, &facts) != 0) {
        failure_set(why, STATUS_ENVIRONMENT, "cannot open '%s': %s", s->path, strerror(errno));
        if (file >= 0) close(file);
        return false;
    }
    s->length = (size_t)facts.st_size;
    void *text = s->length ? mmap(NULL, s->length, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    close(file);
    const char *end = text == MAP_FAILED ? NULL : row_end(text, (const char *)text + s->length);
    if (!end) {
        if (text != MAP_FAILED) munmap(text, s->length);
        return failure_set(why, STATUS_ENVIRONMENT, "'%s' has no header line", s->path);
    }
    s->text = text;
    s->header = (size_t)(end - s->text);
    return true;
}

/* Gives back what was read of the sources whenever that is another HELD bytes. Pages come again
 * when they are touched; until then they are the file cache's, which can do without them. */
static void give_back(const gathering *g, size_t *read, size_t more)
{
    enum { HELD = 1 << 20 };
    *read += more;
    if (*read < HELD) return;
    *read = 0;
    for (size_t i = 0; i < g->source_count; i++)
        if (g->sources[i].text)
            (void)madvise((void *)(uintptr_t)g->sources[i].text, g->sources[i].length,
                          MADV_DONTNEED);
}

static const source *first_there(const gathering *g)
{
    for (size_t i = 0; i < g->source_count; i++)
        if (g->sources[i].text) return &g->sources[i];
    return NULL;
}

static bool same_headers(const gathering *g, failure *why)
{
    const source *first = first_there(g);
    for (size_t i = 0; i < g->source_count; i++) {
        const source *s = &g->sources[i];
        if (s->text && (s->header != first->header || memcmp(s->text, first->text, s->header) != 0))
            return failure_set(why, STATUS_CONFIG, "'%s' and '%s' have different columns",
                               first->path, s->path);
    }
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void keep_row(gathering *g, row r)
{
    if (g->row_count == g->capacity) {
        g->capacity = 2 * g->capacity + 64;
        row *more = realloc(g->rows, g->capacity * sizeof *more);
        if (!more) {
            fprintf(stderr, "slope: out of memory\n");
            exit(STATUS_ENVIRONMENT);
        }
        g->rows = more;
    }
    g->rows[g->row_count++] = r;
}

static void find_rows(gathering *g, size_t index, row_fate fate, void *argument)
{
    const source *s = &g->sources[index];
    if (!s->text) return;
    const char *comma = memchr(s->text, ',', s->header);
    const bool steps = comma && strncmp(comma + 1, "step,", 5) == 0;
    const char *end = s->text + s->length, *at = s->text + s->header;
    size_t read = s->header;
    for (const char *next; at < end && (next = row_end(at, end)) != NULL; at = next) {
        char *after;
        give_back(g, &read, (size_t)(next - at));
        const size_t trial = strtoull(at, &after, 10);
        const uint64_t step = steps && *after == ',' ? strtoull(after + 1, NULL, 10) : 0;
        const size_t number = fate(argument, index, trial, step);
        const bool first = g->row_count == 0;
        if (number == ROW_DROPPED || number != trial ||
            (!first && number < g->rows[g->row_count - 1].trial))
            g->changed = true;
        if (number == ROW_DROPPED) continue;
        keep_row(g, (row){at, g->row_count, (uint32_t)number, (uint32_t)(next - at)});
    }
    if (at < end) g->changed = true; /* torn */
}

static int compare(const void *a, const void *b)
{
    const row *one = a, *other = b;
    if (one->trial != other->trial) return one->trial < other->trial ? -1 : 1;
    return one->number < other->number ? -1 : 1;
}

static bool write_rows(const gathering *g, const char *target, int64_t *bytes, failure *why)
{
    arena *a = arena_create();
    const char *aside = arena_printf(a, "%s.new", target);
    const source *first = first_there(g);
    FILE *out = fopen(aside, "wb");
    bool good = out != NULL && fwrite(first->text, 1, first->header, out) == first->header;
    size_t read = first->header;
    *bytes = (int64_t)read;
    for (size_t i = 0; good && i < g->row_count; i++) {
        const row *r = &g->rows[i];
        char *number_end;
        const bool renumbered = strtoull(r->text, &number_end, 10) != r->trial;
        const char *text = renumbered ? number_end : r->text;
        const size_t length = r->length - (size_t)(text - r->text);
        if (renumbered) *bytes += fprintf(out, "%" PRIu32, r->trial);
        good = fwrite(text, 1, length, out) == length;
        *bytes += (int64_t)length;
        give_back(g, &read, length);
    }
    if (out && fclose(out) != 0) good = false;
    if (good && rename(aside, target) != 0) good = false;
    if (!good) {
        failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s': %s", aside, strerror(errno));
        unlink(aside);
    }
    arena_destroy(a);
    return good;
}

/* What a process that was killed while it wrote left there. */
static void remove_aside(const char *target)
{
    arena *a = arena_create();
    (void)unlink(arena_printf(a, "%s.new", target));
    arena_destroy(a);
}

bool row_files_gather(const char *target, const char *const *sources, size_t source_count,
                      row_fate fate, void *argument, int64_t *bytes, failure *why)
{
    gathering g = {.sources = allocate(source_count, sizeof *g.sources),
                   .source_count = source_count};
    bool good = true;
    *bytes = -1;
    for (size_t i = 0; good && i < source_count; i++) {
        g.sources[i].path = sources[i];
        good = map_source(&g.sources[i], why);
    }
    if (good && first_there(&g) && (good = same_headers(&g, why))) {
        g.changed = source_count != 1 || strcmp(target, sources[0]) != 0;
        for (size_t i = 0; i < source_count; i++) find_rows(&g, i, fate, argument);
        if (g.changed) {
            if (g.row_count) qsort(g.rows, g.row_count, sizeof *g.rows, compare);
            good = write_rows(&g, target, bytes, why);
        } else {
            *bytes = (int64_t)g.sources[0].length;
            remove_aside(target);
        }
    }
    for (size_t i = 0; i < source_count; i++)
        if (g.sources[i].text) munmap((void *)(uintptr_t)g.sources[i].text, g.sources[i].length);
    free(g.rows);
    free(g.sources);
    return good;
}
