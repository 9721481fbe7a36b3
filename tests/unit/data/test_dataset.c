/* Data sets as a whole: splits, limits, checksums, missing files, names, and what is shared. */
#include "data_kit.h"

enum { ROWS = 1000 };

/* Feature 0 of row r is r, so that rows can be told in whatever split they are. */
static void write_rows(kit *k, const char *name, int rows)
{
    FILE *out = fopen(kit_path(k, name), "w");
    assert_non_null(out);
    for (int r = 0; r < rows; r++) fprintf(out, "%d,%d\n", r, r % 3);
    fclose(out);
}

static size_t row_of(const dataset_split *split, size_t i)
{
    return split->index ? split->index[i] : i;
}

/* ---- splits ---------------------------------------------------------------------------------- */

static void splits_are_disjoint_and_complete(void **state)
{
    kit *k = *state;
    write_rows(k, "t.csv", ROWS);
    dataset *data = kit_load(k, "{name: csv, file: t.csv, validation: 0.25, test_fraction: 100}");
    assert_int_equal(data->splits[SLOPE_TRAIN].rows, 650);
    assert_int_equal(data->splits[SLOPE_VALIDATION].rows, 250);
    assert_int_equal(data->splits[SLOPE_TEST].rows, 100);
    int seen[ROWS] = {0};
    for (int s = 0; s < SLOPE_SPLITS; s++) {
        const dataset_split *split = &data->splits[s];
        for (size_t i = 0; i < split->rows; i++) {
            const size_t row = row_of(split, i);
            assert_true(row < ROWS);
            assert_true(i == 0 || row > row_of(split, i - 1));
            seen[row]++;
        }
    }
    for (int r = 0; r < ROWS; r++) assert_int_equal(seen[r], 1);
    dataset_destroy(data);
}

/* The held-out rows are spread evenly, as lots are: chi-square over ten tenths of the table. */
static void splits_are_drawn_by_lot(void **state)
{
    kit *k = *state;
    write_rows(k, "t.csv", ROWS);
    double chi_square = 0;
    for (int seed = 0; seed < 20; seed++) {
        dataset *data =
            kit_load(k, arena_printf(k->memory,
                                     "{name: csv, file: t.csv, validation: 100, seed: %d}", seed));
        const dataset_split *split = &data->splits[SLOPE_VALIDATION];
        double counts[10] = {0};
        for (size_t i = 0; i < split->rows; i++) counts[row_of(split, i) / 100]++;
        for (int i = 0; i < 10; i++) chi_square += (counts[i] - 10) * (counts[i] - 10) / 9;
        dataset_destroy(data);
    }
    /* drawn without replacement a count has variance 9 · 900/999, so 20 · 10 · 900/999 is expected
     */
    assert_near(chi_square, 20 * 10 * 900.0 / 999, 5 * sqrt(2 * 180));
}

static bool same_rows(const dataset_split *a, const dataset_split *b)
{
    if (a->rows != b->rows) return false;
    for (size_t i = 0; i < a->rows; i++)
        if (row_of(a, i) != row_of(b, i)) return false;
    return true;
}

/* A function of seed and row count: not of the limits, the order of loading or the contents. */
static void splits_depend_on_seed_and_rows_alone(void **state)
{
    kit *k = *state;
    write_rows(k, "t.csv", ROWS);
    write_rows(k, "u.csv", ROWS);
    const char *const same[] = {"{name: csv, file: t.csv, validation: 0.1}",
                                "{name: csv, file: u.csv, validation: 100}",
                                "{name: csv, file: t.csv, validation: 0.1, limit: 50, scale: 2}",
                                "{name: csv, file: t.csv, validation: 0.1, standardize: true}"};
    dataset *first = kit_load(k, same[0]);
    for (size_t i = 0; i < 4; i++) {
        dataset *data = kit_load(k, same[i]);
        assert_true(same_rows(&first->splits[SLOPE_VALIDATION], &data->splits[SLOPE_VALIDATION]));
        dataset_destroy(data);
    }
    dataset *other = kit_load(k, "{name: csv, file: t.csv, validation: 0.1, seed: 1}");
    assert_false(same_rows(&first->splits[SLOPE_VALIDATION], &other->splits[SLOPE_VALIDATION]));
    dataset_destroy(other);
    dataset_destroy(first);
}

