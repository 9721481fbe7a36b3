/* list: the trials are the rows of a CSV file.
 *
 *     optimizer.name,optimizer.learning_rate,model.hidden
 *     sgd,0.1,"[64, 32]"
 *     adam,1e-3,
 *
 * The first row names dotted paths of an experiment; each other row is a trial. A cell is a YAML
 * value; an empty one leaves the path as the experiment has it. Quoting as in RFC 4180 (2005): a
 * cell in double quotes may hold commas, line ends and, doubled, quotes.
 */
#include <slope/sampler.h>

#include <string.h>

typedef struct config {
    const char *file;
} config;

static const slope_parameter parameters[] = {
    {.key = "file",
     .type = SLOPE_PATH,
     .flags = SLOPE_REQUIRED,
     .offset = offsetof(config, file),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "comma-separated values; the first row names paths",
     .example = "trials.csv"},
};

/* ---- reading cells --------------------------------------------------------------------------- */

typedef struct text {
    const slope_host *host;
    const char *path;
    const char *at, *end;
    size_t line; /* on which `at` is, from 1 */
} text;

typedef enum cell_end { NEXT_CELL, NEXT_ROW, BROKEN } cell_end;

static slope_status fail(const text *t, size_t line, const char *what)
{
    return t->host->fail(t->host, "%s:%zu: %s", t->path, line, what);
}

/* In quotes, at the first one. Copies what is inside to `to`. */
static char *quoted(text *t, char *to)
{
    const size_t line = t->line;
    for (++t->at; t->at < t->end; ++t->at) {
        if (*t->at == '"' && t->at + 1 < t->end && t->at[1] == '"') {
            ++t->at;
        } else if (*t->at == '"') {
            ++t->at;
            return to;
        }
        t->line += *t->at == '\n';
        *to++ = *t->at;
    }
    fail(t, line, "the quote that begins here has no end");
    return NULL;
}

static bool at_line_end(const text *t)
{
    return *t->at == '\n' || (*t->at == '\r' && t->at + 1 < t->end && t->at[1] == '\n');
}

/* One cell, and the comma or line end after it. `cell`: NULL if it is empty. */
static cell_end next_cell(text *t, char *memory, char **used, const char **cell)
{
    char *to = memory;
    if (t->at < t->end && *t->at == '"') {
        to = quoted(t, to);
        if (to == NULL) return BROKEN;
        if (t->at < t->end && *t->at != ',' && !at_line_end(t)) {
            fail(t, t->line, "text after a closing quote: double the quotes inside a cell");
            return BROKEN;
        }
    } else {
        while (t->at < t->end && *t->at != ',' && !at_line_end(t)) *to++ = *t->at++;
        while (to > memory && (to[-1] == ' ' || to[-1] == '\t')) --to;
    }
    *to = '\0';
    *used = to + 1;
    while (*memory == ' ' || *memory == '\t') ++memory;
    *cell = *memory != '\0' ? memory : NULL;
    if (t->at < t->end && *t->at == ',') {
        ++t->at;
        return NEXT_CELL;
    }
    if (t->at < t->end) t->at += *t->at == '\r' ? 2 : 1;
    ++t->line;
    return NEXT_ROW;
}

