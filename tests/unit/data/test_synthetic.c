/* The reader synthetic: shapes, and the laws that the made-up numbers must follow. */
#include "data_kit.h"

#include "host/services.h"

static const slope_table *train_of(const dataset *data)
{
    return data->splits[SLOPE_TRAIN].table;
}

/* Around each centre a normal cloud: means and deviations of each class. */
static void blobs_are_normal_clouds(void **state)
{
    kit *k = *state;
    enum { ROWS = 40000, CLASSES = 4, FEATURES = 3, EACH = ROWS / CLASSES };
    dataset *clouds = kit_load(k, "{name: synthetic, kind: blobs, rows: 40000, classes: 4, "
                                  "features: 3, noise: 0.5, spread: 2}");
    dataset *points = kit_load(k, "{name: synthetic, kind: blobs, rows: 4, classes: 4, "
                                  "features: 3, noise: 0, spread: 2}"); /* the centres themselves */
    const slope_table *train = train_of(clouds);
    assert_int_equal(clouds->classes, CLASSES);
    for (size_t label = 0; label < CLASSES; label++)
        for (size_t c = 0; c < FEATURES; c++) {
            double sum = 0, squares = 0;
            size_t rows = 0, inside = 0;
            const double centre = kit_feature(train_of(points), label, c);
            for (size_t r = 0; r < ROWS; r++) {
                if (train->labels[r] != (int32_t)label) continue;
                const double off = kit_feature(train, r, c) - centre;
                rows++;
                sum += off;
                squares += off * off;
                inside += fabs(off) < 0.5;
            }
            assert_int_equal(rows, EACH);
            /* five standard errors: 0.5 / sqrt(n) of the mean, 0.5 / sqrt(2n) of the deviation */
            assert_near(sum / EACH, 0, 5 * 0.5 / sqrt(EACH));
            assert_near(sqrt(squares / EACH), 0.5, 5 * 0.5 / sqrt(2 * EACH));
            assert_near((double)inside / EACH, 0.682689492137086, 5 * sqrt(0.217 / EACH));
        }
    dataset_destroy(clouds);
    dataset_destroy(points);
}

/* Without noise every point lies where the formula says, here computed with the C library. */
static void spirals_follow_the_formula(void **state)
{
    kit *k = *state;
    dataset *data = kit_load(
        k, "{name: synthetic, kind: spiral, rows: 301, classes: 3, noise: 0, test_rows: 7}");
    const slope_table *train = train_of(data);
    assert_int_equal(data->features, 2);
    assert_int_equal(data->splits[SLOPE_TEST].rows, 7);
    for (size_t r = 0; r < 301; r++) {
        const size_t arm = r % 3, place = r / 3, places = arm == 0 ? 101 : 100;
        const double radius = (double)place / (double)(places - 1);
        const double angle = 2 * acos(-1) * (double)arm / 3 + 4 * radius;
        assert_int_equal(train->labels[r], arm);
        assert_near(kit_feature(train, r, 0), radius * sin(angle), 1e-7);
        assert_near(kit_feature(train, r, 1), radius * cos(angle), 1e-7);
    }
    dataset_destroy(data);
    /* with noise the radius stays, and the angle deviates by noise · N(0, 1) */
    data = kit_load(k, "{name: synthetic, kind: spiral, rows: 3000, classes: 1, noise: 0.1}");
    double squares = 0;
    for (size_t r = 1; r < 3000; r++) {
        const double x = kit_feature(train_of(data), r, 0), y = kit_feature(train_of(data), r, 1);
        const double radius = (double)r / 2999;
        assert_near(hypot(x, y), radius, 1e-6);
        const double off = remainder(atan2(x, y) - 4 * radius, 2 * acos(-1));
        squares += off * off;
    }
    assert_near(sqrt(squares / 2999), 0.1, 5 * 0.1 / sqrt(2 * 2999));
    dataset_destroy(data);
}