static void limits_keep_the_first_rows(void **state)
{
    kit *k = *state;
    write_rows(k, "t.csv", ROWS);
    dataset *all = kit_load(k, "{name: csv, file: t.csv, validation: 0.1, test_fraction: 0.2}");
    dataset *few = kit_load(k, "{name: csv, file: t.csv, validation: 0.1, test_fraction: 0.2, "
                               "limit: 33, test_limit: 7}");
    assert_int_equal(few->splits[SLOPE_TRAIN].rows, 33);
    assert_int_equal(few->splits[SLOPE_VALIDATION].rows, 100);
    assert_int_equal(few->splits[SLOPE_TEST].rows, 7);
    for (size_t i = 0; i < 33; i++)
        assert_int_equal(row_of(&few->splits[SLOPE_TRAIN], i),
                         row_of(&all->splits[SLOPE_TRAIN], i));
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(row_of(&few->splits[SLOPE_TEST], i), row_of(&all->splits[SLOPE_TEST], i));
    dataset_destroy(all);
    dataset_destroy(few);
    few = kit_load(k, "{name: csv, file: t.csv, limit: 5000}"); /* more than there are */
    assert_int_equal(few->splits[SLOPE_TRAIN].rows, ROWS);
    assert_null(few->splits[SLOPE_TRAIN].index);
    dataset_destroy(few);
}

static void refuses_impossible_splits(void **state)
{
    kit *k = *state;
    write_rows(k, "t.csv", 10);
    write_rows(k, "u.csv", 10);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, validation: 10}", "validation",
              "10 rows are to be taken from 10", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, validation: 0.01}", "less than one row",
              NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, validation: 0.5, test_fraction: 5}",
              "takes all 10", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, test: {file: u.csv}, test_fraction: 0.5}",
              "test_fraction", "there is a test split already", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, validation: 2.5}", "validation", NULL);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char digest_of_abc_file[] =
    "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb"; /* sha256sum of "abc\n" */

static void records_what_was_read(void **state)
{
    kit *k = *state;
    kit_text(k, "t.csv", "1,0\n2,1\n");
    dataset *data =
        kit_load(k, "{name: csv, file: t.csv, known_as: mine, sha256: {other.csv: "
                    "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb}}");
    char digest[65];
    assert_true(file_sha256(kit_path(k, "t.csv"), digest, &k->why));
    assert_string_equal(data->label, "mine");
    assert_int_equal(data->file_count, 1);
    assert_string_equal(data->files[0], kit_path(k, "t.csv"));
    assert_string_equal(data->digests[0], digest);
    assert_true(data->load_seconds >= 0 && data->load_seconds < 60);
    dataset_destroy(data);
}

/* The digest is of the file as it lies on the disk, packed. */
static void checks_digests(void **state)
{
    kit *k = *state;
    char digest[65];
    kit_gzip(k, "t.csv.gz", "wb", "1,0\n2,1\n", 8);
    assert_true(file_sha256(kit_path(k, "t.csv.gz"), digest, &k->why));
    const char *good = arena_printf(
        k->memory, "{name: csv, file: t.csv.gz, how_to_get: bake it, sha256: {t.csv.gz: %s}}",
        digest);
    dataset_destroy(kit_load(k, good));
    kit_gzip(k, "t.csv.gz", "wb", "1,0\n2,0\n", 8);
    kit_fails(k, STATUS_ENVIRONMENT, good, "/t.csv.gz' is damaged or another version", digest,
              "how to get it: bake it", NULL);
    kit_text(k, "abc", "abc\n");
    assert_true(file_sha256(kit_path(k, "abc"), digest, &k->why));
    assert_string_equal(digest, digest_of_abc_file);
}

