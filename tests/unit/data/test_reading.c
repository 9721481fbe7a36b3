/* What the host does about readers that break their promises, and readers about damaged files. */
#include "data_kit.h"

/* ---- readers that break their promises ------------------------------------------------------- */

static slope_status (*misbehave)(const slope_reader_call *call);

static slope_status read_badly(const slope_reader_call *call)
{
    return misbehave(call);
}

static slope_status bad_nothing(const slope_reader_call *call)
{
    (void)call;
    return SLOPE_OK;
}

static slope_status bad_silence(const slope_reader_call *call)
{
    (void)call;
    return SLOPE_ERROR;
}

static slope_status bad_key(const slope_reader_call *call)
{
    return call->host->fail_key(call->host, "speed", "is too high");
}

static slope_status bad_shape(const slope_reader_call *call)
{
    if (call->reserve(call, call->splits[SLOPE_TRAIN], SLOPE_FLOAT32, 3, 2, 0)) return SLOPE_ERROR;
    return call->reserve(call, call->splits[SLOPE_TRAIN], SLOPE_FLOAT32, 3, 4, 0);
}

static slope_status bad_rows(const slope_reader_call *call)
{
    return call->reserve(call, call->splits[SLOPE_TRAIN], SLOPE_UINT8, SIZE_MAX, 1, 0);
}

static slope_status bad_columns(const slope_reader_call *call)
{
    return call->reserve(call, call->splits[SLOPE_TRAIN], SLOPE_FLOAT64, 3, SIZE_MAX / 8 + 1, 0);
}

static slope_status bad_feature(const slope_reader_call *call)
{
    slope_table *table = call->splits[SLOPE_TRAIN];
    if (call->reserve(call, table, SLOPE_FLOAT32, 3, 2, 0)) return SLOPE_ERROR;
    ((float *)table->features)[5] = NAN;
    return SLOPE_OK;
}

static slope_status bad_target(const slope_reader_call *call)
{
    slope_table *table = call->splits[SLOPE_TRAIN];
    if (call->reserve(call, table, SLOPE_UINT8, 3, 2, 2)) return SLOPE_ERROR;
    table->targets[4] = INFINITY;
    return SLOPE_OK;
}

static slope_status bad_label(const slope_reader_call *call)
{
    slope_table *table = call->splits[SLOPE_TRAIN];
    if (call->reserve(call, table, SLOPE_UINT8, 3, 2, 0)) return SLOPE_ERROR;
    table->labels[1] = -1;
    return SLOPE_OK;
}

static slope_status bad_many_classes(const slope_reader_call *call)
{
    slope_table *table = call->splits[SLOPE_TRAIN];
    if (call->reserve(call, table, SLOPE_UINT8, 3, 2, 0)) return SLOPE_ERROR;
    table->labels[1] = INT32_MAX;
    return SLOPE_OK;
}

static slope_status bad_names(const slope_reader_call *call)
{
    return call->name_class(call, 1, "second first");
}

static slope_status bad_column_names(const slope_reader_call *call)
{
    if (call->reserve(call, call->splits[SLOPE_TRAIN], SLOPE_UINT8, 3, 2, 0)) return SLOPE_ERROR;
    return call->name_column(call, 0, "one of two");
}

static slope_status bad_mixture(const slope_reader_call *call)
{
    if (call->reserve(call, call->splits[SLOPE_TRAIN], SLOPE_UINT8, 3, 2, 0)) return SLOPE_ERROR;
    return call->reserve(call, call->splits[SLOPE_TEST], SLOPE_UINT8, 3, 2, 1);
}

static const slope_reader bad_reader = {
    .plugin = {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = "bad"},
    .read = read_badly,
};
static const host_plugin bad_plugin = {
    .kind = SLOPE_KIND_READER, .id = "bad", .description = {&bad_reader.plugin, NULL}};
static const dataset_config bad_config = {.label = "d",
                                          .reader = {&bad_plugin, NULL},
                                          .limit = SLOPE_ABSENT,
                                          .test_limit = SLOPE_ABSENT,
                                          .validation = NAN,
                                          .test = NAN,
                                          .scale = 1};

