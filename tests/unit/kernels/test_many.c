/* The products for several layers at once, affine_many and its two gradients: the bits of the plain
 * calls, one after another, for every instruction set that this processor has, both precisions, and
 * numbers of pieces and columns round the widths of vectors and panels. */
#include "kernels/kernels.h"

#include "host/services.h"
#include "host/team.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const isas[] = {"baseline", "avx2", "avx512", "vnni", "amx"};
enum { ISAS = sizeof isas / sizeof isas[0], MOST = 9, GAP = 3 /* behind every row */ };

typedef struct shape {
    size_t rows, in, out;
} shape;

static const shape shapes[] = {{1, 1, 1},    {3, 5, 10},   {16, 7, 16},   {9, 300, 10},
                               {33, 15, 5},  {64, 11, 48}, {65, 1, 49},   {9, 513, 7},
                               {5, 34, 100}, {260, 9, 33}, {2, 2, 1},     {40, 70, 10},
                               {33, 37, 5},  {32, 64, 12}, {300, 33, 14}, {70, 1000, 3}};

/* Matrices of one precision; all kept as bytes, since the precision is known at run time only. */
typedef struct set {
    size_t real_size;
    shape s;
    void *x, *w[MOST], *b[MOST], *d[MOST], *y[MOST], *g[MOST], *h[MOST]; /* h: of the biases */
} set;

/* Numbers of very different size: a change of order shows. */
static void *numbers(size_t count, size_t real_size, uint64_t stream)
{
    void *out = allocate(count, real_size);
    uint64_t state = stream * 2654435761u + 12345;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const double fraction = (double)(int32_t)(state >> 32) * 0x1p-31;
        const double value = ldexp(fraction, (int)(state >> 27 & 31) - 16);
        if (real_size == 8)
            ((double *)out)[i] = value;
        else
            ((float *)out)[i] = (float)value;
    }
    return out;
}

static set make(shape s, size_t real_size)
{
    set m = {.real_size = real_size, .s = s, .x = numbers(s.rows * (s.in + GAP), real_size, 0)};
    for (size_t i = 0; i < MOST; i++) {
        m.w[i] = numbers(s.out * (s.in + GAP), real_size, 10 + i);
        m.b[i] = numbers(s.out, real_size, 20 + i);
        m.d[i] = numbers(s.rows * (s.out + GAP), real_size, 30 + i);
        m.y[i] = numbers(s.rows * (s.out + GAP), real_size, 40 + i);
        m.g[i] = numbers(s.out * (s.in + GAP), real_size, 50 + i);
        m.h[i] = numbers(s.out, real_size, 60 + i);
    }
    return m;
}

static void release(set *m)
{
    free(m->x);
    for (size_t i = 0; i < MOST; i++) {
        free(m->w[i]);
        free(m->b[i]);
        free(m->d[i]);
        free(m->y[i]);
        free(m->g[i]);
        free(m->h[i]);
    }
}

static void assert_same(const set *got, const set *wanted, size_t count)
{
    const shape s = got->s;
    for (size_t i = 0; i < count; i++) { /* with the gaps, which belong to nobody */
        assert_memory_equal(got->y[i], wanted->y[i], s.rows * (s.out + GAP) * got->real_size);
        assert_memory_equal(got->g[i], wanted->g[i], s.out * (s.in + GAP) * got->real_size);
        assert_memory_equal(got->h[i], wanted->h[i], s.out * got->real_size);
    }
}

/* to += from */
static void add(size_t count, size_t real_size, const void *from, void *to)
{
    for (size_t i = 0; i < count; i++) {
        if (real_size == 8)
            ((double *)to)[i] += ((const double *)from)[i];
        else
            ((float *)to)[i] += ((const float *)from)[i];
    }
}

/* What the plain functions give; with `separate` the sum goes into zeros, and is added then. */
static void one_by_one(const slope_host *host, const set *m, size_t count, bool bias,
                       slope_activation activation, bool separate)
{
    const shape s = m->s;
    const size_t ld = s.out + GAP, ldx = s.in + GAP, size = m->real_size;
    for (size_t i = 0; i < count; i++) {
        void *g = separate ? allocate(s.out * ldx, size) : m->g[i];
        void *h = separate ? allocate(s.out, size) : m->h[i];
        host->kernels->affine(host, s.rows, s.in, s.out, m->x, ldx, m->w[i], ldx,
                              bias ? m->b[i] : NULL, activation, m->y[i], ld);
        host->kernels->affine_weights(host, s.rows, s.in, s.out, m->x, ldx, m->d[i], ld, g, ldx);
        host->kernels->affine_bias(host, s.rows, s.out, m->d[i], ld, h);
        if (!separate) continue;
        for (size_t o = 0; o < s.out; o++)
            add(s.in, size, (char *)g + o * ldx * size, (char *)m->g[i] + o * ldx * size);
        add(s.out, size, h, m->h[i]);
        free(g);
        free(h);
    }
}

static void side_by_side(const slope_host *host, const set *m, size_t count, bool bias,
                         slope_activation activation, bool separate)
{
    const shape s = m->s;
    const size_t ld = s.out + GAP, ldx = s.in + GAP;
    const slope_kernels *k = host->kernels;
    const void *w[MOST], *b[MOST], *d[MOST];
    void *y[MOST], *g[MOST], *h[MOST];
    for (size_t i = 0; i < count; i++) {
        w[i] = m->w[i];
        b[i] = m->b[i];
        d[i] = m->d[i];
        y[i] = m->y[i];
        g[i] = m->g[i];
        h[i] = m->h[i];
    }
    k->affine_many(host, count, s.rows, s.in, s.out, m->x, ldx, (const real *const *)w, ldx,
                   bias ? (const real *const *)b : NULL, activation, (real *const *)y, ld);
    k->affine_weights_many(host, count, s.rows, s.in, s.out, m->x, ldx, (const real *const *)d, ld,
                           (real *const *)g, ldx, separate);
    k->affine_bias_many(host, count, s.rows, s.out, (const real *const *)d, ld, (real *const *)h,
                        separate);
}

static void test_shape(precision p, shape s, size_t count)
{
    static const slope_activation activations[] = {SLOPE_IDENTITY, SLOPE_RELU, SLOPE_TANH,
                                                   SLOPE_SIGMOID};
    for (size_t way = 0; way < 4; way++) {
        set wanted = make(s, p == FLOAT64 ? 8 : 4), got = make(s, p == FLOAT64 ? 8 : 4);
        call_host call;
        call_host_init(&call, p, 0);
        one_by_one(&call.host, &wanted, count, way % 2, activations[way], way / 2);
        side_by_side(&call.host, &got, count, way % 2, activations[way], way / 2);
        assert_same(&got, &wanted, count);
        release(&wanted);
        release(&got);
    }
}

static size_t test_isa(const char *isa)
{
    failure why;
    setenv("SLOPE_ISA", isa, 1);
    if (!kernels_select(&why)) return 0;
    for (size_t n = 0; n < sizeof shapes / sizeof shapes[0]; n++)
        for (size_t count = 1; count <= MOST; count += shapes[n].in < 30 ? 1 : 4) {
            threads_set(count % 2 ? 1 : 3);
            test_shape(FLOAT32, shapes[n], count);
            test_shape(FLOAT64, shapes[n], count);
        }
    threads_set(1);
    return 1;
}

static void test_bits(void **state)
{
    (void)state;
    size_t tested = 0;
    for (size_t isa = 0; isa < ISAS; isa++) tested += test_isa(isas[isa]);
    assert_true(tested >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
