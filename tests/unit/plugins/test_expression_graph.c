/* The model `expression`: the graph that a formula becomes: what is shared and folded in it, its
 * values and gradients node by node. */
#include "expression_fixture.h"

#include "engine/model_graph.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sharing_and_folding),
        cmocka_unit_test(test_circuit),
        cmocka_unit_test(test_passes_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