static void trusts_no_reader(void **state)
{
    kit *k = *state;
    static const struct {
        slope_status (*read)(const slope_reader_call *call);
        exit_status status;
        const char *text;
    } cases[] = {
        {bad_nothing, STATUS_ENVIRONMENT, "data set 'd': there are no training rows"},
        {bad_silence, STATUS_ENVIRONMENT, "reader bad: failed without saying why"},
        {bad_key, STATUS_CONFIG, "reader bad: speed: is too high"},
        {bad_shape, STATUS_ENVIRONMENT, "a table with rows cannot change its shape"},
        {bad_rows, STATUS_ENVIRONMENT, "rows are too many"},
        {bad_columns, STATUS_ENVIRONMENT, "more memory than this machine has"},
        {bad_feature, STATUS_ENVIRONMENT, "row 2, column 1 (from 0) of the train split is not a"},
        {bad_target, STATUS_ENVIRONMENT, "target 0 of row 2 (from 0) of the train split"},
        {bad_label, STATUS_ENVIRONMENT, "label -1 in row 1"},
        {bad_many_classes, STATUS_ENVIRONMENT, "label 2147483647 in row 1"},
        {bad_names, STATUS_ENVIRONMENT, "class 1 is named, but the next is 0"},
        {bad_column_names, STATUS_ENVIRONMENT, "1 columns are named, but there are 2"},
        {bad_mixture, STATUS_ENVIRONMENT, "the test split has 1 target columns"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        misbehave = cases[i].read;
        assert_null(dataset_load(&bad_config, &k->why));
        if (!strstr(k->why.text, cases[i].text)) fail_msg("'%s': %s", cases[i].text, k->why.text);
        assert_int_equal(k->why.status, cases[i].status);
    }
}

/* Functions of the parameters alone have rows, but no features: see readers/none.c. */
static slope_status no_columns(const slope_reader_call *call)
{
    return call->reserve(call, call->splits[SLOPE_TRAIN], SLOPE_FLOAT32, 5, 0, 0);
}

static slope_status no_such_type(const slope_reader_call *call)
{
    return call->reserve(call, call->splits[SLOPE_TRAIN], (slope_element)9, 5, 1, 0);
}

/* reserve() keeps what fits and zeroes the rest, whichever way the number of rows goes. */
static slope_status grow_and_shrink(const slope_reader_call *call)
{
    slope_table *table = call->splits[SLOPE_TRAIN];
    if (call->reserve(call, table, SLOPE_FLOAT64, 4, 2, 0)) return SLOPE_ERROR;
    for (int i = 0; i < 8; i++) ((double *)table->features)[i] = i + 1;
    for (int i = 0; i < 4; i++) table->labels[i] = 3;
    if (call->reserve(call, table, SLOPE_FLOAT64, 2, 2, 0) ||
        call->reserve(call, table, SLOPE_FLOAT64, 3, 2, 0))
        return SLOPE_ERROR;
    return SLOPE_OK;
}

/* The same for large tables, which are mappings: the way there, back and there again. */
static slope_status grow_and_shrink_large(const slope_reader_call *call)
{
    enum { COLUMNS = 3001 }; /* so that no row but the first begins with a page */
    static const size_t rows[] = {10, 1500, 4000, 2000, 3500, 100, 2500};
    slope_table *table = call->splits[SLOPE_TRAIN];
    size_t kept = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (call->reserve(call, table, SLOPE_UINT8, rows[i], COLUMNS, 0)) return SLOPE_ERROR;
        const unsigned char *x = table->features;
        if (rows[i] < kept) kept = rows[i];
        if ((uintptr_t)x % 64 != 0 || (uintptr_t)table->labels % 64 != 0)
            return (call->host->fail)(call->host, "%zu rows are not aligned", rows[i]);
        for (size_t k = 0; k < rows[i] * COLUMNS; k++)
            if (x[k] != (k < kept * COLUMNS))
                return (call->host->fail)(call->host, "%zu rows: %d at %zu", rows[i], x[k], k);
        memset(table->features, 1, rows[i] * COLUMNS);
        kept = rows[i];
    }
    return SLOPE_OK;
}

