/* The products at their edges: no rows, features or outputs; rows around the ends of vectors and of
 * blocks, and very long ones; and what is no ordinary number (nan, infinities, -0, subnormals), to
 * the bit as slope/kernels.h defines it, on every instruction set that this processor has. */
#include "matrices.h"

/* ---- nothing to do --------------------------------------------------------------------------- */

/* y is 7 everywhere, w and x are not there. */
static void no_features(const slope_host *host, precision p)
{
    static const slope_activation each[] = {SLOPE_IDENTITY, SLOPE_RELU, SLOPE_TANH, SLOPE_SIGMOID};
    static const double of_minus_2[] = {-2, 0, -0.9640275800758169, 0.11920292202211755};
    static const double of_0[] = {0, 0, 0, 0.5};
    matrix x = matrix_make(p, 7, 0), w = matrix_make(p, 9, 0), b = matrix_make(p, 1, 9);
    matrix y = matrix_make(p, 7, 9);
    for (size_t o = 0; o < 9; o++) put(&b, 0, o, -2);
    for (size_t way = 0; way < 8; way++) {
        for (size_t i = 0; i < 7 * 9; i++) put(&y, i / 9, i % 9, 7);
        host->kernels->affine(host, 7, 0, 9, x.at, x.ld, w.at, w.ld, way / 4 ? b.at : NULL,
                              each[way % 4], y.at, y.ld);
        const double wanted = (way / 4 ? of_minus_2 : of_0)[way % 4];
        for (size_t i = 0; i < 7 * 9; i++)
            assert_true(fabs(get(&y, i / 9, i % 9) - wanted) <= 1e-7);
        check_gaps(&y);
    }
    matrix *all[] = {&x, &w, &b, &y};
    for (size_t i = 0; i < 4; i++) free(all[i]->at);
}

/* No rows: gradients stay as they are, even -0 and nan; `separate` adds 0 to them. */
static void no_rows(const slope_host *host, precision p)
{
    const slope_kernels *k = host->kernels;
    const double before[] = {-0.0, NAN, 5};
    matrix none = matrix_make(p, 0, 3), g = matrix_make(p, 3, 3), h = matrix_make(p, 1, 3);
    const real *const d[] = {none.at};
    real *const to[] = {g.at}, *const bias[] = {h.at};
    for (size_t o = 0; o < 3; o++) {
        put(&h, 0, o, before[o]);
        for (size_t i = 0; i < 3; i++) put(&g, o, i, before[i]);
    }
    k->affine(host, 0, 3, 3, none.at, none.ld, g.at, g.ld, NULL, SLOPE_TANH, none.at, none.ld);
    k->affine_input(host, 0, 3, 3, none.at, none.ld, g.at, g.ld, SLOPE_RELU, none.at, none.ld,
                    none.at, none.ld);
    for (int separate = 0; separate < 2; separate++) {
        if (separate) {
            k->affine_weights_many(host, 1, 0, 3, 3, none.at, none.ld, d, none.ld, to, g.ld, true);
            k->affine_bias_many(host, 1, 0, 3, d, none.ld, bias, true);
        } else {
            k->affine_weights(host, 0, 3, 3, none.at, none.ld, none.at, none.ld, g.at, g.ld);
            k->affine_bias(host, 0, 3, none.at, none.ld, h.at);
        }
        for (size_t i = 0; i < 9; i++) {
            const double wanted = separate ? before[i % 3] + 0.0 : before[i % 3];
            assert_true(same(get(&g, i / 3, i % 3), wanted));
            assert_true(same(get(&h, 0, i % 3), wanted));
        }
    }
    check_gaps(&g);
    free(none.at);
    free(g.at);
    free(h.at);
}

/* No outputs, or no layers at all: the gradient of the input is 0, everything else stays. */
static void no_outputs(const slope_host *host, precision p)
{
    const slope_kernels *k = host->kernels;
    matrix x = matrix_make(p, 5, 4), none = matrix_make(p, 5, 0), e = matrix_make(p, 5, 4);
    matrix y = matrix_make(p, 5, 4);
    for (size_t i = 0; i < 20; i++) {
        put(&e, i / 4, i % 4, 7);
        put(&y, i / 4, i % 4, 7);
    }
    k->affine(host, 5, 4, 0, x.at, x.ld, none.at, x.ld, none.at, SLOPE_RELU, none.at, none.ld);
    k->affine_weights(host, 5, 4, 0, x.at, x.ld, none.at, none.ld, none.at, x.ld);
    k->affine_bias(host, 5, 0, none.at, none.ld, none.at);
    k->affine_input(host, 5, 4, 0, none.at, none.ld, none.at, x.ld, SLOPE_IDENTITY, NULL, 0, e.at,
                    e.ld);
    k->affine_many(host, 0, 5, 4, 4, x.at, x.ld, NULL, x.ld, NULL, SLOPE_RELU, NULL, y.ld);
    k->affine_weights_many(host, 0, 5, 4, 4, x.at, x.ld, NULL, y.ld, NULL, x.ld, true);
    k->affine_bias_many(host, 0, 5, 4, NULL, y.ld, NULL, true);
    k->affine_weights(host, 5, 0, 4, none.at, none.ld, y.at, y.ld, none.at, none.ld);
    k->affine_input(host, 5, 0, 4, y.at, y.ld, none.at, none.ld, SLOPE_TANH, none.at, none.ld,
                    none.at, none.ld);
    for (size_t i = 0; i < 20; i++) {
        assert_true(same(get(&e, i / 4, i % 4), 0));
        assert_true(get(&y, i / 4, i % 4) == 7);
    }
    for (size_t r = 0; r < 5; r++)
        for (size_t c = 0; c < GAP; c++) assert_true(isnan(get(&none, r, c)));
    check_gaps(&e);
    matrix *all[] = {&x, &none, &e, &y};
    for (size_t i = 0; i < 4; i++) free(all[i]->at);
}

