/* Random numbers: the published test vector of Philox, moments, that an index alone decides, and
 * the bits of a plain computation one number at a time, on the Philox of the Random123 library, for
 * every instruction set. */
#include "host/random.h"

#include "base/arena.h"
#include "host/services.h"
#include "host/team.h"
#include "kernels/kernels.h"

#include <Random123/philox.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Random123's known answer for philox4x32-10 with counter 0 and key 0 begins 6627e8d5 e169c58d.
 * With purpose 0 and stream 0 our counter is 0, so the first uniform number is those 64 bits. */
static void test_known_answer(void **state)
{
    (void)state;
    double u;
    random_uniform((random_key){0, (slope_purpose)0, 0}, 0, 1, &u);
    assert_true(u == (double)(0xe169c58d6627e8d5u >> 11) * 0x1p-53);
}

static void test_moments(void **state)
{
    (void)state;
    enum { N = 400000 };
    double *z = allocate(N, sizeof *z), sum[5] = {0};
    random_normal((random_key){5, SLOPE_FOR_NOISE, 0}, 0, N, z);
    for (size_t i = 0; i < N; i++) {
        double power = 1;
        for (size_t k = 1; k <= 4; k++) sum[k] += power *= z[i];
    }
    free(z);
    /* standard errors: 1, sqrt 2, sqrt 15, sqrt 96 over sqrt N; five of each are allowed */
    const double s = 5 / sqrt(N);
    assert_true(fabs(sum[1] / N) < s);
    assert_true(fabs(sum[2] / N - 1) < sqrt(2) * s);
    assert_true(fabs(sum[3] / N) < sqrt(15) * s);
    assert_true(fabs(sum[4] / N - 3) < sqrt(96) * s);
}

/* Whatever the first index and the length of a call, number i is number i. */
static void test_index_decides(void **state)
{
    (void)state;
    double whole[101], part[101];
    const random_key key = {9, SLOPE_FOR_CANDIDATES, 4};
    random_normal(key, 0, 101, whole);
    for (size_t first = 0; first < 101; first += 7)
        for (size_t count = 1; first + count <= 101; count += 5) {
            random_normal(key, first, count, part);
            assert_memory_equal(part, whole + first, count * sizeof *part);
        }
    random_uniform(key, 0, 101, whole);
    random_uniform(key, 50, 51, part);
    assert_memory_equal(part, whole + 50, 51 * sizeof *part);
}

static void test_keys_differ(void **state)
{
    (void)state;
    const random_key keys[] = {{1, SLOPE_FOR_NOISE, 0},          {2, SLOPE_FOR_NOISE, 0},
                               {1, SLOPE_FOR_DATA, 0},           {1, SLOPE_FOR_NOISE, 1},
                               {1, SLOPE_FOR_NOISE, 1ull << 40}, {1ull << 40, SLOPE_FOR_NOISE, 0}};
    double u[6];
    for (size_t i = 0; i < 6; i++) random_uniform(keys[i], 0, 1, &u[i]);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = i + 1; j < 6; j++) assert_true(u[i] != u[j]);
}

static void test_permutation(void **state)
{
    (void)state;
    enum { N = 1000 };
    uint32_t order[N], other[N];
    bool seen[N] = {false};
    random_permutation((random_key){1, SLOPE_FOR_BATCH_ORDER, 0}, N, order);
    random_permutation((random_key){1, SLOPE_FOR_BATCH_ORDER, 1}, N, other);
    size_t fixed = 0, same = 0;
    for (size_t i = 0; i < N; i++) {
        assert_true(order[i] < N && !seen[order[i]]);
        seen[order[i]] = true;
        fixed += order[i] == i;
        same += order[i] == other[i];
    }
    assert_true(fixed < 10 && same < 10); /* one of each is expected */
    random_permutation((random_key){1, SLOPE_FOR_BATCH_ORDER, 0}, 1, order);
    assert_int_equal(order[0], 0);
}

/* All six orders of three things come equally often: 6,000 draws, 1,000 each, five standard errors.
 */
