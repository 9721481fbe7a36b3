/* Unpacking of gzip in memory: whole, in members, padded, cut off anywhere, damaged anywhere. */
#include "data_kit.h"

#include "data/gzip.h"

enum { COUNT = 70000 };

/* The packed file of COUNT bytes that pack neither well nor badly. */
static unsigned char *pack(kit *k, size_t *packed, unsigned char plain[COUNT])
{
    uint32_t random = 1;
    for (size_t i = 0; i < COUNT; i++) {
        random = random * 1664525 + 1013904223;
        plain[i] = (unsigned char)(random >> 30 | (i % 100 == 0 ? random >> 24 : 0));
    }
    kit_gzip(k, "z", "wb", plain, COUNT);
    unsigned char *bytes;
    if (!file_read(kit_path(k, "z"), &bytes, packed, &k->why)) fail_msg("%s", k->why.text);
    return bytes;
}

static void unpacks_what_zlib_packed(void **state)
{
    unsigned char plain[COUNT], *out;
    size_t packed, count;
    unsigned char *bytes = pack(*state, &packed, plain);
    assert_true(gzip_is(bytes, packed));
    assert_null(gzip_unpack(bytes, packed, &out, &count));
    assert_int_equal(count, COUNT);
    assert_memory_equal(out, plain, COUNT);
    assert_int_equal(out[COUNT], 0);
    free(out);
    free(bytes);
}

static void unpacks_highly_packed_and_empty_files(void **state)
{
    kit *k = *state;
    static const size_t counts[] = {0, 1, 64, 3000000};
    unsigned char *zeros = calloc(3000000, 1), *bytes, *out;
    for (size_t i = 0; i < 4; i++) {
        size_t packed, count;
        kit_gzip(k, "z", "wb", zeros, counts[i]);
        assert_true(file_read(kit_path(k, "z"), &bytes, &packed, &k->why));
        assert_null(gzip_unpack(bytes, packed, &out, &count));
        assert_int_equal(count, counts[i]);
        assert_memory_equal(out, zeros, count);
        free(out);
        free(bytes);
    }
    free(zeros);
}

static void joins_members_and_skips_padding(void **state)
{
    kit *k = *state;
    unsigned char *bytes, *out;
    size_t packed, count;
    kit_gzip(k, "z", "wb", "one ", 4);
    kit_gzip(k, "z", "ab", "two ", 4);
    kit_gzip(k, "z", "ab", "three", 5);
    assert_true(file_read(kit_path(k, "z"), &bytes, &packed, &k->why));
    assert_null(gzip_unpack(bytes, packed, &out, &count));
    assert_int_equal(count, 13);
    assert_string_equal((const char *)out, "one two three");
    free(out);
    unsigned char *padded = calloc(packed + 512, 1);
    memcpy(padded, bytes, packed);
    assert_null(gzip_unpack(padded, packed + 512, &out, &count));
    assert_int_equal(count, 13);
    free(out);
    padded[packed + 100] = 'x';
    assert_string_equal(gzip_unpack(padded, packed + 512, &out, &count),
                        "corrupt gzip file: other data after its end");
    free(padded);
    free(bytes);
}

static void refuses_every_cut(void **state)
{
    unsigned char plain[COUNT], *out;
    size_t packed, count;
    unsigned char *bytes = pack(*state, &packed, plain);
    for (size_t cut = 2; cut < packed; cut += cut < 64 || cut + 64 > packed ? 1 : 97) {
        unsigned char *part =
            malloc(cut); /* its exact size, so that a sanitizer sees reads past it */
        memcpy(part, bytes, cut);
        assert_string_equal(gzip_unpack(part, cut, &out, &count), "truncated gzip file");
        free(part);
    }
    free(bytes);
}

/* Any changed byte of the packed data or of the checks behind them is found. */
static void refuses_damage(void **state)
{
    unsigned char plain[COUNT], *out;
    size_t packed, count;
    unsigned char *bytes = pack(*state, &packed, plain);
    for (size_t at = 10; at<packed; at += at + 64> packed ? 1 : 89) {
        bytes[at] ^= 0x10;
        const char *wrong = gzip_unpack(bytes, packed, &out, &count);
        if (!wrong) fail_msg("byte %zu of %zu changed, and nobody noticed", at, packed);
        bytes[at] ^= 0x10;
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(unpacks_what_zlib_packed),
        KIT_TEST(unpacks_highly_packed_and_empty_files),
        KIT_TEST(joins_members_and_skips_padding),
        KIT_TEST(refuses_every_cut),
        KIT_TEST(refuses_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
