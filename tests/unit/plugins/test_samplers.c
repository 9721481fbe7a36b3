/* Tests of plugins/samplers: grid against an odometer, random against the numbers that it must
 * draw, sobol against SciPy's points and against what makes a sequence one of Sobol's. */
#include "plugin_test.h"

#include "host/random.h"
#include "sweep/sampler.h"

#include "reference_sobol.h"

enum { SEED = 5 };

#define ALWAYS SLOPE_NO_PARENT, 0

typedef struct work {
    plugin_config config;
    sampler sampler;
} work;

static void begin(work *w, const char *id, const slope_dimension *dimensions, size_t count)
{
    const slope_sampler *about = open_plugin("samplers", id, FLOAT32);
    set_defaults(&about->plugin, &w->config);
    w->sampler = (sampler){.about = about,
                           .config = &w->config,
                           .seed = SEED,
                           .dimension_count = count,
                           .dimensions = dimensions};
}

static uint64_t count_of(work *w)
{
    failure why = {.text = ""};
    uint64_t count = 0;
    if (!sampler_count(&w->sampler, &count, &why)) fail_msg("%s", why.text);
    return count;
}

static void refuse(work *w, const char *text)
{
    failure why = {.text = ""};
    uint64_t count;
    assert_false(sampler_count(&w->sampler, &count, &why));
    assert_string_equal(why.text, text);
    assert_int_equal(why.status, STATUS_CONFIG);
}

static double *place(const work *w, uint64_t first, size_t count)
{
    failure why = {.text = ""};
    double *points = calloc(count * w->sampler.dimension_count + 1, sizeof *points);
    if (!sampler_place(&w->sampler, first, count, points, &why)) fail_msg("%s", why.text);
    return points;
}

/* ---- grid ------------------------------------------------------------------------------------ */

static bool there(const slope_dimension *all, const double *point, size_t i)
{
    const slope_dimension *d = &all[i];
    return d->parent == SLOPE_NO_PARENT ||
           (there(all, point, d->parent) && point[d->parent] == (double)d->parent_choice);
}

/* Every combination of all choices, in order, as an odometer counts; those that differ in nothing
 * that is there are one, written with zeros. Returns how many. */
static size_t enumerate(const slope_dimension *all, size_t n, double *points, size_t most)
{
    double odometer[16] = {0};
    size_t count = 0;
    for (;;) {
        bool whole = true;
        for (size_t i = 0; i < n; ++i) whole &= there(all, odometer, i) || odometer[i] == 0;
        if (whole) {
            assert_true(count < most);
            memcpy(points + count++ * n, odometer, n * sizeof *points);
        }
        size_t i = n;
        while (i > 0 && odometer[i - 1] + 1 == (double)all[i - 1].choices) odometer[--i] = 0;
        if (i == 0) return count;
        ++odometer[i - 1];
    }
}

static void check_grid(const slope_dimension *all, size_t n)
{
    enum { MOST = 4000 };
    work w;
    double *wanted = calloc(MOST * n, sizeof *wanted);
    begin(&w, "grid", all, n);
    const size_t count = enumerate(all, n, wanted, MOST);
    assert_int_equal(count_of(&w), count);
    double *points = place(&w, 0, count);
    assert_memory_equal(points, wanted, count * n * sizeof *points);
    free(points);
    for (uint64_t t = count; t-- > 0;) {
        points = place(&w, t, 1);
        assert_memory_equal(points, wanted + t * n, n * sizeof *points);
        free(points);
    }
    free(wanted);
}

static void grid_counts_like_an_odometer(void **state)
{
    const slope_dimension plain[] = {{"a", 3, ALWAYS}, {"b", 1, ALWAYS}, {"c", 4, ALWAYS}};
    const slope_dimension branches[] = {
        {"optimizer", 3, ALWAYS}, {"x", 2, 0, 1}, {"batch_size", 4, ALWAYS},
        {"y", 5, 0, 2},           {"z", 2, 3, 4}, {"l2", 3, ALWAYS}};
    const slope_dimension twins[] = {
        {"optimizer", 2, ALWAYS}, {"a", 3, 0, 0}, {"b", 2, 0, 0}, {"c", 2, 0, 1},
        {"d", 3, 1, 2},           {"e", 2, 1, 2}, {"f", 2, 1, 0}};
    (void)state;
    check_grid(plain, 3);
    check_grid(branches, 6);
    check_grid(twins, 7);
}

static void grid_of_nothing_is_one_point(void **state)
{
    work w;
    (void)state;
    begin(&w, "grid", NULL, 0);
    assert_int_equal(count_of(&w), 1);
    free(place(&w, 0, 1));
}