static void test_permutation_is_fair(void **state)
{
    (void)state;
    size_t counts[27] = {0};
    for (uint64_t i = 0; i < 6000; i++) {
        uint32_t p[3];
        random_permutation((random_key){2, SLOPE_FOR_BATCH_ORDER, i}, 3, p);
        counts[p[0] * 9 + p[1] * 3 + p[2]]++;
    }
    size_t orders = 0;
    for (size_t i = 0; i < 27; i++) {
        if (!counts[i]) continue;
        orders++;
        assert_in_range(counts[i], 855, 1145);
    }
    assert_int_equal(orders, 6);
}

/* ---- one number at a time ---------------------------------------------------------------------
 */

static void draw_one(random_key key, uint64_t index, uint64_t words[2])
{
    const philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32),
                                       (uint32_t)key.stream,
                                       (uint32_t)(key.stream >> 32 << 8) | (uint32_t)key.purpose}};
    const philox4x32_key_t seed = {{(uint32_t)key.seed, (uint32_t)(key.seed >> 32)}};
    const philox4x32_ctr_t r = philox4x32(counter, seed);
    words[0] = (uint64_t)r.v[1] << 32 | r.v[0];
    words[1] = (uint64_t)r.v[3] << 32 | r.v[2];
}

static double unit_of(uint64_t word)
{
    return (double)(word >> 11) * 0x1p-53;
}

/* cos and sin of 2 pi t for t in [0, 1): the octant is exact, then Taylor on [0, pi / 4]. */
static void circle(double t, double *cosine, double *sine)
{
    const double eighth = t * 8;
    const int octant = (int)eighth;
    const double fraction = octant % 2 ? octant + 1 - eighth : eighth - octant;
    const double a = fraction * 0.78539816339744830962; /* pi / 4 */
    const double z = a * a;
    double s = 0, c = 0, factorial = 355687428096000.0; /* 17! */
    for (int k = 17; k >= 1; factorial /= k * (k - 1), k -= 2)
        s = k > 1 ? fma(s, z, (k % 4 == 1 ? 1 : -1) / factorial) : fma(a * z, s, a);
    factorial = 20922789888000.0; /* 16! */
    for (int k = 16; k >= 0; factorial /= k ? k * (k - 1) : 1, k -= 2)
        c = fma(c, z, (k % 4 == 0 ? 1 : -1) / factorial);
    const bool swapped = (octant + 1) / 2 % 2; /* octants 1, 2, 5, 6: nearer to the other axis */
    *cosine = swapped ? s : c;
    *sine = swapped ? c : s;
    if (octant >= 2 && octant < 6) *cosine = -*cosine;
    if (octant >= 4) *sine = -*sine;
}

static double normal_one(random_key key, uint64_t index)
{
    uint64_t words[2];
    draw_one(key, index / 2, words);
    double radius = 1.0 - unit_of(words[0]), cosine, sine; /* in (0, 1] */
    kernels_for_bits(64)->plugin.log(1, &radius, &radius);
    circle(unit_of(words[1]), &cosine, &sine);
    return sqrt(-2.0 * radius) * (index % 2 ? sine : cosine);
}

static void compare(random_key key, uint64_t first, size_t count)
{
    double *normal = allocate(count + 1, sizeof *normal), *uniform = allocate(count + 1, 8);
    normal[count] = uniform[count] = 7;
    random_normal(key, first, count, normal);
    random_uniform(key, first, count, uniform);
    for (size_t i = 0; i < count; i++) {
        uint64_t words[2];
        draw_one(key, first + i, words);
        const double u = unit_of(words[0]), z = normal_one(key, first + i);
        assert_memory_equal(&uniform[i], &u, sizeof u);
        assert_memory_equal(&normal[i], &z, sizeof z);
    }
    assert_true(normal[count] == 7 && uniform[count] == 7);
    free(normal);
    free(uniform);
}

/* Indices round 2^32 and 2^33 (where a word of the counter overflows, of uniform and of normal
 * numbers), keys with all words in use, counts round the widths of vectors and blocks. */
