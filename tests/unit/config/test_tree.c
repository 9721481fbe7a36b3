/* test_tree.c: config/tree.h and config/diagnostics.h: finding, merging, writing; order of errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/parse.h"
#include "config_fixture.h"

static config_node *parse(fixture *f, const char *text)
{
    const config_place where = {ORIGIN_FILE, "t.yaml", 1, 1};
    config_node *root = config_parse(f->memory, text, strlen(text), where, NULL, f->errors);
    expect_errors(f, "");
    return root;
}

static void finding(void **state)
{
    fixture *f = *state;
    const config_node *root = parse(f, "a: {b: [x, {c: y}]}\nd: z\n");
    expect_text(root, "a.b.0", "x");
    expect_text(root, "a.b.1.c", "y");
    expect_text(root, "d", "z");
    assert_ptr_equal(config_find(root, ""), root);
    assert_null(config_find(root, "a.b.2"));
    assert_null(config_find(root, "a.b.-1"));
    assert_null(config_find(root, "a.b.x"));
    assert_null(config_find(root, "d.e"));
    assert_null(config_get(NULL, "a"));
    assert_null(config_get(config_get(root, "d"), "a"));
}

static void growing(void **state)
{
    fixture *f = *state;
    const config_place place = {ORIGIN_FILE, "t.yaml", 1, 1};
    config_node *mapping = config_new_mapping(f->memory, place);
    config_node *list = config_new_sequence(f->memory, place);
    for (int i = 0; i < 1000; i++) {
        const char *text = arena_printf(f->memory, "%d", i);
        config_set(f->memory, mapping, text, place,
                   config_new_scalar(f->memory, place, text, false));
        config_append(f->memory, list, config_new_scalar(f->memory, place, text, false));
    }
    config_set(f->memory, mapping, "7", place, config_new_scalar(f->memory, place, "seven", false));
    assert_int_equal(mapping->count, 1000);
    assert_int_equal(list->count, 1000);
    expect_text(mapping, "7", "seven");
    for (int i = 8; i < 1000; i++) {
        const char *text = arena_printf(f->memory, "%d", i);
        expect_text(mapping, text, text);
        expect_text(list, text, text);
    }
}

static void merging(void **state)
{
    fixture *f = *state;
    const config_node *base = parse(f, "a: {x: 1, y: 2}\nb: [1, 2]\nc: {k: 1}\nd: 5\n");
    const config_node *over = parse(f, "e: new\na: {y: 3, z: 4}\nb: [9]\nc: flat\nd: {m: 1}\n");
    const config_node *merged = config_merge(f->memory, base, over);
    assert_string_equal(config_to_yaml(f->memory, merged, false), "a:\n"
                                                                  "  x: 1\n"
                                                                  "  y: 3\n"
                                                                  "  z: 4\n"
                                                                  "b: [9]\n"
                                                                  "c: flat\n"
                                                                  "d:\n"
                                                                  "  m: 1\n"
                                                                  "e: new\n");
    expect_text(base, "a.y", "2"); /* neither input has changed */
    assert_null(config_find(over, "a.x"));
    assert_ptr_equal(config_merge(f->memory, NULL, over), over);
    assert_ptr_equal(config_merge(f->memory, base, NULL), base);
}

static void sameness(void **state)
{
    fixture *f = *state;
    const config_node *one = parse(f, "a: {x: 1}\nb: [1, 2]\n");
    const config_node *equal = parse(f, "a: {x: 1}\nb: [1, 2]\n");
    assert_true(config_same(one, equal, true));
    assert_true(config_same(NULL, NULL, true));
    assert_false(config_same(one, NULL, false));
    assert_false(config_same(one, parse(f, "a: {x: 2}\nb: [1, 2]\n"), false));
    assert_false(config_same(one, parse(f, "a: {y: 1}\nb: [1, 2]\n"), false));
    assert_false(config_same(one, parse(f, "a: {x: 1}\nb: [1, 2, 3]\n"), false));
    assert_false(config_same(one, parse(f, "a: {x: '1'}\nb: [1, 2]\n"), false));
    const config_place elsewhere = {ORIGIN_FILE, "other/t.yaml", 1, 1};
    const char *text = "a: {x: 1}\nb: [1, 2]\n";
    const config_node *moved =
        config_parse(f->memory, text, strlen(text), elsewhere, NULL, f->errors);
    assert_true(config_same(one, moved, false));
    assert_false(config_same(one, moved, true));
}

