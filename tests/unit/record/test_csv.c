/* Tests of record/csv.h: quoting, numbers that read back, going on after a checkpoint, a full disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "record/csv.h"

static char folder[] = "/tmp/slope-csv-XXXXXX";
static char path[64];
static const char *const columns[] = {"trial", "label, quoted", "loss"};
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
    return rmdir(folder); /* fails if a test has left anything behind */
}

static void expect_file(const char *expected)
{
    unsigned char *bytes;
    size_t count;
    assert_true(file_read(path, &bytes, &count, &why));
    assert_string_equal((char *)bytes, expected);
    assert_int_equal(count, strlen(expected));
    free(bytes);
}

static void row(csv_writer *w, int64_t trial, const char *label, double loss)
{
    csv_integer(w, trial);
    csv_text(w, label);
    csv_number(w, loss);
}

static void cells_are_quoted_where_needed(void **state)
{
    (void)state;
    csv_writer *w = csv_open(path, columns, 3, -1, &why);
    assert_non_null(w);
    row(w, 1, "say \"hi\"", 0.1);
    assert_true(csv_end_row(w, &why));
    row(w, INT64_MIN, "two\nlines", INFINITY);
    assert_true(csv_end_row(w, &why));
    csv_empty(w);
    csv_text(w, "");
    csv_seconds(w, 1.23456);
    assert_true(csv_end_row(w, &why));
    csv_empty(w);
    csv_text(w, "μ");
    csv_number(w, NAN);
    assert_true(csv_end_row(w, &why));
    const char *expected = "trial,\"label, quoted\",loss\n"
                           "1,\"say \"\"hi\"\"\",0.1\n"
                           "-9223372036854775808,\"two\nlines\",inf\n"
                           ",,1.235\n"
                           ",μ,nan\n";
    assert_int_equal(csv_bytes(w), strlen(expected));
    assert_true(csv_sync(w, &why));
    assert_true(csv_close(w, &why));
    expect_file(expected);
}

static void numbers_read_back_the_same(void **state)
{
    (void)state;
    const double values[] = {0.1,     1.0 / 3, 1e-5,   123456789012345678.0, -0.0,
                             DBL_MIN, DBL_MAX, 5e-324, (double)0.1f,         2.5};
    const size_t count = sizeof values / sizeof *values;
    static const char *const one[] = {"value"};
    csv_writer *w = csv_open(path, one, 1, -1, &why);
    for (size_t i = 0; i < count; i++) {
        csv_number(w, values[i]);
        assert_true(csv_end_row(w, &why));
    }
    csv_close(w, &why);
    unsigned char *bytes;
    size_t size;
    assert_true(file_read(path, &bytes, &size, &why));
    char *text = (char *)bytes + strlen("value\n");
    for (size_t i = 0; i < count; i++) {
        const double back = strtod(text, &text);
        assert_memory_equal(&back, &values[i], sizeof back);
    }
    free(bytes);
}

static void a_long_row_is_whole(void **state)
{
    (void)state;
    static char label[100000];
    memset(label, 'x', sizeof label - 1);
    csv_writer *w = csv_open(path, columns, 3, -1, &why);
    row(w, 1, label, 0.0);
    assert_true(csv_end_row(w, &why));
    assert_int_equal(csv_bytes(w),
                     strlen("trial,\"label, quoted\",loss\n1,,0\n") + sizeof label - 1);
    csv_close(w, &why);
}

static void held_rows_are_written_when_it_is_time(void **state)
{
    (void)state;
    csv_writer *w = csv_open(path, columns, 3, -1, &why);
    assert_non_null(w);
    assert_int_equal(csv_held(w), 0);
    row(w, 1, "a", 0.5);
    csv_hold_row(w);
    row(w, 2, "b", 0.25);
    csv_hold_row(w);
    assert_int_equal(csv_held(w), strlen("1,a,0.5\n2,b,0.25\n"));
    expect_file("trial,\"label, quoted\",loss\n");
    assert_true(csv_write_held(w, &why));
    assert_int_equal(csv_held(w), 0);
    expect_file("trial,\"label, quoted\",loss\n1,a,0.5\n2,b,0.25\n");
    assert_true(csv_close(w, &why));
}

static void goes_on_after_a_checkpoint(void **state)
{
    (void)state;
    csv_writer *w = csv_open(path, columns, 3, -1, &why);
    row(w, 1, "a", 0.5);
    assert_true(csv_end_row(w, &why));
    const int64_t checkpoint = csv_bytes(w);
    row(w, 2, "lost", 0.25);
    assert_true(csv_end_row(w, &why));
    csv_close(w, &why);

    w = csv_open(path, columns, 3, checkpoint, &why);
    assert_non_null(w);
    assert_int_equal(csv_bytes(w), checkpoint);
    row(w, 2, "again", 0.25);
    assert_true(csv_end_row(w, &why));
    csv_close(w, &why);
    expect_file("trial,\"label, quoted\",loss\n1,a,0.5\n2,again,0.25\n");
}

