/* Tests of plugins/losses: values and derivatives against PyTorch and central differences, closed
 * forms, extreme scores, and the promises of slope/loss.h about memory and rows.
 *
 * The wanted numbers stand in reference_losses.h; reference_losses.py, which made them, states the
 * scores a second time. */
#include "plugin_test.h"

enum { ROWS = 6, OUTPUTS = 5, MOST = 2048 };

typedef struct setting {
    const char *key; /* NULL after the last */
    double value;
} setting;

typedef struct reference {
    const char *id;
    setting settings[4];
    double losses[ROWS];
    double gradient[ROWS][OUTPUTS];
} reference;

#include "reference_losses.h"

enum { REFERENCES = sizeof references / sizeof references[0] };
static const setting no_settings[] = {{NULL, 0}};

/* ---- One evaluation, with guard zones round everything that is written ----------------------- */

typedef struct evaluation {
    const slope_loss *loss;
    plugin_config config;
    precision p;
    size_t rows, outputs;
    double scores[MOST], targets[MOST], gradient[MOST], losses[MOST];
    bool want_gradient, in_place; /* in_place: the gradient is written over the scores */
} evaluation;

static void prepare(evaluation *e, const char *id, const setting *settings, precision p,
                    size_t rows, size_t outputs)
{
    *e = (evaluation){.loss = open_plugin("losses", id, p), .p = p, .rows = rows};
    assert_true(rows * outputs <= MOST);
    e->outputs = outputs;
    e->want_gradient = true;
    set_defaults(&e->loss->plugin, &e->config);
    for (const setting *s = settings; s->key; s++) {
        set_parameter(&e->loss->plugin, &e->config, s->key, s->value);
    }
}

static const double guard = -77.25;

static void evaluate(evaluation *e, const int32_t *labels)
{
    const size_t count = e->rows * e->outputs, edge = 8, all = MOST + 2 * edge;
    double memory[3][MOST + 16], losses[MOST + 1], targets[MOST];
    const bool classes = e->loss->target == SLOPE_CLASS;
    for (size_t m = 0; m < 3; m++) {
        for (size_t i = 0; i < all; i++) set_element(e->p, memory[m], i, guard);
    }
    for (size_t i = 0; i < MOST + 1; i++) losses[i] = guard;
    const size_t shift = edge * (e->p == FLOAT32 ? sizeof(float) : sizeof(double));
    void *scores = (char *)memory[0] + shift, *scratch = (char *)memory[1] + shift;
    void *gradient = e->in_place ? scores : (char *)memory[2] + shift;
    for (size_t i = 0; i < count; i++) set_element(e->p, scores, i, e->scores[i]);
    for (size_t i = 0; i < count; i++) set_element(e->p, targets, i, e->targets[i]);

    call_host host;
    call_host_init(&host, e->p, 1);
    const slope_loss_call call = {.size = sizeof call,
                                  .host = &host.host,
                                  .config = &e->config,
                                  .rows = e->rows,
                                  .outputs = e->outputs,
                                  .scores = scores,
                                  .labels = classes ? labels : NULL,
                                  .targets = classes ? NULL : targets,
                                  .losses = losses,
                                  .gradient = e->want_gradient ? gradient : NULL,
                                  .scratch = scratch};
    e->loss->evaluate(&call);

    for (size_t m = 0; m < 3; m++) {
        for (size_t i = 0; i < edge; i++) {
            assert_true(element(e->p, memory[m], i) == guard);
            assert_true(element(e->p, memory[m], edge + count + i) == guard);
        }
    }
    for (size_t r = e->rows; r < MOST + 1; r++) assert_true(losses[r] == guard);
    memcpy(e->losses, losses, sizeof e->losses);
    for (size_t i = 0; i < count; i++) e->gradient[i] = element(e->p, gradient, i);
}

/* The loss of one row of scores. */
static double one_row(evaluation *e, int32_t label, size_t outputs, const double *scores)
{
    e->rows = 1;
    e->outputs = outputs;
    memcpy(e->scores, scores, outputs * sizeof *scores);
    evaluate(e, &label);
    return e->losses[0];
}

/* ---- Against PyTorch ------------------------------------------------------------------------- */