static void says_how_to_get_missing_files(void **state)
{
    kit *k = *state;
    kit_text(k, "t.csv", "1,0\n2,1\n");
    const dataset_config *config =
        kit_config(k, "{name: csv, file: t.csv, how_to_get: ask the baker}");
    assert_non_null(config);
    assert_int_equal(unlink(kit_path(k, "t.csv")),
                     0); /* after validation: it was there a moment ago */
    assert_null(dataset_load(config, &k->why));
    assert_int_equal(k->why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(k->why.text, "/t.csv'"));
    assert_non_null(strstr(k->why.text, "No such file or directory"));
    assert_non_null(strstr(k->why.text, "how to get it: ask the baker"));
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv, how_to_get: ask the baker}",
              "/t.csv'", "No such file", "ask the baker", NULL);
}

static void refuses_broken_gzip(void **state)
{
    kit *k = *state;
    unsigned char *bytes;
    size_t count;
    kit_gzip(k, "t.csv", "wb", "1,0\n2,1\n", 8);
    assert_true(file_read(kit_path(k, "t.csv"), &bytes, &count, &k->why));
    kit_bytes(k, "t.csv", bytes, count - 1);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv}", "/t.csv': truncated gzip file",
              NULL);
    bytes[count - 5] ^= 1;
    kit_bytes(k, "t.csv", bytes, count);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv}", "/t.csv': corrupt gzip file",
              NULL);
    free(bytes);
}

/* ---- names and sharing ----------------------------------------------------------------------- */

static void configured_class_names_win(void **state)
{
    kit *k = *state;
    kit_text(k, "t.csv", "1,0\n2,1\n");
    dataset *data = kit_load(k, "{name: csv, file: t.csv, class_names: [no, yes, maybe]}");
    assert_int_equal(data->classes, 3);
    assert_int_equal(data->class_name_count, 3);
    assert_string_equal(data->class_names[2], "maybe");
    dataset_destroy(data);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv, class_names: [no]}",
              "label 1 in row 1 (from 0) of the train split is out of range", NULL);
}

