/* test_load.c: config/load.h: YAML with anchors and merge keys, files that extend files, overrides;
 * and all that is refused, with the exact words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_fixture.h"

static config_node *load_with(fixture *f, size_t count, const char *const *overrides)
{
    return config_load(f->memory, "a.yaml", count, overrides, f->errors);
}

static const char *yaml_of(fixture *f, const config_node *root)
{
    expect_errors(f, "");
    assert_non_null(root);
    return config_to_yaml(f->memory, root, false);
}

/* ---- YAML ------------------------------------------------------------------------------------ */

static void places(void **state)
{
    fixture *f = *state;
    const config_node *root = load_text(f, "# comment\na: 1\nb:\n  - x\n  - {c: 'q'}\n");
    const config_node *c = config_find(root, "b.1.c");
    assert_string_equal(c->place.file, "a.yaml");
    assert_int_equal(c->place.line, 5);
    assert_int_equal(c->place.column, 9);
    assert_true(c->quoted);
    assert_false(config_find(root, "a")->quoted);
    assert_int_equal(config_get(root, "b") ? root->entries[1].key_place.line : 0, 3);
}

static void anchors_aliases_and_merge_keys(void **state)
{
    fixture *f = *state;
    const config_node *root = load_text(f, "base: &base {x: 1, y: 2}\n"
                                           "more: &more {y: 7, z: 8}\n"
                                           "same: *base\n"
                                           "one: {<<: *base, y: 3}\n"
                                           "two: {y: 3, <<: [*base, *more]}\n"
                                           "text: {'<<': 5}\n"
                                           "redefined: [&v a, *v, &v b, *v]\n");
    expect_text(root, "same.y", "2");
    expect_text(root, "one.x", "1");
    expect_text(root, "one.y", "3"); /* own keys win */
    expect_text(root, "two.y", "3");
    expect_text(root, "two.x", "1");
    expect_text(root, "two.z", "8");
    expect_text(root, "text.<<", "5"); /* quoted, it is an ordinary key */
    expect_text(root, "redefined.1", "a");
    expect_text(root, "redefined.3", "b");
    expect_errors(f, "");
}

static void tags(void **state)
{
    fixture *f = *state;
    const config_node *root = load_text(
        f, "a: !!str 5\nb: !!int '5'\nc: ! '5'\nd: !!map {x: 1}\ne: !!seq [1]\nf: !!float 1\n");
    assert_true(config_get(root, "a")->quoted);
    assert_false(config_get(root, "b")->quoted);
    assert_true(config_get(root, "c")->quoted);
    assert_false(config_get(root, "f")->quoted);
    expect_errors(f, "");
    expect_refused(f, "a: !python/object x\nb: !!set {x}\n",
                   "a.yaml:1:4: a: unknown tag '!python/object'\n"
                   "a.yaml:2:4: b: unknown tag 'tag:yaml.org,2002:set'\n");
}

static void empty_files(void **state)
{
    fixture *f = *state;
    static const char *const texts[] = {"", "# nothing\n", "---\n", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const config_node *root = load_text(f, texts[i]);
        expect_errors(f, "");
        assert_int_equal(root->kind, CONFIG_MAPPING);
        assert_int_equal(root->count, 0);
    }
}

static void refused_yaml(void **state)
{
    fixture *f = *state;
    expect_refused(f, "a: 1\na: 2\nb: {c: 1, c: 2}\n",
                   "a.yaml:2:1: a: key given twice; it stands in line 1 already\n"
                   "a.yaml:3:11: b.c: key given twice; it stands in line 3 already\n");
    expect_refused(f, "a: [1, 2\nb: 3\n",
                   "a.yaml:2:2: YAML syntax: did not find expected ',' or ']' while parsing a flow "
                   "sequence that began in line 1\n");
    expect_refused(f, "a: *x\n", "a.yaml:1:4: a: alias *x names no anchor above it\n");
    expect_refused(f, "a: &x [1, *x]\n",
                   "a.yaml:1:11: a.1: alias *x stands inside the value that it names\n");
    expect_refused(f, "a: 1\n---\nb: 2\n",
                   "a.yaml:2:1: a second document begins here; a file holds one\n");
    expect_refused(f, "[a]: 1\n", "a.yaml:1:1: a key must be a name, not a list or a mapping\n");
    expect_refused(f, "- a\n",
                   "a.yaml:1:1: expected a mapping (key: value) at the top of the file\n");
    expect_refused(f, "a: \"x\\0y\"\n", "a.yaml:1:4: a: text holds a zero byte\n");
    expect_refused(f, "b: {<<: 5}\n",
                   "a.yaml:1:9: b: a merge key needs a mapping or a list of mappings\n");
    expect_refused(f, "x: &x {y: 1}\nb: {<<: *x, <<: *x}\n",
                   "a.yaml:2:13: b.<<: merge key given twice; write <<: [*one, *other]\n");
    expect_refused(f, "a: b\n\xff\n", "a.yaml:2:1: YAML syntax: invalid leading UTF-8 octet\n");
    expect_refused(f, "a:\n\tb: 1\n",
                   "a.yaml:2:1: YAML syntax: found character that cannot start any token while "
                   "scanning for the next token\n");
}

