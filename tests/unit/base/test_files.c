/* test_files.c: base/files.h: whole files, digests, folders and paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

typedef struct fixture {
    arena *memory;
    char folder[64];
} fixture;

static int set_up(void **state)
{
    fixture *f = allocate(1, sizeof *f);
    f->memory = arena_create();
    strcpy(f->folder, "/tmp/slope-files-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) == NULL;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    const int result = system(command);
    arena_destroy(f->memory);
    free(f);
    return result;
}

static const char *in_folder(const fixture *f, const char *name)
{
    return path_join(f->memory, f->folder, name);
}

/* Names in the folder, but for . and .. */
static int entries(const fixture *f)
{
    int count = 0;
    DIR *folder = opendir(f->folder);
    assert_non_null(folder);
    while (readdir(folder) != NULL) ++count;
    closedir(folder);
    return count - 2;
}

static void assert_contents(const char *path, const char *expected)
{
    failure why;
    unsigned char *bytes;
    size_t count;
    assert_true(file_read(path, &bytes, &count, &why));
    assert_int_equal(count, strlen(expected));
    assert_string_equal((char *)bytes, expected);
    free(bytes);
}

static void write_and_read(void **state)
{
    const fixture *f = *state;
    failure why;
    const char *path = in_folder(f, "a.txt");
    assert_true(file_write(path, "first", 5, &why));
    assert_contents(path, "first");
    assert_true(file_write(path, "second time", 11, &why));
    assert_contents(path, "second time");
    assert_true(file_write(path, "", 0, &why));
    assert_contents(path, "");
    assert_int_equal(entries(f), 1);
}

static void write_first_flush_later(void **state)
{
    fixture *f = *state;
    failure why;
    unsigned char *bytes;
    size_t count;
    const char *path = in_folder(f, "a");
    assert_false(file_flush(path, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(why.text, "No such file"));
    assert_true(file_write_unflushed(path, "earlier", 7, &why));
    assert_true(file_write_unflushed(path, "new", 3, &why));
    assert_true(file_flush(path, &why));
    assert_true(file_read(path, &bytes, &count, &why));
    assert_int_equal(count, 3);
    assert_memory_equal(bytes, "new", 4);
    free(bytes);
    assert_int_equal(entries(f), 1);
    assert_false(file_write_unflushed(in_folder(f, "none/a"), "x", 1, &why));
}

static void copies(void **state)
{
    const fixture *f = *state;
    failure why;
    unsigned char *bytes;
    size_t count;
    assert_true(file_write(in_folder(f, "a"), "x\0y", 3, &why));
    assert_true(file_write(in_folder(f, "b"), "earlier", 7, &why));
    assert_true(file_copy(in_folder(f, "a"), in_folder(f, "b"), &why));
    assert_true(file_read(in_folder(f, "b"), &bytes, &count, &why));
    assert_int_equal(count, 3);
    assert_memory_equal(bytes, "x\0y", 4);
    free(bytes);
    assert_false(file_copy(in_folder(f, "none"), in_folder(f, "b"), &why));
    assert_non_null(strstr(why.text, "No such file"));
    assert_false(file_copy(in_folder(f, "a"), in_folder(f, "none/b"), &why));
    assert_int_equal(entries(f), 2);
}

static void large_file(void **state)
{
    const fixture *f = *state;
    failure why;
    const size_t count = 3 * 1000 * 1000 + 7;
    unsigned char *bytes = allocate(count, 1), *back;
    for (size_t i = 0; i < count; ++i) bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    size_t read;
    assert_true(file_write(in_folder(f, "large"), bytes, count, &why));
    assert_true(file_read(in_folder(f, "large"), &back, &read, &why));
    assert_int_equal(read, count);
    assert_memory_equal(back, bytes, count);
    assert_int_equal(back[count], 0);
    free(back);
    free(bytes);
}

/* Files whose size the kernel does not tell beforehand. */
static void file_of_unknown_size(void **state)
{
    (void)state;
    failure why;
    unsigned char *bytes;
    size_t count;
    assert_true(file_read("/proc/self/status", &bytes, &count, &why));
    assert_true(count > 100);
    assert_int_equal(strlen((char *)bytes), count);
    free(bytes);
}

/* A disk that is full, as a limit on the size of files shows it. */
static void full_disk_keeps_the_earlier_file(void **state)
{
    const fixture *f = *state;
    failure why;
    const char *path = in_folder(f, "state");
    assert_true(file_write(path, "earlier", 7, &why));
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    unsigned char *bytes = allocate(100000, 1);
    setrlimit(RLIMIT_FSIZE, &small);
    const bool written = file_write(path, bytes, 100000, &why);
    setrlimit(RLIMIT_FSIZE, &before);
    free(bytes);
    assert_false(written);
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(why.text, "cannot write"));
    assert_non_null(strstr(why.text, "File too large"));
    assert_contents(path, "earlier");
    assert_int_equal(entries(f), 1);
}

