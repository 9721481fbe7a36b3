/* readers/idx.c: the IDX format of MNIST and Fashion-MNIST.
 *
 * One file holds one array: two zero bytes, a type, a rank, one big-endian 32-bit extent per
 * dimension, then the elements, big-endian. (Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST
 * database of handwritten digits, "file formats".) The first dimension counts rows, all others
 * together are the columns. Labels are a second file of whole numbers.
 *
 * Not here: unpacking of gzip (the host does it on loading), scaling, splitting. */
#include <slope/reader.h>

#include <string.h>

typedef struct idx_config {
    const char *train_images, *train_labels;
    const char *validation_images, *validation_labels;
    const char *test_images, *test_labels;
} idx_config;

#define IDX_PATH(key_, field_, flags_, doc_) \
    { \
        .key = (key_), .type = SLOPE_PATH, .flags = (flags_), \
        .offset = offsetof(idx_config, field_), .min = -INFINITY, .max = INFINITY, .doc = (doc_) \
    }

static const slope_parameter parameters[] = {
    IDX_PATH("train.images", train_images, SLOPE_REQUIRED, "features of the training rows"),
    IDX_PATH("train.labels", train_labels, SLOPE_REQUIRED, "class of each training row"),
    IDX_PATH("validation.images", validation_images, SLOPE_OPTIONAL,
             "features of the validation rows"),
    IDX_PATH("validation.labels", validation_labels, SLOPE_OPTIONAL,
             "class of each validation row"),
    IDX_PATH("test.images", test_images, SLOPE_OPTIONAL, "features of the test rows"),
    IDX_PATH("test.labels", test_labels, SLOPE_OPTIONAL, "class of each test row"),
};

/* The third byte of a file. */
enum {
    IDX_UINT8 = 0x08,
    IDX_INT8 = 0x09,
    IDX_INT16 = 0x0B,
    IDX_INT32 = 0x0C,
    IDX_FLOAT = 0x0D,
    IDX_DOUBLE = 0x0E,
};

typedef struct idx_array {
    const char *path;
    int type;
    size_t element_bytes;
    size_t rank;
    size_t rows, columns; /* columns: product of all extents but the first */
    const unsigned char *file, *elements;
} idx_array;

