/* The model `expression`: values and gradients of every function, shapes, sharing and folding, 200
 * random formulas against differences, the same bits however rows are cut, and a linear classifier
 * written as a formula against the plugin linear. */
#include "../engine/engine_fixture.h"

#include "engine/check.h"
#include "engine/model_graph.h"

#include <math.h>

/* An experiment of its own: memory, data and objective of one YAML text. */
typedef struct formula {
    arena *memory;
    const trial_config *trial;
    dataset *data;
    objective *objective;
    const layout *layout;
    void *weights;
} formula;

static const experiment *load(arena *a, const char *yaml)
{
    char *build = getenv("SLOPE_BUILD"), file[] = "/tmp/slope-expression-XXXXXX";
    assert_non_null(build);
    setenv("SLOPE_PLUGIN_PATH", arena_printf(a, "%s/lib/slope/plugins", build), 1);
    const int descriptor = mkstemp(file);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, yaml, strlen(yaml)), strlen(yaml));
    close(descriptor);
    failure why = {.text = ""};
    registry *plugins = registry_create(a, &why);
    if (!plugins) fail_msg("%s", why.text);
    diagnostics *errors = diagnostics_create(a);
    config_node *tree = config_load(a, file, 0, NULL, errors);
    const experiment *e = tree ? experiment_create(a, tree, file, plugins, errors) : NULL;
    diagnostics_print(errors, stderr);
    unlink(file);
    if (!e) fail_msg("refused: %s", yaml);
    return e;
}

static formula *open_formula(const char *parameters, const char *expressions, const char *more)
{
    arena *a = arena_create();
    formula *f = arena_alloc(a, sizeof *f);
    f->memory = a;
    f->trial = &load(a, arena_printf(a,
                                     "model: {name: expression, parameters: %s, expressions: %s}\n"
                                     "loss: value\ntrain: {precision: float64}\n%s\n",
                                     parameters, expressions, more))
                    ->bases[0];
    failure why = {.text = ""};
    f->data = dataset_load(&f->trial->dataset, &why);
    if (!f->data) fail_msg("%s", why.text);
    f->objective = objective_create(f->trial, f->data, 0, &why);
    if (!f->objective) fail_msg("%s: %s", expressions, why.text);
    f->layout = objective_layout(f->objective);
    f->weights = arena_alloc(a, f->layout->total * objective_kernels(f->objective)->real_size);
    layout_initialise(f->layout, &f->trial->init, f->trial->train.precision, 0, f->weights);
    return f;
}

static void close_formula(formula *f)
{
    objective_destroy(f->objective);
    dataset_destroy(f->data);
    arena_destroy(f->memory);
}

/* Value and gradient with respect to all elements of all tensors, one after another. */
static double value_of(formula *f, double *gradient)
{
    double *whole = arena_alloc(f->memory, f->layout->total * sizeof *whole);
    const double value = objective_gradient(f->objective, f->weights,
                                            objective_split(f->objective, SLOPE_TRAIN), whole);
    for (size_t t = 0, n = 0; gradient && t < f->layout->tensor_count; t++)
        for (size_t i = 0; i < f->layout->sizes[t]; i++)
            gradient[n++] = whole[f->layout->offsets[t] + i];
    return value;
}

#define near(got, wanted) near_(got, wanted, #got, __LINE__)
static void near_(double got, double wanted, const char *what, int line)
{
    if (!(fabs(got - wanted) <= 1e-14 * fmax(1, fabs(wanted))))
        fail_msg("line %d: %s is %.17g, wanted %.17g", line, what, got, wanted);
}

/* ---- every function
 * ---------------------------------------------------------------------------------- */

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

/* ---- vectors and matrices
 * ---------------------------------------------------------------------------- */

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

/* ---- the graph
 * --------------------------------------------------------------------------------------- */

static size_t nodes_of(const char *parameters, const char *expressions)
{
    formula *f = open_formula(parameters, expressions, "");
    model_graph g;
    assert_true(model_graph_create(f->memory, f->objective, f->weights,
                                   objective_split(f->objective, SLOPE_TRAIN), &g));
    const size_t count = g.count;
    close_formula(f);
    return count;
}

static void test_sharing_and_folding(void **state)
{
    (void)state;
    assert_int_equal(nodes_of("{x: 1}", "{f: \"x + x\"}"), 2);
    assert_int_equal(nodes_of("{x: 1}", "{f: \"exp(x) * exp(x)\"}"), 3);
    assert_int_equal(nodes_of("{x: 1, y: 2}", "{f: \"(x + y) * (x + y)\"}"), 4);
    assert_int_equal(nodes_of("{x: 1, y: 2}", "{q: x + y, r: x + y, f: q * r}"), 4);
    assert_int_equal(nodes_of("{x: 1}", "{f: \"x * (2 * 3 + sin(pi / 2) - 4^2)\"}"), 3);
    assert_int_equal(nodes_of("{x: 1}", "{f: \"x^1\"}"), 1);
    assert_int_equal(nodes_of("{x: 1, y: 1}", "{unused: exp(y), f: x + 1}"), 3);
}

