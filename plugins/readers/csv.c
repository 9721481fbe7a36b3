/* readers/csv.c: tables in text, one row a line, as RFC 4180 has them.
 *
 * All columns are numbers, but for one that holds the class (or several that hold the values to
 * predict), and those that are ignored. A file is read once: fields are spans of the loaded bytes.
 *
 * Beyond the RFC: LF line ends, a byte order mark, blank lines (skipped) and blanks around fields
 * (dropped). Not here: missing values, categories as features, decimal commas. */
#include <slope/reader.h>

#include "records.h"

typedef struct csv_config {
    const char *file, *train, *validation, *test;
    const char *delimiter, *label_column, *ignore;
    int64_t header, target, element;
} csv_config;

enum { HEADER_AUTO = 0, HEADER_TRUE = 1, HEADER_FALSE = 2 };
enum { TARGET_CLASS = 0, TARGET_VALUES = 1 };
static const char *const headers[] = {"auto", "true", "false", NULL};
static const char *const targets[] = {"class", "values", NULL};
static const char *const elements[] = {"float64", "float32", NULL};

#define CSV_TEXT(key_, type_, field_, doc_) \
    { \
        .key = (key_), .type = (type_), .flags = SLOPE_OPTIONAL, \
        .offset = offsetof(csv_config, field_), .min = -INFINITY, .max = INFINITY, .doc = (doc_) \
    }

static const slope_parameter parameters[] = {
    CSV_TEXT("file", SLOPE_PATH, file, "training rows; short for train.file"),
    CSV_TEXT("train.file", SLOPE_PATH, train, "training rows"),
    CSV_TEXT("validation.file", SLOPE_PATH, validation, "validation rows"),
    CSV_TEXT("test.file", SLOPE_PATH, test, "test rows"),
    SLOPE_PARAM_CHOICE(csv_config, header, "auto", headers,
                       "first line names the columns; auto: if no field in it is a number"),
    SLOPE_PARAM_STRING(csv_config, delimiter, ",", "character between fields; \"\\t\" for tabs"),
    SLOPE_PARAM_STRING(csv_config, label_column, "-1",
                       "column to predict, by name or by number from 0 (negative: from the end); "
                       "with target: values also several, separated by commas"),
    SLOPE_PARAM_CHOICE(csv_config, target, "class", targets,
                       "what the label is: a class (any text or number), or numbers to predict"),
    CSV_TEXT("ignore", SLOPE_STRING, ignore,
             "columns that are no features, by name or number, separated by commas"),
    SLOPE_PARAM_CHOICE(csv_config, element, "float64", elements, "type of the features in memory"),
};

/* What a column is for: 0 and above is the number of a target, or of the label (0). */
enum { ROLE_FEATURE = -1, ROLE_IGNORED = -2 };

/* What all files of one data set have in common. Set by the first file; names are spans of it. */
typedef struct csv_shape {
    const slope_reader_call *call;
    const csv_config *config;
    size_t columns; /* 0 before the first file */
    int32_t *roles; /* one per column */
    span *names;    /* one per column; NULL if there is no header */
    const char *named_in;
    size_t features, targets;
    label_set labels;
} csv_shape;

/* ---- columns --------------------------------------------------------------------------------- */

/* Number of the column that `wanted` names, or shape->columns if there is none. A name goes before
 * a number. */
static size_t find_column(const csv_shape *shape, span wanted)
{
    for (size_t i = 0; shape->names && i < shape->columns; i++)
        if (shape->names[i].length == wanted.length &&
            !memcmp(shape->names[i].text, wanted.text, wanted.length))
            return i;
    const bool from_end = wanted.length && wanted.text[0] == '-';
    size_t number = 0;
    if (wanted.length == (from_end ? 1 : 0)) return shape->columns;
    for (size_t i = from_end ? 1 : 0; i < wanted.length; i++) {
        if (!is_digit(wanted.text[i]) || number > shape->columns) return shape->columns;
        number = number * 10 + (size_t)(wanted.text[i] - '0');
    }
    if (!from_end) return number < shape->columns ? number : shape->columns;
    return number >= 1 && number <= shape->columns ? shape->columns - number : shape->columns;
}

/* Gives each column of a comma-separated list its role: `first_role`, and with `counting` one more
 * for each. `key` is the parameter that the list comes from. */
static slope_status assign_roles(csv_shape *shape, const char *key, const char *list,
                                 int32_t first_role, bool counting)
{
    const slope_host *host = shape->call->host;
    int32_t role = first_role;
    for (const char *at = list; at;) {
        const char *comma = counting || first_role == ROLE_IGNORED ? strchr(at, ',') : NULL;
        span name = {at, comma ? (size_t)(comma - at) : strlen(at)};
        while (name.length && *name.text == ' ') name.text++, name.length--;
        while (name.length && name.text[name.length - 1] == ' ') name.length--;
        const size_t column = find_column(shape, name);
        if (column == shape->columns)
            return host->fail_key(host, key, "no column '%.*s' in '%s', which has %zu columns%s",
                                  SPAN(name), shape->named_in, shape->columns,
                                  shape->names ? "" : " and no header");
        if (shape->roles[column] != ROLE_FEATURE)
            return host->fail_key(host, key, "column '%.*s' is named twice", SPAN(name));
        shape->roles[column] = role;
        if (counting) role++;
        at = comma ? comma + 1 : NULL;
    }
    return SLOPE_OK;
}