static void grid_reaches_far(void **state)
{
    const slope_dimension large[] = {
        {"a", 1000003, ALWAYS}, {"b", 3, ALWAYS}, {"c", 999983, ALWAYS}};
    work w;
    (void)state;
    begin(&w, "grid", large, 3);
    assert_true(count_of(&w) == UINT64_C(1000003) * 3 * 999983);
    double *point = place(&w, UINT64_C(765432) * 3 * 999983 + 2 * UINT64_C(999983) + 123456, 1);
    assert_true(point[0] == 765432 && point[1] == 2 && point[2] == 123456);
    free(point);
    w.sampler.wanted = 50;
    assert_int_equal(count_of(&w), 50);
}

static void grid_refuses(void **state)
{
    const slope_dimension range[] = {{"a", 3, ALWAYS}, {"optimizer.learning_rate", 0, ALWAYS}};
    const slope_dimension huge[] = {{"a", UINT64_C(1) << 40, ALWAYS}, {"b", 1 << 30, ALWAYS}};
    work w;
    (void)state;
    begin(&w, "grid", range, 2);
    refuse(&w, "sampler grid: 'optimizer.learning_rate' is a range, of which a grid needs points: "
               "write {from: …, to: …, points: 5}, or choose the sampler random or sobol");
    begin(&w, "grid", huge, 2);
    refuse(&w,
           "sampler grid: the space has more than 10^19 points: leave values out, or choose the "
           "sampler random or sobol");
}

/* ---- random ---------------------------------------------------------------------------------- */

static void random_draws_by_seed_dimension_and_number(void **state)
{
    enum { N = 700, FIRST = 1000 };
    const slope_dimension space[] = {{"a", 0, ALWAYS}, {"b", 7, ALWAYS}, {"c", 0, 1, 2}};
    work w;
    double u[3][N];
    (void)state;
    begin(&w, "random", space, 3);
    refuse(&w, "sampler random has no end of its own: say how many with `trials: 100`");
    w.sampler.wanted = 12345;
    assert_int_equal(count_of(&w), 12345);
    for (size_t d = 0; d < 3; ++d)
        random_uniform((random_key){SEED, SLOPE_FOR_SAMPLES, d}, FIRST, N, u[d]);
    double *points = place(&w, FIRST, N);
    for (size_t i = 0; i < N; ++i) {
        assert_true(points[3 * i] == u[0][i]);
        assert_true(points[3 * i + 1] == floor(7 * u[1][i]));
        assert_true(points[3 * i + 2] == (points[3 * i + 1] == 2 ? u[2][i] : 0));
    }
    free(points);
}

static void random_is_even(void **state)
{
    enum { N = 20000, PARTS = 10 };
    const slope_dimension space[] = {{"a", 0, ALWAYS}, {"b", PARTS, ALWAYS}};
    size_t cells[PARTS][PARTS] = {{0}};
    work w;
    (void)state;
    begin(&w, "random", space, 2);
    double *points = place(&w, 0, N), chi = 0;
    for (size_t i = 0; i < N; ++i)
        ++cells[(size_t)(points[2 * i] * PARTS)][(size_t)points[2 * i + 1]];
    for (size_t i = 0; i < PARTS * PARTS; ++i)
        chi += pow((double)cells[i / PARTS][i % PARTS] - N / 100.0, 2) / (N / 100.0);
    assert_true(chi > 50 && chi < 149); /* 99 degrees of freedom: one in a thousand is above */
    free(points);
}

/* ---- sobol ----------------------------------------------------------------------------------- */

static slope_dimension ranges[200];

static void begin_sobol(work *w, size_t dimensions, bool scrambled)
{
    for (size_t i = 0; i < 200; ++i) ranges[i] = (slope_dimension){"range", 0, ALWAYS};
    begin(w, "sobol", ranges, dimensions);
    set_parameter(&w->sampler.about->plugin, &w->config, "scramble", scrambled);
}

static void sobol_is_the_one_of_scipy(void **state)
{
    work w;
    (void)state;
    begin_sobol(&w, 128, false);
    for (size_t k = 0; k < sizeof reference_numbers / sizeof *reference_numbers; ++k) {
        double *point = place(&w, reference_numbers[k], 1);
        for (size_t d = 0; d < 128; ++d)
            if (point[d] != reference_points[k][d] * 0x1p-32)
                fail_msg("number %zu, dimension %zu: %.17g", k, d, point[d]);
        free(point);
    }
}

/* Of 2^k points from a multiple of 2^k on, one is in each of 2^k equal parts of every dimension. */
static void check_parts(const double *points, size_t first, size_t count, size_t dimensions)
{
    for (size_t d = 0; d < dimensions; ++d) {
        bool taken[1024] = {false};
        for (size_t t = first; t < first + count; ++t) {
            bool *part = &taken[(size_t)(points[t * dimensions + d] * (double)count)];
            if (*part) fail_msg("%zu points from %zu on: two in one part of %zu", count, first, d);
            *part = true;
        }
    }
}

