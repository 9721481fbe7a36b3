/* What a question sets, as cells of trials.csv and back: the same configuration either way,
 * whatever texts look like. And the table of trials on record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep/asked.h"
#include "sweep/json.h"
#include "sweep/recorded.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const config_place place = {ORIGIN_COMMAND_LINE, NULL, 0, 0};

static config_node *tree_of(arena *a, const char *json)
{
    failure why;
    json_t *value = json_read(json, strlen(json), &why);
    assert_non_null(value);
    config_node *tree = json_to_config(a, value, place);
    json_decref(value);
    return tree;
}

static const char *json_of(arena *a, const config_node *node)
{
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    json_write_config(out, node);
    fclose(out);
    return arena_strdup(a, text);
}

/* "path=text, path=text" */
static const char *all_of(arena *a, const asked_set *what)
{
    const char *text = "";
    for (size_t i = 0; i < what->count; i++)
        text = arena_printf(a, "%s%s%s=%s", text, i ? ", " : "", what->values[i].path,
                            what->values[i].text);
    return text;
}

static void test_values(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{}", ""},
        {"{\"optimizer\": \"adam\"}", "optimizer.name=adam"},
        {"{\"optimizer\": {\"learning_rate\": 0.1, \"name\": \"sgd\"}}",
         "optimizer.learning_rate=0.1, optimizer.name=sgd"},
        {"{\"train\": 3, \"stop\": null}", "train.epochs=3, stop=null"},
        {"{\"model\": {\"name\": \"mlp\", \"hidden\": [32, 16]}}",
         "model.name=mlp, model.hidden=[32, 16]"},
        {"{\"model\": {\"init\": {\"std\": 1e-5}}}", "model.init.std=1e-05"},
        {"{\"model\": {\"parameters\": {\"a.b\": 1}}}", "model.parameters={\"a.b\": 1}"},
        {"{\"model\": {\"parameters\": {}}}", "model.parameters={}"},
        {"{\"dataset\": {\"class_names\": [\"1\", \"x\"]}}", "dataset.class_names=[\"1\", \"x\"]"},
        {"{\"label\": \"true\"}", "label=\"true\""},
        {"{\"label\": \"1e3\"}", "label=\"1e3\""},
        {"{\"label\": \"\"}", "label=\"\""},
        {"{\"label\": \"a: b\"}", "label=\"a: b\""},
        {"{\"label\": \"/a/b-1.csv\"}", "label=/a/b-1.csv"},
        {"{\"dataset\": {\"standardize\": true}}", "dataset.standardize=true"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arena *a = arena_create();
        const asked_set what = asked_values(a, tree_of(a, cases[i][0]));
        assert_string_equal(all_of(a, &what), cases[i][1]);
        arena_destroy(a);
    }
}

/* From the cells come the same values, in whatever order the columns stand. */
static void test_back(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "{\"model\": {\"name\": \"expression\", \"parameters\": {\"x\": -1.5, \"w\": {\"shape\": "
        "[2, "
        "3], \"initial\": 0}}, \"expressions\": {\"f\": \"x^2 + w[1][2]\"}}}",
        "{\"optimizer\": {\"learning_rate\": 1e-300, \"name\": \"adam\"}, \"train\": {\"seed\": "
        "7, \"epochs\": null}}",
        "{\"dataset\": {\"name\": \"csv\", \"class_names\": [\"1\", \"null\", \"a, b\", "
        "\"\\\"q\\\" "
        "\\\\ \\u0001 \\u00e9 \\n\"], \"known_as\": \"- x\"}}",
        "{\"label\": \"~\", \"keep\": \"0x1F\"}",
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        arena *a = arena_create();
        const asked_set what = asked_values(a, tree_of(a, questions[i]));
        const char *paths[16], *texts[16];
        for (size_t k = 0; k < what.count; k++) {
            paths[k] = what.values[what.count - 1 - k].path;
            texts[k] = what.values[what.count - 1 - k].text;
        }
        paths[what.count] = "optimizer.beta1";
        texts[what.count] = "";
        diagnostics *errors = diagnostics_create(a);
        const config_node *tree = asked_tree(a, place, what.count + 1, paths, texts, errors);
        assert_int_equal(diagnostics_count(errors), 0);
        const asked_set again = asked_values(a, tree);
        assert_int_equal(again.count, what.count);
        for (size_t k = 0; k < what.count; k++) {
            const config_node *value = config_find(tree, what.values[k].path);
            if (!value) continue; /* its path has a name with a dot */
            const config_node *before = config_find(tree_of(a, questions[i]), what.values[k].path);
            assert_string_equal(json_of(a, value), json_of(a, before));
        }
        arena_destroy(a);
    }
}

static void test_labels(void **state)
{
    (void)state;
    arena *a = arena_create();
    const asked_set what = asked_values(
        a, tree_of(a, "{\"optimizer\": {\"name\": \"adam\", \"learning_rate\": 0.0123456789}, "
                      "\"dataset\": {\"seed\": 1}, \"train\": {\"seed\": 2}}"));
    assert_string_equal(asked_label(a, "base", &what),
                        "adam learning_rate=0.01235 dataset.seed=1 train.seed=2");
    assert_string_equal(asked_label(a, "base", &(asked_set){0, NULL}), "base");
    arena_destroy(a);
}

/* More trials than the table has room for at first; ids that differ in their upper half only. */
static void test_table(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    for (int by_step = 0; by_step < 2; by_step++) {
        recorded_table t = {.by_step = by_step};
        assert_null(recorded_find(&t, 0, 0));
        for (uint64_t i = 0; i < MANY; i++) {
            const recorded r = {.id = i << 40, .steps = i % 7, .number = (size_t)i};
            recorded_add(&t, &r);
        }
        assert_int_equal(t.count, MANY);
        for (uint64_t i = 0; i < MANY; i++) {
            assert_int_equal(recorded_find(&t, i << 40, i % 7)->number, i);
            if (by_step) assert_null(recorded_find(&t, i << 40, 7));
        }
        assert_null(recorded_find(&t, 1, 1));
        recorded_add(&t, &(recorded){.id = 7ull << 40, .number = 9999}); /* in its place */
        assert_int_equal(t.count, MANY);
        assert_int_equal(recorded_find(&t, 7ull << 40, 0)->number, 9999);
        recorded_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_back),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
