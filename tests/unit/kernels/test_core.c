/* The numeric core: every product has the bits that slope/kernels.h defines (dot products of 16 or
 * 8 partial sums, plain chains of fused multiply-adds for gradients), on every instruction set that
 * this processor has, for all shapes round the vector and tile widths. */
#include "kernels/kernels.h"

#include "base/arena.h"

#include "host/random.h"
#include "host/services.h"
#include "host/team.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const isas[] = {"baseline", "avx2", "avx512", "vnni", "amx"};
enum { ISAS = sizeof isas / sizeof isas[0] };

static bool choose(const char *isa)
{
    failure why;
    setenv("SLOPE_ISA", isa, 1);
    return kernels_select(&why);
}

/* Numbers of very different size, so that a change of order would show. */
static void fill(float *x, size_t count, uint64_t stream)
{
    double *z = allocate(count, sizeof *z), *u = allocate(count, sizeof *u);
    random_normal((random_key){7, SLOPE_FOR_NOISE, stream}, 0, count, z);
    random_uniform((random_key){8, SLOPE_FOR_NOISE, stream}, 0, count, u);
    for (size_t i = 0; i < count; i++) x[i] = (float)ldexp(z[i], (int)(u[i] * 40) - 20);
    free(z);
    free(u);
}

typedef struct shape {
    size_t rows, in, out;
} shape;

static const shape shapes[] = {{1, 1, 1},     {1, 1, 17},    {3, 5, 10},      {16, 7, 16},
                               {17, 300, 10}, {33, 15, 33},  {64, 31, 48},    {65, 1, 49},
                               {70, 513, 7},  {5, 784, 100}, {130, 257, 130}, {40, 70, 10},
                               {33, 32, 1},   {64, 95, 12},  {81, 130, 11},   {67, 1700, 21},
                               {6, 0, 4},     {140, 833, 5}, {9, 64, 300},    {40, 64, 300}};

typedef struct buffers {
    float *x, *w, *b, *d, *y, *g, *e;
} buffers;

static buffers make(shape s)
{
    buffers m = {allocate(s.rows * s.in, 4),  allocate(s.in * s.out, 4),
                 allocate(s.out, 4),          allocate(s.rows * s.out, 4),
                 allocate(s.rows * s.out, 4), allocate(s.in * s.out, 4),
                 allocate(s.rows * s.in, 4)};
    fill(m.x, s.rows * s.in, 1);
    fill(m.w, s.in * s.out, 2);
    fill(m.b, s.out, 3);
    fill(m.d, s.rows * s.out, 4);
    fill(m.g, s.in * s.out, 5);
    return m;
}

static void release(buffers m)
{
    float *all[] = {m.x, m.w, m.b, m.d, m.y, m.g, m.e};
    for (size_t i = 0; i < 7; i++) free(all[i]);
}

