/* The reader idx, on files written here byte by byte from the format's description. */
#include "data_kit.h"

#define BOTH "train: {images: x, labels: y}"

/* Two rows of 2 × 3 bytes, and their labels. */
static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0,  0,  0,   2,   0,   0,
                                       0, 3, 1, 2, 3, 4, 5, 6, 10, 20, 100, 200, 255, 0};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 1, 0};

static void check_images(const dataset *data)
{
    static const int expected[2][6] = {{1, 2, 3, 4, 5, 6}, {10, 20, 100, 200, 255, 0}};
    const slope_table *train = data->splits[SLOPE_TRAIN].table;
    assert_int_equal(train->element, SLOPE_UINT8);
    assert_int_equal(data->features, 6);
    assert_int_equal(data->classes, 2);
    assert_int_equal(data->splits[SLOPE_TRAIN].rows, 2);
    for (size_t r = 0; r < 2; r++)
        for (size_t c = 0; c < 6; c++) assert_number(kit_feature(train, r, c), expected[r][c]);
    assert_int_equal(train->labels[0], 1);
    assert_int_equal(train->labels[1], 0);
}

static void reads_plain_files(void **state)
{
    kit *k = *state;
    kit_bytes(k, "x", images, sizeof images);
    kit_bytes(k, "y", labels, sizeof labels);
    dataset *data = kit_load(k, "{name: idx, " BOTH "}");
    check_images(data);
    assert_int_equal(data->splits[SLOPE_TEST].rows, 0);
    assert_null(data->splits[SLOPE_TEST].table);
    dataset_destroy(data);
}

static void reads_gzip_files(void **state)
{
    kit *k = *state;
    kit_gzip(k, "x", "wb", images, sizeof images);
    kit_gzip(k, "y", "wb", labels, sizeof labels);
    dataset *data = kit_load(k, "{name: idx, " BOTH "}");
    check_images(data);
    dataset_destroy(data);
}

static void reads_all_splits(void **state)
{
    kit *k = *state;
    static const unsigned char one_image[] = {0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 6, 9, 9, 9, 9, 9, 7};
    static const unsigned char one_label[] = {0, 0, 8, 1, 0, 0, 0, 1, 4};
    kit_bytes(k, "x", images, sizeof images);
    kit_bytes(k, "y", labels, sizeof labels);
    kit_bytes(k, "a", one_image, sizeof one_image);
    kit_bytes(k, "b", one_label, sizeof one_label);
    dataset *data = kit_load(k, "{name: idx, " BOTH ", validation: {images: a, labels: b}, "
                                "test: {images: a, labels: b}}");
    assert_int_equal(data->classes, 5); /* the greatest label of all splits counts */
    for (int split = SLOPE_VALIDATION; split <= SLOPE_TEST; split++) {
        assert_int_equal(data->splits[split].rows, 1);
        assert_number(kit_feature(data->splits[split].table, 0, 5), 7);
        assert_int_equal(data->splits[split].table->labels[0], 4);
    }
    assert_int_equal(data->file_count, 4); /* each file once, however often it is used */
    dataset_destroy(data);
}

/* One row of two numbers in each type, with the type in memory that holds it exactly. */
static void keeps_or_widens_every_type(void **state)
{
    kit *k = *state;
    static const struct {
        unsigned char type;
        slope_element element;
        size_t bytes;
        unsigned char data[16];
        double values[2];
    } cases[] = {
        {0x08, SLOPE_UINT8, 2, {0, 255}, {0, 255}},
        {0x09, SLOPE_FLOAT32, 2, {0x80, 0x7f}, {-128, 127}},
        {0x0B, SLOPE_FLOAT32, 4, {0x80, 0x00, 0x01, 0x02}, {-32768, 258}},
        {0x0C,
         SLOPE_FLOAT64,
         8,
         {0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff},
         {-2147483648.0, 2147483647}},
        {0x0D, SLOPE_FLOAT32, 8, {0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0}, {1, -2.5}},
        {0x0E,
         SLOPE_FLOAT64,
         16,
         {0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, 0xc0, 0, 0, 0, 0, 0, 0, 0},
         {0.1, -2}},
    };
    static const unsigned char y[] = {0, 0, 8, 1, 0, 0, 0, 1, 0};
    kit_bytes(k, "y", y, sizeof y);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char x[12 + 16] = {0, 0, cases[i].type, 2, 0, 0, 0, 1, 0, 0, 0, 2};
        memcpy(x + 12, cases[i].data, cases[i].bytes);
        kit_bytes(k, "x", x, 12 + cases[i].bytes);
        dataset *data = kit_load(k, "{name: idx, " BOTH "}");
        const slope_table *train = data->splits[SLOPE_TRAIN].table;
        assert_int_equal(train->element, cases[i].element);
        assert_number(kit_feature(train, 0, 0), cases[i].values[0]);
        assert_number(kit_feature(train, 0, 1), cases[i].values[1]);
        dataset_destroy(data);
    }
}

