/* How exact the products are: against sums in long double, with errors no greater than their order
 * of accumulation allows. Adversarial: great terms that cancel in one partial sum, in neighbouring
 * ones, from block to block, with the bias; and dust beside one great term, of which a single chain
 * would lose sixteen times as much.
 *
 * A term of a sum goes through so many roundings, each of which moves the sum by at most half a
 * unit of the sizes of all terms: hence the bounds. Bits are tested in test_core.c and
 * test_edges.c. */
#include "matrices.h"

typedef enum pattern { PLAIN, IN_LANE, NEIGHBOURS, HALVES, DUST, PATTERNS } pattern;

enum { ROWS = 3, OUT = 4 };

/* Numbers of [-1, 1) with sizes over 2^40. */
static double number(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    const double fraction = (double)(int32_t)(*s >> 32) * 0x1p-31;
    return ldexp(fraction, (int)(*s >> 27 & 31) % 20 * 2 - 20);
}

/* The same partner in all rows, so that terms cancel with any row of the other matrix. */
static void fill(const matrix *m, pattern how, size_t distance, uint64_t seed)
{
    const double half_unit = m->p == FLOAT64 ? 0x1p-53 : 0x1p-24;
    uint64_t s = seed * 2654435761u + 99;
    for (size_t r = 0; r < m->rows; r++)
        for (size_t i = 0; i < m->columns; i++) {
            double value = number(&s);
            if (how == DUST)
                value = i ? half_unit * 0.75 : 1;
            else if (how != PLAIN && i >= distance && i / distance % 2)
                value = -get(m, r, i - distance) * (1 + 8 * half_unit * (double)(i % 3));
            put(m, r, i, value);
        }
}

typedef struct exact {
    long double sum, size; /* of all terms, and of what they are without signs */
} exact;

static void add_term(exact *e, double a, double b)
{
    e->sum += (long double)a * b;
    e->size += fabsl((long double)a * b);
}

static void assert_near(double got, const exact *e, size_t roundings, precision p)
{
    const long double unit = p == FLOAT64 ? 0x1p-53L : 0x1p-24L;
    const long double bound = (long double)roundings * unit * e->size * 1.001L;
    if (!(fabsl((long double)got - e->sum) <= bound))
        fail_msg("%a instead of %La: error %Lg, at most %Lg (%zu roundings)", got, e->sum,
                 (long double)got - e->sum, bound, roundings);
}

/* Scores, with a bias that takes nearly all away again, and without. */
static void check_scores(const slope_host *host, const matrix *x, const matrix *w)
{
    const precision p = x->p;
    const size_t in = x->columns, lanes = lanes_of(p);
    size_t roundings = (in + lanes - 1) / lanes;       /* of a term, in its partial sum; */
    for (size_t n = lanes; n > 1; n /= 2) roundings++; /* and when these are folded */
    matrix y = matrix_make(p, ROWS, OUT), b = matrix_make(p, 1, OUT);
    for (int bias = 0; bias < 2; bias++) {
        host->kernels->affine(host, ROWS, in, OUT, x->at, x->ld, w->at, w->ld, bias ? b.at : NULL,
                              SLOPE_IDENTITY, y.at, y.ld);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t o = 0; o < OUT; o++) {
                exact e = {0, 0};
                for (size_t i = 0; i < in; i++) add_term(&e, get(x, r, i), get(w, o, i));
                if (bias) add_term(&e, get(&b, 0, o), 1);
                assert_near(get(&y, r, o), &e, roundings + (size_t)bias, p);
                if (in == 1 && !bias) /* one feature: the product, rounded once */
                    assert_true(get(&y, r, o) == fma_in(p, get(x, r, 0), get(w, o, 0), 0));
            }
        for (size_t o = 0; o < OUT; o++) put(&b, 0, o, -get(&y, o % ROWS, o));
    }
    free(y.at);
    free(b.at);
}

/* The matrices are turned round: what was a row of `in` terms is a batch of so many rows. */
static void check_weights(const slope_host *host, const matrix *x, const matrix *d)
{
    const precision p = x->p;
    const size_t rows = x->columns;
    matrix tall = matrix_make(p, rows, ROWS), back = matrix_make(p, rows, OUT);
    matrix g = matrix_make(p, OUT, ROWS);
    for (size_t k = 0; k < rows; k++) {
        for (size_t r = 0; r < ROWS; r++) put(&tall, k, r, get(x, r, k));
        for (size_t o = 0; o < OUT; o++) put(&back, k, o, get(d, o, k));
    }
    const real *const from[] = {back.at};
    real *const to[] = {g.at};
    for (int separate = 0; separate < 2; separate++) {
        for (size_t i = 0; i < OUT * ROWS; i++) put(&g, i / ROWS, i % ROWS, -1000);
        host->kernels->affine_weights_many(host, 1, rows, ROWS, OUT, tall.at, tall.ld, from,
                                           back.ld, to, g.ld, separate);
        for (size_t o = 0; o < OUT; o++)
            for (size_t r = 0; r < ROWS; r++) {
                exact e = {0, 0};
                add_term(&e, -1000, 1);
                for (size_t k = 0; k < rows; k++) add_term(&e, get(x, r, k), get(d, o, k));
                assert_near(get(&g, o, r), &e, rows + (size_t)separate, p);
            }
    }
    free(tall.at);
    free(back.at);
    free(g.at);
}

/* What was a row of `in` terms is now the outputs, over which the gradient of the input sums. */
static void check_inputs(const slope_host *host, const matrix *d, const matrix *w)
{
    const precision p = d->p;
    const size_t out = d->columns;
    matrix turned = matrix_make(p, out, OUT), e = matrix_make(p, ROWS, OUT);
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < OUT; i++) put(&turned, o, i, get(w, i, o));
    host->kernels->affine_input(host, ROWS, OUT, out, d->at, d->ld, turned.at, turned.ld,
                                SLOPE_IDENTITY, NULL, 0, e.at, e.ld);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < OUT; i++) {
            exact sum = {0, 0};
            for (size_t o = 0; o < out; o++) add_term(&sum, get(d, r, o), get(w, i, o));
            assert_near(get(&e, r, i), &sum, out, p);
        }
    free(turned.at);
    free(e.at);
}

static void check(const slope_host *host, precision p)
{
    static const size_t lengths[] = {1,   2,   7,   8,   9,   15,  16,   17,   31,   100,
                                     415, 416, 417, 831, 832, 833, 1663, 1664, 1665, 20000};
    for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++)
        for (pattern how = PLAIN; how < PATTERNS; how++) {
            const size_t in = lengths[n];
            const size_t far[] = {1, lanes_of(p), 1, in / 2 ? in / 2 : 1, 1};
            matrix x = matrix_make(p, ROWS, in), w = matrix_make(p, OUT, in);
            fill(&x, how, far[how], n + 1);
            fill(&w, PLAIN, 1, n + 2);
            for (size_t i = 0; how != PLAIN && i < in * OUT; i++) { /* partners have one factor */
                const size_t o = i / in, at = i % in;
                const bool second = how != DUST && at >= far[how] && at / far[how] % 2;
                put(&w, o, at,
                    second        ? get(&w, o, at - far[how])
                    : how == DUST ? 1
                                  : get(&w, o, at));
            }
            threads_set(n % 2 ? 3 : 1);
            check_scores(host, &x, &w);
            check_weights(host, &x, &w);
            check_inputs(host, &x, &w);
            free(x.at);
            free(w.at);
        }
}

static void test_errors(void **state)
{
    (void)state;
    everywhere(check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
