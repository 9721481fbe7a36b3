/* Preparation: shift and factor of every column against closed forms and independent computations.
 */
#include "data_kit.h"

#include "host/services.h"

enum { ROWS = 1000, COLUMNS = 130 };

static double prepared(const dataset *data, size_t row, size_t column)
{
    const double raw = kit_feature(data->splits[SLOPE_TRAIN].table, row, column);
    return (raw - (data->shift ? data->shift[column] : 0)) *
           (data->factor ? data->factor[column] : 1);
}

/* Column c of row r is c + r·(c + 1): mean c + (n - 1)/2·(c + 1), deviation (c + 1)·sqrt((n² -
 * 1)/12), as for any arithmetic sequence. Column 0 is constant. */
static void write_sequences(kit *k)
{
    FILE *out = fopen(kit_path(k, "t.csv"), "w");
    assert_non_null(out);
    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < COLUMNS; c++) fprintf(out, "%d,", c == 0 ? 7 : c + r * (c + 1));
        fprintf(out, "%d\n", r % 2);
    }
    fclose(out);
}

static double sequence_mean(size_t c)
{
    return c == 0 ? 7 : (double)c + (ROWS - 1) / 2.0 * (double)(c + 1);
}

static double sequence_deviation(size_t c)
{
    return (double)(c + 1) * sqrt(((double)ROWS * ROWS - 1) / 12);
}

static void leaves_features_alone_by_default(void **state)
{
    kit *k = *state;
    write_sequences(k);
    dataset *data = kit_load(k, "{name: csv, file: t.csv}");
    assert_null(data->shift);
    assert_null(data->factor);
    dataset_destroy(data);
}

static void scales(void **state)
{
    kit *k = *state;
    write_sequences(k);
    dataset *data = kit_load(k, "{name: csv, file: t.csv, scale: 0.25}");
    assert_null(data->shift);
    for (size_t c = 0; c < COLUMNS; c++) assert_number(data->factor[c], 0.25);
    dataset_destroy(data);
}

static void subtracts_the_mean_then_scales(void **state)
{
    kit *k = *state;
    write_sequences(k);
    dataset *data = kit_load(k, "{name: csv, file: t.csv, scale: 0.5, subtract_mean: true}");
    for (size_t c = 0; c < COLUMNS; c++) {
        assert_number(data->shift[c], sequence_mean(c));
        assert_number(data->factor[c], 0.5);
    }
    dataset_destroy(data);
}

static void standardizes(void **state)
{
    kit *k = *state;
    write_sequences(k);
    dataset *data = kit_load(k, "{name: csv, file: t.csv, scale: 3, standardize: true}");
    assert_number(data->shift[0], 7);
    assert_number(data->factor[0], 3); /* never changes: centred, not divided by zero */
    for (size_t c = 1; c < COLUMNS; c++) {
        assert_number(data->shift[c], sequence_mean(c));
        assert_near(data->factor[c] * sequence_deviation(c), 1, 1e-14);
        double squares = 0;
        for (size_t r = 0; r < ROWS; r++) squares += prepared(data, r, c) * prepared(data, r, c);
        assert_near(squares / ROWS, 1, 1e-12);
    }
    dataset_destroy(data);
}

/* A large mean with a small deviation: one pass over squares would lose all digits. */
static void keeps_digits_far_from_zero(void **state)
{
    kit *k = *state;
    FILE *out = fopen(kit_path(k, "t.csv"), "w");
    for (int r = 0; r < 1001; r++) fprintf(out, "%d,%d\n", 1000000000 + r % 3, r % 2);
    fclose(out);
    dataset *data = kit_load(k, "{name: csv, file: t.csv, standardize: true}");
    /* 334 times 0, 334 times 1, 333 times 2 */
    const double mean = 1000.0 / 1001, square = (334.0 + 4 * 333) / 1001;
    assert_near(data->shift[0], 1e9 + mean, 1e-6);
    assert_near(1 / data->factor[0], sqrt(square - mean * mean), 1e-9);
    dataset_destroy(data);
}

