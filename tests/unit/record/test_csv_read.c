/* Tests of record/csv_read.h: what csv.h wrote reads back; what a crash tore off is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/files.h"
#include "record/csv.h"
#include "record/csv_read.h"

static char path[] = "/tmp/slope-csv-read-XXXXXX";
static arena *a;
static failure why;

static int make(void **state)
{
    (void)state;
    a = arena_create();
    const int file = mkstemp(path);
    return file >= 0 ? close(file) : -1;
}

static int clean(void **state)
{
    (void)state;
    arena_destroy(a);
    return unlink(path);
}

static csv_rows rows_of(const char *text)
{
    csv_rows rows;
    assert_true(file_write(path, text, strlen(text), &why));
    assert_true(csv_read(a, path, &rows, &why));
    return rows;
}

static void what_was_written_reads_back(void **state)
{
    (void)state;
    static const char *const columns[] = {"trial", "a \"label\"", "x"};
    static const char *const labels[] = {"plain", "comma, quote \" and\nline", "", "μ"};
    csv_writer *w = csv_open(path, columns, 3, -1, &why);
    int64_t ends[4];
    const int64_t header_end = csv_bytes(w);
    for (int i = 0; i < 4; i++) {
        csv_integer(w, i);
        csv_text(w, labels[i]);
        csv_number(w, 0.5);
        assert_true(csv_end_row(w, &why));
        ends[i] = csv_bytes(w);
    }
    assert_true(csv_close(w, &why));
    csv_rows rows;
    assert_true(csv_read(a, path, &rows, &why));
    assert_int_equal(rows.row_count, 4);
    assert_int_equal(rows.column_count, 3);
    assert_int_equal(rows.header_end, header_end);
    assert_string_equal(rows.columns[1], columns[1]);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(csv_cell(&rows, i, columns[1]), labels[i]);
        assert_string_equal(csv_cell(&rows, i, "x"), "0.5");
        assert_string_equal(csv_cell(&rows, i, "no such column"), "");
        assert_int_equal(rows.ends[i], ends[i]);
    }
}

static void a_torn_row_is_not_there(void **state)
{
    (void)state;
    static const char *const tails[] = {"2", "2,", "2,y", "2,\"y\n", "2\n", "2,3,4\n", "2\n3,z\n"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const csv_rows rows = rows_of(arena_printf(a, "n,t\n1,x\n%s", tails[i]));
        assert_int_equal(rows.row_count, 1);
        assert_string_equal(csv_cell(&rows, 0, "t"), "x");
        assert_int_equal(rows.ends[0], strlen("n,t\n1,x\n"));
    }
}

static void a_file_may_hold_a_header_only(void **state)
{
    (void)state;
    const csv_rows rows = rows_of("n,t\n");
    assert_int_equal(rows.row_count, 0);
    assert_int_equal(rows.header_end, 4);
}

static void no_header_is_an_error(void **state)
{
    (void)state;
    csv_rows rows;
    assert_true(file_write(path, "n,t", 3, &why));
    assert_false(csv_read(a, path, &rows, &why));
    assert_non_null(strstr(why.text, "no header line"));
    assert_false(csv_read(a, "/nowhere.csv", &rows, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_reads_back),
        cmocka_unit_test(a_torn_row_is_not_there),
        cmocka_unit_test(a_file_may_hold_a_header_only),
        cmocka_unit_test(no_header_is_an_error),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