static slope_status name_columns(const csv_shape *shape)
{
    const slope_reader_call *call = shape->call;
    size_t feature = 0;
    for (size_t i = 0; i < shape->columns; i++) {
        if (shape->roles[i] != ROLE_FEATURE) continue;
        char *name = field_text(shape->names[i]);
        if (!name) return call->host->fail(call->host, "out of memory");
        const slope_status status = call->name_column(call, feature++, name);
        free(name);
        if (status) return status;
    }
    return SLOPE_OK;
}

/* Learns from the first record of the first file what the columns are. */
static slope_status set_shape(csv_shape *shape, const records *file, bool header)
{
    const slope_host *host = shape->call->host;
    const csv_config *config = shape->config;
    shape->columns = file->count;
    shape->named_in = file->path;
    shape->roles = calloc(file->count, sizeof *shape->roles);
    shape->names = header ? calloc(file->count, sizeof *shape->names) : NULL;
    if (!shape->roles || (header && !shape->names)) return host->fail(host, "out of memory");
    for (size_t i = 0; i < file->count; i++) shape->roles[i] = ROLE_FEATURE;
    if (header) memcpy(shape->names, file->fields, file->count * sizeof *shape->names);
    if (assign_roles(shape, "label_column", config->label_column, 0,
                     config->target == TARGET_VALUES))
        return SLOPE_ERROR;
    if (config->ignore && assign_roles(shape, "ignore", config->ignore, ROLE_IGNORED, false))
        return SLOPE_ERROR;
    for (size_t i = 0; i < shape->columns; i++) {
        if (shape->roles[i] == ROLE_FEATURE) shape->features++;
        if (shape->roles[i] >= 0 && config->target == TARGET_VALUES) shape->targets++;
    }
    if (!shape->features)
        return host->fail(host,
                          "%s:%zu: no column is left for the features; is the delimiter '%c'?",
                          file->path, file->line, file->delimiter);
    return header ? name_columns(shape) : SLOPE_OK;
}

/* Later files must agree with the first in the names of the columns. */
static slope_status compare_names(const csv_shape *shape, const records *file)
{
    const slope_host *host = shape->call->host;
    for (size_t i = 0; shape->names && i < file->count && i < shape->columns; i++) {
        const span here = file->fields[i], there = shape->names[i];
        if (here.length != there.length || memcmp(here.text, there.text, here.length))
            return host->fail(host, "%s:%zu: column %zu is '%.*s', but '%.*s' in '%s'", file->path,
                              file->line, i, SPAN(here), SPAN(there), shape->named_in);
    }
    return SLOPE_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static slope_status number_at(const csv_shape *shape, const records *file, size_t column,
                              double *value)
{
    const slope_host *host = shape->call->host;
    const span field = file->fields[column];
    const bool feature = shape->roles[column] < 0;
    const slope_element element =
        feature && shape->config->element == 1 ? SLOPE_FLOAT32 : SLOPE_FLOAT64;
    if (span_number(field, value) && fits_element(element, *value)) return SLOPE_OK;
    span name = shape->names ? shape->names[column] : (span){"", 0};
    const char *open = shape->names ? " (" : "", *close = shape->names ? ")" : "";
    if (!field.length)
        return host->fail(host, "%s:%zu: column %zu%s%.*s%s is empty", file->path, file->line,
                          column, open, SPAN(name), close);
    return host->fail(host, "%s:%zu: column %zu%s%.*s%s: '%.*s' is %s", file->path, file->line,
                      column, open, SPAN(name), close, SPAN(field),
                      span_number(field, value) ? "too large" : "not a number");
}

static slope_status read_row(csv_shape *shape, const records *file, slope_table *table, size_t row)
{
    const slope_host *host = shape->call->host;
    if (file->count != shape->columns)
        return host->fail(host, "%s:%zu: too %s fields: %zu, expected %zu", file->path, file->line,
                          file->count < shape->columns ? "few" : "many", file->count,
                          shape->columns);
    size_t cell = row * table->columns;
    for (size_t i = 0; i < shape->columns; i++) {
        const int32_t role = shape->roles[i];
        double value = 0;
        if (role == ROLE_IGNORED) continue;
        if (role >= 0 && !shape->targets) {
            if (!file->fields[i].length)
                return host->fail(host, "%s:%zu: the label is empty", file->path, file->line);
            table->labels[row] = labels_add(&shape->labels, file->fields[i]);
            if (table->labels[row] < 0)
                return host->fail(host,
                                  "%s:%zu: more than %d different labels; to predict numbers, "
                                  "set target: values",
                                  file->path, file->line, MOST_LABELS);
            continue;
        }
        if (number_at(shape, file, i, &value)) return SLOPE_ERROR;
        if (role >= 0)
            table->targets[row * shape->targets + (size_t)role] = value;
        else
            store_number(table, cell++, value);
    }
    return SLOPE_OK;
}

/* At least as many as there are rows to come: lines that are not empty, but no more than fit in the
 * bytes, as every row takes a byte per column. */
static size_t most_rows(const records *file, size_t columns)
{
    size_t lines = 0;
    for (const char *at = file->at; at < file->end;) {
        const char *newline = memchr(at, '\n', (size_t)(file->end - at));
        if (!newline) newline = file->end;
        if (newline > at) lines++;
        at = newline + 1;
    }
    const size_t fit = (size_t)(file->end - file->at) / columns + 2;
    return lines < fit ? lines : fit;
}

static bool looks_like_header(const csv_config *config, const records *file)
{
    if (config->header != HEADER_AUTO) return config->header == HEADER_TRUE;
    double ignored;
    for (size_t i = 0; i < file->count; i++)
        if (span_number(file->fields[i], &ignored)) return false;
    return true;
}

static slope_status open_file(const slope_reader_call *call, records *file)
{
    const unsigned char *bytes;
    size_t count;
    if (call->load(call, file->path, &bytes, &count)) return SLOPE_ERROR;
    const unsigned char *zero = memchr(bytes, 0, count);
    if (zero)
        return call->host->fail(call->host, "'%s' is no text: byte %zu is zero", file->path,
                                (size_t)(zero - bytes));
    file->at = (const char *)bytes;
    file->end = file->at + count;
    if (count >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3)) file->at += 3; /* byte order mark */
    return SLOPE_OK;
}