static const double scales[ROWS] = {1.0, 0.001, 10.0, 1.0, 100.0, 0.25};
static const int32_t some_labels[ROWS] = {0, 1, 2, 3, 4, 0};

static void set_scores(evaluation *e)
{
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t o = 0; o < OUTPUTS; o++) {
            const double whole = (double)((37 * r + 101 * o + 13 * r * o) % 64) - 32;
            e->scores[r * OUTPUTS + o] = scales[r] * whole / 8;
            const double other = (double)((53 * r + 29 * o + 7 * r * o) % 32) - 16;
            e->targets[r * OUTPUTS + o] = other / 8;
        }
    }
}

static void compare(const reference *r, precision p, double tolerance)
{
    evaluation e;
    prepare(&e, r->id, r->settings, p, ROWS, OUTPUTS);
    set_scores(&e);
    evaluate(&e, some_labels);
    char what[64];
    for (size_t row = 0; row < ROWS; row++) {
        snprintf(what, sizeof what, "references[%d] %s: loss %zu", (int)(r - references), r->id,
                 row);
        assert_close(what, e.losses[row], r->losses[row], tolerance);
        for (size_t o = 0; o < OUTPUTS; o++) {
            snprintf(what, sizeof what, "references[%d] %s: gradient %zu %zu",
                     (int)(r - references), r->id, row, o);
            assert_close(what, e.gradient[row * OUTPUTS + o], r->gradient[row][o], tolerance);
        }
    }
}

static void gives_what_pytorch_gives(void **state)
{
    (void)state;
    for (int i = 0; i < REFERENCES; i++) {
        compare(&references[i], FLOAT64, 1e-14);
        compare(&references[i], FLOAT32, 2e-6);
    }
}

/* ---- Against differences --------------------------------------------------------------------- */

static void gradient_is_the_slope_of_the_loss(void **state)
{
    (void)state;
    const double h = 1e-5;
    call_host host;
    call_host_init(&host, FLOAT64, 3);
    for (int i = 0; i < REFERENCES; i++) {
        evaluation e;
        prepare(&e, references[i].id, references[i].settings, FLOAT64, 1, 1);
        for (size_t outputs = 1; outputs <= 12; outputs++) {
            double scores[12], gradient[12];
            host.host.normal(&host.host, SLOPE_FOR_CHECK, outputs, 0, outputs, scores);
            const int32_t label = (int32_t)(outputs / 2);
            one_row(&e, label, outputs, scores);
            memcpy(gradient, e.gradient, sizeof gradient);
            for (size_t o = 0; o < outputs; o++) {
                const double s = scores[o];
                scores[o] = s + h;
                const double above = one_row(&e, label, outputs, scores);
                scores[o] = s - h;
                const double below = one_row(&e, label, outputs, scores);
                scores[o] = s;
                assert_close(references[i].id, gradient[o], (above - below) / (2 * h), 1e-9);
            }
        }
    }
}

/* ---- Promises about memory and rows ---------------------------------------------------------- */

static void gradient_in_place_or_not_wanted_gives_the_same_bits(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * REFERENCES; i++) {
        const reference *r = &references[i / 2];
        evaluation beside, in_place, none;
        prepare(&beside, r->id, r->settings, i % 2 ? FLOAT64 : FLOAT32, ROWS, OUTPUTS);
        set_scores(&beside);
        in_place = none = beside;
        in_place.in_place = true;
        none.want_gradient = false;
        evaluate(&beside, some_labels);
        evaluate(&in_place, some_labels);
        evaluate(&none, some_labels);
        assert_memory_equal(beside.gradient, in_place.gradient, sizeof beside.gradient);
        assert_memory_equal(beside.losses, in_place.losses, sizeof beside.losses);
        assert_memory_equal(beside.losses, none.losses, sizeof beside.losses);
        for (size_t k = 0; k < ROWS * OUTPUTS; k++) assert_true(none.gradient[k] == guard);
    }
}

/* Evaluates all rows, and then each of them alone. */
static void assert_rows_independent(evaluation *all, const int32_t *labels)
{
    evaluation one = *all;
    evaluate(all, labels);
    for (size_t row = 0; row < all->rows; row++) {
        const size_t at = row * all->outputs, bytes = all->outputs * sizeof(double);
        memcpy(one.targets, all->targets + at, bytes);
        assert_true(one_row(&one, labels[row], all->outputs, all->scores + at) == all->losses[row]);
        assert_memory_equal(one.gradient, all->gradient + at, bytes);
    }
}

