/* readers/libsvm.c: the sparse text format of LIBSVM and SVMlight, read as dense rows.
 *
 *     label index:value index:value … # comment
 *
 * Indices start at 1 and increase along a line; what is not listed is 0. (C.-C. Chang and C.-J.
 * Lin: LIBSVM, README, "svm-train usage".) A file is scanned twice: once to check it and learn its
 * shape, once to fill the table.
 *
 * Not here: several labels per line, `qid:` of ranking problems. */
#include <slope/reader.h>

#include "text.h"

typedef struct libsvm_config {
    const char *train, *validation, *test;
    int64_t features, target, element;
} libsvm_config;

enum { TARGET_CLASS = 0, TARGET_VALUES = 1 };
static const char *const targets[] = {"class", "values", NULL};
static const char *const elements[] = {"float32", "float64", NULL};

#define LIBSVM_PATH(key_, field_, flags_, doc_) \
    { \
        .key = (key_), .type = SLOPE_PATH, .flags = (flags_), \
        .offset = offsetof(libsvm_config, field_), .min = -INFINITY, .max = INFINITY, \
        .doc = (doc_) \
    }

static const slope_parameter parameters[] = {
    LIBSVM_PATH("train.file", train, SLOPE_REQUIRED, "training rows"),
    LIBSVM_PATH("validation.file", validation, SLOPE_OPTIONAL, "validation rows"),
    LIBSVM_PATH("test.file", test, SLOPE_OPTIONAL, "test rows"),
    {.key = "features",
     .type = SLOPE_INTEGER,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(libsvm_config, features),
     .min = 1,
     .max = 2147483647,
     .doc = "number of columns; when absent the greatest index in the files"},
    SLOPE_PARAM_CHOICE(libsvm_config, target, "class", targets,
                       "what the first number of a line is: a class, or a value to predict"),
    SLOPE_PARAM_CHOICE(libsvm_config, element, "float32", elements,
                       "type of the features in memory"),
};

/* One pass over one file. */
typedef struct libsvm_file {
    const slope_reader_call *call;
    const char *path;
    const char *at, *end;
    size_t line;
    size_t rows;     /* so far */
    size_t greatest; /* index so far */
    size_t most;     /* index allowed */
    label_set *labels;
    slope_table *table; /* NULL in the first pass */
} libsvm_file;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next run of characters before `stop`; empty at the end of the line. */
static span next_token(const char **at, const char *stop)
{
    while (*at < stop && is_blank(**at)) ++*at;
    const char *begin = *at;
    while (*at < stop && !is_blank(**at)) ++*at;
    return (span){begin, (size_t)(*at - begin)};
}

static slope_status read_label(const libsvm_file *file, span token)
{
    const slope_host *host = file->call->host;
    const libsvm_config *config = file->call->config;
    double value;
    if (!span_number(token, &value) || isinf(value))
        return host->fail(host, "%s:%zu: a line starts with its label, a number; '%.*s' is none",
                          file->path, file->line, SPAN(token));
    if (config->target == TARGET_VALUES) {
        if (file->table) file->table->targets[file->rows] = value;
        return SLOPE_OK;
    }
    const int32_t label = labels_add(file->labels, token);
    if (label < 0)
        return host->fail(host,
                          "%s:%zu: more than %d different labels; to predict numbers, set "
                          "target: values",
                          file->path, file->line, MOST_LABELS);
    if (file->table) file->table->labels[file->rows] = label;
    return SLOPE_OK;
}

static slope_status read_feature(libsvm_file *file, span token, size_t *previous)
{
    const slope_host *host = file->call->host;
    const libsvm_config *config = file->call->config;
    const char *colon = memchr(token.text, ':', token.length);
    size_t index = 0, digits = 0;
    if (colon)
        for (const char *c = token.text; c < colon; c++, digits++) {
            if (!is_digit(*c) || index > 2147483647) break;
            index = index * 10 + (size_t)(*c - '0');
        }
    double value;
    if (!colon || digits == 0 || token.text + digits != colon || index > 2147483647 ||
        !span_number((span){colon + 1, (size_t)(token.text + token.length - colon - 1)}, &value))
        return host->fail(host, "%s:%zu: expected index:value, found '%.*s'", file->path,
                          file->line, SPAN(token));
    if (!fits_element(config->element == 0 ? SLOPE_FLOAT32 : SLOPE_FLOAT64, value))
        return host->fail(host, "%s:%zu: the value in '%.*s' is too large for %s", file->path,
                          file->line, SPAN(token), elements[config->element]);
    if (index == 0)
        return host->fail(host, "%s:%zu: index 0 in '%.*s', but indices start at 1", file->path,
                          file->line, SPAN(token));
    if (index <= *previous)
        return host->fail(host, "%s:%zu: index %zu after index %zu, but indices must increase",
                          file->path, file->line, index, *previous);
    if (index > file->most)
        return host->fail(host, "%s:%zu: index %zu is above features: %zu", file->path, file->line,
                          index, file->most);
    *previous = index;
    if (index > file->greatest) file->greatest = index;
    if (file->table) {
        const size_t cell = file->rows * file->table->columns + index - 1;
        store_number(file->table, cell, value);
    }
    return SLOPE_OK;
}