/* What a killed process left beside the file is overwritten and does not stay. */
static void leftover_is_taken_over(void **state)
{
    const fixture *f = *state;
    failure why;
    assert_true(file_write(in_folder(f, "state.partial"), "half of somethi", 15, &why));
    assert_true(file_write(in_folder(f, "state"), "whole", 5, &why));
    assert_contents(in_folder(f, "state"), "whole");
    assert_int_equal(entries(f), 1);
}

static void reasons(void **state)
{
    const fixture *f = *state;
    failure why;
    unsigned char *bytes;
    size_t count;
    char digest[65];
    assert_false(file_read(in_folder(f, "nothing"), &bytes, &count, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_string_equal(
        why.text,
        arena_printf(f->memory, "cannot open '%s/nothing': No such file or directory", f->folder));
    assert_null(bytes);
    assert_false(file_read(f->folder, &bytes, &count, &why));
    assert_non_null(strstr(why.text, "Is a directory"));
    assert_false(file_sha256(in_folder(f, "nothing"), digest, &why));
    assert_non_null(strstr(why.text, "cannot open"));
    assert_false(file_write(in_folder(f, "no/folder"), "x", 1, &why));
    assert_non_null(strstr(why.text, "No such file or directory"));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
}

/* FIPS 180-2, appendix B, and the digest of nothing. */
static void digests(void **state)
{
    const fixture *f = *state;
    failure why;
    char digest[65];
    bytes_sha256("abc", 3, digest);
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    bytes_sha256("", 0, digest);
    assert_string_equal(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const char *path = in_folder(f, "many");
    char *million = allocate(1000000, 1);
    memset(million, 'a', 1000000);
    assert_true(file_write(path, million, 1000000, &why));
    free(million);
    assert_true(file_sha256(path, digest, &why));
    assert_string_equal(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void folders(void **state)
{
    const fixture *f = *state;
    failure why;
    struct stat about;
    const char *deep = in_folder(f, "one/two//three/");
    assert_true(folder_make(deep, &why));
    assert_true(folder_make(deep, &why)); /* is there already */
    assert_int_equal(stat(deep, &about), 0);
    assert_true(S_ISDIR(about.st_mode));
    assert_true(file_exists(deep));
    assert_false(file_exists(in_folder(f, "four")));
    assert_true(file_write(in_folder(f, "file"), "", 0, &why));
    assert_false(folder_make(in_folder(f, "file/below"), &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(why.text, "Not a directory"));
}

static void paths(void **state)
{
    arena *a = ((const fixture *)*state)->memory;
    assert_string_equal(path_join(a, "a", "b"), "a/b");
    assert_string_equal(path_join(a, "a/", "b"), "a/b");
    assert_string_equal(path_join(a, "a", "/b"), "/b");
    assert_string_equal(path_join(a, "", "b"), "b");
    assert_string_equal(path_join(a, "/", "b"), "/b");
    assert_string_equal(path_folder(a, "a/b.c"), "a");
    assert_string_equal(path_folder(a, "b.c"), ".");
    assert_string_equal(path_folder(a, "/b.c"), "/");
    assert_string_equal(path_folder(a, "/a/b/c"), "/a/b");
    assert_string_equal(path_stem(a, "dir/adam.so"), "adam");
    assert_string_equal(path_stem(a, "dir.d/adam"), "adam");
    assert_string_equal(path_stem(a, "adam.tar.gz"), "adam.tar");
    assert_string_equal(path_stem(a, ".profile"), ".profile");
}

static void folder_of_the_program(void **state)
{
    arena *a = ((const fixture *)*state)->memory;
    const char *build = getenv("SLOPE_BUILD");
    if (build == NULL) skip();
    struct stat expected, found;
    assert_int_equal(stat(path_join(a, build, "bin"), &expected), 0);
    assert_int_equal(stat(path_of_program(a), &found), 0);
    assert_true(expected.st_dev == found.st_dev && expected.st_ino == found.st_ino);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(write_and_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(write_first_flush_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(file_of_unknown_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_disk_keeps_the_earlier_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leftover_is_taken_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(digests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folder_of_the_program, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