static void knows_the_same_data_set(void **state)
{
    kit *k = *state;
    write_rows(k, "t.csv", 10);
    write_rows(k, "u.csv", 10);
    static const char *const all[] = {
        "{name: csv, file: t.csv, validation: 0.1}",
        "{name: csv, file: u.csv, validation: 0.1}",
        "{name: csv, file: t.csv}",
        "{name: csv, file: t.csv, validation: 0.2}",
        "{name: csv, file: t.csv, validation: 0.1, limit: 5}",
        "{name: csv, file: t.csv, validation: 0.1, seed: 5}",
        "{name: csv, file: t.csv, validation: 0.1, scale: 5}",
        "{name: csv, file: t.csv, validation: 0.1, subtract_mean: true}",
        "{name: csv, file: t.csv, validation: 0.1, standardize: true}",
        "{name: csv, file: t.csv, validation: 0.1, test_limit: 1}",
        "{name: csv, file: t.csv, validation: 0.1, test_fraction: 0.1}",
        "{name: csv, file: t.csv, validation: 0.1, header: false}",
        "{name: csv, file: t.csv, validation: 0.1, ignore: '0'}",
        "{name: csv, file: t.csv, validation: 0.1, class_names: [a, b, c]}",
        "{name: synthetic, rows: 10}",
        "{name: synthetic, rows: 10, noise: 2}",
        "{name: cifar10, in_place: true, train: [t.csv, u.csv]}",
        "{name: cifar10, in_place: true, train: [t.csv, t.csv]}",
        "{name: cifar10, in_place: true, train: [t.csv]}",
    };
    enum { COUNT = sizeof all / sizeof *all };
    const dataset_config *one[COUNT], *other[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        one[i] = kit_config(k, all[i]);
        other[i] = kit_config(k, all[i]);
        if (!one[i] || !other[i]) fail_msg("%s: %s", all[i], k->why.text);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            if (dataset_same(one[i], other[j]) != (i == j)) fail_msg("%s and %s", all[i], all[j]);
}

static void shipped_iris_is_fishers(void **state)
{
    kit *k = *state;
    const char *source = getenv("SLOPE_SOURCE");
    if (!source) skip();
    dataset *data =
        kit_load(k, arena_printf(k->memory, "{name: csv, file: '%s/datasets/iris.csv'}", source));
    const slope_table *table = data->splits[SLOPE_TRAIN].table;
    /* means of the three kinds, Fisher 1936, table II */
    static const double means[3][4] = {
        {5.006, 3.428, 1.462, 0.246}, {5.936, 2.770, 4.260, 1.326}, {6.588, 2.974, 5.552, 2.026}};
    assert_int_equal(table->rows, 150);
    assert_string_equal(data->class_names[0], "setosa");
    assert_string_equal(data->column_names[3], "petal_width");
    for (size_t label = 0; label < 3; label++)
        for (size_t c = 0; c < 4; c++) {
            double sum = 0;
            for (size_t r = 50 * label; r < 50 * label + 50; r++) {
                assert_int_equal(table->labels[r], label);
                sum += kit_feature(table, r, c);
            }
            assert_near(sum / 50, means[label][c], 1e-9);
        }
    dataset_destroy(data);
}

/* Mean and deviation of all training pixels, scaled to 0 … 1, are published with many tutorials as
 * 0.2860 and 0.3530. */
static void shipped_descriptor_reads_fashion_mnist(void **state)
{
    kit *k = *state;
    if (!file_exists("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")) skip();
    dataset *data = kit_load(k, "fashion_mnist");
    assert_int_equal(data->splits[SLOPE_TRAIN].rows, 55000);
    assert_int_equal(data->splits[SLOPE_VALIDATION].rows, 5000);
    assert_int_equal(data->splits[SLOPE_TEST].rows, 10000);
    assert_int_equal(data->features, 784);
    assert_int_equal(data->classes, 10);
    assert_string_equal(data->class_names[9], "Ankle boot");
    assert_int_equal(data->file_count, 4);
    const slope_table *train = data->splits[SLOPE_TRAIN].table;
    const unsigned char *pixels = train->features;
    const size_t count = train->rows * train->columns;
    size_t classes[10] = {0};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < train->rows; i++) classes[train->labels[i]]++;
    for (int i = 0; i < 10; i++) assert_int_equal(classes[i], 6000);
    for (size_t i = 0; i < count; i++) {
        sum += pixels[i];
        squares += pixels[i] * pixels[i];
    }
    const double mean = sum / (double)count;
    assert_near(mean * data->factor[0], 0.2860, 5e-5);
    assert_near(sqrt(squares / (double)count - mean * mean) * data->factor[0], 0.3530, 5e-5);
    dataset_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(splits_are_disjoint_and_complete),
        KIT_TEST(splits_are_drawn_by_lot),
        KIT_TEST(splits_depend_on_seed_and_rows_alone),
        KIT_TEST(limits_keep_the_first_rows),
        KIT_TEST(refuses_impossible_splits),
        KIT_TEST(records_what_was_read),
        KIT_TEST(checks_digests),
        KIT_TEST(says_how_to_get_missing_files),
        KIT_TEST(refuses_broken_gzip),
        KIT_TEST(configured_class_names_win),
        KIT_TEST(knows_the_same_data_set),
        KIT_TEST(shipped_iris_is_fishers),
        KIT_TEST(shipped_descriptor_reads_fashion_mnist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
