/* The model `expression`: the gradients of 200 random formulas against differences. */
#include "expression_fixture.h"

#include "engine/check.h"

/* ---- formulas -------------------------------------------------------------------------------- */

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

/* ---- against differences -------------------------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