static void alias_bomb(void **state)
{
    fixture *f = *state;
    const char *text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 8; i++)
        text = arena_printf(
            f->memory, "%sa%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", text, i,
            i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    assert_null(load_text(f, text));
    assert_non_null(strstr(printed(f), "more than 1000000 values once aliases are expanded"));
}

static void deep_nesting(void **state)
{
    fixture *f = *state;
    char text[4096] = "a: ";
    for (int i = 0; i < 64; i++) strcat(text, "[");
    for (int i = 0; i < 64; i++) strcat(text, "]");
    assert_non_null(load_text(f, text));
    strcpy(text, "a: ");
    for (int i = 0; i < 500; i++) strcat(text, "[");
    assert_null(load_text(f, text));
    assert_non_null(strstr(printed(f), "nested deeper than 64 levels"));
    f->errors = diagnostics_create(f->memory);
    /* The same through aliases: each holds the one before. */
    const char *chained = "a0: &a0 [x]\n";
    for (int i = 1; i < 70; i++)
        chained = arena_printf(f->memory, "%sa%d: &a%d [*a%d]\n", chained, i, i, i - 1);
    assert_null(load_text(f, chained));
    assert_non_null(strstr(printed(f), "nested deeper than 64 levels"));
}

/* ---- files ----------------------------------------------------------------------------------- */

static void extending(void **state)
{
    fixture *f = *state;
    write_file("deep/base.yaml", "extends: ../root.yaml\ntrain: {epochs: 3, seed: 4}\n");
    write_file("root.yaml", "train: {epochs: 1, batch_size: 7}\nloss: svm\n");
    write_file("second.yaml", "train: {seed: 9}\n");
    const config_node *root =
        load_text(f, "extends: [deep/base.yaml, second.yaml]\ntrain: {epochs: 5}\n");
    assert_string_equal(yaml_of(f, root), "train:\n"
                                          "  epochs: 5\n"
                                          "  batch_size: 7\n"
                                          "  seed: 9\n"
                                          "loss: svm\n");
    assert_string_equal(config_find(root, "train.batch_size")->place.file, "deep/../root.yaml");
    const config_node *included = load_text(f, "include: root.yaml\n");
    expect_text(included, "loss", "svm");
}

static void extending_badly(void **state)
{
    fixture *f = *state;
    write_file("loop.yaml", "extends: a.yaml\n");
    expect_refused(f, "extends: loop.yaml\n",
                   "loop.yaml:1:10: extends: files extend each other: a.yaml -> loop.yaml -> "
                   "a.yaml\n");
    expect_refused(f, "extends: a.yaml\n",
                   "a.yaml:1:10: extends: files extend each other: a.yaml -> a.yaml\n");
    expect_refused(f, "extends: nowhere.yaml\n",
                   "a.yaml:1:10: extends: cannot open 'nowhere.yaml': No such file or directory\n");
    expect_refused(f, "extends: {a: b}\ninclude:\n",
                   "a.yaml:1:10: extends: expected the name of a file, or a list of names\n"
                   "a.yaml:2:9: include: expected the name of a file, or a list of names\n");
    write_file("bad.yaml", "a: 1\na: 2\n");
    expect_refused(f, "extends: bad.yaml\nb: 1\nb: 2\n",
                   "a.yaml:3:1: b: key given twice; it stands in line 2 already\n");
    assert_null(config_load(f->memory, "none.yaml", 0, NULL, f->errors));
    assert_int_equal(diagnostics_status(f->errors), STATUS_ENVIRONMENT);
    expect_errors(f, "cannot open 'none.yaml': No such file or directory\n");
}

/* A fan of files that each extend two: without a limit this would never end. */
static void extending_without_end(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 30; i++)
        write_file(arena_printf(f->memory, "f%d.yaml", i),
                   arena_printf(f->memory, "extends: [f%d.yaml, f%d.yaml]\n", i + 1, i + 1));
    write_file("f30.yaml", "a: 1\n");
    assert_null(config_load(f->memory, "f0.yaml", 0, NULL, f->errors));
    assert_non_null(strstr(printed(f), "more than 1000 files are extended"));
}

/* ---- the rules of sections ------------------------------------------------------------------- */

