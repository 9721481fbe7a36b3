/* The reader csv: RFC 4180, columns, classes, values, and errors with file and line. */
#include "data_kit.h"

#include <float.h>

static dataset *load_text(kit *k, const char *text, const char *more)
{
    kit_text(k, "t.csv", text);
    return kit_load(k, arena_printf(k->memory, "{name: csv, file: t.csv%s}", more));
}

static void check_row(const dataset *data, size_t row, const double *expected, int32_t label)
{
    const slope_table *train = data->splits[SLOPE_TRAIN].table;
    for (size_t c = 0; c < data->features; c++)
        assert_number(kit_feature(train, row, c), expected[c]);
    assert_int_equal(train->labels[row], label);
}

static void reads_header_and_text_labels(void **state)
{
    kit *k = *state;
    dataset *data = load_text(k, "a,b,kind\n1.5,-2,pear\n0.1,3e2,apple\n+4,.5,pear\n", "");
    assert_int_equal(data->features, 2);
    assert_int_equal(data->classes, 2);
    assert_int_equal(data->splits[SLOPE_TRAIN].rows, 3);
    assert_int_equal(data->splits[SLOPE_TRAIN].table->element, SLOPE_FLOAT64);
    check_row(data, 0, (double[]){1.5, -2}, 1);
    check_row(data, 1, (double[]){0.1, 300}, 0);
    check_row(data, 2, (double[]){4, 0.5}, 1);
    assert_string_equal(data->class_names[0], "apple");
    assert_string_equal(data->class_names[1], "pear");
    assert_int_equal(data->column_name_count, 2);
    assert_string_equal(data->column_names[0], "a");
    assert_string_equal(data->column_names[1], "b");
    dataset_destroy(data);
}

/* 2 before 10, as numbers go; 1, 1.0 and +1 are one class. */
static void sorts_number_labels_by_value(void **state)
{
    kit *k = *state;
    dataset *data = load_text(k, "5,10\n6,2\n7,1\n8,1.0\n9,+1\n1,-3\n", "");
    static const int32_t expected[] = {3, 2, 1, 1, 1, 0};
    assert_int_equal(data->classes, 4);
    for (size_t r = 0; r < 6; r++)
        assert_int_equal(data->splits[SLOPE_TRAIN].table->labels[r], expected[r]);
    assert_string_equal(data->class_names[0], "-3");
    assert_string_equal(data->class_names[1], "1");
    assert_string_equal(data->class_names[3], "10");
    dataset_destroy(data);
}

static void maps_labels_alike_in_all_splits(void **state)
{
    kit *k = *state;
    kit_text(k, "a.csv", "x,y\n1,m\n2,z\n");
    kit_text(k, "b.csv", "x,y\n3,z\n4,a\n");
    dataset *data = kit_load(
        k, "{name: csv, train: {file: a.csv}, validation: {file: b.csv}, test: {file: b.csv}}");
    assert_int_equal(data->classes, 3);
    assert_int_equal(data->splits[SLOPE_TRAIN].table->labels[0], 1);
    assert_int_equal(data->splits[SLOPE_TRAIN].table->labels[1], 2);
    assert_int_equal(data->splits[SLOPE_VALIDATION].table->labels[0], 2);
    assert_int_equal(data->splits[SLOPE_TEST].table->labels[0], 2);
    assert_int_equal(data->splits[SLOPE_TEST].table->labels[1], 0);
    dataset_destroy(data);
}

static void finds_columns_by_name_and_number(void **state)
{
    kit *k = *state;
    static const char *const text = "id,kind,a,b\n9,p,1,2\n8,q,3,4\n";
    static const char *const ways[] = {
        ", label_column: kind, ignore: id",
        ", label_column: 1, ignore: 0",
        ", label_column: -3, ignore: -4",
        ", label_column: kind, ignore: ' id '",
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        dataset *data = load_text(k, text, ways[i]);
        assert_int_equal(data->features, 2);
        check_row(data, 0, (double[]){1, 2}, 0);
        check_row(data, 1, (double[]){3, 4}, 1);
        dataset_destroy(data);
    }
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, label_column: kinds}", "label_column",
              "no column 'kinds'", "4 columns", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, label_column: 4}", "no column '4'", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, label_column: -5}", "no column '-5'",
              NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, ignore: b}", "named twice", NULL);
}

static void reads_values_to_predict(void **state)
{
    kit *k = *state;
    dataset *data = load_text(k, "p,a,q\n1,2,3\n4,5,6.25\n",
                              ", target: values, label_column: 'q, p', element: float32");
    const slope_table *train = data->splits[SLOPE_TRAIN].table;
    assert_int_equal(data->classes, 0);
    assert_int_equal(data->target_columns, 2);
    assert_int_equal(data->features, 1);
    assert_int_equal(train->element, SLOPE_FLOAT32);
    assert_null(train->labels);
    assert_number(kit_feature(train, 1, 0), 5);
    assert_number(train->targets[0], 3);
    assert_number(train->targets[1], 1);
    assert_number(train->targets[2], 6.25);
    assert_number(train->targets[3], 4);
    dataset_destroy(data);
}