static void sobol_fills_every_dimension_evenly(void **state)
{
    enum { N = 1024, D = 128 };
    work w;
    (void)state;
    for (uint64_t seed = 0; seed < 3; ++seed) {
        begin_sobol(&w, D, true);
        w.sampler.seed = seed;
        double *points = place(&w, 0, N);
        for (size_t count = 1; count <= N; count *= 2)
            for (size_t first = 0; first < N; first += count) check_parts(points, first, count, D);
        free(points);
    }
}

/* The first two dimensions are a (0, 2)-sequence: of 2^k points, one is in each rectangle of the
 * area 2^-k that halving makes, whatever its shape. */
static void sobol_fills_rectangles_evenly(void **state)
{
    enum { K = 8, N = 1 << K };
    work w;
    (void)state;
    begin_sobol(&w, 2, true);
    for (size_t first = 0; first < 4 * N; first += N) {
        double *points = place(&w, first, N);
        for (int wide = 0; wide <= K; ++wide) {
            bool taken[N] = {false};
            for (size_t i = 0; i < N; ++i) {
                const size_t x = (size_t)ldexp(points[2 * i], wide);
                const size_t y = (size_t)ldexp(points[2 * i + 1], K - wide);
                bool *part = &taken[x << (K - wide) | y];
                assert_false(*part);
                *part = true;
            }
        }
        free(points);
    }
}

/* Over the seeds each point lies anywhere: mean 1/2, variance 1/12, and no two dimensions alike. */
static void sobol_is_scrambled_anew_by_each_seed(void **state)
{
    enum { SEEDS = 4000, T = 3 };
    double sum[2] = {0}, squares = 0, product = 0;
    work w;
    (void)state;
    begin_sobol(&w, 2, true);
    for (uint64_t seed = 0; seed < SEEDS; ++seed) {
        w.sampler.seed = seed;
        double *point = place(&w, T, 1);
        for (size_t d = 0; d < 2; ++d) sum[d] += point[d];
        squares += (point[0] - 0.5) * (point[0] - 0.5);
        product += (point[0] - 0.5) * (point[1] - 0.5);
        free(point);
    }
    for (size_t d = 0; d < 2; ++d) assert_true(fabs(sum[d] / SEEDS - 0.5) < 0.015);
    assert_true(fabs(squares / SEEDS - 1.0 / 12) < 0.004);
    assert_true(fabs(product / SEEDS) < 0.005);
}

static void sobol_integrates_better_than_chance(void **state)
{
    enum { N = 1024, D = 6 };
    work w;
    (void)state;
    begin_sobol(&w, D, true);
    double *points = place(&w, 0, N), sum = 0;
    for (size_t i = 0; i < N; ++i) {
        double f = 1;
        for (size_t d = 0; d < D; ++d) f *= 1 + (points[i * D + d] - 0.5) / 2;
        sum += f;
    }
    free(points);
    assert_true(fabs(sum / N - 1) < 1e-3); /* chance alone: 0.012 */
}

static void sobol_chooses_evenly(void **state)
{
    const slope_dimension space[] = {{"a", 4, ALWAYS}, {"b", 3, 0, 1}};
    size_t counts[4] = {0};
    work w;
    (void)state;
    begin(&w, "sobol", space, 2);
    double *points = place(&w, 0, 64);
    for (size_t i = 0; i < 64; ++i) ++counts[(size_t)points[2 * i]];
    for (size_t i = 0; i < 4; ++i) assert_int_equal(counts[i], 16);
    free(points);
}

static void sobol_knows_its_end(void **state)
{
    work w;
    (void)state;
    begin_sobol(&w, 129, true);
    w.sampler.wanted = 10;
    refuse(&w, "sampler sobol: the space has 129 dimensions, of which it knows 128: choose the "
               "sampler random");
    begin_sobol(&w, 1, true);
    w.sampler.wanted = UINT64_MAX;
    assert_true(count_of(&w) == UINT64_C(1) << 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid_counts_like_an_odometer),
        cmocka_unit_test(grid_of_nothing_is_one_point),
        cmocka_unit_test(grid_reaches_far),
        cmocka_unit_test(grid_refuses),
        cmocka_unit_test(random_draws_by_seed_dimension_and_number),
        cmocka_unit_test(random_is_even),
        cmocka_unit_test(sobol_is_the_one_of_scipy),
        cmocka_unit_test(sobol_fills_every_dimension_evenly),
        cmocka_unit_test(sobol_fills_rectangles_evenly),
        cmocka_unit_test(sobol_is_scrambled_anew_by_each_seed),
        cmocka_unit_test(sobol_integrates_better_than_chance),
        cmocka_unit_test(sobol_chooses_evenly),
        cmocka_unit_test(sobol_knows_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