/* Past lines that hold nothing. False at the end of the file. */
static bool next_row(text *t)
{
    for (; t->at < t->end && at_line_end(t); ++t->line) t->at += *t->at == '\r' ? 2 : 1;
    return t->at < t->end;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Where rows are collected; every array is as long as the file could need. */
typedef struct rows {
    const char **paths, **cells;
    size_t *lines;
    char *memory; /* of the texts */
} rows;

static slope_status read_header(text *t, rows *r, size_t *columns)
{
    const size_t line = t->line;
    cell_end end = NEXT_CELL;
    while (end == NEXT_CELL) {
        end = next_cell(t, r->memory, &r->memory, &r->paths[*columns]);
        if (end == BROKEN) return SLOPE_ERROR;
        if (r->paths[*columns] == NULL)
            return t->host->fail(t->host,
                                 "%s:%zu: column %zu has no name: the first row names "
                                 "what is swept, such as optimizer.learning_rate",
                                 t->path, line, *columns + 1);
        for (size_t i = 0; i < *columns; ++i)
            if (strcmp(r->paths[i], r->paths[*columns]) == 0)
                return t->host->fail(t->host, "%s:%zu: two columns are named '%s'", t->path, line,
                                     r->paths[i]);
        ++*columns;
    }
    return SLOPE_OK;
}

static slope_status read_row(text *t, rows *r, size_t row, size_t columns)
{
    size_t n = 0;
    cell_end end = NEXT_CELL;
    r->lines[row] = t->line;
    for (; end == NEXT_CELL; ++n) {
        const char *cell;
        end = next_cell(t, r->memory, &r->memory, &cell);
        if (end == BROKEN) return SLOPE_ERROR;
        if (n < columns) r->cells[row * columns + n] = cell;
    }
    if (n == columns) return SLOPE_OK;
    return t->host->fail(t->host, "%s:%zu: %zu cells where the first row has %zu", t->path,
                         r->lines[row], n, columns);
}

static size_t count_of(const text *t, char what)
{
    size_t n = 0;
    for (const char *c = t->at; c < t->end; ++c) n += *c == what;
    return n;
}

static slope_status table(slope_sampler_table *call)
{
    const config *c = call->config;
    const slope_host *host = call->host;
    const unsigned char *bytes;
    size_t count;
    if (call->load(call, c->file, &bytes, &count) != SLOPE_OK) return SLOPE_ERROR;
    const bool marked = count >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0; /* UTF-8, says Excel */
    const char *begin = (const char *)bytes + (marked ? 3 : 0);
    text t = {host, c->file, begin, (const char *)bytes + count, 1};
    if (memchr(begin, '\0', (size_t)(t.end - t.at)) != NULL)
        return host->fail(host, "%s: holds zero bytes, so it is no text", c->file);
    const size_t ends = count_of(&t, '\n') + 1, commas = count_of(&t, ',');
    rows r = {.paths = host->allocate(host, (commas + 1) * sizeof *r.paths),
              .lines = host->allocate(host, ends * sizeof *r.lines),
              .memory = host->allocate(host, count + commas + ends + 1)};
    if (!next_row(&t)) return host->fail(host, "%s: is empty", c->file);
    if (read_header(&t, &r, &call->columns) != SLOPE_OK) return SLOPE_ERROR;
    /* as many as commas and line ends can part, and what a last row too long may need */
    r.cells = host->allocate(host, (commas + ends + call->columns) * sizeof *r.cells);
    for (; next_row(&t); ++call->rows)
        if (read_row(&t, &r, call->rows, call->columns) != SLOPE_OK) return SLOPE_ERROR;
    if (call->rows == 0)
        return host->fail(host, "%s: has no row below the first, which names the columns", c->file);
    call->paths = r.paths;
    call->cells = r.cells;
    call->lines = r.lines;
    return SLOPE_OK;
}

/* ---- placing --------------------------------------------------------------------------------- */

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    const slope_dimension *first = slope_dimension_at(call, 0);
    if (call->dimension_count > 1)
        return call->host->fail(call->host,
                                "'%s' is swept beside the rows of the file: make it a column of "
                                "the file, or take it out of the sweep",
                                first->path);
    *result = first->choices;
    return SLOPE_OK;
}

static slope_status sample(const slope_sampler_call *call)
{
    for (size_t i = 0; i < call->count; ++i) call->points[i] = (double)(call->first + i);
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SLOPE_HEAD(slope_sampler, SLOPE_KIND_SAMPLER), .id = "list", .version = "1.0",
               .summary = "the rows of a file, one a trial",
               .description = "trial t = row t of the file\n"
                              "Comma-separated values, quoted as in RFC 4180. The first row names "
                              "dotted paths (optimizer.learning_rate); cells are YAML values, and "
                              "an empty one leaves its path as the experiment has it.",
               SLOPE_PARAMETERS(parameters, config)},
    .count = count,
    .sample = sample,
    .table = table,
};