/* What is written reads back as the same values, whatever the text. */
static void writing_reads_back(void **state)
{
    fixture *f = *state;
    static const char *const texts[] = {
        "plain",
        "",
        "null",
        "~",
        "true",
        "1e-3",
        "12",
        "<<",
        "- x",
        "a: b",
        "a #b",
        "#",
        "[x",
        "{",
        "'",
        "\"",
        "it's",
        " leading",
        "trailing ",
        "two\nlines",
        "ends\n",
        "\n",
        "\n\n x\n",
        "tab\there",
        "grüße",
        "%",
        "@x",
        "*a",
        "&a",
        "!t",
        "| x",
        "? x",
        "x:",
        ":x",
        ",",
        "---",
        "...",
        "\r",
        "\x1b[0m",
        "a text that goes on and on and on, past the eightieth column, and then some more of it",
    };
    const config_place place = {ORIGIN_FILE, "t.yaml", 1, 1};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        config_node *root = config_new_mapping(f->memory, place);
        config_node *list = config_new_sequence(f->memory, place);
        config_append(f->memory, list, config_new_scalar(f->memory, place, texts[i], true));
        config_set(f->memory, root, "text", place,
                   config_new_scalar(f->memory, place, texts[i], true));
        config_set(f->memory, root, "list", place, list);
        if (*texts[i] && !strchr(texts[i], '\n'))
            config_set(f->memory, root, texts[i], place,
                       config_new_scalar(f->memory, place, "v", false));
        for (int origins = 0; origins < 2; origins++) {
            const config_node *again = parse(f, config_to_yaml(f->memory, root, origins));
            expect_text(again, "text", texts[i]);
            expect_text(again, "list.0", texts[i]);
            assert_int_equal(again->count, root->count);
            const config_node *node = config_get(again, "text");
            const bool special = strcmp(texts[i], "null") == 0 || strcmp(texts[i], "12") == 0;
            if (special) assert_true(node->quoted);
        }
    }
}

static void writing_bytes_that_are_no_text(void **state)
{
    fixture *f = *state;
    const config_place place = {ORIGIN_FILE, "t.yaml", 1, 1};
    config_node *root = config_new_mapping(f->memory, place);
    config_set(f->memory, root, "path", place,
               config_new_scalar(f->memory, place, "/data/\xff\xfe/x", true));
    assert_string_equal(config_to_yaml(f->memory, root, false), "path: /data/?\?/x\n");
}

static void writing_origins(void **state)
{
    fixture *f = *state;
    config_node *root =
        parse(f, "a: 1\nlist: [1, 2]\nmap:\n  key: v\n  none: {}\nitems:\n- p: q\n");
    const config_place command_line = {ORIGIN_COMMAND_LINE, NULL, 1, 0};
    const config_place fallback = {ORIGIN_DEFAULT, "optimizer adam", 0, 0};
    config_set(f->memory, root, "b", command_line,
               config_new_scalar(f->memory, command_line, "2", false));
    config_set(f->memory, root, "c", fallback, config_new_scalar(f->memory, fallback, "3", false));
    assert_string_equal(config_to_yaml(f->memory, root, true), "a: 1          # t.yaml:1\n"
                                                               "list: [1, 2]  # t.yaml:2\n"
                                                               "map:\n"
                                                               "  key: v      # t.yaml:4\n"
                                                               "  none: {}    # t.yaml:5\n"
                                                               "items:\n"
                                                               "- p: q        # t.yaml:7\n"
                                                               "b: 2          # command line\n"
                                                               "c: 3          # default of "
                                                               "optimizer adam\n");
}

static void order_of_errors(void **state)
{
    fixture *f = *state;
    const config_place late = {ORIGIN_FILE, "a.yaml", 9, 2}, early = {ORIGIN_FILE, "a.yaml", 2, 5};
    const config_place override = {ORIGIN_COMMAND_LINE, NULL, 1, 0};
    const config_place file_only = {ORIGIN_FILE, "b.yaml", 0, 0},
                       nowhere = {ORIGIN_FILE, NULL, 0, 0};
    assert_int_equal(diagnostics_status(f->errors), STATUS_OK);
    diagnostics_add(f->errors, STATUS_ENVIRONMENT, override, "x.y", "third");
    assert_int_equal(diagnostics_status(f->errors), STATUS_ENVIRONMENT);
    diagnostics_add(f->errors, STATUS_CONFIG, late, "p", "second %d", 2);
    diagnostics_add(f->errors, STATUS_CONFIG, early, NULL, "first");
    diagnostics_add(f->errors, STATUS_CONFIG, late, "p", "another of the same place");
    diagnostics_add(f->errors, STATUS_CONFIG, late, "p", "second %d", 2); /* said once */
    diagnostics_add(f->errors, STATUS_CONFIG, file_only, NULL, "whole file");
    diagnostics_add(f->errors, STATUS_CONFIG, nowhere, "k", "nowhere");
    assert_int_equal(diagnostics_status(f->errors), STATUS_CONFIG);
    assert_int_equal(diagnostics_count(f->errors), 7);
    expect_errors(f, "k: nowhere\n"
                     "a.yaml:2:5: first\n"
                     "a.yaml:9:2: p: second 2\n"
                     "a.yaml:9:2: p: another of the same place\n"
                     "b.yaml: whole file\n"
                     "command line: x.y: third\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finding),
        TEST(growing),
        TEST(merging),
        TEST(sameness),
        TEST(writing_origins),
        TEST(writing_reads_back),
        TEST(writing_bytes_that_are_no_text),
        TEST(order_of_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