static void test_nothing(void **state)
{
    (void)state;
    everywhere(no_features);
    everywhere(no_rows);
    everywhere(no_outputs);
}

/* ---- numbers of all kinds -------------------------------------------------------------------- */

/* Mostly ordinary ones, with `kinds` of the others. Deterministic, another for each `stream`. */
enum { NUMBERS = 1, ZEROS = 2, TINY = 4, INFINITE = 8, NOT = 16 };
static void fill(const matrix *m, unsigned kinds, uint64_t stream)
{
    const double least = m->p == FLOAT64 ? 0x1p-1074 : 0x1p-149;
    const double most = m->p == FLOAT64 ? DBL_MAX : (double)FLT_MAX;
    uint64_t s = stream * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < m->rows * m->columns; i++) {
        s = s * 6364136223846793005u + 1442695040888963407u;
        const double sign = s >> 40 & 1 ? -1 : 1, fraction = (double)(s >> 41) * 0x1p-23;
        const unsigned dice = (unsigned)(s >> 33) % 64;
        double value = sign * ldexp(fraction, (int)(s >> 34 & 31) - 16);
        if (kinds & ZEROS && dice % 4 == 0) value = sign * 0.0;
        if (kinds & TINY && dice % 4 == 1) value = sign * least * (double)(s >> 50);
        if (kinds & INFINITE && dice == 2) value = sign * (s >> 60 & 1 ? (double)INFINITY : most);
        if (kinds & NOT && dice == 6) value = (double)NAN;
        put(m, i / m->columns, i % m->columns, value);
    }
}

static void check_affine(const slope_host *host, const matrix *x, const matrix *w, const matrix *b,
                         bool with_bias, slope_activation activation)
{
    const precision p = x->p;
    matrix y = matrix_make(p, x->rows, w->rows);
    host->kernels->affine(host, x->rows, x->columns, w->rows, x->at, x->ld, w->at, w->ld,
                          with_bias ? b->at : NULL, activation, y.at, y.ld);
    for (size_t r = 0; r < y.rows; r++)
        for (size_t o = 0; o < y.columns; o++) {
            double wanted = dot_of_rows(x, r, w, o);
            if (with_bias) wanted = add_in(p, get(b, 0, o), wanted);
            if (activation == SLOPE_RELU && wanted < 0) wanted = 0;
            if (!same(get(&y, r, o), wanted))
                fail_msg("row %zu output %zu of %zu × %zu × %zu: %a instead of %a", r, o, x->rows,
                         x->columns, w->rows, get(&y, r, o), wanted);
        }
    check_gaps(&y);
    free(y.at);
}

static void check_gradients(const slope_host *host, const matrix *x, const matrix *w,
                            const matrix *d)
{
    const precision p = x->p;
    const size_t rows = x->rows, in = x->columns, out = w->rows;
    matrix g = matrix_make(p, out, in), e = matrix_make(p, rows, in);
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++) put(&g, o, i, get(w, o, i));
    host->kernels->affine_weights(host, rows, in, out, x->at, x->ld, d->at, d->ld, g.at, g.ld);
    host->kernels->affine_input(host, rows, in, out, d->at, d->ld, w->at, w->ld, SLOPE_RELU, x->at,
                                x->ld, e.at, e.ld);
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++) {
            double sum = get(w, o, i);
            for (size_t r = 0; r < rows; r++) sum = fma_in(p, get(d, r, o), get(x, r, i), sum);
            assert_true(same(get(&g, o, i), sum));
        }
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < in; i++) {
            double sum = 0;
            for (size_t o = 0; o < out; o++) sum = fma_in(p, get(d, r, o), get(w, o, i), sum);
            assert_true(same(get(&e, r, i), get(x, r, i) > 0 ? sum : 0));
        }
    check_gaps(&g);
    check_gaps(&e);
    free(g.at);
    free(e.at);
}

typedef struct shape {
    size_t rows, in, out;
} shape;