static void refuses_labels_that_are_none(void **state)
{
    kit *k = *state;
    static const unsigned char negative[] = {0, 0, 9, 1, 0, 0, 0, 2, 0, 0xff};
    static const unsigned char fractions[] = {0, 0, 0x0D, 1, 0, 0, 0, 1, 0, 0, 0, 0};
    kit_bytes(k, "x", images, sizeof images);
    kit_bytes(k, "y", negative, sizeof negative);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "label -1 of row 1", "/y'", NULL);
    kit_bytes(k, "y", fractions, sizeof fractions);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "fractions", "/y'", NULL);
    kit_bytes(k, "y", images, sizeof images);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "3 dimensions", "/y'", NULL);
    kit_bytes(k, "y", labels, sizeof labels);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH ", class_names: [only]}",
              "label 1 in row 0", "out of range", "1 classes", NULL);
}

static void refuses_rows_that_differ(void **state)
{
    kit *k = *state;
    static const unsigned char three[] = {0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1};
    kit_bytes(k, "x", images, sizeof images);
    kit_bytes(k, "y", three, sizeof three);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "/x' has 2 rows", "/y' has 3 labels",
              NULL);
}

static void refuses_columns_that_differ(void **state)
{
    kit *k = *state;
    static const unsigned char narrow[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 5, 6};
    kit_bytes(k, "x", images, sizeof images);
    kit_bytes(k, "y", labels, sizeof labels);
    kit_bytes(k, "narrow", narrow, sizeof narrow);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH ", test: {images: narrow, labels: y}}",
              "the test split has 1 columns, but the train split has 6", NULL);
}

static void refuses_what_is_no_idx(void **state)
{
    kit *k = *state;
    unsigned char wrong[sizeof images];
    kit_bytes(k, "y", labels, sizeof labels);
    kit_text(k, "x", "P5 28 28 255");
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "/x' is not an IDX file",
              "50 35 20 32", NULL);
    kit_bytes(k, "x", "", 0);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "not an IDX file", "0 bytes", NULL);
    memcpy(wrong, images, sizeof images);
    wrong[2] = 0x0A; /* no such type */
    kit_bytes(k, "x", wrong, sizeof wrong);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "not an IDX file", "00 00 0a 03",
              NULL);
    wrong[2] = 0x08;
    wrong[3] = 0; /* no dimension */
    kit_bytes(k, "x", wrong, sizeof wrong);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "not an IDX file", NULL);
}

static void refuses_every_wrong_length(void **state)
{
    kit *k = *state;
    unsigned char longer[sizeof images + 1] = {0};
    memcpy(longer, images, sizeof images);
    kit_bytes(k, "y", labels, sizeof labels);
    for (size_t count = 4; count < sizeof images; count++) {
        kit_bytes(k, "x", images, count);
        kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "/x' is truncated", NULL);
    }
    kit_bytes(k, "x", longer, sizeof longer);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "1 bytes after the 28", NULL);
}

/* Extents whose product is more than the file, more than size_t, or nothing. */
static void refuses_extents_that_overflow(void **state)
{
    kit *k = *state;
    unsigned char x[4 + 4 * 4 + 4];
    kit_bytes(k, "y", labels, sizeof labels);
    memset(x, 0xff, sizeof x);
    memcpy(x, (const unsigned char[]){0, 0, 8, 4}, 4);
    kit_bytes(k, "x", x, sizeof x);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "no memory could hold it", NULL);
    x[2] = 0x0E;
    kit_bytes(k, "x", x, sizeof x);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "no memory could hold it", NULL);
    memset(x + 4, 0, 4); /* no rows, then huge extents */
    kit_bytes(k, "x", x, sizeof x);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "no elements", NULL);
    static const unsigned char empty[] = {0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 3};
    kit_bytes(k, "x", empty, sizeof empty);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: idx, " BOTH "}", "no elements", NULL);
}

static void wants_images_and_labels_together(void **state)
{
    kit *k = *state;
    kit_bytes(k, "x", images, sizeof images);
    kit_bytes(k, "y", labels, sizeof labels);
    kit_fails(k, STATUS_CONFIG, "{name: idx, " BOTH ", test: {images: x}}", "test.labels",
              "missing", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: idx, " BOTH ", validation: {labels: y}}",
              "validation.images", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(reads_plain_files),
        KIT_TEST(reads_gzip_files),
        KIT_TEST(reads_all_splits),
        KIT_TEST(keeps_or_widens_every_type),
        KIT_TEST(refuses_labels_that_are_none),
        KIT_TEST(refuses_rows_that_differ),
        KIT_TEST(refuses_columns_that_differ),
        KIT_TEST(refuses_what_is_no_idx),
        KIT_TEST(refuses_every_wrong_length),
        KIT_TEST(refuses_extents_that_overflow),
        KIT_TEST(wants_images_and_labels_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
