/* The objective: values against a plain computation, bits over threads and chunk sizes, one segment
 * and many, and the gradient against differences, with the real plugins linear, mlp, softmax and
 * svm. */
#include "engine_fixture.h"

/* Mean softmax loss and its gradient for a linear model, written out in double. */
static double plain_softmax(const fixture *f, const double *w, const double *b, double *gw,
                            double *gb)
{
    double total = 0;
    for (size_t r = 0; r < f->rows; r++) {
        double s[CLASSES], most = -INFINITY, sum = 0;
        for (size_t o = 0; o < CLASSES; o++) {
            s[o] = b[o];
            for (size_t i = 0; i < FEATURES; i++)
                s[o] += (double)f->features[r * FEATURES + i] / 255 * w[o * FEATURES + i];
            most = fmax(most, s[o]);
        }
        for (size_t o = 0; o < CLASSES; o++) sum += exp(s[o] - most);
        total += log(sum) + most - s[f->labels[r]];
        for (size_t o = 0; o < CLASSES; o++) {
            const double d = exp(s[o] - most) / sum - (o == (size_t)f->labels[r]);
            for (size_t i = 0; i < FEATURES; i++)
                gw[o * FEATURES + i] +=
                    d * (double)f->features[r * FEATURES + i] / 255 / (double)f->rows;
            gb[o] += d / (double)f->rows;
        }
    }
    return total / (double)f->rows;
}

static void test_against_plain_computation(void **state)
{
    (void)state;
    static const size_t row_counts[] = {1, 100, 256, 257, 5000};
    for (size_t n = 0; n < sizeof row_counts / sizeof row_counts[0]; n++) {
        fixture *f = fixture_create(
            row_counts[n], "{model: linear, loss: softmax, regularization: {l2: 0.01, l1: 0.002}, "
                           "train: {precision: float64}}");
        objective *o = fixture_objective(f, 0);
        const layout *l = objective_layout(o);
        double *w = allocate(l->total, 8), *g = allocate(l->total, 8),
               *plain = allocate(l->total, 8);
        random_normal((random_key){4, SLOPE_FOR_NOISE, 0}, 0, l->sizes[0], w);
        random_normal((random_key){4, SLOPE_FOR_NOISE, 1}, 0, l->sizes[1], w + l->offsets[1]);
        double wanted = plain_softmax(f, w, w + l->offsets[1], plain, plain + l->offsets[1]);
        for (size_t i = 0; i < l->sizes[0]; i++) {
            wanted += 0.01 * w[i] * w[i] + 0.002 * fabs(w[i]);
            plain[i] += 2 * 0.01 * w[i] + 0.002 * ((w[i] > 0) - (w[i] < 0));
        }
        const double got = objective_gradient(o, w, objective_split(o, SLOPE_TRAIN), g);
        assert_true(fabs(got - wanted) < 1e-12 * wanted);
        for (size_t i = 0; i < l->total; i++) assert_true(fabs(g[i] - plain[i]) < 1e-12);
        /* value alone, and as one of several candidates, has the bits of value with gradient */
        const double alone = objective_gradient(o, w, objective_split(o, SLOPE_TRAIN), NULL);
        assert_memory_equal(&alone, &got, 8);
        const void *candidates[] = {plain, w};
        double values[2];
        objective_values(o, candidates, 2, objective_split(o, SLOPE_TRAIN), values);
        assert_memory_equal(&values[1], &got, 8);
        free(w);
        free(g);
        free(plain);
        objective_destroy(o);
        fixture_destroy(f);
    }
}

/* Gradient and loss of one set-up with a number of threads and a chunk size. */
static void compute(const fixture *f, int threads, size_t chunk, char *gradient, double *loss,
                    evaluation *e)
{
    threads_set(threads);
    objective *o = fixture_objective(f, chunk);
    const layout *l = objective_layout(o);
    const size_t real_size = objective_kernels(o)->real_size;
    void *w = allocate(l->total, real_size);
    const init_config init = {.distribution = INIT_HE};
    layout_initialise(l, &init, f->trial->train.precision, 3, w);
    *loss = objective_gradient(o, w, objective_split(o, SLOPE_TRAIN), gradient);
    *e = objective_evaluate(o, w, objective_split(o, SLOPE_TRAIN));
    free(w);
    objective_destroy(o);
}