static void rows_are_independent(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * REFERENCES; i++) {
        const reference *r = &references[i / 2];
        evaluation e;
        prepare(&e, r->id, r->settings, i % 2 ? FLOAT64 : FLOAT32, ROWS, OUTPUTS);
        set_scores(&e);
        assert_rows_independent(&e, some_labels);
    }
}

/* Losses work on blocks of rows, and on vectors that are wider than a row: neither shows. */
static void many_rows_are_independent(void **state)
{
    (void)state;
    enum { MANY = 131 }; /* two blocks and some */
    int32_t labels[MANY];
    for (int i = 0; i < 2 * REFERENCES; i++) {
        const reference *r = &references[i / 2];
        for (size_t outputs = 1; outputs <= 15; outputs++) {
            evaluation e;
            prepare(&e, r->id, r->settings, i % 2 ? FLOAT64 : FLOAT32, MANY, outputs);
            for (size_t k = 0; k < MANY * outputs; k++) {
                e.scores[k] = (double)(k * 7919 % 613) / 64 - 5;
                e.targets[k] = (double)(k * 104729 % 401) / 32 - 6;
            }
            for (size_t k = 0; k < MANY; k++) labels[k] = (int32_t)(k * 31 % outputs);
            assert_rows_independent(&e, labels);
        }
    }
}

/* ---- Closed forms and extreme scores --------------------------------------------------------- */

#define ROW(...) \
    (const double[]) \
    { \
        __VA_ARGS__ \
    }
static const precision both[] = {FLOAT32, FLOAT64};

static void softmax_closed_forms(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const double rounding = both[i] == FLOAT32 ? 2e-7 : 3e-16;
        evaluation e;
        prepare(&e, "softmax", no_settings, both[i], 1, 1);
        assert_true(one_row(&e, 0, 1, ROW(-1e30)) == 0); /* one class: always right */
        assert_true(e.gradient[0] == 0);
        assert_close("equal", one_row(&e, 1, 4, ROW(5, 5, 5, 5)), log(4), rounding);
        assert_close("equal", e.gradient[0], 0.25, rounding);
        assert_close("equal", e.gradient[1], -0.75, rounding);
        assert_close("equal and far", one_row(&e, 0, 2, ROW(-1e30, -1e30)), log(2), rounding);
        assert_close("two", one_row(&e, 0, 2, ROW(0, log(3))), log(4), 2 * rounding);
        assert_true(one_row(&e, 0, 3, ROW(1e30, -1e30, 0)) == 0);
        assert_true(e.gradient[0] == 0 && e.gradient[1] == 0 && e.gradient[2] == 0);
        assert_close("wrong", one_row(&e, 1, 3, ROW(1e30, -1e30, 0)), 2e30, rounding);
        assert_true(e.gradient[0] == 1 && e.gradient[1] == -1 && e.gradient[2] == 0);
    }
}

static void softmax_infinite_scores(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        evaluation e;
        prepare(&e, "softmax", no_settings, both[i], 1, 1);
        assert_true(one_row(&e, 0, 2, ROW(0, -INFINITY)) == 0); /* an impossible wrong class */
        assert_true(one_row(&e, 1, 2, ROW(0, -INFINITY)) == INFINITY);
        assert_true(e.gradient[0] == 1 && e.gradient[1] == -1);
        assert_true(isnan(one_row(&e, 0, 2, ROW(INFINITY, 0))));
        assert_true(isnan(one_row(&e, 0, 3, ROW(NAN, 0, 1))));
        assert_true(isnan(one_row(&e, 0, 3, ROW(0, NAN, 1))));
        assert_true(isnan(one_row(&e, 0, 3, ROW(0, 1, NAN))));
    }
    evaluation e; /* the difference of two scores overflows */
    prepare(&e, "softmax", no_settings, FLOAT32, 1, 1);
    assert_true(one_row(&e, 1, 2, ROW(3e38, -3e38)) == INFINITY);
    assert_true(e.gradient[0] == 1 && e.gradient[1] == -1);
}