static void refuses_to_go_on_with_another_file(void **state)
{
    (void)state;
    csv_writer *w = csv_open(path, columns, 3, -1, &why);
    row(w, 1, "a", 0.5);
    assert_true(csv_end_row(w, &why));
    const int64_t length = csv_bytes(w);
    csv_close(w, &why);

    assert_null(csv_open(path, columns, 3, length + 1, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(why.text, "has 35 bytes"));
    assert_null(csv_open(path, columns, 3, length - 2, &why));
    assert_non_null(strstr(why.text, "no line end at byte 33"));
    assert_null(csv_open(path, columns, 3, 3, &why));
    assert_null(csv_open(path, columns, 2, length, &why));
    assert_non_null(strstr(why.text, "columns of"));
    unlink(path);
    assert_null(csv_open(path, columns, 3, length, &why));
    assert_non_null(strstr(why.text, "No such file"));
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    assert_null(csv_open("/nowhere/at/all.csv", columns, 3, -1, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(why.text, "/nowhere/at/all.csv"));
}

static void a_full_disk_leaves_whole_rows(void **state)
{
    (void)state;
    csv_writer *w = csv_open(path, columns, 3, -1, &why);
    row(w, 1, "a", 0.5);
    assert_true(csv_end_row(w, &why));
    const int64_t whole = csv_bytes(w);

    /* A limit on the size of files acts like a disk that fills up in the middle of a row. */
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, tight;
    getrlimit(RLIMIT_FSIZE, &before);
    tight = before;
    tight.rlim_cur = (rlim_t)whole + 4;
    setrlimit(RLIMIT_FSIZE, &tight);
    row(w, 2, "does not fit", 0.25);
    const bool written = csv_end_row(w, &why);
    setrlimit(RLIMIT_FSIZE, &before);

    assert_false(written);
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(why.text, "cannot write"));
    assert_int_equal(csv_bytes(w), whole);
    expect_file("trial,\"label, quoted\",loss\n1,a,0.5\n");
    row(w, 2, "fits again", 0.25);
    assert_true(csv_end_row(w, &why));
    csv_close(w, &why);
    expect_file("trial,\"label, quoted\",loss\n1,a,0.5\n2,fits again,0.25\n");
}

/* In a process of its own, as it ends it. */
static int status_of_a_row_of(size_t cells)
{
    const pid_t child = fork();
    if (child == 0) {
        fclose(stderr);
        signal(SIGABRT, SIG_DFL);
        csv_writer *w = csv_open(path, columns, 3, -1, &why);
        for (size_t i = 0; i < cells; i++) csv_integer(w, 1);
        csv_end_row(w, &why);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void a_wrong_number_of_cells_aborts(void **state)
{
    (void)state;
    assert_int_equal(status_of_a_row_of(3), 0);
    assert_int_equal(status_of_a_row_of(2), SIGABRT);
    assert_int_equal(status_of_a_row_of(4), SIGABRT);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    assert_true(csv_close(NULL, &why));
}

/* What is shown at the end of a run and again from its file: 0.0049 s stands there as 0.005, which
 * two digits show as 0.01. */
static void times_are_kept_as_they_read_back(void **state)
{
    (void)state;
    static const double times[] = {0, 0.0049, 0.0005, 0.0015, 1.9999, 12.3456, 86400.0004};
    csv_writer *w = csv_open(path, columns, 3, -1, &why);
    assert_non_null(w);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        csv_seconds(w, times[i]);
        csv_seconds(w, csv_seconds_kept(times[i]));
        csv_empty(w);
        assert_true(csv_end_row(w, &why));
    }
    assert_true(csv_close(w, &why));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*[^\n]"), 0);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        double first, second;
        assert_int_equal(fscanf(file, " %lf,%lf,", &first, &second), 2);
        assert_true(first == csv_seconds_kept(times[i]) && second == first);
    }
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_quoted_where_needed),
        cmocka_unit_test(numbers_read_back_the_same),
        cmocka_unit_test(times_are_kept_as_they_read_back),
        cmocka_unit_test(a_long_row_is_whole),
        cmocka_unit_test(held_rows_are_written_when_it_is_time),
        cmocka_unit_test(goes_on_after_a_checkpoint),
        cmocka_unit_test(refuses_to_go_on_with_another_file),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(a_full_disk_leaves_whole_rows),
        cmocka_unit_test(a_wrong_number_of_cells_aborts),
        cmocka_unit_test(closing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