/* Rows held out have values of their own, which must not show in the statistics. */
static void uses_training_rows_only(void **state)
{
    kit *k = *state;
    write_sequences(k);
    kit_text(k, "u.csv", "1000000,0\n-1,0\n");
    dataset *data = kit_load(k, "{name: csv, file: t.csv, standardize: true, validation: 0.3, "
                                "test_fraction: 100, limit: 500}");
    const dataset_split *train = &data->splits[SLOPE_TRAIN];
    assert_int_equal(train->rows, 500);
    for (size_t c = 1; c < COLUMNS; c++) {
        double sum = 0, squares = 0;
        for (size_t r = 0; r < train->rows; r++)
            sum += kit_feature(train->table, train->index[r], c);
        const double mean = sum / (double)train->rows;
        for (size_t r = 0; r < train->rows; r++) {
            const double off = kit_feature(train->table, train->index[r], c) - mean;
            squares += off * off;
        }
        assert_near(data->shift[c], mean, 1e-12 * mean);
        assert_near(data->factor[c] * sqrt(squares / (double)train->rows), 1, 1e-12);
    }
    dataset_destroy(data);
    kit_text(k, "s.csv", "1,0\n3,1\n");
    data = kit_load(k, "{name: csv, train: {file: s.csv}, test: {file: u.csv}, standardize: true}");
    assert_number(data->shift[0], 2);
    assert_number(data->factor[0], 1);
    dataset_destroy(data);
}

/* uint8 and float32, whose sums here are exact; and the same bits with any number of threads. */
static void works_on_every_type_with_any_threads(void **state)
{
    kit *k = *state;
    static const char *const kinds[] = {
        "{name: synthetic, kind: uniform, rows: 777, features: 150, element: uint8, standardize: "
        "true}",
        "{name: synthetic, kind: uniform, rows: 777, features: 150, standardize: true}",
    };
    for (size_t i = 0; i < 2; i++) {
        threads_set(1);
        dataset *one = kit_load(k, kinds[i]);
        threads_set(5);
        dataset *five = kit_load(k, kinds[i]);
        threads_set(1);
        assert_memory_equal(one->shift, five->shift, 150 * sizeof(double));
        assert_memory_equal(one->factor, five->factor, 150 * sizeof(double));
        for (size_t c = 0; c < 150; c++) {
            long double sum = 0, squares = 0;
            for (size_t r = 0; r < 777; r++) {
                const double x = kit_feature(one->splits[SLOPE_TRAIN].table, r, c);
                sum += x;
                squares += (long double)x * x;
            }
            const double mean = (double)(sum / 777);
            const double variance = (double)(squares / 777 - sum / 777 * (sum / 777));
            assert_near(one->shift[c], mean, 1e-15 * 256);
            assert_near(one->factor[c] * sqrt(variance), 1, 1e-13);
        }
        dataset_destroy(one);
        dataset_destroy(five);
    }
}

static void refuses_what_overflows(void **state)
{
    kit *k = *state;
    kit_text(k, "t.csv", "1.7e308,0\n1.6e308,1\n");
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv, standardize: true}",
              "column 0 (from 0) cannot be standardized", NULL);
    kit_text(k, "t.csv", "1e-320,0\n2e-320,1\n");
    kit_fails(k, STATUS_ENVIRONMENT, "{name: csv, file: t.csv, standardize: true}",
              "cannot be standardized", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(leaves_features_alone_by_default),     KIT_TEST(scales),
        KIT_TEST(subtracts_the_mean_then_scales),       KIT_TEST(standardizes),
        KIT_TEST(keeps_digits_far_from_zero),           KIT_TEST(uses_training_rows_only),
        KIT_TEST(works_on_every_type_with_any_threads), KIT_TEST(refuses_what_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
