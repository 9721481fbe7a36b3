/* Tests of report/ranking.h and report/sheet.h: what is better, in which order trials stand, what a
 * group of values amounts to, and how a table reads for people and for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "report/ranking.h"
#include "report/sheet.h"

static const char *const columns[] = {"trial", "status", "validation_accuracy", "train_loss",
                                      "train_seconds"};
static const char *const rows[][5] = {
    {"0", "finished", "0.5", "2", "3.000"},  {"1", "diverged", "0.9", "nan", "0.100"},
    {"2", "finished", "0.75", "inf", ""},    {"10", "finished", "0.5", "1", "20.000"},
    {"3", "pruned", "0.8", "0.5", "1.000"},  {"4", "failed", "", "", "0.000"},
    {"9", "finished", "0.5", "-1", "1.000"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static results make_run(arena *a)
{
    const char *const **cells = arena_alloc(a, ROWS * sizeof *cells);
    for (size_t i = 0; i < ROWS; i++) cells[i] = rows[i];
    return (results){
        .memory = a, .column_count = 5, .columns = columns, .count = ROWS, .cells = cells};
}

static void expect_order(const results *r, const char *column, bool reverse, const char *expected)
{
    const size_t *order = ranking_order(r, column, reverse);
    char text[64] = "";
    for (size_t i = 0; i < r->count; i++) strcat(strcat(text, i ? " " : ""), r->cells[order[i]][0]);
    assert_string_equal(text, expected);
}

static void trials_stand_in_order(void **state)
{
    (void)state;
    arena *a = arena_create();
    const results r = make_run(a);
    /* finished ones first, equal ones by their numbers and not by their digits */
    expect_order(&r, "validation_accuracy", false, "2 0 9 10 3 1 4");
    expect_order(&r, "validation_accuracy", true, "0 9 10 2 3 1 4");
    expect_order(&r, "train_loss", false, "9 10 0 2 3 1 4");
    expect_order(&r, "train_seconds", false, "4 1 3 9 0 10 2");
    expect_order(&r, "train_seconds", true, "10 0 3 9 1 4 2");
    expect_order(&r, "status", false, "1 4 0 2 9 10 3");
    assert_string_equal(ranking_metric(&r), "validation_accuracy");
    arena_destroy(a);
}

static void the_metric_is_one_that_all_have(void **state)
{
    (void)state;
    arena *a = arena_create();
    results r = make_run(a);
    r.count = 3; /* trials 0 to 2: only the loss of trial 1 is missing, which did not finish */
    r.metric = "train_seconds";
    assert_string_equal(ranking_metric(&r), "train_seconds");
    r.metric = "nonsense"; /* what is no column cannot rank */
    assert_string_equal(ranking_metric(&r), "validation_accuracy");
    r.count = 0;
    assert_null(ranking_metric(&r));
    arena_destroy(a);
}

static void better_and_worse(void **state)
{
    (void)state;
    assert_true(is_better("validation_accuracy", 0.9, 0.8));
    assert_true(is_better("test_r2", -1, -2));
    assert_true(is_better("train_loss", 1, 2));
    assert_false(is_better("train_loss", 1, 1));
    assert_true(is_better("train_loss", INFINITY, NAN));
    assert_false(is_better("train_loss", NAN, 1));
    assert_false(is_better("train_loss", NAN, NAN));
}

static void values_are_summed_up(void **state)
{
    (void)state;
    double odd[] = {3, NAN, 1, 10};
    summary s = summarize(odd, 4, "train_loss");
    assert_int_equal(s.count, 3);
    assert_float_equal(s.best, 1, 0);
    assert_float_equal(s.worst, 10, 0);
    assert_float_equal(s.median, 3, 0);
    assert_float_equal(s.mean, 14.0 / 3, 1e-14);
    assert_float_equal(s.deviation, sqrt(67.0 / 3), 1e-14); /* squares 25 + 121 + 256 over 9 · 2 */
    double even[] = {4, 1, 2, 3};
    s = summarize(even, 4, "validation_accuracy");
    assert_float_equal(s.best, 4, 0);
    assert_float_equal(s.worst, 1, 0);
    assert_float_equal(s.median, 2.5, 0);
    double one[] = {7};
    s = summarize(one, 1, "train_loss");
    assert_float_equal(s.mean, 7, 0);
    assert_true(isnan(s.deviation));
    double none[] = {NAN, NAN};
    s = summarize(none, 2, "train_loss");
    assert_int_equal(s.count, 0);
    assert_true(isnan(s.best) && isnan(s.median) && isnan(s.mean));
}

/* The same calls, for both kinds of reader. */
static void expect_sheet(bool csv, const char *expected)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    sheet *s = sheet_create(out, csv);
    sheet_text_column(s, "who", "name");
    sheet_number_column(s, NULL, "exact");
    sheet_number_column(s, "acc", "accuracy");
    sheet_text_column(s, "note", NULL);
    sheet_text(s, "a,\"b\"");
    sheet_number(s, "%.1f", 0.1);
    sheet_score(s, "train_accuracy", 0.125);
    sheet_text(s, "x");
    sheet_text(s, "");
    sheet_count(s, 12);
    sheet_score(s, "train_accuracy", NAN);
    sheet_text(s, "y");
    assert_int_equal(sheet_rows(s), 2);
    assert_true(sheet_is_csv(s) == csv);
    sheet_end(s);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void tables_for_people_and_programs(void **state)
{
    (void)state;
    expect_sheet(true, "name,exact,accuracy\n\"a,\"\"b\"\"\",0.1,0.125\n,12,\n");
    expect_sheet(false, "who        acc  note\n"
                        "-----  -------  ----\n"
                        "a,\"b\"  12.50 %  x\n"
                        "             -  y\n");
}

static void scores_for_people(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(score_text(text, "test_accuracy", 1), "100.00 %");
    assert_string_equal(score_text(text, "test_r2", 0.5), "0.50000");
    assert_string_equal(score_text(text, "train_loss", 0), "0");
    assert_string_equal(score_text(text, "train_loss", 1.25), "1.2500");
    assert_string_equal(score_text(text, "train_loss", 1.25e-7), "1.25e-07");
    assert_string_equal(score_text(text, "train_loss", 1.25e7), "1.25e+07");
    assert_string_equal(score_text(text, "train_loss", INFINITY), "inf");
    assert_string_equal(score_text(text, "train_loss", NAN), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_stand_in_order),
        cmocka_unit_test(the_metric_is_one_that_all_have),
        cmocka_unit_test(better_and_worse),
        cmocka_unit_test(values_are_summed_up),
        cmocka_unit_test(tables_for_people_and_programs),
        cmocka_unit_test(scores_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