static void test_circuit(void **state)
{
    (void)state;
    formula *f = open_formula("{x: -2, y: 5, z: -4}", "{q: x + y, f: q * z}", "");
    model_graph g;
    assert_true(model_graph_create(f->memory, f->objective, f->weights,
                                   objective_split(f->objective, SLOPE_TRAIN), &g));
    const struct {
        const char *name;
        double value, gradient;
    } wanted[] = {{"x", -2, -4}, {"y", 5, -4}, {"q", 3, -4}, {"z", -4, 3}, {"f", -12, 1}};
    assert_int_equal(g.count, 5);
    assert_string_equal(g.of, "f");
    for (size_t n = 0; n < g.count; n++) {
        assert_string_equal(g.nodes[n].about.name, wanted[n].name);
        near(*g.nodes[n].value, wanted[n].value);
        near(*g.nodes[n].gradient, wanted[n].gradient);
    }
    near(g.nodes[4].slope[0], -4);
    near(g.nodes[4].slope[1], 3);
    near(*g.nodes[4].passes[0], -4);
    near(*g.nodes[2].passes[1], -4);
    close_formula(f);
}

/* What gates pass to a parameter adds up to its gradient, however it is used. */
static void test_passes_add_up(void **state)
{
    (void)state;
    formula *f =
        open_formula("{v: [1, -2, 3], m: [[1, 2, 3], [4, 5, 6]], c: 0.3}",
                     "{f: \"sum(dot(m, v)) + sum(m * c) + dot(v, v) + c * sin(c) + sum(v)\"}", "");
    model_graph g;
    assert_true(model_graph_create(f->memory, f->objective, f->weights,
                                   objective_split(f->objective, SLOPE_TRAIN), &g));
    for (size_t n = 0; n < g.count; n++) {
        if (g.nodes[n].about.kind != SLOPE_NODE_PARAMETER) continue;
        double sums[6] = {0};
        for (size_t k = n; k < g.count; k++)
            for (uint32_t i = 0; i < g.nodes[k].about.operand_count; i++)
                for (size_t j = 0; j < g.nodes[n].about.width; j++)
                    if (g.nodes[k].about.operands[i] == n && g.nodes[k].passes[i])
                        sums[j] += g.nodes[k].passes[i][j];
        for (size_t j = 0; j < g.nodes[n].about.width; j++) near(sums[j], g.nodes[n].gradient[j]);
    }
    close_formula(f);
}

/* ---- random formulas
 * --------------------------------------------------------------------------------- */

typedef struct generator {
    arena *memory;
    uint64_t stream, drawn;
} generator;

static size_t pick(generator *g, size_t count)
{
    double u;
    random_uniform((random_key){17, SLOPE_FOR_NOISE, g->stream}, g->drawn++, 1, &u);
    return (size_t)(u * (double)count);
}

static const char *vector(generator *g, int depth);

/* Parameters x, y, z and c, vectors v and w of 3, a matrix m of 3 × 3; q is an earlier expression.
 * Functions get arguments within their domains. */
static const char *number(generator *g, int depth, bool has_q)
{
    static const char *const leaves[] = {"x", "y", "z", "c", "v[1]", "m[2][0]", "0.75", "pi", "q"};
    static const char *const shapes[] = {"(%s + %s)",
                                         "(%s - %s)",
                                         "%s * %s",
                                         "%s / (1.5 + (%s)^2)",
                                         "min(%s, %s)",
                                         "max(%s, %s)",
                                         "(abs(%s) + 0.5)^tanh(%s)",
                                         "(%s)^2 * tanh(%s)",
                                         "(%s)^3 - sigmoid(%s)"};
    static const char *const functions[] = {"tanh(%s)",
                                            "sin(%s)",
                                            "cos(%s)",
                                            "sigmoid(%s)",
                                            "relu(%s)",
                                            "abs(%s)",
                                            "-(%s)",
                                            "exp(tanh(%s))",
                                            "log(1.1 + abs(%s))",
                                            "sqrt(0.3 + abs(%s))",
                                            "(1.2 + abs(%s))^-1.5",
                                            "(2 + sin(%s))^-2"};
    if (depth == 0) return leaves[pick(g, sizeof leaves / sizeof *leaves - !has_q)];
    const size_t kind = pick(g, 10);
    if (kind < 4) {
        const char *one = number(g, depth - 1, has_q), *other = number(g, depth - 1, has_q);
        const char *shape = shapes[pick(g, sizeof shapes / sizeof *shapes)];
        const char *second = strstr(strstr(shape, "%s") + 2, "%s");
        return arena_printf(g->memory, "%.*s%s%.*s%s%s", (int)(strstr(shape, "%s") - shape), shape,
                            one, (int)(second - strstr(shape, "%s") - 2), strstr(shape, "%s") + 2,
                            other, second + 2);
    }
    if (kind < 8) {
        const char *shape = functions[pick(g, sizeof functions / sizeof *functions)];
        const char *hole = strstr(shape, "%s");
        return arena_printf(g->memory, "%.*s%s%s", (int)(hole - shape), shape,
                            number(g, depth - 1, has_q), hole + 2);
    }
    if (kind == 8) return arena_printf(g->memory, "sum(%s)", vector(g, depth - 1));
    return arena_printf(g->memory, "dot(%s, %s)", vector(g, depth - 1), vector(g, depth - 1));
}

