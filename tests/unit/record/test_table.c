/* Tests of record/table.h and record/terminal.h: alignment, UTF-8 widths, wrapping and colour on a
 * pseudo-terminal, plain text everywhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pseudo_terminal.h"
#include "record/table.h"
#include "record/terminal.h"

static char text[8192];

/* What the table prints into a file. */
static const char *plain(const table *t)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    table_print(t, file);
    rewind(file);
    const size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

/* What it prints on a terminal of that width. */
static const char *on_terminal(const table *t, unsigned short columns)
{
    const pseudo_terminal terminal = pseudo_terminal_open(columns);
    FILE *out = fdopen(dup(terminal.slave), "w");
    table_print(t, out);
    fclose(out);
    pseudo_terminal_read(terminal, text, sizeof text);
    return text;
}

static table *example(void)
{
    table *t = table_create();
    table_column(t, "name", ALIGN_LEFT);
    table_column(t, "loss", ALIGN_RIGHT);
    table_column(t, "what it is", ALIGN_LEFT);
    table_cell(t, "sgd");
    table_cell(t, "%.2f", 0.5);
    table_cell(t, "the plain rule");
    table_cell(t, "μ-rule");
    table_cell(t, "%.2f", 12.25);
    table_cell(t, "a longer line of words that must be broken");
    return t;
}

static void columns_are_aligned(void **state)
{
    (void)state;
    table *t = example();
    table_highlight_row(t, 1);
    assert_string_equal(plain(t), "name     loss  what it is\n"
                                  "------  -----  ------------------------------------------\n"
                                  "sgd      0.50  the plain rule\n"
                                  "μ-rule  12.25  a longer line of words that must be broken\n");
    table_destroy(t);
}

static void last_column_wraps_on_a_terminal(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    setenv("LC_ALL", "C", 1);
    table *t = example();
    assert_string_equal(on_terminal(t, 40), "name     loss  what it is\n"
                                            "------  -----  -------------------------\n"
                                            "sgd      0.50  the plain rule\n"
                                            "μ-rule  12.25  a longer line of words\n"
                                            "               that must be broken\n");
    /* Too narrow to read: not wrapped at all. */
    assert_non_null(strstr(on_terminal(t, 30), "that must be broken\n"));
    table_destroy(t);
}

static void a_word_longer_than_the_line_is_cut(void **state)
{
    (void)state;
    setenv("NO_COLOR", "1", 1);
    table *t = table_create();
    table_column(t, "path", ALIGN_LEFT);
    table_cell(t, "aaaaaaaaaabbbbbbbbbbcccccccccc dd");
    const char *shown = on_terminal(t, 20);
    assert_non_null(strstr(shown, "\naaaaaaaaaabbbbbbbbbb\ncccccccccc dd\n"));
    table_destroy(t);
}

static void colour_and_rule_suit_the_terminal(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    table *t = example();
    table_highlight_row(t, 1);
    const char *shown = on_terminal(t, 100);
    assert_non_null(strstr(shown, "\033[1mname "));
    assert_non_null(strstr(shown, "────"));
    assert_non_null(strstr(shown, "\033[1;32mμ-rule"));
    assert_null(strstr(shown, "\033[1;32msgd"));
    setenv("TERM", "dumb", 1);
    assert_null(strchr(on_terminal(t, 100), '\033'));
    table_destroy(t);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    table *t = table_create();
    table_column(t, "name", ALIGN_LEFT);
    table_column(t, "n", ALIGN_RIGHT);
    table_cell(t, "a\033[2Jb\nc");
    table_cell(t, "1");
    assert_string_equal(plain(t), "name      n\n--------  -\na [2Jb c  1\n");
    table_destroy(t);
}

static void an_unfinished_row_is_printed(void **state)
{
    (void)state;
    table *t = table_create();
    assert_string_equal(plain(t), "");
    table_column(t, "a", ALIGN_LEFT);
    table_column(t, "b", ALIGN_LEFT);
    table_cell(t, "only");
    assert_string_equal(plain(t), "a     b\n----  -\nonly\n");
    table_destroy(t);
}

static void widths_are_those_of_characters(void **state)
{
    (void)state;
    size_t columns;
    assert_int_equal(terminal_columns("abc"), 3);
    assert_int_equal(terminal_columns("é"), 1);
    assert_int_equal(terminal_columns("e\u0301"), 1); /* a combining accent */
    assert_int_equal(terminal_columns("数"), 2);
    assert_int_equal(terminal_columns("\xff\xfe"), 2); /* not UTF-8 */
    assert_int_equal(terminal_fit("数字", 3, &columns), 3);
    assert_int_equal(columns, 2);
    assert_int_equal(terminal_fit("", 3, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(last_column_wraps_on_a_terminal),
        cmocka_unit_test(a_word_longer_than_the_line_is_cut),
        cmocka_unit_test(colour_and_rule_suit_the_terminal),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(an_unfinished_row_is_printed),
        cmocka_unit_test(widths_are_those_of_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
