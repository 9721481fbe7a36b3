/* my_rows: a reader as somebody outside this project would write it: raw rows of little-endian
 * float32 numbers, as numpy.ndarray.tofile writes them; the last number of a row is its class.
 * The last rows may serve as test data. */
#include <slope/reader.h>

#include <string.h>

typedef struct config {
    const char *file;
    int64_t columns, test_rows;
} config;

static const slope_parameter parameters[] = {
    {.key = "file",
     .type = SLOPE_PATH,
     .flags = SLOPE_REQUIRED,
     .offset = offsetof(config, file),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "rows of float32, the class last"},
    {.key = "columns",
     .type = SLOPE_INTEGER,
     .flags = SLOPE_REQUIRED,
     .offset = offsetof(config, columns),
     .min = 1,
     .max = 1e6,
     .doc = "features in a row"},
    SLOPE_PARAM_INTEGER(config, test_rows, "0", SLOPE_NOT_NEGATIVE, "rows at the end to test on"),
};

/* Four bytes, lowest first, whatever the machine's own order is. */
static float number_at(const unsigned char *bytes)
{
    const uint32_t bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                          (uint32_t)bytes[3] << 24;
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static slope_status fill(const slope_reader_call *call, slope_split split, size_t first,
                         size_t rows, const unsigned char *bytes)
{
    const config *c = call->config;
    const size_t columns = (size_t)c->columns;
    slope_table *table = call->splits[split];
    if (call->reserve(call, table, SLOPE_FLOAT32, rows, columns, 0) != SLOPE_OK) return SLOPE_ERROR;
    float *features = table->features;
    for (size_t r = 0; r < rows; r++) {
        const unsigned char *row = bytes + 4 * (first + r) * (columns + 1);
        for (size_t i = 0; i < columns; i++) features[r * columns + i] = number_at(row + 4 * i);
        const float label = number_at(row + 4 * columns);
        if (!(label >= 0 && label < 65536))
            return call->host->fail(call->host, "'%s' row %zu: %g is no class", c->file, first + r,
                                    (double)label);
        table->labels[r] = (int32_t)label;
    }
    return SLOPE_OK;
}

static slope_status read_rows(const slope_reader_call *call)
{
    const config *c = call->config;
    const unsigned char *bytes;
    size_t size;
    if (call->load(call, c->file, &bytes, &size) != SLOPE_OK) return SLOPE_ERROR;
    const size_t row = 4 * ((size_t)c->columns + 1), rows = size / row;
    const size_t test = (size_t)c->test_rows;
    if (size % row != 0)
        return call->host->fail(call->host, "'%s' has %zu bytes: no whole number of rows of %zu",
                                c->file, size, row);
    if (rows <= test)
        return call->host->fail_key(call->host, "test_rows", "leaves no training rows of %zu",
                                    rows);
    if (fill(call, SLOPE_TRAIN, 0, rows - test, bytes) != SLOPE_OK) return SLOPE_ERROR;
    return test > 0 ? fill(call, SLOPE_TEST, rows - test, test, bytes) : SLOPE_OK;
}

SLOPE_PLUGIN(slope_reader) = {
    .plugin = {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = "my_rows", .version = "0.1",
               .summary = "raw rows of float32",
               .description = "Rows of little-endian float32 numbers without a header; the last "
                              "of a row is its class.",
               SLOPE_PARAMETERS(parameters, config)},
    .read = read_rows,
};