static void one_shape(const slope_host *host, precision p, shape s, unsigned kinds)
{
    matrix x = matrix_make(p, s.rows, s.in), w = matrix_make(p, s.out, s.in);
    matrix d = matrix_make(p, s.rows, s.out), b = matrix_make(p, 1, s.out);
    fill(&x, kinds, s.in + 1);
    fill(&w, kinds, s.in + 2);
    fill(&d, kinds, s.in + 3);
    fill(&b, kinds, s.in + 4);
    threads_set(s.in % 2 ? 3 : 1);
    check_affine(host, &x, &w, &b, false, SLOPE_IDENTITY);
    check_affine(host, &x, &w, &b, true, SLOPE_RELU);
    check_gradients(host, &x, &w, &d);
    free(x.at);
    free(w.at);
    free(d.at);
    free(b.at);
}

/* Around one and two times the partial sums, and one and two blocks of features of either
 * precision. Zeros alone have signs as only result. */
static void of_all_kinds(const slope_host *host, precision p)
{
    static const size_t around[] = {8, 16, 32, 416, 832, 1664};
    static const unsigned kinds[] = {ZEROS, ZEROS | TINY, ZEROS | TINY | INFINITE,
                                     ZEROS | INFINITE | NOT};
    for (size_t n = 0; n < sizeof around / sizeof *around; n++)
        for (size_t in = around[n] - 1; in <= around[n] + 1; in++) {
            const unsigned kind = kinds[(in + n) % 4];
            one_shape(host, p, (shape){1, in, 1}, kind);
            one_shape(host, p, (shape){7, in, 11}, kind);
        }
    for (size_t in = 1; in <= 7; in++)
        for (size_t i = 0; i < 4; i++) one_shape(host, p, (shape){in + 3, in, 6}, kinds[i]);
}

static void of_great_length(const slope_host *host, precision p)
{
    one_shape(host, p, (shape){1, 100003, 1}, NUMBERS);
    one_shape(host, p, (shape){3, 70000, 7}, ZEROS | TINY);
    one_shape(host, p, (shape){131, 833, 2}, NUMBERS); /* a block of rows and one more */
    one_shape(host, p, (shape){2, 17, 600}, NUMBERS);
}

static void test_kinds_of_numbers(void **state)
{
    (void)state;
    everywhere(of_all_kinds);
}

static void test_long_rows(void **state)
{
    (void)state;
    everywhere(of_great_length);
}

/* What lies behind a row, and in other rows, never reaches a result: the zeros that continue a row
 * are not read from memory, and an infinity times such a zero is not taken. */
static void infinities_at_the_end(const slope_host *host, precision p)
{
    for (size_t in = 1; in <= 33; in++) {
        matrix x = matrix_make(p, 2, in), w = matrix_make(p, 3, in), y = matrix_make(p, 2, 3);
        for (size_t i = 0; i < in; i++) {
            put(&x, 0, i, 1);
            put(&x, 1, i, i + 1 < in ? 1 : (double)INFINITY);
            for (size_t o = 0; o < 3; o++) put(&w, o, i, (double)o - 1);
        }
        host->kernels->affine(host, 2, in, 3, x.at, x.ld, w.at, w.ld, NULL, SLOPE_IDENTITY, y.at,
                              y.ld);
        assert_true(get(&y, 0, 0) == -(double)in && get(&y, 0, 2) == (double)in);
        assert_true(same(get(&y, 0, 1), 0));
        assert_true(same(get(&y, 1, 0), -(double)INFINITY) && isnan(get(&y, 1, 1)));
        assert_true(same(get(&y, 1, 2), (double)INFINITY));
        free(x.at);
        free(w.at);
        free(y.at);
    }
}

/* Products too small for any number leave -0, which neither a bias that is not there nor relu takes
 * for 0. Zeros that continue a row do. */
static void minus_nothing(const slope_host *host, precision p)
{
    const size_t lanes = lanes_of(p);
    for (size_t in = lanes; in <= 3 * lanes; in += lanes / 2) {
        matrix x = matrix_make(p, 2, in), w = matrix_make(p, 3, in), b = matrix_make(p, 1, 3);
        for (size_t i = 0; i < in; i++) {
            for (size_t r = 0; r < 2; r++) put(&x, r, i, ldexp(1, p == FLOAT64 ? -1000 : -100));
            for (size_t o = 0; o < 3; o++) put(&w, o, i, -0x1p-100);
        }
        put(&b, 0, 1, -0.0);
        const double wanted = in % lanes ? 0.0 : -0.0;
        assert_true(same(dot_of_rows(&x, 1, &w, 2), wanted));
        check_affine(host, &x, &w, &b, false, SLOPE_IDENTITY);
        check_affine(host, &x, &w, &b, false, SLOPE_RELU);
        check_affine(host, &x, &w, &b, true, SLOPE_RELU);
        free(x.at);
        free(w.at);
        free(b.at);
    }
}

static void test_ends_of_rows(void **state)
{
    (void)state;
    everywhere(infinities_at_the_end);
    everywhere(minus_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_kinds_of_numbers),
        cmocka_unit_test(test_long_rows),
        cmocka_unit_test(test_ends_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