static const char *vector(generator *g, int depth)
{
    static const char *const leaves[] = {"v", "w", "m[1]"};
    if (depth == 0) return leaves[pick(g, 3)];
    const char *one = vector(g, depth - 1);
    switch (pick(g, 7)) {
    case 0:
        return arena_printf(g->memory, "(%s + %s)", one, vector(g, depth - 1));
    case 1:
        return arena_printf(g->memory, "tanh(%s)", one);
    case 2:
        return arena_printf(g->memory, "dot(m, %s)", one);
    case 3:
        return arena_printf(g->memory, "dot(%s, m)", one);
    case 4:
        return arena_printf(g->memory, "(%s) * %s", number(g, depth - 1, false), one);
    case 5:
        return arena_printf(g->memory, "dot(cos(m), %s)", one);
    default:
        return arena_printf(g->memory, "sin(%s) * 0.5", one);
    }
}

/* Entries that are wrong by more than the rounding of the differences (a derivative of 10^-17
 * beside a value of 1 cannot be had from them), beyond those that were set aside at kinks. */
static bool agrees(const check_row *row, double value, double *worst)
{
    size_t wrong = 0;
    assert_int_equal(row->entry_count, row->size);
    for (size_t i = 0; i < row->entry_count; i++) {
        const check_entry *e = &row->entries[i];
        const bool noise = fabs(e->analytic - e->numerical) <= 1e-9 * (1 + fabs(value));
        const bool good = e->error <= 1e-6 || noise;
        if (!good) wrong++;
        if (good && !noise) *worst = fmax(*worst, e->error);
    }
    return wrong <= row->set_aside;
}

static void test_random_formulas(void **state)
{
    (void)state;
    enum { WANTED = 200 };
    size_t checked = 0, aside = 0, failed = 0, entries = 0;
    double worst = 0;
    for (uint64_t n = 0; checked < WANTED; n++) {
        arena *memory = arena_create();
        generator g = {memory, n, 0};
        const char *q = number(&g, 2, false), *f = number(&g, 4, true);
        const char *texts = arena_printf(memory, "{q: \"%s\", f: \"c * x + %s\"}", q, f);
        formula *it =
            open_formula("{x: 0.4, y: -0.8, z: 1.3, c: 0.9, v: [0.3, -0.6, 1.1], w: [-1.2, "
                         "0.5, 0.2], m: [[0.1, 0.9, -0.4], [0.7, -0.3, 0.5], [-0.8, 0.6, "
                         "0.2]]}",
                         texts, "");
        check_report report;
        failure why;
        const double value = value_of(it, NULL);
        assert_true(n < 10 * WANTED);
        if (isfinite(value) && fabs(value) < 1e3) {
            assert_true(
                check_gradient(memory, it->trial, it->data, &check_defaults, &report, &why));
            checked++;
            bool good = true;
            for (size_t i = 0; i < report.count; i++) {
                entries += report.rows[i].checked;
                aside += report.rows[i].set_aside;
                good = agrees(&report.rows[i], value, &worst) && good;
            }
            failed += !good;
            if (!good) print_message("FAILED: %s\n", texts);
        }
        close_formula(it);
        arena_destroy(memory);
    }
    print_message("%zu formulas, %zu derivatives: greatest relative error %.2g, %zu at kinks\n",
                  checked, entries, worst, aside);
    assert_int_equal(failed, 0);
    assert_true(aside * 50 < entries);
}

/* ---- with data
 * --------------------------------------------------------------------------------------- */

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
        500, "{model: {name: expression, parameters: {w: {shape: [21, 4], initial: 0}, "
             "b: {shape: 4, initial: 0}}, expressions: {s: \"dot(x, w) + b\"}, "
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
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_direction),
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_sharing_and_folding),
        cmocka_unit_test(test_circuit),
        cmocka_unit_test(test_passes_add_up),
        cmocka_unit_test(test_random_formulas),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_gradient_with_data),
        cmocka_unit_test(test_as_the_plugin_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