/* Without noise the targets are a linear function of the features, of the train split and of the
 * test split the same; with noise they deviate from it by noise · N(0, 1). */
static void regression_is_a_line_with_errors(void **state)
{
    enum { ROWS = 4000, FEATURES = 3 };
    static const char *const with_noise[] = {"0", "0.5"};
    double exact[ROWS], squares = 0, mean = 0, slopes[FEATURES];
    for (int n = 0; n < 2; n++) {
        kit *k = *state;
        char yaml[200];
        snprintf(yaml, sizeof yaml,
                 "{name: synthetic, kind: regression, rows: 4000, test_rows: 50, features: 3, "
                 "spread: 2, noise: %s}",
                 with_noise[n]);
        dataset *data = kit_load(k, yaml);
        const slope_table *train = train_of(data), *test = data->splits[SLOPE_TEST].table;
        assert_int_equal(data->target_columns, 1);
        assert_int_equal(data->classes, 0);
        /* the slopes, from three rows, by Cramer's rule */
        double x[3][3], all = 0;
        for (size_t r = 0; r < 3; r++)
            for (size_t c = 0; c < 3; c++) x[r][c] = kit_feature(train, r, c);
        for (size_t c = 0; c < 3; c++) {
            const size_t d = (c + 1) % 3, e = (c + 2) % 3;
            all += x[0][c] * (x[1][d] * x[2][e] - x[1][e] * x[2][d]);
        }
        for (size_t c = 0; n == 0 && c < 3; c++) {
            const size_t d = (c + 1) % 3, e = (c + 2) % 3;
            const double *t = train->targets;
            slopes[c] = (t[0] * (x[1][d] * x[2][e] - x[1][e] * x[2][d]) -
                         t[1] * (x[0][d] * x[2][e] - x[0][e] * x[2][d]) +
                         t[2] * (x[0][d] * x[1][e] - x[0][e] * x[1][d])) /
                        all;
        }
        for (size_t r = 0; r < ROWS; r++) {
            double sum = 0;
            for (size_t c = 0; c < 3; c++) sum += slopes[c] * kit_feature(train, r, c);
            if (n == 0) assert_near(train->targets[r], sum, 1e-9);
            exact[r] = n == 0 ? train->targets[r] : exact[r];
            const double off = train->targets[r] - exact[r];
            mean += off / ROWS;
            squares += off * off;
        }
        for (size_t r = 0; n == 0 && r < 50; r++) {
            double sum = 0;
            for (size_t c = 0; c < 3; c++) sum += slopes[c] * kit_feature(test, r, c);
            assert_near(test->targets[r], sum, 1e-9);
        }
        dataset_destroy(data);
    }
    assert_near(mean, 0, 5 * 0.5 / sqrt(ROWS));
    assert_near(sqrt(squares / ROWS), 0.5, 5 * 0.5 / sqrt(2 * ROWS));
}

static void noise_is_uniform(void **state)
{
    kit *k = *state;
    dataset *data = kit_load(
        k,
        "{name: synthetic, kind: uniform, rows: 1000, features: 100, classes: 7, test_rows: 10}");
    const slope_table *train = train_of(data);
    double sum = 0, squares = 0;
    size_t counts[7] = {0};
    for (size_t r = 0; r < 1000; r++) {
        counts[train->labels[r]]++;
        for (size_t c = 0; c < 100; c++) {
            const double x = kit_feature(train, r, c);
            assert_true(x >= 0 && x < 1);
            sum += x;
            squares += x * x;
        }
    }
    assert_near(sum / 1e5, 0.5, 5 * sqrt(1.0 / 12 / 1e5));
    assert_near(squares / 1e5, 1.0 / 3, 5 * sqrt(4.0 / 45 / 1e5));
    for (int label = 0; label < 7; label++)
        assert_near((double)counts[label], 1000.0 / 7, 5 * sqrt(1000.0 / 7));
    dataset_destroy(data);
}