static void test_same_bits(void **state)
{
    (void)state;
    static const char *const models[] = {"linear", "{name: mlp, hidden: [33, 7]}",
                                         "{name: mlp, hidden: [20], activation: tanh}"};
    static const char *const losses[] = {"softmax", "svm", "{name: svm, squared: true}"};
    static const char *const precisions[] = {"float32", "float64"};
    static const size_t rows[] = {70, 5000};             /* one segment; many */
    static const size_t chunks[] = {0, 1, 13, 256, 512}; /* bytes in float32: whole groups */
    static const int threads[] = {1, 2, 3, 7};
    enum { LARGEST = 64 * 1024 };
    char *wanted = allocate(LARGEST, 1), *got = allocate(LARGEST, 1);
    for (size_t c = 0; c < 3 * 3 * 2 * 2; c++) {
        char text[256];
        snprintf(text, sizeof text, "{model: %s, loss: %s, train: {precision: %s}}", models[c % 3],
                 losses[c / 3 % 3], precisions[c / 9 % 2]);
        fixture *f = fixture_create(rows[c / 18], text);
        double loss, other;
        evaluation e, other_e;
        memset(wanted, 0, LARGEST); /* models differ in length */
        compute(f, 1, 0, wanted, &loss, &e);
        assert_true(isfinite(loss));
        for (size_t t = 0; t < 4; t++)
            for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
                if (threads[t] > 1 && k != t) continue; /* all chunks with one thread, else one */
                memset(got, 0, LARGEST);
                compute(f, threads[t], chunks[k], got, &other, &other_e);
                assert_memory_equal(got, wanted, LARGEST);
                assert_memory_equal(&other, &loss, sizeof loss);
                assert_memory_equal(&other_e, &e, sizeof e);
            }
        fixture_destroy(f);
    }
    threads_set(2);
    free(wanted);
    free(got);
}

static void test_numerical_gradient(void **state)
{
    (void)state;
    fixture *f = fixture_create(40, "{model: {name: mlp, hidden: [5], activation: tanh}, "
                                    "loss: softmax, regularization: {l2: 0.01}, "
                                    "train: {precision: float64}}");
    objective *o = fixture_objective(f, 0);
    const layout *l = objective_layout(o);
    double *w = allocate(l->total, 8), *before = allocate(l->total, 8), *g = allocate(l->total, 8),
           *numerical = allocate(l->total, 8);
    const init_config init = {.distribution = INIT_HE};
    layout_initialise(l, &init, FLOAT64, 3, w);
    memcpy(before, w, l->total * 8);
    const batch all = objective_split(o, SLOPE_TRAIN);
    objective_gradient(o, w, all, g);
    objective_gradient_numerical(o, w, all, DIFFERENCE_CENTRAL, 1e-5, numerical);
    assert_memory_equal(w, before, l->total * 8);
    for (size_t i = 0; i < l->total; i++) assert_true(fabs(g[i] - numerical[i]) < 1e-9);
    objective_gradient_numerical(o, w, all, DIFFERENCE_FORWARD, 1e-7, numerical);
    for (size_t i = 0; i < l->total; i++) assert_true(fabs(g[i] - numerical[i]) < 1e-5);
    free(w);
    free(before);
    free(g);
    free(numerical);
    objective_destroy(o);
    fixture_destroy(f);
}

static void test_evaluation(void **state)
{
    (void)state;
    fixture *f = fixture_create(1000, "{model: linear, loss: softmax}");
    objective *o = fixture_objective(f, 0);
    const layout *l = objective_layout(o);
    float *w = allocate(l->total, 4);
    w[l->offsets[1] + 2] = 1; /* bias of class 2: every row is called 2 */
    size_t twos = 0;
    for (size_t r = 0; r < f->rows; r++) twos += f->labels[r] == 2;
    const evaluation e = objective_evaluate(o, w, objective_split(o, SLOPE_TRAIN));
    assert_true(e.accuracy == (double)twos / 1000);
    assert_true(isnan(objective_evaluate(o, w, objective_split(o, SLOPE_TEST)).loss));
    free(w);
    objective_destroy(o);
    fixture_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain_computation),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_numerical_gradient),
        cmocka_unit_test(test_evaluation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
