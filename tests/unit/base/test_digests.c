/* Remembered digests: right after every change of a file, and whatever is in the file of records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/digests.h"
#include "base/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct fixture {
    arena *memory;
    char folder[64];
    const char *file, *cache, *records;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->memory = arena_create();
    snprintf(f->folder, sizeof f->folder, "/tmp/slope-test-digests-XXXXXX");
    if (!mkdtemp(f->folder)) return -1;
    f->file = path_join(f->memory, f->folder, "file");
    f->cache = path_join(f->memory, f->folder, "cache/slope");
    f->records = path_join(f->memory, f->cache, "digests");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    digests_keep_in(NULL);
    const int result = system(arena_printf(f->memory, "rm -rf '%s'", f->folder));
    arena_destroy(f->memory);
    free(f);
    return result;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Must always be the digest of what is in the file now. */
static void assert_right(const char *path)
{
    char found[65], expected[65];
    failure why;
    assert_true(file_sha256(path, expected, &why));
    assert_true(digest_of_file(path, found, &why));
    assert_string_equal(found, expected);
}

/* A file is remembered once it was left alone for more than two seconds. */
static void let_settle(void)
{
    nanosleep(&(struct timespec){.tv_sec = 3, .tv_nsec = 100000000}, NULL);
}

/* Only a planted record tells whether the file was read: the digest in it is wrong, but all else is
 * what the program itself wrote. */
static void plant(const fixture *f)
{
    unsigned char *bytes;
    size_t count;
    failure why;
    char checksum[65];
    enum { HEAD = 80, RECORD = 184 };
    assert_true(file_read(f->records, &bytes, &count, &why));
    assert_int_equal(count, HEAD + RECORD);
    memset(bytes + count - 64, 'a', 64);
    bytes_sha256(bytes + HEAD, RECORD, checksum);
    memcpy(bytes + 16, checksum, 64);
    assert_true(file_write(f->records, bytes, count, &why));
    free(bytes);
}

static bool planted_is_used(const fixture *f)
{
    char digest[65];
    failure why;
    digests_keep_in(f->cache); /* as a new process would */
    assert_true(digest_of_file(f->file, digest, &why));
    return digest[0] == 'a' && strspn(digest, "a") == 64;
}

static void young_files_are_not_remembered(void **state)
{
    fixture *f = *state;
    digests_keep_in(f->cache);
    for (int i = 0; i < 20; i++) { /* the same size, and likely the same tick of the clock */
        write_text(f->file, i % 2 ? "one" : "two");
        assert_right(f->file);
    }
    assert_false(file_exists(f->records));
}

static void settled_files_are_remembered_until_they_change(void **state)
{
    fixture *f = *state;
    struct stat about;
    digests_keep_in(f->cache);
    write_text(f->file, "one");
    let_settle();
    assert_right(f->file);
    plant(f);
    assert_true(planted_is_used(f));
    /* other contents, same size, and the time of change set back: only the inode's own time tells
     */
    assert_int_equal(stat(f->file, &about), 0);
    write_text(f->file, "two");
    const struct timespec times[2] = {about.st_atim, about.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, f->file, times, 0), 0);
    assert_false(planted_is_used(f));
    assert_right(f->file);
}

static void damaged_records_are_not_believed(void **state)
{
    fixture *f = *state;
    unsigned char *bytes;
    size_t count;
    failure why;
    digests_keep_in(f->cache);
    write_text(f->file, "one");
    let_settle();
    assert_right(f->file);
    plant(f);
    assert_true(planted_is_used(f));
    assert_true(file_read(f->records, &bytes, &count, &why));
    for (size_t i = 0; i < count; i++) {
        bytes[i] ^= 1;
        FILE *file = fopen(f->records, "wb");
        assert_int_equal(fwrite(bytes, 1, count, file), count);
        assert_int_equal(fclose(file), 0);
        bytes[i] ^= 1;
        assert_false(planted_is_used(f));
        unlink(f->records);
    }
    for (size_t length = 0; length < count; length += 7) {
        FILE *file = fopen(f->records, "wb");
        assert_int_equal(fwrite(bytes, 1, length, file), length);
        assert_int_equal(fclose(file), 0);
        assert_false(planted_is_used(f));
        unlink(f->records);
    }
    free(bytes);
}

static void does_without_a_folder(void **state)
{
    fixture *f = *state;
    char digest[65];
    failure why;
    write_text(f->file, "one");
    digests_keep_in(NULL);
    assert_right(f->file);
    digests_keep_in("/proc/none/slope"); /* nobody can write there, not even root */
    assert_right(f->file);
    assert_false(digest_of_file(f->cache, digest, &why)); /* not there */
    assert_non_null(strstr(why.text, "cannot open"));
    assert_false(digest_of_file(f->folder, digest, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(young_files_are_not_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(settled_files_are_remembered_until_they_change, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damaged_records_are_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_without_a_folder, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