static void compare_many(void)
{
    static const uint64_t firsts[] = {0, 1, 10, 77, (1ull << 32) - 3, (1ull << 33) - 301};
    static const size_t counts[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 255, 512, 513, 1023};
    for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            compare((random_key){0x9abcdef012345678 + c, SLOPE_FOR_DATA, 0xa1b2c3d4e5f6a7 - f},
                    firsts[f], counts[c]);
    compare((random_key){1, SLOPE_FOR_NOISE, 0}, 3, 200000);
}

/* Fisher and Yates, downwards, with one index for each element. */
static void compare_permutation(size_t count)
{
    const random_key key = {4, SLOPE_FOR_BATCH_ORDER, 9};
    uint32_t *order = allocate(count, sizeof *order), *plain = allocate(count, sizeof *plain);
    random_permutation(key, count, order);
    for (size_t i = 0; i < count; i++) plain[i] = (uint32_t)i;
    for (size_t i = count - 1; i > 0; i--) {
        uint64_t words[2];
        draw_one(key, i, words);
        const uint64_t high = words[0] >> 32, low = words[0] & 0xffffffff;
        const size_t j = (size_t)((high * (i + 1) + (low * (i + 1) >> 32)) >> 32);
        const uint32_t swap = plain[i];
        plain[i] = plain[j];
        plain[j] = swap;
    }
    assert_memory_equal(order, plain, count * sizeof *order);
    free(order);
    free(plain);
}

static void test_plain_computation(void **state)
{
    (void)state;
    static const char *const isas[] = {"baseline", "avx2", "avx512", "vnni", "amx"};
    failure why;
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        setenv("SLOPE_ISA", isas[i], 1);
        if (!kernels_select(&why)) continue;
        compare_many();
        static const size_t counts[] = {1, 2, 255, 256, 257, 258, 511, 512, 513, 10000};
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) compare_permutation(counts[c]);
    }
    unsetenv("SLOPE_ISA");
    assert_true(kernels_select(&why));
}

/* ---- as plugins draw
 * ----------------------------------------------------------------------------- */

/* Many numbers are drawn by several threads: the same, whatever their number and the precision. */
static void test_threads(void **state)
{
    (void)state;
    enum { N = 20011, FIRST = 5 };
    static const precision precisions[] = {FLOAT32, FLOAT64};
    char *one = allocate(N + 1, 8), *many = allocate(N + 1, 8);
    for (size_t p = 0; p < 2; p++) {
        call_host call;
        call_host_init(&call, precisions[p], 3);
        const size_t bytes = N * call.kernels->real_size;
        many[bytes] = 7;
        threads_set(1);
        call.host.normal(&call.host, SLOPE_FOR_NOISE, 2, FIRST, N, one);
        for (int threads = 2; threads <= 7; threads++) {
            threads_set(threads);
            memset(many, 0, bytes);
            call.host.normal(&call.host, SLOPE_FOR_NOISE, 2, FIRST, N, many);
            assert_memory_equal(many, one, bytes);
        }
        assert_int_equal(many[bytes], 7);
    }
    threads_set(1);
    free(one);
    free(many);
}

/* The float32 number is the float64 number rounded, in blocks of any size. */
static void test_float32_is_rounded(void **state)
{
    (void)state;
    enum { N = 1301 };
    call_host narrow, wide;
    call_host_init(&narrow, FLOAT32, 3);
    call_host_init(&wide, FLOAT64, 3);
    float f[N];
    double d[N];
    narrow.host.normal(&narrow.host, SLOPE_FOR_NOISE, 2, 5, N, f);
    wide.host.normal(&wide.host, SLOPE_FOR_NOISE, 2, 5, N, d);
    for (size_t i = 0; i < N; i++) assert_true(f[i] == (float)d[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answer),       cmocka_unit_test(test_moments),
        cmocka_unit_test(test_index_decides),      cmocka_unit_test(test_keys_differ),
        cmocka_unit_test(test_permutation),        cmocka_unit_test(test_permutation_is_fair),
        cmocka_unit_test(test_plain_computation),  cmocka_unit_test(test_threads),
        cmocka_unit_test(test_float32_is_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