/* The example of the CS231n notes: scores 13, -7, 11, the first is right, margin 10. */
static void svm_closed_forms(void **state)
{
    (void)state;
    const setting lecture[] = {{"margin", 10}, {NULL, 0}};
    const setting squared[] = {{"margin", 10}, {"squared", 1}, {NULL, 0}};
    for (int i = 0; i < 2; i++) {
        evaluation e;
        prepare(&e, "svm", lecture, both[i], 1, 1);
        assert_true(one_row(&e, 0, 3, ROW(13, -7, 11)) == 8);
        assert_true(e.gradient[0] == -1 && e.gradient[1] == 0 && e.gradient[2] == 1);
        assert_true(one_row(&e, 1, 3, ROW(13, -7, 11)) == 30 + 28);
        assert_true(e.gradient[0] == 1 && e.gradient[1] == -2 && e.gradient[2] == 1);
        assert_true(one_row(&e, 0, 2, ROW(20, 10)) == 0); /* the margin is met exactly */
        assert_true(e.gradient[0] == 0 && e.gradient[1] == 0);
        assert_true(one_row(&e, 0, 1, ROW(3)) == 0); /* one class: none to be confused with */
        assert_true(e.gradient[0] == 0);
        prepare(&e, "svm", squared, both[i], 1, 1);
        assert_true(one_row(&e, 0, 3, ROW(13, -7, 11)) == 64);
        assert_true(e.gradient[0] == -16 && e.gradient[1] == 0 && e.gradient[2] == 16);
    }
}

static void svm_extreme_scores(void **state)
{
    (void)state;
    const setting squared[] = {{"squared", 1}, {NULL, 0}};
    for (int i = 0; i < 4; i++) {
        evaluation e;
        prepare(&e, "svm", i < 2 ? no_settings : squared, both[i % 2], 1, 1);
        assert_true(one_row(&e, 0, 2, ROW(1e30, -1e30)) == 0);
        assert_close("wrong", one_row(&e, 1, 2, ROW(1e30, -1e30)), i < 2 ? 2e30 : 4e60, 1e-6);
        assert_true(isfinite(e.gradient[0]) && e.gradient[0] == -e.gradient[1]);
        assert_true(one_row(&e, 0, 2, ROW(0, -INFINITY)) == 0);
        assert_true(one_row(&e, 0, 2, ROW(0, INFINITY)) == INFINITY);
        assert_true(isnan(one_row(&e, 0, 2, ROW(INFINITY, INFINITY))));
        assert_true(isnan(one_row(&e, 0, 3, ROW(NAN, 0, 1)))); /* a diverged run must show */
        assert_true(isnan(one_row(&e, 0, 3, ROW(9, NAN, 1))));
    }
}

/* Only the worst wrong class counts, the first of several. */
static void crammer_singer_closed_forms(void **state)
{
    (void)state;
    const setting worst[] = {{"variant", 1}, {"margin", 10}, {NULL, 0}};
    for (int i = 0; i < 2; i++) {
        evaluation e;
        prepare(&e, "svm", worst, both[i], 1, 1);
        assert_true(one_row(&e, 1, 3, ROW(13, -7, 11)) == 30);
        assert_true(e.gradient[0] == 1 && e.gradient[1] == -1 && e.gradient[2] == 0);
        assert_true(one_row(&e, 2, 3, ROW(4, 4, 1)) == 13);
        assert_true(e.gradient[0] == 1 && e.gradient[1] == 0 && e.gradient[2] == -1);
        assert_true(one_row(&e, 0, 3, ROW(20, 10, -3)) == 0); /* the margin is met exactly */
        assert_true(e.gradient[0] == 0 && e.gradient[1] == 0);
        assert_true(one_row(&e, 0, 1, ROW(3)) == 0); /* one class: none to be confused with */
        assert_true(isnan(one_row(&e, 0, 3, ROW(1, NAN, 99))));
        assert_true(isnan(one_row(&e, 0, 3, ROW(NAN, 0, 0))));
    }
}

