/* Random numbers: the published test vector of Philox, moments, and that an index alone decides. */
#include "host/random.h"

#include "base/arena.h"
#include "host/services.h"

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
        cmocka_unit_test(test_float32_is_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
