/* test_object_file.c: host/object_file.h on whole, cut and damaged files. Nothing is loaded here,
 * so any damage may be done; the sanitizers see whether a bound was missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/files.h"
#include "host/object_file.h"

#include "slope/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct fixture {
    arena *memory;
    const char *original; /* a plugin of this build */
    unsigned char *bytes; /* its contents */
    size_t count;
    char copy[64];
} fixture;

static int set_up(void **state)
{
    fixture *f = allocate(1, sizeof *f);
    failure why;
    const char *build = getenv("SLOPE_BUILD");
    f->memory = arena_create();
    strcpy(f->copy, "/tmp/slope-object-XXXXXX");
    const int file = mkstemp(f->copy);
    if (file < 0 || build == NULL) return 1;
    close(file);
    f->original = path_join(f->memory, build, "lib/slope/plugins/optimizers/sgd.so");
    *state = f;
    return file_read(f->original, &f->bytes, &f->count, &why) ? 0 : 1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    unlink(f->copy);
    free(f->bytes);
    arena_destroy(f->memory);
    free(f);
    return 0;
}

static bool look(const fixture *f, const void *bytes, size_t count, failure *why)
{
    entry_head head;
    FILE *file = fopen(f->copy, "wb"); /* not file_write: so many flushes would take long */
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
    return object_file_entry(f->copy, &head, why);
}

static void reads_the_entry(void **state)
{
    const fixture *f = *state;
    failure why;
    entry_head head;
    if (!object_file_entry(f->original, &head, &why)) fail_msg("%s", why.text);
    assert_int_equal(head.magic, SLOPE_MAGIC);
    assert_int_equal(head.major, SLOPE_MAJOR);
    assert_int_equal(head.minor, SLOPE_MINOR);
    assert_int_equal(head.size, sizeof(slope_entry));
    const char *const *names;
    size_t count, entries = 0;
    assert_true(object_file_exports(f->memory, f->original, &names, &count, &why));
    for (size_t i = 0; i < count; ++i) entries += strcmp(names[i], SLOPE_ENTRY_SYMBOL) == 0;
    assert_int_equal(entries, 1);
}

/* However short: refused, and from the first whole header on by the right reason. */
static void refuses_every_truncation(void **state)
{
    const fixture *f = *state;
    failure why;
    for (size_t count = 0; count < f->count; count += count < 300 ? 1 : 997) {
        if (look(f, f->bytes, count, &why)) fail_msg("%zu of %zu bytes accepted", count, f->count);
        assert_int_equal(why.status, STATUS_ENVIRONMENT);
        const char *expected = count == 0   ? "the file is empty"
                               : count < 4  ? "no ELF header"
                               : count < 64 ? "truncated"
                                            : "the file is truncated";
        if (strstr(why.text, expected) == NULL)
            fail_msg("%zu bytes: '%s' lacks '%s'", count, why.text, expected);
    }
    assert_false(look(f, f->bytes, f->count - 1, &why));
    assert_non_null(strstr(why.text, "build or copy it again"));
}

static void refuses_other_files(void **state)
{
    const fixture *f = *state;
    failure why;
    const char text[] = "#!/bin/sh\necho no plugin\n";
    assert_false(look(f, text, sizeof text - 1, &why));
    assert_string_equal(why.text, "it is no shared object (no ELF header)");
    entry_head head;
    assert_false(object_file_entry("/proc/self/exe", &head, &why));
    assert_non_null(strstr(why.text, "slope_plugin_entry"));
    assert_false(object_file_entry("/there/is/nothing.so", &head, &why));
    assert_non_null(strstr(why.text, "No such file"));
}

static void refuses_another_machine(void **state)
{
    const fixture *f = *state;
    failure why;
    unsigned char *bytes = allocate(f->count, 1);
    memcpy(bytes, f->bytes, f->count);
    bytes[18] ^= 0x40; /* e_machine */
    assert_false(look(f, bytes, f->count, &why));
    assert_non_null(strstr(why.text, "it is built for another machine"));
    memcpy(bytes, f->bytes, f->count);
    bytes[16] = 1; /* e_type: an object file not yet linked */
    assert_false(look(f, bytes, f->count, &why));
    assert_non_null(strstr(why.text, "link it with -shared"));
    free(bytes);
}

/* A thousand damaged files. Some damage does not matter; what counts is that none is read out of
 * its bounds. The sequence is fixed, so that a failure can be repeated. */
static void survives_damage(void **state)
{
    const fixture *f = *state;
    unsigned char *bytes = allocate(f->count, 1);
    uint64_t random = 1;
    size_t refused = 0;
    for (int round = 0; round < 1000; ++round) {
        memcpy(bytes, f->bytes, f->count);
        for (int hit = 0; hit < 4; ++hit) {
            random = random * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
            /* Every other hit goes into the header; the tables of sections are at the end. */
            const size_t range = hit % 2 == 0 ? 64 : f->count;
            bytes[(size_t)(random >> 20) % range] = (unsigned char)(random >> 56);
        }
        failure why;
        refused += !look(f, bytes, f->count, &why);
    }
    free(bytes);
    assert_in_range(refused, 300, 1000);
}

/* Names of all section headers, extents and offsets: each field of each set to extreme values. */
static void survives_extreme_fields(void **state)
{
    const fixture *f = *state;
    unsigned char *bytes = allocate(f->count, 1);
    uint64_t sections;
    memcpy(&sections, f->bytes + 40, sizeof sections); /* e_shoff of ELF-64 */
    assert_true(sections + 64 <= f->count);
    const uint64_t extremes[] = {0, 1, f->count, f->count + 1, INT64_MAX, UINT64_MAX};
    for (size_t at = (size_t)sections; at + 8 <= f->count; at += 8) {
        for (size_t i = 0; i < sizeof extremes / sizeof *extremes; ++i) {
            failure why;
            memcpy(bytes, f->bytes, f->count);
            memcpy(bytes + at, &extremes[i], 8);
            look(f, bytes, f->count, &why);
        }
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_the_entry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_every_truncation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_other_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_another_machine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_extreme_fields, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
