/* Sums and greatest numbers of rows: against their definition in slope/kernels.h, element by
 * element, for every instruction set of this processor and both precisions; what is no number,
 * infinite or -0; and that nothing is read or written beyond the rows. */
#include "matrices.h"

enum { MOST_ROWS = 65 };

static double join(bool greatest, precision p, double element, double before)
{
    return !greatest ? add_in(p, element, before) : element > before ? element : before;
}

static double by_definition(bool greatest, const matrix *x, size_t row)
{
    const size_t n = lanes_of(x->p);
    double part[MOST_LANES];
    for (size_t j = 0; j < n; j++) part[j] = greatest ? -(double)INFINITY : 0;
    for (size_t c = 0; c < x->columns; c++)
        part[c % n] = join(greatest, x->p, get(x, row, c), part[c % n]);
    for (size_t m = n / 2; m; m /= 2)
        for (size_t j = 0; j < m; j++) part[j] = join(greatest, x->p, part[j + m], part[j]);
    return part[0] + 0;
}

/* The rows without gaps, in memory that ends with them: a sanitizer sees who reads on. */
static void *close_up(const matrix *x)
{
    const size_t size = x->p == FLOAT64 ? 8 : 4, bytes = x->columns * size;
    char *at = malloc(x->rows * bytes + 1);
    assert_non_null(at);
    for (size_t r = 0; r < x->rows; r++)
        memcpy(at + r * bytes, (const char *)x->at + r * x->ld * size, bytes);
    return at;
}

static void check(const slope_host *host, const matrix *x)
{
    void *rows = close_up(x);
    for (int greatest = 0; greatest < 2; greatest++) {
        matrix y = matrix_make(x->p, 1, x->rows);
        (greatest ? host->kernels->max_rows : host->kernels->sum_rows)(x->rows, x->columns, rows,
                                                                       y.at);
        for (size_t r = 0; r < x->rows; r++)
            assert_true(same(get(&y, 0, r), by_definition(greatest, x, r)));
        check_gaps(&y);
        free(y.at);
    }
    free(rows);
}

static double number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int32_t)(*state >> 32) * 0x1p-31;
}

static void check_shapes(const slope_host *host, precision p)
{
    static const size_t columns[] = {0, 1, 2, 7, 8, 9, 10, 15, 16, 17, 31, 33, 100};
    static const size_t rows[] = {0, 1, 3, 8, 15, 16, 17, 64, MOST_ROWS};
    uint64_t state = 3;
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
            matrix x = matrix_make(p, rows[r], columns[c]);
            for (size_t i = 0; i < x.rows; i++)
                for (size_t j = 0; j < x.columns; j++)
                    put(&x, i, j, number(&state) * exp2(20 * number(&state)));
            check(host, &x);
            free(x.at);
        }
}

/* In each of the first rows all numbers are the same. */
static void check_extremes(const slope_host *host, precision p)
{
    const double inf = (double)INFINITY;
    const double extremes[] = {-0.0, 0.0, -inf, inf, (double)NAN, -1, 0x1p-140, 1e30, -1e30, 3};
    enum { EXTREMES = sizeof extremes / sizeof *extremes };
    uint64_t state = 5;
    for (size_t columns = 1; columns < 20; columns++) {
        matrix x = matrix_make(p, MOST_ROWS, columns);
        for (size_t r = 0; r < x.rows; r++)
            for (size_t c = 0; c < columns; c++) {
                const size_t any = (size_t)(fabs(number(&state)) * EXTREMES) % EXTREMES;
                put(&x, r, c, extremes[r < EXTREMES ? r : any]);
            }
        check(host, &x);
        free(x.at);
    }
}

static void test_definition(void **state)
{
    (void)state;
    everywhere(check_shapes);
}

static void test_extremes(void **state)
{
    (void)state;
    everywhere(check_extremes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_definition),
                                       cmocka_unit_test(test_extremes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