/* Quotes, doubled quotes, delimiters and line ends inside, CRLF, byte order mark, blanks, blank
 * lines, no line end at the end. */
static void reads_rfc_4180_and_more(void **state)
{
    kit *k = *state;
    dataset *data = load_text(k,
                              "\xEF\xBB\xBF\"first \"\"one\"\"\",\"b,c\",kind\r\n"
                              "\"1\", 2 ,\"red, \"\"dark\"\"\"\r\n"
                              "\r\n"
                              "3,\"4\" ,\"two\nlines\"\r\n"
                              "  \n"
                              "5,6,two  \n"
                              "7,8,\"\t quoted \"\n\n",
                              "");
    assert_int_equal(data->splits[SLOPE_TRAIN].rows, 4);
    assert_string_equal(data->column_names[0], "first \"one\"");
    assert_string_equal(data->column_names[1], "b,c");
    assert_int_equal(data->classes, 4);
    assert_string_equal(data->class_names[0], "\t quoted ");
    assert_string_equal(data->class_names[1], "red, \"dark\"");
    assert_string_equal(data->class_names[2], "two");
    assert_string_equal(data->class_names[3], "two\nlines");
    check_row(data, 0, (double[]){1, 2}, 1);
    check_row(data, 1, (double[]){3, 4}, 3);
    check_row(data, 2, (double[]){5, 6}, 2);
    check_row(data, 3, (double[]){7, 8}, 0);
    dataset_destroy(data);
    data = load_text(k, "1;2;a\n3;4;b", ", delimiter: ';'");
    check_row(data, 1, (double[]){3, 4}, 1);
    dataset_destroy(data);
    data = load_text(k, "1\t2\ta\n3\t4\tb\n", ", delimiter: \"\\t\"");
    check_row(data, 1, (double[]){3, 4}, 1);
    dataset_destroy(data);
    data = load_text(k, "1 2 a\n3 4 b\n", ", delimiter: ' '");
    check_row(data, 1, (double[]){3, 4}, 1);
    dataset_destroy(data);
}

static void decides_on_the_header(void **state)
{
    kit *k = *state;
    static const struct {
        const char *text, *more;
        size_t rows, names;
    } cases[] = {
        {"a,b\n1,x\n", "", 1, 1},
        {"1,x\n2,y\n", "", 2, 0},
        {"1,2\n3,4\n", ", header: true", 1, 1},
        {"1,2\n3,4\n", ", header: false", 2, 0},
        {"1,2\n3,4\n", ", header: auto", 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dataset *data = load_text(k, cases[i].text, cases[i].more);
        assert_int_equal(data->splits[SLOPE_TRAIN].rows, cases[i].rows);
        assert_int_equal(data->column_name_count, cases[i].names);
        dataset_destroy(data);
    }
    kit_text(k, "t.csv", "a,b\nx,y\n");
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv, header: false}",
              "t.csv:1: column 0: 'a' is not a number", NULL);
}

static void names_file_and_line_of_errors(void **state)
{
    kit *k = *state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a,b,k\n1,2,x\n3,y\n", "/t.csv:3: too few fields: 2, expected 3"},
        {"a,b,k\n1,2,x\n3,4,y,5\n", "/t.csv:3: too many fields: 4, expected 3"},
        {"a,b,k\n1,2,x\n\n3,four,y\n", "/t.csv:4: column 1 (b): 'four' is not a number"},
        {"a,b,k\n1,2,x\n3,,y\n", "/t.csv:3: column 1 (b) is empty"},
        {"1,2,x\n3,4,\n", "/t.csv:2: the label is empty"},
        {"1,2,x\n3,nan,y\n", "/t.csv:2: column 1: 'nan' is not a number"},
        {"1,2,x\n3,inf,y\n", "'inf' is not a number"},
        {"1,2,x\n3,0x10,y\n", "'0x10' is not a number"},
        {"1,2,x\n3,1e,y\n", "'1e' is not a number"},
        {"1,2,x\n3,.,y\n", "'.' is not a number"},
        {"1,2,x\n3,1.2.3,y\n", "'1.2.3' is not a number"},
        {"1,2,x\n3,- 1,y\n", "'- 1' is not a number"},
        {"1,2,x\n3,1e999,y\n", "/t.csv:2: column 1: '1e999' is too large"},
        {"1,2,x\n\"3\n\n,4,y\n", "/t.csv:2: a quoted field is never closed"},
        {"1,2,x\n3,\"4\"5,y\n", "/t.csv:2: text after a closing quote"},
        {"1,2,x\n3,4\"5,y\n", "/t.csv:2: a quote inside a field"},
        {"\"1\n\n\",2,x\n", "/t.csv:1: column 0"},
        {"1,2,\"x\ny\"\n3,z,y\n", "/t.csv:3: column 1: 'z'"},
        {"a,b,k\n", "holds no rows"},
        {"", "holds no rows"},
        {"\n\n \n", "holds no rows"},
        {"a\n1\n2\n", "no column is left for the features"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kit_text(k, "t.csv", cases[i].text);
        kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv}", cases[i].expected, NULL);
    }
    kit_bytes(k, "t.csv", "1,2\n3,\0\n", 8);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv}", "byte 6 is zero", NULL);
    kit_text(k, "t.csv", "1e39,2\n");
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv, element: float32}", "too large",
              NULL);
}