static slope_status read_records(csv_shape *shape, records *file, slope_table *table)
{
    const slope_reader_call *call = shape->call;
    const slope_host *host = call->host;
    if (open_file(call, file) || next_record(file)) return SLOPE_ERROR;
    const bool header = file->count && looks_like_header(shape->config, file);
    if (!shape->columns) {
        if (file->count && set_shape(shape, file, header)) return SLOPE_ERROR;
    } else if (header && compare_names(shape, file)) {
        return SLOPE_ERROR;
    }
    const size_t room = file->count ? most_rows(file, shape->columns) + 1 : 0;
    if (header && next_record(file)) return SLOPE_ERROR;
    if (!file->count) return host->fail(host, "'%s' holds no rows", file->path);

    const slope_element element = shape->config->element == 1 ? SLOPE_FLOAT32 : SLOPE_FLOAT64;
    size_t rows = 0;
    if (call->reserve(call, table, element, room, shape->features, shape->targets))
        return SLOPE_ERROR;
    while (file->count) {
        if (rows == room) /* cannot be: see most_rows() */
            return host->fail(host, "%s:%zu: more rows than lines", file->path, file->line);
        if (read_row(shape, file, table, rows++) || next_record(file)) return SLOPE_ERROR;
    }
    return call->reserve(call, table, element, rows, shape->features, shape->targets);
}

static slope_status read_file(csv_shape *shape, const char *path, slope_table *table)
{
    records file = {.host = shape->call->host,
                    .path = path,
                    .delimiter = shape->config->delimiter[0],
                    .next_line = 1};
    const slope_status status = read_records(shape, &file, table);
    free(file.fields);
    return status;
}

static slope_status name_class(const slope_reader_call *call, size_t index, span text)
{
    char *name = field_text(text);
    if (!name) return call->host->fail(call->host, "out of memory");
    const slope_status status = call->name_class(call, index, name);
    free(name);
    return status;
}

static slope_status read(const slope_reader_call *call)
{
    const csv_config *config = call->config;
    const char *const paths[SLOPE_SPLITS] = {config->train ? config->train : config->file,
                                             config->validation, config->test};
    csv_shape shape = {.call = call, .config = config};
    slope_status status = SLOPE_OK;
    for (int split = 0; split < SLOPE_SPLITS && !status; split++)
        if (paths[split]) status = read_file(&shape, paths[split], call->splits[split]);
    if (!status && config->target == TARGET_CLASS)
        status = labels_finish(call, &shape.labels, name_class);
    labels_free(&shape.labels);
    free(shape.roles);
    free(shape.names);
    return status;
}

static slope_status check(const slope_host *host, const void *config_)
{
    const csv_config *config = config_;
    if (!config->file && !config->train)
        return host->fail_key(host, "file", "is missing (or train.file)");
    if (config->file && config->train)
        return host->fail_key(host, "file", "must not be given together with train.file");
    const char c = config->delimiter[0];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
    if (!c || config->delimiter[1] || letter || strchr("+-.\"\r\n", c))
        return host->fail_key(host, "delimiter",
                              "must be one character, and no letter, digit, sign, point or quote");
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_reader) = {
    .plugin =
        {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = "csv", .version = "1.0",
         .summary = "text tables with any delimiter (RFC 4180), classes or values",
         .description =
             "All columns are numbers, but for the label and those that are ignored. The labels "
             "of\n"
             "all splits become classes in sorted order: by value if all are numbers, otherwise\n"
             "by their bytes. Lines are read as RFC 4180 has them; blank lines are skipped.",
         SLOPE_PARAMETERS(parameters, csv_config), .check = check},
    .read = read,
};