static slope_status scan(libsvm_file *file)
{
    while (file->at < file->end) {
        file->line++;
        const char *newline = memchr(file->at, '\n', (size_t)(file->end - file->at));
        const char *line_end = newline ? newline : file->end;
        const char *comment = memchr(file->at, '#', (size_t)(line_end - file->at));
        const char *stop = comment ? comment : line_end;
        span token = next_token(&file->at, stop);
        if (token.length) {
            if (read_label(file, token)) return SLOPE_ERROR;
            size_t previous = 0;
            while ((token = next_token(&file->at, stop)).length)
                if (read_feature(file, token, &previous)) return SLOPE_ERROR;
            file->rows++;
        }
        file->at = newline ? newline + 1 : file->end;
    }
    return SLOPE_OK;
}

static slope_status open_file(libsvm_file *file)
{
    const unsigned char *bytes;
    size_t count;
    if (file->call->load(file->call, file->path, &bytes, &count)) return SLOPE_ERROR;
    file->at = (const char *)bytes;
    file->end = file->at + count;
    return SLOPE_OK;
}

/* First pass over all files for the common width, second pass to fill. */
static slope_status read_files(const slope_reader_call *call, label_set *labels)
{
    const libsvm_config *config = call->config;
    const slope_host *host = call->host;
    const char *const paths[SLOPE_SPLITS] = {config->train, config->validation, config->test};
    const bool given = config->features != SLOPE_ABSENT;
    libsvm_file files[SLOPE_SPLITS];
    size_t columns = given ? (size_t)config->features : 0;
    for (int split = 0; split < SLOPE_SPLITS; split++) {
        if (!paths[split]) continue;
        libsvm_file *file = &files[split];
        *file = (libsvm_file){.call = call,
                              .path = paths[split],
                              .labels = labels,
                              .most = given ? columns : 2147483647};
        if (open_file(file)) return SLOPE_ERROR;
        const char *const begin = file->at;
        if (scan(file)) return SLOPE_ERROR;
        if (!file->rows) return host->fail(host, "'%s' holds no rows", file->path);
        if (file->greatest > columns) columns = file->greatest;
        file->at = begin;
    }
    if (!columns)
        return host->fail(host, "'%s' has no feature in any row; say features: N", config->train);
    for (int split = 0; split < SLOPE_SPLITS; split++) {
        if (!paths[split]) continue;
        libsvm_file *file = &files[split];
        file->table = call->splits[split];
        if (call->reserve(call, file->table, config->element == 0 ? SLOPE_FLOAT32 : SLOPE_FLOAT64,
                          file->rows, columns, config->target == TARGET_VALUES ? 1 : 0))
            return SLOPE_ERROR;
        file->line = file->rows = 0;
        if (scan(file)) return SLOPE_ERROR;
    }
    return SLOPE_OK;
}

static slope_status name_class(const slope_reader_call *call, size_t index, span text)
{
    char name[64]; /* a number that is longer loses its end, in its name only */
    const size_t length = text.length < sizeof name ? text.length : sizeof name - 1;
    memcpy(name, text.text, length);
    name[length] = '\0';
    return call->name_class(call, index, name);
}

static slope_status read(const slope_reader_call *call)
{
    const libsvm_config *config = call->config;
    label_set labels = {0};
    slope_status status = read_files(call, &labels);
    if (!status && config->target == TARGET_CLASS)
        status = labels_finish(call, &labels, name_class);
    labels_free(&labels);
    return status;
}

SLOPE_PLUGIN(slope_reader) = {
    .plugin =
        {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = "libsvm", .version = "1.0",
         .summary = "sparse text of LIBSVM and SVMlight, read as dense rows",
         .description =
             "Lines of `label index:value …` with indices from 1; `#` starts a comment. Labels "
             "are\n"
             "numbers and become classes in ascending order (-1 and +1 become 0 and 1), the same\n"
             "for all splits; with target: values they are numbers to predict.",
         SLOPE_PARAMETERS(parameters, libsvm_config)},
    .read = read,
};