static void compares_headers_of_the_splits(void **state)
{
    kit *k = *state;
    kit_text(k, "a.csv", "x,y,k\n1,2,p\n");
    kit_text(k, "b.csv", "y,x,k\n1,2,p\n");
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, train: {file: a.csv}, test: {file: b.csv}}",
              "b.csv:1: column 0 is 'y', but 'x' in", NULL);
    kit_text(k, "b.csv", "x,y,z,k\n1,2,3,p\n");
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, train: {file: a.csv}, test: {file: b.csv}}",
              "b.csv:1: column 2 is 'z', but 'k'", NULL);
}

static void refuses_measurements_as_labels(void **state)
{
    kit *k = *state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i <= 65536; i++) fprintf(out, "1,%d\n", i);
    fclose(out);
    kit_text(k, "t.csv", text);
    free(text);
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv}",
              "t.csv:65537: more than 65536 different labels", "target: values", NULL);
}

static void checks_its_parameters(void **state)
{
    kit *k = *state;
    kit_text(k, "t.csv", "1,2\n");
    kit_fails(k, STATUS_CONFIG, "{name: csv}", "file", "missing", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, train: {file: t.csv}}", "together", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, delimiter: ';;'}", "delimiter",
              "one character", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, delimiter: e}", "one character", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: csv, file: t.csv, delimiter: ''}", "one character", NULL);
}

/* Numbers come out as strtod has them, whichever way they were read. */
static void rounds_numbers_correctly(void **state)
{
    kit *k = *state;
    static const char *const numbers[] = {
        "0",
        "-0",
        "0.1",
        "123456789012345678901234567890",
        "9007199254740993",
        "9007199254740992",
        "1e22",
        "1e23",
        "1e-22",
        "1e-23",
        "3.14159265358979323846264338327950288",
        "2.5e-324",
        "1.7976931348623157e308",
        "4.9406564584124654e-324",
        "2.2250738585072011e-308",
        "1E5",
        "00012.500",
        "179769313486231570000000000000000000000000000000000000000000000000000000000",
        "0.000000000000000000000000000000000000000000000000000000000000000000000000000001",
        "8.5e-5",
        "5e-1",
        "1.",
        "6929495644600919.5",
        "9223372036854775807",
        "18446744073709551616",
    };
    const size_t count = sizeof numbers / sizeof *numbers;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < count; i++) fprintf(out, "%s,0\n", numbers[i]);
    /* an exponent and a fraction so long that short counters would overflow and meet again */
    fprintf(out, "0.");
    for (int i = 0; i < 10006; i++) fputc('0', out);
    fprintf(out, "1e1000290,0\n");
    fclose(out);
    kit_text(k, "t.csv", text);
    /* the last one is too large: refused, not read as 0.00001 */
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv}", "is too large", NULL);
    *strstr(text, "0.0000000000000000000000000000000000000000000000000000000000000000000000000000"
                  "000000000") = 0;
    dataset *data = load_text(k, text, "");
    assert_int_equal(data->splits[SLOPE_TRAIN].rows, count);
    for (size_t i = 0; i < count; i++)
        assert_number(kit_feature(data->splits[SLOPE_TRAIN].table, i, 0), strtod(numbers[i], NULL));
    dataset_destroy(data);
    free(text);
}

/* 20,000 made-up numbers of all sizes and lengths against strtod. */
static void agrees_with_strtod(void **state)
{
    kit *k = *state;
    enum { ROWS = 20000 };
    uint64_t random = 1;
    double *expected = calloc(ROWS, sizeof *expected);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < ROWS; i++) {
        char number[64];
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const double value = ldexp((double)(int64_t)random, (int)(random >> 20 & 127) - 100);
        snprintf(number, sizeof number, i % 2 ? "%.*g" : "%.*f", 1 + i % 20,
                 i % 2 ? value : fmod(value, 1e6));
        expected[i] = strtod(number, NULL);
        fprintf(out, "%s,0\n", number);
    }
    fclose(out);
    dataset *data = load_text(k, text, "");
    for (size_t i = 0; i < ROWS; i++)
        assert_number(kit_feature(data->splits[SLOPE_TRAIN].table, i, 0), expected[i]);
    dataset_destroy(data);
    free(expected);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(reads_header_and_text_labels),
        KIT_TEST(sorts_number_labels_by_value),
        KIT_TEST(maps_labels_alike_in_all_splits),
        KIT_TEST(finds_columns_by_name_and_number),
        KIT_TEST(reads_values_to_predict),
        KIT_TEST(reads_rfc_4180_and_more),
        KIT_TEST(decides_on_the_header),
        KIT_TEST(names_file_and_line_of_errors),
        KIT_TEST(compares_headers_of_the_splits),
        KIT_TEST(refuses_measurements_as_labels),
        KIT_TEST(checks_its_parameters),
        KIT_TEST(rounds_numbers_correctly),
        KIT_TEST(agrees_with_strtod),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
