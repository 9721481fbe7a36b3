/* The model `expression` on rows of data: its gradient against differences, the same bits however
 * rows are cut and on any number of threads, and a linear classifier written as a formula against
 * the plugin linear. */
#include "expression_fixture.h"

#include "engine/check.h"

/* Uses of every kind of node, and of one parameter in several ways; 4 outputs for the fixture's
 * classes. */
#define WITH_DATA(precision) \
    "{model: {name: expression, parameters: {w: {shape: [21, 4], initial: random}, b: [0.1, 0.2, " \
    "0.3, 0.4], c: 0.7, u: {shape: 21, initial: random}}, expressions: {h: \"tanh(dot(x, w) + " \
    "b)\", t: \"sigmoid(dot(u, x)) * x3 + c * x[5] + sum(x * u) + dot(cos(w[2]), b)\", s: \"h * " \
    "t + dot(x^2, w) + max(b, c) * exp(-c) + sqrt(abs(x7 * c) + 1) + x2^c\"}, init: {std: 0.5}}, " \
    "regularization: {l2: 0.01}, train: {precision: " precision "}}"

static void *gradient_with(const fixture *f, size_t chunk, const void *weights, double *value)
{
    objective *o = fixture_objective(f, chunk);
    void *gradient = allocate(objective_layout(o)->total, objective_kernels(o)->real_size);
    *value = objective_gradient(o, weights, objective_split(o, SLOPE_TRAIN), gradient);
    objective_destroy(o);
    return gradient;
}

static void same_bits_in(const char *yaml)
{
    fixture *f = fixture_create(3000, yaml);
    objective *o = fixture_objective(f, 0);
    const layout *l = objective_layout(o);
    const size_t bytes = l->total * objective_kernels(o)->real_size;
    void *weights = allocate(bytes, 1);
    layout_initialise(l, &f->trial->init, f->trial->train.precision, 3, weights);
    double wanted, value;
    threads_set(1);
    void *whole = gradient_with(f, 0, weights, &wanted);
    assert_true(isfinite(wanted));
    static const size_t chunks[] = {1, 7, 64, 256};
    for (size_t n = 0; n < sizeof chunks / sizeof *chunks; n++)
        for (int threads = 1; threads <= 4; threads += 3) {
            threads_set(threads);
            void *cut = gradient_with(f, chunks[n], weights, &value);
            assert_memory_equal(&value, &wanted, sizeof value);
            assert_memory_equal(cut, whole, bytes);
            free(cut);
        }
    free(whole);
    free(weights);
    objective_destroy(o);
    fixture_destroy(f);
}

static void test_same_bits(void **state)
{
    (void)state;
    same_bits_in(WITH_DATA("float32"));
    same_bits_in(WITH_DATA("float64"));
}

static void test_gradient_with_data(void **state)
{
    (void)state;
    fixture *f = fixture_create(40, WITH_DATA("float64"));
    check_report report;
    failure why;
    assert_true(check_gradient(f->memory, f->trial, &f->data, &check_defaults, &report, &why));
    assert_true(report.passed);
    fixture_destroy(f);
}

static void test_as_the_plugin_linear(void **state)
{
    (void)state;
    fixture *linear = fixture_create(500, "{model: linear, train: {precision: float64}}");
    fixture *written = fixture_create(
        500, "{model: {name: expression, parameters: {w: {shape: [4, 21], initial: 0}, "
             "b: {shape: 4, initial: 0}}, expressions: {s: \"dot(w, x) + b\"}, "
             "not_regularized: b}, train: {precision: float64}}");
    objective *one = fixture_objective(linear, 0), *other = fixture_objective(written, 0);
    const size_t total = objective_layout(one)->total;
    assert_int_equal(total, objective_layout(other)->total);
    double *weights = allocate(total, 8), *g = allocate(total, 8), *h = allocate(total, 8);
    random_normal((random_key){4, SLOPE_FOR_NOISE, 0}, 0, 84, weights);
    random_normal((random_key){4, SLOPE_FOR_NOISE, 1}, 0, 4,
                  weights + objective_layout(one)->offsets[1]);
    const batch rows = objective_split(one, SLOPE_TRAIN);
    near(objective_gradient(one, weights, rows, g), objective_gradient(other, weights, rows, h));
    for (size_t i = 0; i < total; i++) near(g[i], h[i]);
    free(weights);
    free(g);
    free(h);
    objective_destroy(one);
    objective_destroy(other);
    fixture_destroy(linear);
    fixture_destroy(written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_gradient_with_data),
        cmocka_unit_test(test_as_the_plugin_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
