/* The model `expression`: values and derivatives of every operator and function, of vectors and
 * matrices, at kinks and edges. How formulas are read and what is said of wrong ones is tested on
 * the program (cli/test_expression.py). */
#include "expression_fixture.h"

/* ---- numbers --------------------------------------------------------------------------------- */

static const double a = 0.7, b = -1.3;

/* Values and derivatives by a and b, with the C library's functions. */
static void test_functions(void **state)
{
    (void)state;
    const double s = 1 / (1 + exp(-a)), t = tanh(b);
    const struct {
        const char *text;
        double value, da, db;
    } cases[] = {
        {"a + b", a + b, 1, 1},
        {"a - b", a - b, 1, -1},
        {"a * b", a * b, b, a},
        {"a / b", a / b, 1 / b, -a / (b * b)},
        {"-a", -a, -1, 0},
        {"-a^2", -a * a, -2 * a, 0},
        {"a^-2", 1 / (a * a), -2 / (a * a * a), 0},
        {"b^3", b * b * b, 0, 3 * b * b},
        {"b^7", pow(b, 7), 0, 7 * pow(b, 6)},
        {"b^0 + a^1", 1 + a, 1, 0},
        {"a^0.5", sqrt(a), 0.5 / sqrt(a), 0},
        {"a^b", pow(a, b), b * pow(a, b - 1), log(a) * pow(a, b)},
        {"2^3^2 * a", 512 * a, 512, 0},
        {"a^2.5", pow(a, 2.5), 2.5 * pow(a, 1.5), 0},
        {"exp(a)", exp(a), exp(a), 0},
        {"log(a)", log(a), 1 / a, 0},
        {"sqrt(a)", sqrt(a), 0.5 / sqrt(a), 0},
        {"sin(b)", sin(b), 0, cos(b)},
        {"cos(b)", cos(b), 0, -sin(b)},
        {"tanh(b)", t, 0, 1 - t * t},
        {"sigmoid(a)", s, s * (1 - s), 0},
        {"relu(a) + relu(b)", a, 1, 0},
        {"abs(a) + 2 * abs(b)", a - 2 * b, 1, -2},
        {"min(a, b, 5)", b, 0, 1},
        {"max(a, b, -5)", a, 1, 0},
        {"min(a, a) + max(b, b)", a + b, 1, 1},
        {"a*a*a", a * a * a, 3 * a * a, 0},
        {"a - b - a", -b, 0, -1},
        {"2*pi*a + e", 2 * 3.14159265358979323846 * a + 2.71828182845904523536,
         2 * 3.14159265358979323846, 0},
        {"a \xC3\x97 b \xE2\x88\x92 a \xC3\xB7 2 + 3\xC2\xB7"
         "b",
         a * b - a / 2 + 3 * b, b - 0.5, a + 3},
        {"+a ** 2", a * a, 2 * a, 0},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char text[200];
        snprintf(text, sizeof text, "{f: \"%s\"}", cases[n].text);
        formula *f = open_formula("{a: 0.7, b: -1.3}", text, "");
        double gradient[2];
        near(value_of(f, gradient), cases[n].value);
        near(gradient[0], cases[n].da);
        near(gradient[1], cases[n].db);
        close_formula(f);
    }
}

/* At kinks and edges, as documented. */
static void test_edges(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double value, dx, dy; /* at x = y = 0 */
    } cases[] = {
        {"abs(x)", 0, 0, 0},    {"relu(x)", 0, 0, 0},   {"min(x, y)", 0, 1, 0},
        {"max(y, x)", 0, 0, 1}, {"x^2 + x^0", 1, 0, 0}, {"x^(y + 1)", 0, 1, 0},
        {"x^(y + 2)", 0, 0, 0}, {"(x + 1)^y", 1, 0, 0}, {"x^1.5", 0, 0, 0},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char text[200];
        snprintf(text, sizeof text, "{f: \"%s\"}", cases[n].text);
        formula *f = open_formula("{x: 0, y: 0}", text, "");
        double gradient[2];
        near(value_of(f, gradient), cases[n].value);
        near(gradient[0], cases[n].dx);
        near(gradient[1], cases[n].dy);
        close_formula(f);
    }
}

static void test_direction(void **state)
{
    (void)state;
    formula *f = open_formula("{x: 3}", "{f: x^2}", "");
    double gradient;
    near(value_of(f, &gradient), 9);
    near(gradient, 6);
    close_formula(f);
    arena *memory = arena_create();
    const experiment *e = load(memory, "model: {name: expression, parameters: {x: 3}, expressions: "
                                       "{f: x^2}}\nloss: {name: value, direction: maximize}\n"
                                       "train: {precision: float64}\n");
    failure why;
    dataset *data = dataset_load(&e->bases[0].dataset, &why);
    objective *o = objective_create(&e->bases[0], data, 0, &why);
    double weights[16] = {3}, slopes[16];
    near(objective_gradient(o, weights, objective_split(o, SLOPE_TRAIN), slopes), -9);
    near(slopes[0], -6);
    objective_destroy(o);
    dataset_destroy(data);
    arena_destroy(memory);
}

/* ---- vectors and matrices -------------------------------------------------------------------- */

static void test_vectors(void **state)
{
    (void)state;
    /* v (3), w (3), m (2 × 3) */
    const double v[] = {1, -2, 3}, w[] = {0.5, 4, -1}, m[] = {1, 2, 3, 4, 5, 6};
    formula *f = open_formula("{v: [1, -2, 3], w: [0.5, 4, -1], m: [[1, 2, 3], [4, 5, 6]]}",
                              "{f: \"dot(v, w) + 2 * sum(v^2) + sum(dot(m, v) * dot(m, w)) + "
                              "dot(m[1], v) + v[2] * m[0][1] + sum(3 * w + v / w)\"}",
                              "");
    double value = 0, mv[2] = {0}, mw[2] = {0}, dv[3] = {0}, dw[3] = {0}, dm[6] = {0}, got[12];
    for (size_t j = 0; j < 2; j++)
        for (size_t i = 0; i < 3; i++) mv[j] += m[3 * j + i] * v[i], mw[j] += m[3 * j + i] * w[i];
    value = mv[0] * mw[0] + mv[1] * mw[1] + v[2] * m[1];
    for (size_t i = 0; i < 3; i++) {
        value += v[i] * w[i] + 2 * v[i] * v[i] + m[3 + i] * v[i] + 3 * w[i] + v[i] / w[i];
        dv[i] = w[i] + 4 * v[i] + m[3 + i] + 1 / w[i];
        dw[i] = v[i] + 3 - v[i] / (w[i] * w[i]);
        for (size_t j = 0; j < 2; j++) {
            dv[i] += mw[j] * m[3 * j + i];
            dw[i] += mv[j] * m[3 * j + i];
            dm[3 * j + i] = mw[j] * v[i] + mv[j] * w[i];
        }
        dm[3 + i] += v[i];
    }
    dv[2] += m[1];
    dm[1] += v[2];
    near(value_of(f, got), value);
    for (size_t i = 0; i < 3; i++) near(got[i], dv[i]), near(got[3 + i], dw[i]);
    for (size_t i = 0; i < 6; i++) near(got[6 + i], dm[i]);
    close_formula(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_direction),
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
