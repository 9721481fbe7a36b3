/* The reader cifar10, on records made here. */
#include "data_kit.h"

enum { PIXELS = 3072 };

/* Pixel `i` of image `number`: something that tells images, planes and places apart. */
static unsigned char pixel(size_t number, size_t i)
{
    return (unsigned char)(number * 7 + i / 1024 * 50 + i % 251);
}

/* Writes `rows` records, the first of which is image `first`; label of image n is n % classes. */
static void write_batch(kit *k, const char *name, size_t first, size_t rows, size_t label_bytes,
                        size_t classes)
{
    const size_t record = label_bytes + PIXELS;
    unsigned char *bytes = calloc(rows, record);
    for (size_t r = 0; r < rows; r++) {
        unsigned char *at = bytes + r * record;
        at[label_bytes - 1] = (unsigned char)((first + r) % classes);
        if (label_bytes == 2) at[0] = (unsigned char)((first + r) % 20);
        for (size_t i = 0; i < PIXELS; i++) at[label_bytes + i] = pixel(first + r, i);
    }
    kit_bytes(k, name, bytes, rows * record);
    free(bytes);
}

static void joins_batches_in_order(void **state)
{
    kit *k = *state;
    write_batch(k, "b1", 0, 4, 1, 10);
    write_batch(k, "b2", 4, 9, 1, 10);
    write_batch(k, "t", 100, 2, 1, 10);
    kit_text(k, "names",
             "airplane\nautomobile\nbird\ncat\ndeer\ndog\r\nfrog\nhorse\nship\ntruck\n\n");
    dataset *data =
        kit_load(k, "{name: cifar10, in_place: true, train: [b1, b2], test: t, names: names}");
    const slope_table *train = data->splits[SLOPE_TRAIN].table;
    assert_int_equal(train->element, SLOPE_UINT8);
    assert_int_equal(train->rows, 13);
    assert_int_equal(data->features, PIXELS);
    for (size_t r = 0; r < 13; r++) {
        assert_int_equal(train->labels[r], r % 10);
        for (size_t c = 0; c < PIXELS; c++) assert_number(kit_feature(train, r, c), pixel(r, c));
    }
    assert_int_equal(data->splits[SLOPE_TEST].rows, 2);
    assert_number(kit_feature(data->splits[SLOPE_TEST].table, 1, 3071), pixel(101, 3071));
    assert_int_equal(data->classes, 10);
    assert_string_equal(data->class_names[5], "dog");
    assert_int_equal(data->file_count, 4);
    dataset_destroy(data);
}

static void reads_both_labels_of_cifar100(void **state)
{
    kit *k = *state;
    write_batch(k, "train.bin", 0, 100, 2, 100);
    dataset *fine =
        kit_load(k, "{name: cifar10, in_place: true, layout: cifar100, train: train.bin}");
    dataset *coarse = kit_load(
        k, "{name: cifar10, in_place: true, layout: cifar100, labels: coarse, train: train.bin}");
    assert_int_equal(fine->classes, 100);
    assert_int_equal(coarse->classes, 20);
    for (size_t r = 0; r < 100; r++) {
        assert_int_equal(fine->splits[SLOPE_TRAIN].table->labels[r], r);
        assert_int_equal(coarse->splits[SLOPE_TRAIN].table->labels[r], r % 20);
        assert_number(kit_feature(fine->splits[SLOPE_TRAIN].table, r, 1), pixel(r, 1));
    }
    dataset_destroy(fine);
    dataset_destroy(coarse);
}

static void refuses_wrong_files(void **state)
{
    kit *k = *state;
    write_batch(k, "b", 0, 3, 1, 10);
    assert_int_equal(truncate(kit_path(k, "b"), 3 * 3073 - 1), 0);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: cifar10, in_place: true, train: b}",
              "/b' is truncated", "9218 bytes", "3073", NULL);
    assert_int_equal(truncate(kit_path(k, "b"), 0), 0);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: cifar10, in_place: true, train: b}", "0 bytes", NULL);
    write_batch(k, "b", 9, 2, 1, 11);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: cifar10, in_place: true, train: b}",
              "/b': label 10 of row 1 (from 0) is not below 10", NULL);
    write_batch(k, "b", 0, 3073, 2, 100); /* as many bytes as whole records of the other layout */
    kit_fails(k, STATUS_ENVIRONMENT, "{name: cifar10, in_place: true, train: b}", "is not below 10",
              NULL);
}

static void refuses_wrong_names(void **state)
{
    kit *k = *state;
    write_batch(k, "b", 0, 3, 1, 10);
    kit_text(k, "names", "airplane\nautomobile\n");
    kit_fails(k, STATUS_ENVIRONMENT, "{name: cifar10, in_place: true, train: b, names: names}",
              "/names' names 2 classes, expected 10", NULL);
    kit_bytes(k, "names", "a\0b\n", 4);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: cifar10, in_place: true, train: b, names: names}",
              "/names:1:", NULL);
    char longer[300];
    memset(longer, 'x', sizeof longer);
    kit_bytes(k, "names", longer, sizeof longer);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: cifar10, in_place: true, train: b, names: names}",
              "/names:1:", NULL);
}

static void checks_its_parameters(void **state)
{
    kit *k = *state;
    write_batch(k, "b", 0, 3, 1, 10);
    kit_fails(k, STATUS_CONFIG, "{name: cifar10, in_place: true, train: b, labels: coarse}",
              "labels", "no coarse labels", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: cifar10, in_place: true, train: []}", "train", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(joins_batches_in_order), KIT_TEST(reads_both_labels_of_cifar100),
        KIT_TEST(refuses_wrong_files),    KIT_TEST(refuses_wrong_names),
        KIT_TEST(checks_its_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