static void another_name_drops_parameters(void **state)
{
    fixture *f = *state;
    write_file("base.yaml",
               "optimizer: {name: adam, beta1: 0.8, learning_rate: 1}\n"
               "model: {name: mlp, hidden: [5], init: {distribution: normal, std: 1}}\n"
               "schedule: {name: step, every: 3, warmup_steps: 9}\n");
    const config_node *root = load_text(f, "extends: base.yaml\n"
                                           "optimizer: {name: sgd, momentum: 0.5}\n"
                                           "model: linear\n"
                                           "schedule: cosine\n");
    assert_string_equal(yaml_of(f, root), "optimizer:\n"
                                          "  name: sgd\n"
                                          "  momentum: 0.5\n"
                                          "model:\n"
                                          "  init:\n"
                                          "    distribution: normal\n"
                                          "    std: 1\n"
                                          "  name: linear\n"
                                          "schedule:\n"
                                          "  warmup_steps: 9\n"
                                          "  name: cosine\n");
    const config_node *same = load_text(f, "extends: base.yaml\n"
                                           "optimizer: {name: adam, beta1: 0.7}\n"
                                           "model: {init: zeros}\n");
    expect_text(same, "optimizer.learning_rate", "1");
    expect_text(same, "optimizer.beta1", "0.7");
    expect_text(same, "model.init.distribution", "zeros");
    assert_null(config_find(same, "model.init.std")); /* of another distribution */
    expect_text(same, "model.name", "mlp");
}

static void scalars_for_sections(void **state)
{
    fixture *f = *state;
    write_file("base.yaml", "optimizer: adam\nevaluate: 1 epoch\ndataset: iris\nstop: null\n");
    const config_node *root = load_text(f, "extends: base.yaml\n"
                                           "optimizer: {learning_rate: 0.1}\n"
                                           "evaluate: {train: false}\n"
                                           "dataset: {limit: 5}\n"
                                           "stop: {patience: 3}\n");
    assert_string_equal(yaml_of(f, root), "optimizer:\n"
                                          "  name: adam\n"
                                          "  learning_rate: 0.1\n"
                                          "evaluate:\n"
                                          "  every: 1 epoch\n"
                                          "  train: false\n"
                                          "dataset:\n"
                                          "  name: iris\n"
                                          "  limit: 5\n"
                                          "stop:\n"
                                          "  patience: 3\n");
}

/* ---- overrides ------------------------------------------------------------------------------- */

static void overriding(void **state)
{
    fixture *f = *state;
    write_file("a.yaml", "optimizer: adam\ntrain: {epochs: 3, seed: 1}\nmodel: {hidden: [1, 2]}\n");
    static const char *const overrides[] = {
        "optimizer.learning_rate=0.1", "train.epochs=7", "model.hidden=[100,50]",
        "model.hidden.1=30",           "label=a = b",    "train.epochs=8",
        "loss={name: svm, margin: 2}", "train.seed=",
    };
    const config_node *root = load_with(f, 8, overrides);
    expect_errors(f, "");
    expect_text(root, "optimizer.name", "adam");
    expect_text(root, "optimizer.learning_rate", "0.1");
    expect_text(root, "train.epochs", "8");
    expect_text(root, "train.seed", "");
    expect_text(root, "model.hidden.0", "100");
    expect_text(root, "model.hidden.1", "30");
    expect_text(root, "label", "a = b");
    expect_text(root, "loss.margin", "2");
    const config_place place = config_find(root, "optimizer.learning_rate")->place;
    assert_int_equal(place.origin, ORIGIN_COMMAND_LINE);
    assert_int_equal(place.line, 1);
    assert_int_equal(config_find(root, "optimizer.name")->place.origin, ORIGIN_FILE);
}

/* The choice first or its parameter first: both are given, both hold. */
static void order_of_overrides(void **state)
{
    fixture *f = *state;
    write_file("a.yaml", "optimizer: {name: adam, beta1: 0.5}\ndataset: {name: iris, limit: 3}\n");
    static const char *const one[] = {"optimizer=sgd", "optimizer.momentum=0.5", "dataset=mnist"};
    static const char *const other[] = {"optimizer.momentum=0.5", "dataset=mnist", "optimizer=sgd"};
    const config_node *root = load_with(f, 3, one);
    for (int i = 0; i < 2; i++) {
        expect_text(root, "optimizer.name", "sgd");
        expect_text(root, "optimizer.momentum", "0.5");
        assert_null(config_find(root, "optimizer.beta1"));
        assert_null(config_find(root, "dataset.limit"));
        root = load_with(f, 3, other);
    }
    expect_errors(f, "");
}