static void bytes_are_uniform_to_the_last(void **state)
{
    kit *k = *state;
    dataset *data =
        kit_load(k, "{name: synthetic, kind: uniform, rows: 1001, features: 97, element: uint8}");
    const slope_table *train = train_of(data);
    assert_int_equal(train->element, SLOPE_UINT8);
    const size_t total = 1001 * 97;
    size_t counts[256] = {0}, places[6] = {0};
    const unsigned char *bytes = train->features;
    for (size_t i = 0; i < total; i++) {
        counts[bytes[i]]++;
        places[i % 6] += bytes[i];
    }
    const double expected = (double)total / 256;
    double chi_square = 0;
    for (int i = 0; i < 256; i++)
        chi_square += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    assert_near(chi_square, 255, 5 * sqrt(2 * 255.0));
    for (int i = 0; i < 6; i++) /* each of the six bytes of a draw is as random as the others */
        assert_near((double)places[i] / ((double)total / 6), 127.5,
                    5 * 73.9 / sqrt((double)total / 6));
    assert_true(memcmp(bytes + total - 6, "\0\0\0\0\0\0", 6) != 0);
    dataset_destroy(data);
}

static const char *const kinds[] = {
    "{name: synthetic, kind: blobs, rows: 40000, test_rows: 20, features: 3%s}",
    "{name: synthetic, kind: spiral, rows: 40000, test_rows: 20%s}",
    "{name: synthetic, kind: uniform, rows: 4000, test_rows: 20, features: 50%s}",
    "{name: synthetic, kind: uniform, rows: 4000, test_rows: 20, features: 50, element: uint8%s}",
};

/* The same for the same seed, twice and on any number of threads; other numbers for another seed,
 * and in the other split. */
static void depends_on_the_seed_alone(void **state)
{
    kit *k = *state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char same[256], other[256];
        snprintf(same, sizeof same, kinds[i], "");
        snprintf(other, sizeof other, kinds[i], ", seed: 1");
        threads_set(1);
        dataset *a = kit_load(k, same);
        threads_set(4);
        dataset *b = kit_load(k, same);
        dataset *c = kit_load(k, other);
        assert_true(kit_same_table(train_of(a), train_of(b)));
        assert_true(kit_same_table(a->splits[SLOPE_TEST].table, b->splits[SLOPE_TEST].table));
        assert_false(kit_same_table(train_of(a), train_of(c)));
        size_t equal = 0;
        for (size_t r = 0; r < 20; r++)
            for (size_t f = 0; f < a->features; f++)
                equal += kit_feature(train_of(a), r, f) ==
                         kit_feature(a->splits[SLOPE_TEST].table, r, f);
        assert_true(equal < 20 * a->features / 4);
        dataset_destroy(a);
        dataset_destroy(b);
        dataset_destroy(c);
    }
    threads_set(1);
}

static void checks_its_parameters(void **state)
{
    kit *k = *state;
    kit_fails(k, STATUS_CONFIG, "{name: synthetic, kind: spiral, features: 3}", "features",
              "must be 2", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: synthetic, kind: blobs, element: uint8}", "element", NULL);
    kit_fails(k, STATUS_CONFIG, "{name: synthetic, rows: 0}", "rows", "at least 1", NULL);
    kit_fails(k, STATUS_ENVIRONMENT,
              "{name: synthetic, kind: uniform, rows: 4000000000, features: 2000000000}",
              "more memory than this machine has", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(blobs_are_normal_clouds),
        KIT_TEST(spirals_follow_the_formula),
        KIT_TEST(regression_is_a_line_with_errors),
        KIT_TEST(noise_is_uniform),
        KIT_TEST(bytes_are_uniform_to_the_last),
        KIT_TEST(depends_on_the_seed_alone),
        KIT_TEST(checks_its_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