static void smoothed_labels_closed_forms(void **state)
{
    (void)state;
    const setting smooth[] = {{"label_smoothing", 0.5}, {NULL, 0}};
    for (int i = 0; i < 2; i++) {
        const double rounding = both[i] == FLOAT32 ? 2e-7 : 3e-16;
        evaluation e;
        prepare(&e, "softmax", smooth, both[i], 1, 1);
        assert_close("equal", one_row(&e, 1, 4, ROW(5, 5, 5, 5)), log(4), rounding);
        assert_close("equal", e.gradient[0], 0.125, rounding);
        assert_close("equal", e.gradient[1], -0.375, rounding);
        assert_true(one_row(&e, 0, 1, ROW(7)) == 0 && e.gradient[0] == 0);
        assert_true(one_row(&e, 0, 2, ROW(0, -INFINITY)) == INFINITY); /* it has a share, too */
    }
}

static void logistic_closed_forms(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const double rounding = both[i] == FLOAT32 ? 2e-7 : 3e-16;
        evaluation e;
        prepare(&e, "logistic", no_settings, both[i], 1, 1);
        assert_close("zero", one_row(&e, 0, 2, ROW(0, 0)), 2 * log(2), 2 * rounding);
        assert_true(e.gradient[0] == -0.5 && e.gradient[1] == 0.5);
        assert_close("odds", one_row(&e, 0, 1, ROW(log(3))), log(4) - log(3), rounding);
        assert_close("odds", e.gradient[0], -0.25, rounding);
        /* a loss that is small beside 1 keeps its digits: log(1 + exp(-30)) */
        const double small = one_row(&e, 0, 1, ROW(30));
        assert_true(fabs(small / 9.357622968839737e-14 - 1) < 4 * rounding);
        assert_true(one_row(&e, 0, 2, ROW(1e30, -1e30)) == 0);
        assert_true(e.gradient[0] == 0 && e.gradient[1] == 0);
        assert_close("wrong", one_row(&e, 1, 2, ROW(1e30, -1e30)), 2e30, rounding);
        assert_true(e.gradient[0] == 1 && e.gradient[1] == -1);
        assert_true(one_row(&e, 0, 2, ROW(INFINITY, -INFINITY)) == 0);
        assert_true(isnan(one_row(&e, 0, 2, ROW(NAN, 0))));
        assert_true(isnan(one_row(&e, 0, 2, ROW(0, NAN))));
    }
}

static void regression_closed_forms(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        evaluation e;
        prepare(&e, "squared_error", no_settings, both[i], 1, 1);
        assert_int_equal(e.loss->target, SLOPE_VALUES);
        e.targets[0] = 1;
        e.targets[1] = -2;
        assert_true(one_row(&e, 0, 2, ROW(4, -2.5)) == 9.25);
        assert_true(e.gradient[0] == 6 && e.gradient[1] == -1);
        assert_true(isnan(one_row(&e, 0, 1, ROW(NAN))) && isnan(e.gradient[0]));
        prepare(&e, "huber", (const setting[]){{"delta", 2}, {NULL, 0}}, both[i], 1, 1);
        e.targets[0] = 1;
        e.targets[1] = -2;
        assert_true(one_row(&e, 0, 2, ROW(4, -2.5)) == 2 * (3 - 1) + 0.125);
        assert_true(e.gradient[0] == 2 && e.gradient[1] == -0.5);
        assert_true(one_row(&e, 0, 1, ROW(-1)) == 2 && e.gradient[0] == -2); /* at delta */
        assert_true(one_row(&e, 0, 1, ROW(-1e30)) > 1e30 && e.gradient[0] == -2);
        assert_true(isnan(one_row(&e, 0, 1, ROW(NAN))) && isnan(e.gradient[0]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_pytorch_gives),
        cmocka_unit_test(gradient_is_the_slope_of_the_loss),
        cmocka_unit_test(gradient_in_place_or_not_wanted_gives_the_same_bits),
        cmocka_unit_test(rows_are_independent),
        cmocka_unit_test(many_rows_are_independent),
        cmocka_unit_test(softmax_closed_forms),
        cmocka_unit_test(softmax_infinite_scores),
        cmocka_unit_test(svm_closed_forms),
        cmocka_unit_test(svm_extreme_scores),
        cmocka_unit_test(crammer_singer_closed_forms),
        cmocka_unit_test(smoothed_labels_closed_forms),
        cmocka_unit_test(logistic_closed_forms),
        cmocka_unit_test(regression_closed_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
