/* The reader libsvm: dense rows from sparse text, classes, and errors with file and line. */
#include "data_kit.h"

static void reads_sparse_rows(void **state)
{
    kit *k = *state;
    kit_text(k, "t",
             "+1 1:0.5 3:-2e1 # a comment 9:9\n"
             "\n"
             "# only a comment\n"
             "-1 2:1\r\n"
             "+1\n"
             "-1 \t1:3 4:7 ");
    dataset *data = kit_load(k, "{name: libsvm, train: {file: t}}");
    static const double expected[4][4] = {{0.5, 0, -20, 0}, {0, 1, 0, 0}, {0}, {3, 0, 0, 7}};
    static const int32_t labels[] = {1, 0, 1, 0};
    const slope_table *train = data->splits[SLOPE_TRAIN].table;
    assert_int_equal(train->element, SLOPE_FLOAT32);
    assert_int_equal(train->rows, 4);
    assert_int_equal(data->features, 4);
    assert_int_equal(data->classes, 2);
    for (size_t r = 0; r < 4; r++) {
        assert_int_equal(train->labels[r], labels[r]);
        for (size_t c = 0; c < 4; c++) assert_number(kit_feature(train, r, c), expected[r][c]);
    }
    assert_string_equal(data->class_names[0], "-1");
    assert_string_equal(data->class_names[1], "+1");
    dataset_destroy(data);
}

static void gives_all_splits_the_same_width(void **state)
{
    kit *k = *state;
    kit_text(k, "a", "3 1:1\n10 2:1\n");
    kit_text(k, "b", "10 5:2.5\n");
    dataset *data =
        kit_load(k, "{name: libsvm, train: {file: a}, test: {file: b}, element: float64}");
    assert_int_equal(data->features, 5);
    assert_int_equal(data->splits[SLOPE_TRAIN].table->element, SLOPE_FLOAT64);
    assert_int_equal(data->splits[SLOPE_TEST].table->labels[0], 1);
    assert_number(kit_feature(data->splits[SLOPE_TEST].table, 0, 4), 2.5);
    dataset_destroy(data);
    data = kit_load(k, "{name: libsvm, train: {file: a}, features: 7}");
    assert_int_equal(data->features, 7);
    dataset_destroy(data);
    kit_fails(k, STATUS_ENVIRONMENT,
              "{name: libsvm, train: {file: a}, test: {file: b}, features: 4}",
              "/b:1: index 5 is above features: 4", NULL);
}

static void reads_values_to_predict(void **state)
{
    kit *k = *state;
    kit_text(k, "t", "1.25 1:1\n-3e-2 1:2\n");
    dataset *data = kit_load(k, "{name: libsvm, train: {file: t}, target: values}");
    assert_int_equal(data->target_columns, 1);
    assert_int_equal(data->classes, 0);
    assert_number(data->splits[SLOPE_TRAIN].table->targets[0], 1.25);
    assert_number(data->splits[SLOPE_TRAIN].table->targets[1], -0.03);
    dataset_destroy(data);
}

static void names_file_and_line_of_errors(void **state)
{
    kit *k = *state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"1 1:1\n1:5 2:3\n", "/t:2: a line starts with its label, a number; '1:5' is none"},
        {"1 1:1\ncat 2:3\n", "/t:2: a line starts with its label"},
        {"1,2 1:1\n", "/t:1: a line starts with its label"},
        {"1 1:1\n\n2 qid:3 1:1\n", "/t:3: expected index:value, found 'qid:3'"},
        {"1 7\n", "/t:1: expected index:value, found '7'"},
        {"1 :7\n", "expected index:value"},
        {"1 7:\n", "expected index:value"},
        {"1 1:abc\n", "expected index:value, found '1:abc'"},
        {"1 1:nan\n", "expected index:value"},
        {"1 -1:2\n", "expected index:value"},
        {"1 1 :2\n", "expected index:value, found '1'"},
        {"1 99999999999999999999:2\n", "expected index:value"},
        {"1 2147483648:2\n", "expected index:value"},
        {"1 1:1e39\n", "/t:1: the value in '1:1e39' is too large for float32"},
        {"1 0:2\n", "/t:1: index 0 in '0:2', but indices start at 1"},
        {"1 2:1 2:1\n", "/t:1: index 2 after index 2, but indices must increase"},
        {"1 1:1\n1 3:1 2:1\n", "/t:2: index 2 after index 3"},
        {"1\n2\n", "has no feature in any row; say features: N"},
        {"# nothing\n", "holds no rows"},
        {"", "holds no rows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kit_text(k, "t", cases[i].text);
        kit_fails(k, STATUS_ENVIRONMENT, "{name: libsvm, train: {file: t}}", cases[i].expected,
                  NULL);
    }
}

/* One tiny line that asks for 2^31 columns, in many rows: refused, not attempted. */
static void refuses_more_than_the_memory(void **state)
{
    kit *k = *state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "1 2147483647:1\n");
    for (int i = 0; i < 100000; i++) fprintf(out, "1 1:1\n");
    fclose(out);
    kit_text(k, "t", text);
    free(text);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: libsvm, train: {file: t}}",
              "100001 rows of 2147483647 columns need more memory than this machine has", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(reads_sparse_rows),
        KIT_TEST(gives_all_splits_the_same_width),
        KIT_TEST(reads_values_to_predict),
        KIT_TEST(names_file_and_line_of_errors),
        KIT_TEST(refuses_more_than_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
