/* Tests of record/safetensors.h: what is written reads back; damaged files are refused, whatever is
 * wrong with them. (tests/cli/test_results.py reads such files with an independent reader.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/files.h"
#include "record/safetensors.h"

static char folder[] = "/tmp/slope-tensors-XXXXXX";
static char path[64];
static failure why;

static const float weights[] = {1.5f, -0.0f, 3.0f, 1e-30f, 5.0f, 6.0f};
static const double moments[] = {0.1, 0.2};
static const int64_t step[] = {INT64_MIN};
static const unsigned char flags[] = {1, 2, 3};
static const named_array arrays[] = {
    {.name = "flags", .type = "U8", .rank = 1, .extents = {3}, .data = flags},
    {.name = "layer1.weight", .type = "F32", .rank = 2, .extents = {2, 3}, .data = weights},
    {.name = "moments", .type = "F64", .rank = 1, .extents = {2}, .data = moments},
    {.name = "step", .type = "I64", .rank = 0, .data = step},
    {.name = "nothing", .type = "F32", .rank = 2, .extents = {0, 4}, .data = NULL},
};
static const named_text metadata[] = {{"model", "mlp"}, {"label", "a \"quoted\"\nμ"}};

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    strcat(strcpy(path, folder), "/a.safetensors");
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails if a test has left anything behind */
}

static void write_example(void)
{
    assert_true(safetensors_write(path, arrays, 5, metadata, 2, &why));
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    write_example();
    safetensors file;
    assert_true(safetensors_read(path, &file, &why));
    assert_int_equal(file.array_count, 5);
    for (size_t i = 0; i < 5; i++) {
        const named_array *back = safetensors_array(&file, arrays[i].name);
        assert_non_null(back);
        assert_string_equal(back->type, arrays[i].type);
        assert_int_equal(back->rank, arrays[i].rank);
        for (size_t d = 0; d < back->rank; d++)
            assert_int_equal(back->extents[d], arrays[i].extents[d]);
    }
    assert_memory_equal(safetensors_array(&file, "layer1.weight")->data, weights, sizeof weights);
    assert_memory_equal(safetensors_array(&file, "moments")->data, moments, sizeof moments);
    assert_memory_equal(safetensors_array(&file, "step")->data, step, sizeof step);
    assert_memory_equal(safetensors_array(&file, "flags")->data, flags, sizeof flags);
    assert_int_equal((uintptr_t)safetensors_array(&file, "moments")->data % 8, 0);
    assert_int_equal((uintptr_t)safetensors_array(&file, "layer1.weight")->data % 4, 0);
    assert_string_equal(safetensors_text(&file, "label"), metadata[1].text);
    assert_null(safetensors_array(&file, "bias"));
    assert_null(safetensors_text(&file, "flags"));
    safetensors_free(&file);
}

static void a_file_without_arrays_is_a_file(void **state)
{
    (void)state;
    assert_true(safetensors_write(path, NULL, 0, NULL, 0, &why));
    safetensors file;
    assert_true(safetensors_read(path, &file, &why));
    assert_int_equal(file.array_count, 0);
    assert_null(safetensors_text(&file, "model"));
    safetensors_free(&file);
}

static void data_begin_at_a_multiple_of_64(void **state)
{
    (void)state;
    write_example();
    unsigned char *bytes;
    size_t count;
    assert_true(file_read(path, &bytes, &count, &why));
    uint64_t header;
    memcpy(&header, bytes, 8);
    assert_int_equal((8 + header) % 64, 0);
    assert_int_equal(bytes[8], '{');
    assert_memory_equal(bytes + 8 + header, moments, sizeof moments); /* the widest type first */
    assert_int_equal(count, 8 + header + 16 + 8 + 24 + 3);
    free(bytes);
}

static void what_cannot_be_stored_is_refused(void **state)
{
    (void)state;
    const named_array twice[] = {arrays[0], arrays[0]};
    assert_false(safetensors_write(path, twice, 2, NULL, 0, &why));
    assert_non_null(strstr(why.text, "two arrays are named 'flags'"));
    const named_array odd = {.name = "x", .type = "F16", .rank = 1, .extents = {1}, .data = flags};
    assert_false(safetensors_write(path, &odd, 1, NULL, 0, &why));
    const named_array huge = {
        .name = "x", .type = "F64", .rank = 2, .extents = {SIZE_MAX / 2, 4}, .data = moments};
    assert_false(safetensors_write(path, &huge, 1, NULL, 0, &why));
    const named_text latin1 = {"label", "\xe9"};
    assert_false(safetensors_write(path, arrays, 1, &latin1, 1, &why));
    assert_non_null(strstr(why.text, "not UTF-8"));
}

