/* test_text.c: base/text.h: the numbers of YAML's core schema, both ways, and nearest names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void numbers_of_the_core_schema(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"-7", -7},
        {"+3", 3},
        {"1e-3", 1e-3},
        {".5", 0.5},
        {"-.5", -0.5},
        {"5.", 5},
        {"1E5", 1e5},
        {"1e+2", 100},
        {"0.1", 0.1},
        {"0x1F", 31},
        {"0o17", 15},
        {"007", 7},
        {"-0", 0},
        {"1e-400", 0},
        {"5e-324", 5e-324},
        {"1.7976931348623157e308", DBL_MAX},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double value = 99;
        if (!text_to_number(good[i].text, &value)) fail_msg("'%s' is a number", good[i].text);
        if (value != good[i].value) fail_msg("'%s' gives %g", good[i].text, value);
    }
    double value;
    assert_true(text_to_number(".inf", &value) && isinf(value) && value > 0);
    assert_true(text_to_number("-.Inf", &value) && isinf(value) && value < 0);
    assert_true(text_to_number("+.INF", &value) && isinf(value) && value > 0);
    assert_true(text_to_number(".NaN", &value) && isnan(value));
}

static void what_is_no_number(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",    ".",  "e3",  "1e",  "1e+",   "1.2.3",  "--1", "1 ",  " 1",    "1_000", "inf",
        "nan", "0x", "0xG", "0o8", "1e999", "-1e999", "abc", "1,5", "-.nan", "0x1p3", "infinity",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double value = 7;
        if (text_to_number(bad[i], &value)) fail_msg("'%s' is no number", bad[i]);
        assert_true(value == 7);
    }
}

static void integers(void **state)
{
    (void)state;
    int64_t value;
    assert_true(text_to_integer("12", &value) && value == 12);
    assert_true(text_to_integer("-3", &value) && value == -3);
    assert_true(text_to_integer("+3", &value) && value == 3);
    assert_true(text_to_integer("0x1F", &value) && value == 31);
    assert_true(text_to_integer("0o17", &value) && value == 15);
    assert_true(text_to_integer("010", &value) && value == 10);
    assert_true(text_to_integer("9223372036854775807", &value) && value == INT64_MAX);
    assert_true(text_to_integer("-9223372036854775808", &value) && value == INT64_MIN);
    static const char *const bad[] = {"",   "-",    "1.0", "1e3", "9223372036854775808",
                                      "0x", "-0x1", "a",   "1 ",  " 1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (text_to_integer(bad[i], &value)) fail_msg("'%s' is no integer", bad[i]);
}

static void truths_and_nulls(void **state)
{
    (void)state;
    bool value = false;
    assert_true(text_to_bool("true", &value) && value);
    assert_true(text_to_bool("False", &value) && !value);
    assert_true(text_to_bool("TRUE", &value) && value);
    assert_false(text_to_bool("yes", &value));
    assert_false(text_to_bool("1", &value));
    assert_false(text_to_bool("tRUE", &value));
    assert_true(text_is_null("") && text_is_null("~") && text_is_null("null"));
    assert_true(text_is_null("Null") && text_is_null("NULL"));
    assert_false(text_is_null("none"));
}

static void shortest_texts(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.1, "0.1"},
        {1e-5, "1e-05"},
        {100, "100"},
        {0.1 + 0.2, "0.30000000000000004"},
        {-0.0, "-0"},
        {5e-324, "5e-324"},
        {1.0 / 3, "0.3333333333333333"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {123456789012345678.0, "1.2345678901234568e+17"},
    };
    char buffer[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(text_from_number(buffer, cases[i].value), cases[i].text);
}

/* Bit patterns from a multiplicative generator, so that all magnitudes come. */
static void texts_read_back(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 100000; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char buffer[32];
        double again;
        assert_true(strlen(text_from_number(buffer, value)) < 32);
        assert_true(text_to_number(buffer, &again));
        assert_memory_equal(&again, &value, sizeof value);
    }
}

/* German writes the decimal point as a comma. Where the machine has no such locale nothing is
 * shown. */
static void locale_does_not_matter(void **state)
{
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE.utf8")) skip();
    char buffer[32];
    double value;
    assert_string_equal(text_from_number(buffer, 0.5), "0.5");
    assert_true(text_to_number("0.25", &value) && value == 0.25);
    assert_false(text_to_number("0,25", &value));
    setlocale(LC_ALL, "C");
}

static void nearest_names(void **state)
{
    (void)state;
    static const char *const names[] = {"learning_rate", "momentum", "adam", "adamw", "l2"};
    assert_string_equal(text_nearest("learning_rat", names, 5), "learning_rate");
    assert_string_equal(text_nearest("learnign_rate", names, 5), "learning_rate"); /* swapped */
    assert_string_equal(text_nearest("adamv", names, 5), "adam"); /* as near as adamw: the first */
    assert_string_equal(text_nearest("admaw", names, 5), "adamw");
    assert_string_equal(text_nearest("l1", names, 5), "l2");
    assert_null(text_nearest("batch_size", names, 5));
    assert_null(text_nearest("moment", names + 2, 3));
    assert_null(text_nearest("", names, 5));
    assert_null(text_nearest("adam", names, 0));
    char longest[200];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(text_nearest(longest, names, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_the_core_schema),
        cmocka_unit_test(what_is_no_number),
        cmocka_unit_test(integers),
        cmocka_unit_test(truths_and_nulls),
        cmocka_unit_test(shortest_texts),
        cmocka_unit_test(texts_read_back),
        cmocka_unit_test(locale_does_not_matter),
        cmocka_unit_test(nearest_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