static size_t bytes_of_type(int type)
{
    switch (type) {
    case IDX_UINT8:
    case IDX_INT8:
        return 1;
    case IDX_INT16:
        return 2;
    case IDX_INT32:
    case IDX_FLOAT:
        return 4;
    case IDX_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

static uint32_t big_endian_32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t big_endian_64(const unsigned char *bytes)
{
    return (uint64_t)big_endian_32(bytes) << 32 | big_endian_32(bytes + 4);
}

/* The header, checked against the length of the file: nothing after this can read past its end. */
static slope_status open_array(const slope_reader_call *call, const char *path, idx_array *array)
{
    const slope_host *host = call->host;
    const unsigned char *bytes;
    size_t count;
    if (call->load(call, path, &bytes, &count)) return SLOPE_ERROR;
    if (count < 4)
        return host->fail(host, "'%s' is not an IDX file: it has %zu bytes, less than a header",
                          path, count);
    const size_t rank = bytes[3], header = 4 + 4 * rank;
    *array = (idx_array){.path = path,
                         .type = bytes[2],
                         .element_bytes = bytes_of_type(bytes[2]),
                         .rank = rank,
                         .columns = 1,
                         .file = bytes};
    if (bytes[0] || bytes[1] || !array->element_bytes || rank < 1)
        return host->fail(
            host,
            "'%s' is not an IDX file: it starts with %02x %02x %02x %02x, expected two "
            "zero bytes, a type (08, 09, 0b to 0e) and the number of dimensions",
            path, bytes[0], bytes[1], bytes[2], bytes[3]);
    if (count < header)
        return host->fail(host, "'%s' is truncated: it ends at byte %zu, inside its header", path,
                          count);

    const size_t available = (count - header) / array->element_bytes;
    for (size_t i = 0; i < rank; i++)
        if (!big_endian_32(bytes + 4 + 4 * i))
            return host->fail(host, "'%s' holds no elements", path);
    array->rows = big_endian_32(bytes + 4);
    size_t elements = array->rows;
    for (size_t i = 1; i < rank; i++) {
        const size_t extent = big_endian_32(bytes + 4 + 4 * i);
        if (elements > SIZE_MAX / 8 / extent)
            return host->fail(host, "'%s' is not an IDX file: no memory could hold it", path);
        array->columns *= extent; /* never more than elements */
        elements *= extent;
    }
    if (elements > available)
        return host->fail(host,
                          "'%s' is truncated: its header promises %zu elements of %zu bytes, and "
                          "%zu are there",
                          path, elements, array->element_bytes, available);
    const size_t end = header + elements * array->element_bytes;
    if (end != count)
        return host->fail(host, "'%s' has %zu bytes after the %zu that its header promises", path,
                          count - end, end);
    array->elements = bytes + header;
    return SLOPE_OK;
}

/* Element `i` as a whole number; only for the integer types. */
static int32_t integer_at(const idx_array *array, size_t i)
{
    const unsigned char *at = array->elements + i * array->element_bytes;
    switch (array->type) {
    case IDX_UINT8:
        return at[0];
    case IDX_INT8:
        return at[0] < 128 ? at[0] : at[0] - 256;
    case IDX_INT16: {
        const int32_t value = at[0] << 8 | at[1];
        return value < 32768 ? value : value - 65536;
    }
    default: {
        int32_t value; /* a copy of the bits: two's complement in the file and in C */
        const uint32_t bits = big_endian_32(at);
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    }
}

/* The narrowest type of a table that holds every value of the file exactly. */
static slope_element element_of(const idx_array *array)
{
    if (array->type == IDX_UINT8) return SLOPE_UINT8;
    if (array->type == IDX_INT32 || array->type == IDX_DOUBLE) return SLOPE_FLOAT64;
    return SLOPE_FLOAT32;
}

/* Elements [first, last). */
static void copy_elements(const idx_array *array, size_t first, size_t last, slope_table *table)
{
    float *const narrow = table->features;
    double *const wide = table->features;
    switch (array->type) {
    case IDX_UINT8:
        memcpy((unsigned char *)table->features + first, array->elements + first, last - first);
        break;
    case IDX_FLOAT:
        for (size_t i = first; i < last; i++) {
            const uint32_t bits = big_endian_32(array->elements + 4 * i);
            memcpy(&narrow[i], &bits, sizeof bits);
        }
        break;
    case IDX_DOUBLE:
        for (size_t i = first; i < last; i++) {
            const uint64_t bits = big_endian_64(array->elements + 8 * i);
            memcpy(&wide[i], &bits, sizeof bits);
        }
        break;
    case IDX_INT32:
        for (size_t i = first; i < last; i++) wide[i] = integer_at(array, i);
        break;
    default:
        for (size_t i = first; i < last; i++) narrow[i] = (float)integer_at(array, i);
    }
}

/* Piece by piece, so that what is copied does not stay in memory twice. */
static void copy_features(const slope_reader_call *call, const idx_array *array, slope_table *table)
{
    const size_t count = array->rows * array->columns, piece = (size_t)1 << 20;
    for (size_t first = 0; first < count; first += piece) {
        const size_t last = count - first > piece ? first + piece : count;
        copy_elements(array, first, last, table);
        const unsigned char *copied = array->elements + last * array->element_bytes;
        call->done_with(call, array->file, (size_t)(copied - array->file));
    }
}

static slope_status read_split(const slope_reader_call *call, slope_split split, const char *images,
                               const char *labels)
{
    const slope_host *host = call->host;
    if (!images) return SLOPE_OK;
    idx_array x = {0}, y = {0};
    if (open_array(call, images, &x) || open_array(call, labels, &y)) return SLOPE_ERROR;
    if (y.rank != 1)
        return host->fail(host,
                          "'%s' has %zu dimensions, but labels are a list; is it the file of "
                          "the features?",
                          labels, y.rank);
    if (y.type == IDX_FLOAT || y.type == IDX_DOUBLE)
        return host->fail(host, "'%s' holds fractions (type %02x), but labels are whole numbers",
                          labels, (unsigned)y.type);
    if (x.rows != y.rows)
        return host->fail(host, "'%s' has %zu rows, but '%s' has %zu labels", images, x.rows,
                          labels, y.rows);
    slope_table *const table = call->splits[split];
    if (call->reserve(call, table, element_of(&x), x.rows, x.columns, 0)) return SLOPE_ERROR;
    copy_features(call, &x, table);
    for (size_t i = 0; i < y.rows; i++) {
        table->labels[i] = integer_at(&y, i);
        if (table->labels[i] < 0)
            return host->fail(host, "'%s': label %d of row %zu (from 0) is negative", labels,
                              (int)table->labels[i], i);
    }
    return SLOPE_OK;
}

static slope_status read(const slope_reader_call *call)
{
    const idx_config *config = call->config;
    if (read_split(call, SLOPE_TRAIN, config->train_images, config->train_labels) ||
        read_split(call, SLOPE_VALIDATION, config->validation_images, config->validation_labels) ||
        read_split(call, SLOPE_TEST, config->test_images, config->test_labels))
        return SLOPE_ERROR;
    return SLOPE_OK;
}

static slope_status check(const slope_host *host, const void *config_)
{
    const idx_config *config = config_;
    if (config->validation_images && !config->validation_labels)
        return host->fail_key(host, "validation.labels",
                              "is missing, but validation.images is given");
    if (config->validation_labels && !config->validation_images)
        return host->fail_key(host, "validation.images",
                              "is missing, but validation.labels is given");
    if (config->test_images && !config->test_labels)
        return host->fail_key(host, "test.labels", "is missing, but test.images is given");
    if (config->test_labels && !config->test_images)
        return host->fail_key(host, "test.images", "is missing, but test.labels is given");
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_reader) = {
    .plugin =
        {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = "idx", .version = "1.0",
         .summary = "IDX files, plain or gzip (MNIST, Fashion-MNIST, EMNIST)",
         .description =
             "Reads arrays in the IDX format: one file of features and one of labels for each\n"
             "split. The first dimension counts rows; the others together make the columns.\n"
             "uint8 stays uint8; int8, int16 and float become float32, int32 and double become\n"
             "float64, all without loss.",
         SLOPE_PARAMETERS(parameters, idx_config), .check = check},
    .read = read,
};