/* Partial sum j takes elements j, j + 16, …; rows count as continued with zeros. */
static float dot_product(size_t count, const float *x, const float *w)
{
    enum { LANES = 16 };
    float lane[LANES] = {0};
    for (size_t i = 0; i < (count + LANES - 1) / LANES * LANES; i++)
        lane[i % LANES] = fmaf(i < count ? x[i] : 0, i < count ? w[i] : 0, lane[i % LANES]);
    for (size_t half = LANES / 2; half; half /= 2)
        for (size_t j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

static void reference(shape s, const buffers *m)
{
    for (size_t r = 0; r < s.rows; r++)
        for (size_t o = 0; o < s.out; o++)
            m->y[r * s.out + o] = m->b[o] + dot_product(s.in, m->x + r * s.in, m->w + o * s.in);
    for (size_t o = 0; o < s.out; o++)
        for (size_t i = 0; i < s.in; i++)
            for (size_t r = 0; r < s.rows; r++)
                m->g[o * s.in + i] =
                    fmaf(m->x[r * s.in + i], m->d[r * s.out + o], m->g[o * s.in + i]);
    for (size_t r = 0; r < s.rows; r++)
        for (size_t i = 0; i < s.in; i++) {
            float sum = 0;
            for (size_t o = 0; o < s.out; o++)
                sum = fmaf(m->d[r * s.out + o], m->w[o * s.in + i], sum);
            m->e[r * s.in + i] = sum;
        }
}

static void test_products(void **state)
{
    (void)state;
    size_t tested = 0;
    for (size_t isa = 0; isa < ISAS; isa++) {
        if (!choose(isas[isa])) continue;
        tested++;
        for (size_t n = 0; n < sizeof shapes / sizeof shapes[0]; n++) {
            const shape s = shapes[n];
            buffers wanted = make(s), got = make(s);
            reference(s, &wanted);
            call_host call;
            call_host_init(&call, FLOAT32, 0);
            const slope_kernels *k = call.host.kernels;
            threads_set(n % 2 ? 3 : 1);
            k->affine(&call.host, s.rows, s.in, s.out, got.x, s.in, got.w, s.in, got.b,
                      SLOPE_IDENTITY, got.y, s.out);
            k->affine_weights(&call.host, s.rows, s.in, s.out, got.x, s.in, got.d, s.out, got.g,
                              s.in);
            k->affine_input(&call.host, s.rows, s.in, s.out, got.d, s.out, got.w, s.in,
                            SLOPE_IDENTITY, NULL, 0, got.e, s.in);
            assert_memory_equal(got.y, wanted.y, s.rows * s.out * 4);
            assert_memory_equal(got.g, wanted.g, s.in * s.out * 4);
            assert_memory_equal(got.e, wanted.e, s.rows * s.in * 4);
            release(wanted);
            release(got);
        }
    }
    threads_set(1);
    assert_true(tested >= 1);
}

/* e times the derivative that belongs to the value a of an activation. */
static float times_derivative(slope_activation activation, float a, float e)
{
    switch (activation) {
    case SLOPE_RELU:
        return a > 0 ? e : 0;
    case SLOPE_TANH:
        return e * (1 - a * a);
    case SLOPE_SIGMOID:
        return e * (a * (1 - a));
    default:
        return e;
    }
}

/* Once for each input, however its sum is cut. Any number will do for a value: x is taken. */
static void test_derivatives_of_inputs(void **state)
{
    (void)state;
    static const slope_activation activations[] = {SLOPE_RELU, SLOPE_TANH, SLOPE_SIGMOID};
    for (size_t n = 0; n < 3 * sizeof shapes / sizeof shapes[0]; n++) {
        const shape s = shapes[n / 3];
        const slope_activation activation = activations[n % 3];
        buffers wanted = make(s), got = make(s);
        reference(s, &wanted);
        for (size_t i = 0; i < s.rows * s.in; i++)
            wanted.e[i] = times_derivative(activation, wanted.x[i], wanted.e[i]);
        for (size_t isa = 0; isa < ISAS; isa++) {
            if (!choose(isas[isa])) continue;
            call_host call;
            call_host_init(&call, FLOAT32, 0);
            threads_set((int)(n % 2) + 1);
            call.host.kernels->affine_input(&call.host, s.rows, s.in, s.out, got.d, s.out, got.w,
                                            s.in, activation, got.x, s.in, got.e, s.in);
            assert_memory_equal(got.e, wanted.e, s.rows * s.in * 4);
        }
        release(wanted);
        release(got);
    }
    threads_set(1);
}

/* Products with double, on a few shapes: the source is the same, the vectors are half as long. */
static void test_products_in_float64(void **state)
{
    (void)state;
    enum { ROWS = 37, IN = 301, OUT = 29 };
    double *x = allocate(ROWS * IN, 8), *w = allocate(IN * OUT, 8), *y = allocate(ROWS * OUT, 8);
    random_normal((random_key){1, SLOPE_FOR_NOISE, 1}, 0, ROWS * IN, x);
    random_normal((random_key){1, SLOPE_FOR_NOISE, 2}, 0, IN * OUT, w);
    for (size_t isa = 0; isa < ISAS; isa++) {
        if (!choose(isas[isa])) continue;
        call_host call;
        call_host_init(&call, FLOAT64, 0);
        call.host.kernels->affine(&call.host, ROWS, IN, OUT, x, IN, w, IN, NULL, SLOPE_IDENTITY, y,
                                  OUT);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t o = 0; o < OUT; o++) {
                double lane[8] = {0};
                for (size_t i = 0; i < IN; i++)
                    lane[i % 8] = fma(x[r * IN + i], w[o * IN + i], lane[i % 8]);
                for (size_t half = 4; half; half /= 2)
                    for (size_t j = 0; j < half; j++) lane[j] += lane[j + half];
                assert_memory_equal(&y[r * OUT + o], &lane[0], 8);
            }
    }
    free(x);
    free(w);
    free(y);
}

static void test_pack(void **state)
{
    (void)state;
    const unsigned char raw[] = {0, 128, 255, 10, 20, 30};
    const float shift[] = {1, 2, 3}, factor[] = {0.5f, 0.25f, 2};
    const uint32_t index[] = {1, 0, 1};
    for (size_t isa = 0; isa < ISAS; isa++) {
        if (!choose(isas[isa])) continue;
        float out[9];
        kernels_for_bits(32)->pack(&(pack_call){.element = SLOPE_UINT8,
                                                .features = raw,
                                                .columns = 3,
                                                .index = index,
                                                .rows = 3,
                                                .shift = shift,
                                                .factor = factor,
                                                .out = out,
                                                .ld = 3});
        const float wanted[] = {4.5f, 4.5f, 54, -0.5f, 31.5f, 504, 4.5f, 4.5f, 54};
        assert_memory_equal(out, wanted, sizeof wanted);
        kernels_for_bits(32)->pack(&(pack_call){.element = SLOPE_UINT8,
                                                .features = raw,
                                                .columns = 3,
                                                .first = 1,
                                                .rows = 1,
                                                .out = out,
                                                .ld = 3});
        const float plain[] = {10, 20, 30};
        assert_memory_equal(out, plain, sizeof plain);
    }
}

static void test_sums_and_argmax(void **state)
{
    (void)state;
    enum { N = 1003 };
    float *x = allocate(N, 4);
    fill(x, N, 9);
    double lanes[8] = {0}, sizes[8] = {0};
    for (size_t i = 0; i < N; i++) {
        lanes[i % 8] = fma((double)x[i], (double)x[i], lanes[i % 8]);
        sizes[i % 8] += fabs((double)x[i]);
    }
    const double squares = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
                           ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    const double absolute = ((sizes[0] + sizes[4]) + (sizes[2] + sizes[6])) +
                            ((sizes[1] + sizes[5]) + (sizes[3] + sizes[7]));
    const float scores[] = {1, 3, 3, (float)NAN, -1, -2, (float)NAN, (float)NAN, (float)NAN};
    for (size_t isa = 0; isa < ISAS; isa++) {
        if (!choose(isas[isa])) continue;
        const kernels *k = kernels_for_bits(32);
        const double got_squares = k->sum_squares(N, x), got_absolute = k->sum_absolute(N, x);
        assert_memory_equal(&got_squares, &squares, 8);
        assert_memory_equal(&got_absolute, &absolute, 8);
        int32_t best[3];
        k->argmax(3, 3, scores, best);
        assert_int_equal(best[0], 1);
        assert_int_equal(best[1], 1);
    }
    free(x);
}

/* Many rows, of which some scores are equal and some are no numbers, against one row after another.
 */
static void test_argmax_of_many_rows(void **state)
{
    (void)state;
    enum { ROWS = 37, MOST_OUTPUTS = 11 };
    float scores[ROWS * MOST_OUTPUTS];
    fill(scores, ROWS * MOST_OUTPUTS, 21);
    for (size_t i = 0; i < ROWS * MOST_OUTPUTS; i++) {
        scores[i] = roundf(2 * scores[i]);
        if (i % 7 == 3) scores[i] = (float)NAN;
    }
    for (size_t isa = 0; isa < ISAS; isa++)
        for (size_t outputs = 1; choose(isas[isa]) && outputs <= MOST_OUTPUTS; outputs++) {
            int32_t best[ROWS];
            kernels_for_bits(32)->argmax(ROWS, outputs, scores, best);
            for (size_t r = 0; r < ROWS; r++) {
                const float *s = scores + r * outputs;
                size_t first = outputs; /* of the greatest; no number is never it */
                for (size_t o = 0; o < outputs; o++)
                    if (!isnan(s[o]) && (first == outputs || s[o] > s[first])) first = o;
                if (first < outputs) assert_int_equal(best[r], first);
            }
        }
}

/* What plugins call: blocks of 65536, each in 8 lanes, added in order, whoever computes them. */
static void test_sums_of_many(void **state)
{
    (void)state;
    enum { N = 3 * SUM_BLOCK + 5 };
    double *x = allocate(N, 8), *y = allocate(N, 8), wanted[3] = {0};
    for (size_t i = 0; i < N; i++) {
        x[i] = sin((double)i);
        y[i] = cos(0.5 * (double)i);
    }
    for (size_t at = 0; at < N; at += SUM_BLOCK) {
        double lanes[3][8] = {{0}};
        for (size_t i = at; i < N && i < at + SUM_BLOCK; i++) {
            lanes[0][i % 8] = fma(x[i], x[i], lanes[0][i % 8]);
            lanes[1][i % 8] = fma(x[i], y[i], lanes[1][i % 8]);
            lanes[2][i % 8] += fabs(x[i]);
        }
        for (size_t s = 0; s < 3; s++) {
            const double *l = lanes[s];
            wanted[s] += ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
        }
    }
    for (size_t isa = 0; isa < 2 * ISAS; isa++) {
        if (!choose(isas[isa / 2])) continue;
        threads_set(isa % 2 ? 3 : 1);
        call_host call;
        call_host_init(&call, FLOAT64, 1);
        const slope_kernels *k = call.host.kernels;
        const double got[] = {k->sum_squares(&call.host, N, x), k->dot(&call.host, N, x, y),
                              k->sum_absolute(&call.host, N, x)};
        assert_memory_equal(got, wanted, sizeof got);
        assert_true(k->dot(&call.host, 0, x, y) == 0);
    }
    free(x);
    free(y);
}

static void test_finish(void **state)
{
    (void)state;
    const float w[] = {2, -1, 0, 4};
    for (size_t isa = 0; isa < ISAS; isa++) {
        if (!choose(isas[isa])) continue;
        float g[] = {8, 8, 8, 8};
        kernels_for_bits(32)->finish(4, 0.25, 2 * 0.5, 0.125, w, g);
        const float wanted[] = {4.125f, 0.875f, 2, 6.125f};
        assert_memory_equal(g, wanted, sizeof wanted);
        float h[] = {-3, 0.5f, (float)INFINITY, 2};
        kernels_for_bits(32)->clamp(4, 1.5, h);
        const float clamped[] = {-1.5f, 0.5f, 1.5f, 1.5f};
        assert_memory_equal(h, clamped, sizeof clamped);
    }
}

static void test_unknown_instruction_set(void **state)
{
    (void)state;
    failure why;
    setenv("SLOPE_ISA", "mmx", 1);
    assert_false(kernels_select(&why));
    assert_int_equal(why.status, STATUS_CONFIG);
    assert_non_null(strstr(why.text, "mmx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_derivatives_of_inputs),
        cmocka_unit_test(test_products_in_float64),
        cmocka_unit_test(test_pack),
        cmocka_unit_test(test_sums_and_argmax),
        cmocka_unit_test(test_argmax_of_many_rows),
        cmocka_unit_test(test_sums_of_many),
        cmocka_unit_test(test_finish),
        cmocka_unit_test(test_unknown_instruction_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
