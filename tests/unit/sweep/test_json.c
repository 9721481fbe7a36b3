/* JSON of questions and answers: numbers that read back as the same, texts that are no UTF-8, trees
 * that keep what is a number and what a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep/json.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a function wrote, without what was there before. */
static char text[4096];

static FILE *begin(void)
{
    memset(text, 0, sizeof text);
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    return out;
}

static void test_numbers(void **state)
{
    (void)state;
    static const double numbers[] = {0,       -0.0,    0.1,    1,         1e-5, 123456789.125,
                                     DBL_MAX, DBL_MIN, 5e-324, 1.0 / 3.0, -7,   1e300};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        FILE *out = begin();
        json_write_number(out, numbers[i]);
        fclose(out);
        failure why;
        json_t *value = json_read(text, strlen(text), &why);
        assert_true(json_is_number(value));
        assert_true(json_number_value(value) == numbers[i]);
        json_decref(value);
    }
    static const double others[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        FILE *out = begin();
        json_write_number(out, others[i]);
        fclose(out);
        assert_string_equal(text, "null");
    }
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *given, *written;
    } cases[] = {
        {"", "\"\""},
        {"a \"b\"\n\\", "\"a \\\"b\\\"\\n\\\\\""},
        {"\x01", "\"\\u0001\""},
        {"na\xc3\xafve", "\"na\xc3\xafve\""},
        {"na\xefve", "\"na?ve\""},     /* Latin-1 */
        {"\xc3\xafg\xff", "\"??g?\""}, /* one wrong byte gives all of them up */
        {NULL, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FILE *out = begin();
        json_write_text(out, cases[i].given);
        fclose(out);
        assert_string_equal(text, cases[i].written);
    }
}

/* Through a tree and back nothing changes, but that numbers are written in the shortest way. */
static void test_trees(void **state)
{
    (void)state;
    static const char given[] =
        "{\"a\": [1, 2.50, 1e-3, \"3\", true, false, null, \"null\", \"\"], \"b.c\": {\"d\": []}}";
    failure why;
    arena *a = arena_create();
    json_t *value = json_read(given, strlen(given), &why);
    assert_non_null(value);
    const config_place place = {ORIGIN_COMMAND_LINE, NULL, 3, 0};
    const config_node *tree = json_to_config(a, value, place);
    json_decref(value);
    assert_int_equal(tree->place.line, 3);
    assert_false(config_get(tree, "a")->items[0]->quoted);
    assert_true(config_get(tree, "a")->items[3]->quoted);
    assert_non_null(config_get(tree, "b.c")); /* paths are not taken apart here */
    FILE *out = begin();
    json_write_config(out, tree);
    fclose(out);
    assert_string_equal(text, "{\"a\": [1, 2.5, 0.001, \"3\", true, false, null, \"null\", \"\"], "
                              "\"b.c\": {\"d\": []}}");
    arena_destroy(a);
}

/* What a file may hold and JSON may not. */
static void test_values_of_files(void **state)
{
    (void)state;
    static const struct {
        const char *given, *written;
    } cases[] = {{"0x10", "16"}, {".5", "0.5"},        {".inf", "\".inf\""}, {"~", "null"},
                 {"", "null"},   {"full", "\"full\""}, {"True", "true"}};
    const config_place place = {ORIGIN_FILE, NULL, 0, 0};
    arena *a = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FILE *out = begin();
        json_write_config(out, config_new_scalar(a, place, cases[i].given, false));
        fclose(out);
        assert_string_equal(text, cases[i].written);
    }
    arena_destroy(a);
}

static void test_wrong_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "{",
                                        "{'a': 1}",
                                        "{a: 1}",
                                        "NaN",
                                        "[1,]",
                                        "1 2",
                                        "{\"a\": 1, \"a\": 2}",
                                        "\"\\u0000\"",
                                        "1e999"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        failure why = {.status = STATUS_OK};
        assert_null(json_read(lines[i], strlen(lines[i]), &why));
        assert_int_equal(why.status, STATUS_CONFIG);
        assert_non_null(strstr(why.text, "not JSON: "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_texts),
        cmocka_unit_test(test_trees),       cmocka_unit_test(test_values_of_files),
        cmocka_unit_test(test_wrong_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