static void allots_memory_as_promised(void **state)
{
    kit *k = *state;
    misbehave = no_columns;
    dataset *data = dataset_load(&bad_config, &k->why);
    assert_non_null(data);
    assert_int_equal(data->features, 0);
    assert_int_equal(data->splits[SLOPE_TRAIN].rows, 5);
    assert_int_equal(data->classes, 1);
    dataset_destroy(data);
    misbehave = no_such_type;
    assert_null(dataset_load(&bad_config, &k->why));
    assert_non_null(strstr(k->why.text, "no such element type: 9"));
    misbehave = grow_and_shrink_large;
    data = dataset_load(&bad_config, &k->why);
    if (!data) fail_msg("%s", k->why.text);
    dataset_destroy(data);
    misbehave = grow_and_shrink;
    data = dataset_load(&bad_config, &k->why);
    assert_non_null(data);
    const slope_table *table = data->splits[SLOPE_TRAIN].table;
    static const double expected[6] = {1, 2, 3, 4, 0, 0};
    for (size_t i = 0; i < 6; i++) assert_number(kit_feature(table, i / 2, i % 2), expected[i]);
    static const int32_t labels[3] = {3, 3, 0};
    assert_memory_equal(table->labels, labels, sizeof labels);
    dataset_destroy(data);
}

/* ---- hostile files --------------------------------------------------------------------------- */

/* Files with bytes changed, cut and repeated at random: whatever comes of it, no crash, and (under
 * a sanitizer) no read or write out of bounds. The seed is fixed; 1,000 variants of each format. */
static void survives_damaged_files(void **state)
{
    kit *k = *state;
    static const unsigned char idx[] = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6};
    static const unsigned char idx_labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2};
    static const char csv[] = "a,\"b \"\"c\"\"\",k\r\n1.5e3,-2,\"x,\ny\"\n3,4,z\n5,6,z\n";
    static const char svm[] = "+1 1:0.5 3:2e1 # text\n-1 2:1\r\n\n-1 1:3 4:7";
    static const char *const configs[] = {
        "{name: idx, train: {images: f, labels: y}}", "{name: idx, train: {images: x, labels: f}}",
        "{name: csv, file: f}", "{name: libsvm, train: {file: f}, features: 1000}"};
    const void *const contents[] = {idx, idx_labels, csv, svm};
    const size_t sizes[] = {sizeof idx, sizeof idx_labels, sizeof csv - 1, sizeof svm - 1};
    kit_bytes(k, "x", idx, sizeof idx);
    kit_bytes(k, "y", idx_labels, sizeof idx_labels);
    uint64_t random = 42;
    size_t loaded = 0, refused = 0;
    for (size_t format = 0; format < 4; format++) {
        kit_bytes(k, "f", contents[format], sizes[format]);
        const dataset_config *config = kit_config(k, configs[format]);
        assert_non_null(config);
        for (int variant = 0; variant < 1000; variant++) {
            unsigned char bytes[256];
            size_t count = sizes[format];
            memcpy(bytes, contents[format], count);
            for (int change = 0; change <= variant % 3; change++) {
                random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                const size_t at = (size_t)(random >> 33) % count;
                const unsigned kind = (unsigned)(random >> 60);
                if (kind == 0)
                    count = at + 1;
                else if (kind < 4)
                    bytes[at] = (unsigned char)"\"\n,:# \r-"[random >> 50 & 7];
                else if (kind < 6 && count < 200)
                    memmove(bytes + at + 1, bytes + at, count++ - at);
                else
                    bytes[at] = (unsigned char)(random >> 50);
            }
            kit_bytes(k, "f", bytes, count);
            dataset *data = dataset_load(config, &k->why);
            loaded += data != NULL;
            refused += data == NULL;
            if (!data) assert_true(strlen(k->why.text) > 10);
            dataset_destroy(data);
        }
    }
    assert_true(loaded > 100);
    assert_true(refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(trusts_no_reader),
        KIT_TEST(allots_memory_as_promised),
        KIT_TEST(survives_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