/* Writes a file with that header (its length in front) and `data_bytes` zero bytes. */
static void write_raw(const char *header, size_t data_bytes)
{
    unsigned char bytes[4096] = {0};
    const uint64_t length = strlen(header);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    assert_true(file_write(path, bytes, 8 + length + data_bytes, &why));
}

static void files_of_other_writers_are_read(void **state)
{
    (void)state;
    /* No padding, another order of keys, an escape, white space. */
    write_raw("{ \"\\u0061\":{\"data_offsets\":[0,8],\"shape\":[1],\"dtype\":\"F64\"} }", 8);
    safetensors file;
    assert_true(safetensors_read(path, &file, &why));
    const named_array *a = safetensors_array(&file, "a");
    assert_non_null(a);
    assert_true(*(const double *)a->data == 0.0);
    safetensors_free(&file);
}

static void damaged_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *reason;
        size_t data_bytes;
    } cases[] = {
        {"", "damaged", 0},
        {"[]", "no mapping", 0},
        {"{", "damaged", 0},
        {"{} x", "damaged", 0},
        {"{}", "4 bytes at its end belong to no array", 4},
        {"{\"a\":1}", "dtype, shape", 0},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", "dtype, shape", 1},
        {"{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}", "dtype is none", 2},
        {"{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,2]}}", "dtype is none", 2},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":2,\"data_offsets\":[0,2]}}", "shape is no list", 2},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-2],\"data_offsets\":[0,2]}}", "no size", 2},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2.0],\"data_offsets\":[0,2]}}", "no size", 2},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,2],\"data_offsets\":[0,2]}}", "more than 4",
         2},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,2]}}", "does not fit", 2},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0]}}", "not two sizes", 2},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,0]}}", "outside", 2},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]}}", "outside", 2},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
         "does not fit", 0},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
         "overlap", 3},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
         "gap", 3},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}",
         "not aligned", 5},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
         "duplicate", 2},
        {"{\"__metadata__\":[]}", "no mapping", 0},
        {"{\"__metadata__\":{\"a\":1}}", "'a' is no text", 0},
        {"{\"\xff\":1}", "damaged", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_raw(cases[i].header, cases[i].data_bytes);
        safetensors file;
        if (safetensors_read(path, &file, &why)) fail_msg("accepted: %s", cases[i].header);
        assert_int_equal(why.status, STATUS_ENVIRONMENT);
        if (!strstr(why.text, cases[i].reason) || !strstr(why.text, path))
            fail_msg("%s\ngives '%s', which does not say '%s'", cases[i].header, why.text,
                     cases[i].reason);
    }
}

static void a_missing_file_is_refused(void **state)
{
    (void)state;
    unlink(path);
    safetensors file;
    assert_false(safetensors_read(path, &file, &why));
    assert_non_null(strstr(why.text, "No such file"));
}

/* Without the flush to the disk of file_write(): there are hundreds of these. */
static void write_damaged(const unsigned char *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

/* Every truncation is an error; a changed byte is an error or gives another good file. */
static void damage_anywhere_is_no_crash(void **state)
{
    (void)state;
    write_example();
    unsigned char *bytes;
    size_t count;
    assert_true(file_read(path, &bytes, &count, &why));
    safetensors file;
    for (size_t cut = 0; cut < count; cut++) {
        write_damaged(bytes, cut);
        assert_false(safetensors_read(path, &file, &why));
    }
    for (size_t i = 0; i < count; i++)
        for (unsigned bit = 0; bit < 8; bit += 3) {
            bytes[i] ^= (unsigned char)(1u << bit);
            write_damaged(bytes, count);
            if (safetensors_read(path, &file, &why)) safetensors_free(&file);
            bytes[i] ^= (unsigned char)(1u << bit);
        }
    free(bytes);
}

static void a_full_disk_leaves_the_earlier_file(void **state)
{
    (void)state;
    write_example();
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files acts like a disk that fills up */
    struct rlimit before, tight;
    getrlimit(RLIMIT_FSIZE, &before);
    tight = before;
    tight.rlim_cur = 100;
    setrlimit(RLIMIT_FSIZE, &tight);
    const bool written = safetensors_write(path, arrays, 2, NULL, 0, &why);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(written);
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    safetensors file;
    assert_true(safetensors_read(path, &file, &why));
    assert_int_equal(file.array_count, 5);
    safetensors_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_file_without_arrays_is_a_file),
        cmocka_unit_test(data_begin_at_a_multiple_of_64),
        cmocka_unit_test(what_cannot_be_stored_is_refused),
        cmocka_unit_test(files_of_other_writers_are_read),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(a_missing_file_is_refused),
        cmocka_unit_test(damage_anywhere_is_no_crash),
        cmocka_unit_test(a_full_disk_leaves_the_earlier_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
