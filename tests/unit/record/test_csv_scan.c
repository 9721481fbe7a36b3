/* Tests of record/csv_scan.h: quoted cells, rows that are not whole, files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/files.h"
#include "record/csv_scan.h"

static char folder[] = "/tmp/slope-scan-XXXXXX";
static char path[64];
static failure why;

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    strcat(strcpy(path, folder), "/rows.csv");
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static csv_scan *scan(const char *text, size_t length)
{
    assert_true(file_write(path, text, length, &why));
    return csv_scan_open(path, &why);
}

/* Rows after the header until the file ends. */
static size_t count_rows(const char *text, size_t length)
{
    csv_scan *s = scan(text, length);
    assert_non_null(s);
    size_t count = 0;
    while (csv_scan_next(s)) count++;
    assert_true(csv_scan_close(s, &why));
    return count;
}

static void cells_are_unquoted(void **state)
{
    (void)state;
    static const char text[] = "a,\"b,c\",d\n"
                               "1,\"x,\"\"y\"\"\n z\",\n"
                               ",,\"\"\n"
                               "é,2,3\n";
    csv_scan *s = scan(text, sizeof text - 1);
    assert_int_equal(csv_scan_column_count(s), 3);
    assert_string_equal(csv_scan_column(s, 1), "b,c");
    assert_int_equal(csv_scan_find(s, "d"), 2);
    assert_true(csv_scan_find(s, "e") == SIZE_MAX);
    const char *const *cells = csv_scan_next(s);
    assert_string_equal(cells[0], "1");
    assert_string_equal(cells[1], "x,\"y\"\n z");
    assert_string_equal(cells[2], "");
    cells = csv_scan_next(s);
    for (int c = 0; c < 3; c++) assert_string_equal(cells[c], "");
    cells = csv_scan_next(s);
    assert_string_equal(cells[0], "é");
    assert_string_equal(cells[2], "3");
    assert_null(csv_scan_next(s));
    assert_true(csv_scan_close(s, &why));
}

static void rows_that_are_not_whole_end_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length, rows;
    } cases[] = {{"a,b\n", 4, 0},
                 {"a,b\n1,2\n3,4\n", 12, 2},
                 {"a,b\n1,2\n3,4", 11, 1},
                 {"a,b\n1,2\n3,\"4\n5,6\n", 17, 1}, /* a quote that nothing closes */
                 {"a,b\n1,2\n3\n5,6\n", 14, 1},
                 {"a,b\n1,2\n3,4,5\n5,6\n", 18, 1},
                 {"a,b\n1,2\n\0\0\n5,6\n", 15, 1}}; /* a hole that a loss of power left */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(count_rows(cases[i].text, cases[i].length), cases[i].rows);
}

static void files_that_are_none(void **state)
{
    (void)state;
    assert_null(csv_scan_open("/nowhere/rows.csv", &why));
    assert_string_equal(why.text, "cannot open '/nowhere/rows.csv': No such file or directory");
    assert_null(scan("", 0));
    assert_non_null(strstr(why.text, "has no header line"));
    assert_null(scan("a,b", 3));
    assert_non_null(strstr(why.text, "has no header line"));
    assert_null(csv_scan_open(folder, &why));
    assert_non_null(strstr(why.text, "Is a directory"));
}

static void rows_may_be_long(void **state)
{
    (void)state;
    enum { LENGTH = 300000 };
    char *text = malloc(LENGTH + 16);
    memcpy(text, "a,b\n1,\"", 7);
    memset(text + 7, 'x', LENGTH);
    for (size_t i = 1000; i < LENGTH; i += 1000) text[7 + i] = '\n';
    memcpy(text + 7 + LENGTH, "\"\n", 3);
    csv_scan *s = scan(text, strlen(text));
    const char *const *cells = csv_scan_next(s);
    assert_int_equal(strlen(cells[1]), LENGTH);
    assert_null(csv_scan_next(s));
    assert_true(csv_scan_close(s, &why));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_unquoted),
        cmocka_unit_test(rows_that_are_not_whole_end_the_file),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(rows_may_be_long),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