static void overriding_trials(void **state)
{
    fixture *f = *state;
    write_file("a.yaml", "train: {seed: 1}\n"
                         "trials:\n"
                         "- {optimizer: {name: sgd, learning_rate: 1}, train: {seed: 2}}\n"
                         "- {optimizer: adam}\n");
    static const char *const overrides[] = {"optimizer.learning_rate=5", "train.seed=3",
                                            "trials.1.train.seed=4", "trials.1.label=x"};
    const config_node *root = load_with(f, 4, overrides);
    expect_errors(f, "");
    expect_text(root, "trials.0.optimizer.learning_rate", "5"); /* wins over the trial's own */
    expect_text(root, "trials.0.train.seed", "3");
    expect_text(root, "trials.1.optimizer.name", "adam");
    expect_text(root, "trials.1.optimizer.learning_rate", "5");
    expect_text(root, "trials.1.train.seed", "4"); /* the one that names the trial wins */
    expect_text(root, "trials.1.label", "x");
}

static void overriding_badly(void **state)
{
    fixture *f = *state;
    write_file("a.yaml", "trials: [{label: x}]\n");
    static const char *const overrides[] = {
        "nothing",          "=5", "a..b=1", ".a=1", "a.=1", "a=[1", "b=&x 1", "trials.1.label=y",
        "trials.x.label=y",
    };
    assert_null(load_with(f, 7, overrides));
    expect_errors(f,
                  "command line: 'nothing' sets nothing; write path.to.key=value\n"
                  "command line: '' is no path to a key; write path.to.key=value\n"
                  "command line: 'a..b' is no path to a key; write path.to.key=value\n"
                  "command line: '.a' is no path to a key; write path.to.key=value\n"
                  "command line: 'a.' is no path to a key; write path.to.key=value\n"
                  "command line: a: YAML syntax: did not find expected ',' or ']' while parsing a "
                  "flow sequence\n");
    assert_null(load_with(f, 2, overrides + 7));
    expect_errors(f, "command line: trials.1: no such item; the list has 1, counted from 0\n"
                     "command line: trials.x: no such item; the list has 1, counted from 0\n");
    const char *deep = "a";
    for (int i = 0; i < 100; i++) deep = arena_printf(f->memory, "%s.a", deep);
    deep = arena_printf(f->memory, "%s=1", deep);
    assert_null(load_with(f, 1, &deep));
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* Mutations of a file that uses everything, from a fixed sequence: whatever comes of them, it is a
 * tree that can be written and read again, or at least one error. The sanitizers watch. */
static void random_damage(void **state)
{
    (void)state;
    static const char original[] =
        "experiment: &e fuzz\nextends: base.yaml\ndataset: {name: idx, train: {images: "
        "\"x\\ty\"}}\n"
        "shared: &s {a: 1, b: [1, 2, {c: *e}]}\nmodel: {<<: *s, name: 'it''s'}\n"
        "text: |\n  two\n  lines\nfolded: >-\n  more\n  lines\n? key\n: value\n"
        "trials:\n- {optimizer: adam}\n- optimizer: {name: sgd, lr: !!float 1e-3}\n";
    static const char alphabet[] = "{}[]:,&*!|>'\"%@`#-? \n\tab0<\\\x80\xff";
    write_file("base.yaml", "optimizer: {name: adam, beta1: 0.5}\ntrials: [{label: x}]\n");
    uint64_t random = 1;
    size_t accepted = 0;
    for (int round = 0; round < 3000; round++) {
        arena *a = arena_create();
        diagnostics *errors = diagnostics_create(a);
        char text[sizeof original];
        memcpy(text, original, sizeof text);
        for (int change = 0; change < 1 + round % 4; change++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            text[(random >> 33) % (sizeof text - 1)] =
                alphabet[(random >> 20) % (sizeof alphabet - 1)];
        }
        FILE *file = fopen("a.yaml", "w");
        fwrite(text, 1, sizeof text - 1, file);
        fclose(file);
        static const char *const overrides[] = {"optimizer.lr=2", "trials.0.label=[y]"};
        const config_node *root = config_load(a, "a.yaml", 2, overrides, errors);
        assert_true((root != NULL) == (diagnostics_count(errors) == 0));
        if (root) {
            const char *yaml = config_to_yaml(a, root, false);
            write_file("again.yaml", yaml);
            const config_node *again = config_load_file(a, "again.yaml", errors);
            if (!again) fail_msg("written, but not read: %s", yaml);
            assert_string_equal(config_to_yaml(a, again, false), yaml);
            config_to_yaml(a, root, true);
            accepted++;
        }
        arena_destroy(a);
    }
    assert_true(accepted > 100 && accepted < 2900); /* both ways were gone */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(places),
        TEST(anchors_aliases_and_merge_keys),
        TEST(tags),
        TEST(empty_files),
        TEST(refused_yaml),
        TEST(alias_bomb),
        TEST(deep_nesting),
        TEST(extending),
        TEST(extending_badly),
        TEST(extending_without_end),
        TEST(another_name_drops_parameters),
        TEST(scalars_for_sections),
        TEST(overriding),
        TEST(order_of_overrides),
        TEST(overriding_trials),
        TEST(overriding_badly),
        TEST(random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
