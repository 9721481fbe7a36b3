/* readers/cifar10.c: the binary version of CIFAR-10, and of CIFAR-100.
 *
 * A file is a row of records without header or gaps: one byte of label (CIFAR-100: two, coarse then
 * fine), then 3,072 bytes of a 32 × 32 image: the red plane, the green, the blue, each row by row.
 * (A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009, and its web page.)
 *
 * Not here: unpacking of the archive; the features stay in the order of the file. */
#include <slope/reader.h>

#include <string.h>

enum { PIXELS = 3072 };

typedef enum cifar_layout { CIFAR_10 = 0, CIFAR_100 = 1 } cifar_layout;
typedef enum cifar_labels { CIFAR_FINE = 0, CIFAR_COARSE = 1 } cifar_labels;

typedef struct cifar_config {
    slope_strings train, test;
    const char *names;
    int64_t layout, labels;
} cifar_config;

static const char *const layouts[] = {"cifar10", "cifar100", NULL};
static const char *const label_kinds[] = {"fine", "coarse", NULL};

static const slope_parameter parameters[] = {
    {.key = "train",
     .type = SLOPE_PATHS,
     .flags = SLOPE_REQUIRED,
     .offset = offsetof(cifar_config, train),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "files of training rows, in this order (data_batch_1.bin, …)"},
    {.key = "test",
     .type = SLOPE_PATHS,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(cifar_config, test),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "files of test rows (test_batch.bin)"},
    {.key = "names",
     .type = SLOPE_PATH,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(cifar_config, names),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "text file with one class name a line (batches.meta.txt)"},
    SLOPE_PARAM_CHOICE(cifar_config, layout, "cifar10", layouts,
                       "one label byte before each image, or two"),
    SLOPE_PARAM_CHOICE(cifar_config, labels, "fine", label_kinds,
                       "which of CIFAR-100's two labels: 100 classes or 20"),
};

/* What layout and labels amount to. */
typedef struct cifar_record {
    size_t bytes;    /* of one record */
    size_t label_at; /* offset of the label byte */
    size_t pixels_at;
    size_t classes;
} cifar_record;

static cifar_record record_of(const cifar_config *config)
{
    if (config->layout == CIFAR_10) return (cifar_record){1 + PIXELS, 0, 1, 10};
    if (config->labels == CIFAR_COARSE) return (cifar_record){2 + PIXELS, 0, 2, 20};
    return (cifar_record){2 + PIXELS, 1, 2, 100};
}

static slope_status append_file(const slope_reader_call *call, slope_table *table, const char *path)
{
    const slope_host *host = call->host;
    const cifar_record record = record_of(call->config);
    const unsigned char *bytes;
    size_t count;
    if (call->load(call, path, &bytes, &count)) return SLOPE_ERROR;
    if (count == 0 || count % record.bytes)
        return host->fail(
            host,
            "'%s' is truncated or no CIFAR file of this layout: it has %zu bytes, which "
            "is no multiple of %zu",
            path, count, record.bytes);
    const size_t rows = count / record.bytes, before = table->rows;
    if (call->reserve(call, table, SLOPE_UINT8, before + rows, PIXELS, 0)) return SLOPE_ERROR;
    for (size_t i = 0; i < rows; i++) {
        const unsigned char *at = bytes + i * record.bytes;
        const unsigned label = at[record.label_at];
        if (label >= record.classes)
            return host->fail(host, "'%s': label %u of row %zu (from 0) is not below %zu", path,
                              label, i, record.classes);
        table->labels[before + i] = (int32_t)label;
        memcpy((unsigned char *)table->features + (before + i) * PIXELS, at + record.pixels_at,
               PIXELS);
        /* so that what is copied does not stay in memory twice */
        if (i % 256 == 255 || i + 1 == rows) call->done_with(call, bytes, (i + 1) * record.bytes);
    }
    return SLOPE_OK;
}

/* One name a line; blank lines (the original file ends with one) do not count. */
static slope_status read_names(const slope_reader_call *call, const char *path, size_t classes)
{
    const slope_host *host = call->host;
    const unsigned char *bytes;
    size_t count, found = 0;
    if (call->load(call, path, &bytes, &count)) return SLOPE_ERROR;
    const char *line = (const char *)bytes, *end = line + count;
    for (size_t number = 1; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) stop = end;
        size_t length = (size_t)(stop - line);
        while (length && (line[length - 1] == '\r' || line[length - 1] == ' ')) length--;
        char name[256];
        if (length >= sizeof name || memchr(line, 0, length))
            return host->fail(host, "%s:%zu: no class name: too long or not text", path, number);
        memcpy(name, line, length);
        name[length] = '\0';
        if (length && call->name_class(call, found++, name)) return SLOPE_ERROR;
        line = stop + 1;
    }
    if (found != classes)
        return host->fail(host, "'%s' names %zu classes, expected %zu", path, found, classes);
    return SLOPE_OK;
}

static slope_status read(const slope_reader_call *call)
{
    const cifar_config *config = call->config;
    for (size_t i = 0; i < config->train.count; i++)
        if (append_file(call, call->splits[SLOPE_TRAIN], config->train.values[i]))
            return SLOPE_ERROR;
    for (size_t i = 0; i < config->test.count; i++)
        if (append_file(call, call->splits[SLOPE_TEST], config->test.values[i])) return SLOPE_ERROR;
    return config->names ? read_names(call, config->names, record_of(config).classes) : SLOPE_OK;
}

static slope_status check(const slope_host *host, const void *config_)
{
    const cifar_config *config = config_;
    if (config->train.count == 0)
        return host->fail_key(host, "train", "must name at least one file");
    if (config->layout == CIFAR_10 && config->labels == CIFAR_COARSE)
        return host->fail_key(host, "labels", "must be fine: cifar10 has no coarse labels");
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_reader) = {
    .plugin =
        {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = "cifar10", .version = "1.0",
         .summary = "binary batches of CIFAR-10 and CIFAR-100",
         .description =
             "Reads 32 × 32 colour images as 3,072 uint8 features in the order of the file: the\n"
             "red plane, the green, the blue, each row by row.",
         SLOPE_PARAMETERS(parameters, cifar_config), .check = check},
    .read = read,
};
