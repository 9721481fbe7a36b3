/* test_bind.c: config/bind.h: every type of slope/plugin.h with its defaults, bounds and errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/bind.h"
#include "config_fixture.h"

typedef struct fields {
    bool flag;
    int64_t count, maybe_count, activation;
    double rate, beta, level, maybe_rate;
    const char *text, *separator, *maybe_text, *file, *image;
    slope_integers hidden, maybe_list;
    slope_strings files;
} fields;

static const char *const activations[] = {"relu", "tanh", "sigmoid", NULL};

#define OPTIONAL(field_, type_) \
    { \
        .key = #field_, .type = (type_), .flags = SLOPE_OPTIONAL, \
        .offset = offsetof(fields, field_), .min = 0, .max = INFINITY, .doc = "optional" \
    }

static const slope_parameter parameters[] = {
    SLOPE_PARAM_BOOL(fields, flag, "true", "a flag"),
    SLOPE_PARAM_INTEGER(fields, count, "3", SLOPE_BETWEEN(1, 10), "a count"),
    SLOPE_PARAM_NUMBER(fields, rate, "1e-3", SLOPE_POSITIVE, "a rate"),
    SLOPE_PARAM_NUMBER(fields, beta, "0.9", SLOPE_IN_0_1, "a decay"),
    {.key = "level",
     .type = SLOPE_NUMBER,
     .offset = offsetof(fields, level),
     .fallback = "-1",
     .min = -INFINITY,
     .max = 0,
     .flags = SLOPE_MAX_OPEN,
     .doc = "below nought"},
    SLOPE_PARAM_CHOICE(fields, activation, "tanh", activations, "a choice"),
    SLOPE_PARAM_STRING(fields, text, "words", "a text"),
    SLOPE_PARAM_STRING(fields, separator, "\"\\t\"", "a default in quotes"),
    {.key = "hidden",
     .type = SLOPE_INTEGERS,
     .offset = offsetof(fields, hidden),
     .fallback = "[100, 50]",
     SLOPE_AT_LEAST(1),
     .doc = "a list"},
    OPTIONAL(maybe_count, SLOPE_INTEGER),
    OPTIONAL(maybe_rate, SLOPE_NUMBER),
    OPTIONAL(maybe_text, SLOPE_STRING),
    OPTIONAL(maybe_list, SLOPE_INTEGERS),
    OPTIONAL(file, SLOPE_PATH),
    OPTIONAL(files, SLOPE_PATHS),
    {.key = "train.images",
     .type = SLOPE_PATH,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(fields, image),
     .doc = "a file in a group"},
};

static const bind_table table = {.parameters = parameters,
                                 .count = sizeof parameters / sizeof *parameters,
                                 .element_size = sizeof *parameters,
                                 .config_size = sizeof(fields),
                                 .owner = "model toy",
                                 .advice = "copy it here"};

static const fields *bind(fixture *f, const char *text, config_node **resolved)
{
    const config_node *section = load_text(f, text);
    expect_errors(f, "");
    const config_place nowhere = {ORIGIN_DEFAULT, NULL, 0, 0};
    config_node *record = config_new_mapping(f->memory, nowhere);
    static const char *const reserved[] = {"name", NULL};
    if (resolved) *resolved = record;
    return bind_section(f->memory, &table, section, "model", reserved, record, f->errors);
}

static void refuse(fixture *f, const char *text, const char *expected)
{
    bind(f, text, NULL);
    expect_errors(f, expected);
}

static void defaults(void **state)
{
    fixture *f = *state;
    config_node *resolved;
    const fields *c = bind(f, "name: toy\n", &resolved);
    expect_errors(f, "");
    assert_true(c->flag && c->count == 3 && c->rate == 1e-3 && c->beta == 0.9 && c->level == -1);
    assert_int_equal(c->activation, 1);
    assert_string_equal(c->text, "words");
    assert_string_equal(c->separator, "\t");
    assert_int_equal(c->hidden.count, 2);
    assert_int_equal(c->hidden.values[1], 50);
    assert_true(c->maybe_count == SLOPE_ABSENT && isnan(c->maybe_rate));
    assert_null(c->maybe_text);
    assert_null(c->file);
    assert_int_equal(c->maybe_list.count + c->files.count, 0);
    assert_string_equal(config_to_yaml(f->memory, resolved, false), "flag: true\n"
                                                                    "count: 3\n"
                                                                    "rate: 1e-3\n"
                                                                    "beta: 0.9\n"
                                                                    "level: -1\n"
                                                                    "activation: tanh\n"
                                                                    "text: words\n"
                                                                    "separator: \"\\t\"\n"
                                                                    "hidden: [100, 50]\n");
    assert_string_equal(config_get(resolved, "rate")->place.file, "model toy");
    assert_int_equal(config_get(resolved, "rate")->place.origin, ORIGIN_DEFAULT);
    const fields *none = bind_section(f->memory, &table, NULL, "model", NULL, NULL, f->errors);
    expect_errors(f, "");
    assert_true(none->count == 3);
}

static void values(void **state)
{
    fixture *f = *state;
    write_file("x.bin", "x");
    write_file("sub/y.bin", "y");
    config_node *resolved;
    const fields *c = bind(f,
                           "{flag: false, count: 0x7, rate: 2, beta: 0, level: -.5, activation: "
                           "sigmoid,\n text: 5, separator: '', hidden: 7, maybe_count: 0, "
                           "maybe_rate: null,\n maybe_list: [], file: x.bin, files: [x.bin, "
                           "./sub//y.bin], train: {images: sub/../x.bin}}\n",
                           &resolved);
    expect_errors(f, "");
    assert_true(!c->flag && c->count == 7 && c->rate == 2 && c->beta == 0 && c->level == -0.5);
    assert_int_equal(c->activation, 2);
    assert_string_equal(c->text, "5");
    assert_string_equal(c->separator, "");
    assert_int_equal(c->hidden.count, 1);
    assert_int_equal(c->hidden.values[0], 7);
    assert_true(c->maybe_count == 0 && isnan(c->maybe_rate) && c->maybe_list.count == 0);
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_string_equal(c->file, arena_printf(f->memory, "%s/x.bin", here));
    assert_int_equal(c->files.count, 2);
    assert_string_equal(c->files.values[1], arena_printf(f->memory, "%s/sub/y.bin", here));
    assert_string_equal(c->image, arena_printf(f->memory, "%s/sub/../x.bin", here));
    expect_text(resolved, "file", c->file); /* the record holds absolute paths, nested as given */
    expect_text(resolved, "files.1", c->files.values[1]);
    expect_text(resolved, "train.images", c->image);
    assert_null(config_get(resolved, "maybe_rate"));
}

/* A path counts from the folder of the file in which it stands. */
static void paths_of_other_files(void **state)
{
    fixture *f = *state;
    write_file("sub/y.bin", "y");
    write_file("sub/base.yaml", "file: y.bin\n");
    const fields *c = bind(f, "extends: sub/base.yaml\n", NULL);
    expect_errors(f, "");
    assert_non_null(strstr(c->file, "/sub/y.bin"));
}

static void wrong_types(void **state)
{
    fixture *f = *state;
    refuse(f, "flag: yes\n", "a.yaml:1:7: model.flag: expected true or false, got 'yes'\n");
    refuse(f, "count: [1]\n", "a.yaml:1:8: model.count: expected an integer, got a list\n");
    refuse(f, "count: {a: 1}\n", "a.yaml:1:8: model.count: expected an integer, got a mapping\n");
    refuse(f, "count: x\n", "a.yaml:1:8: model.count: expected an integer, got 'x'\n");
    refuse(f, "count: 1e0\n",
           "a.yaml:1:8: model.count: expected an integer such as 1, got '1e0'\n");
    refuse(f, "count: '3'\n",
           "a.yaml:1:8: model.count: expected an integer without quotes, got the text '3'\n");
    refuse(f, "rate: '3'\n",
           "a.yaml:1:7: model.rate: expected a number without quotes, got the text '3'\n");
    refuse(f, "rate: fast\n", "a.yaml:1:7: model.rate: expected a number, got 'fast'\n");
    refuse(f, "rate:\n",
           "a.yaml:1:6: model.rate: expected a number, got nothing; leave the key out "
           "for the default, 1e-3\n");
    refuse(f, "rate: .inf\n", "a.yaml:1:7: model.rate: expected a finite number, got '.inf'\n");
    refuse(f, "rate: .nan\n", "a.yaml:1:7: model.rate: expected a finite number, got '.nan'\n");
    refuse(
        f, "activation: rely\n",
        "a.yaml:1:13: model.activation: expected one of relu, tanh, sigmoid, got 'rely'; did you "
        "mean 'relu'?\n");
    refuse(f, "activation: [relu]\n",
           "a.yaml:1:13: model.activation: expected one of relu, tanh, sigmoid, got a list\n");
    refuse(f, "text: [a]\n", "a.yaml:1:7: model.text: expected text, got a list\n");
    refuse(f, "hidden: {a: 1}\n",
           "a.yaml:1:9: model.hidden: expected a list of integers, got a mapping\n");
    refuse(f, "hidden: [3, x, 0]\n",
           "a.yaml:1:13: model.hidden: expected an integer, got 'x'\n"
           "a.yaml:1:16: model.hidden: must be at least 1, got 0\n");
}

static void out_of_range(void **state)
{
    fixture *f = *state;
    refuse(f, "count: 0\n", "a.yaml:1:8: model.count: must be at least 1 and at most 10, got 0\n");
    refuse(f, "count: 11\n",
           "a.yaml:1:8: model.count: must be at least 1 and at most 10, got 11\n");
    refuse(f, "rate: 0\n", "a.yaml:1:7: model.rate: must be above 0, got 0\n");
    refuse(f, "beta: 1\n", "a.yaml:1:7: model.beta: must be at least 0 and below 1, got 1\n");
    refuse(f, "beta: -1e-9\n",
           "a.yaml:1:7: model.beta: must be at least 0 and below 1, got -1e-9\n");
    refuse(f, "level: 0\n", "a.yaml:1:8: model.level: must be below 0, got 0\n");
    /* Wrong values leave the default behind, so that what follows has something to work with. */
    const fields *c = bind(f, "count: 0\n", NULL);
    assert_int_equal(c->count, 3);
}

static void unknown_keys(void **state)
{
    fixture *f = *state;
    refuse(f, "hiden: [1]\n", "a.yaml:1:1: model.hiden: unknown key; did you mean 'hidden'?\n");
    refuse(f, "nam: toy\n", "a.yaml:1:1: model.nam: unknown key; did you mean 'name'?\n");
    refuse(f, "train: {image: x}\n",
           "a.yaml:1:9: model.train.image: unknown key; did you mean 'images'?\n");
    refuse(f, "train: {quite_other: x}\n",
           "a.yaml:1:9: model.train.quite_other: unknown key; model toy has images\n");
    refuse(f, "train: x.bin\n", "a.yaml:1:8: model.train: expected a mapping with images\n");
    refuse(
        f, "train.images: x.bin\n",
        "a.yaml:1:1: model.train.images: unknown key; dotted keys are for the command line, write "
        "one mapping in another\n");
    refuse(f, "train:\n", "");
}

static void missing_files(void **state)
{
    fixture *f = *state;
    bind(f, "file: none.bin\nfiles: [gone.bin]\n", NULL);
    assert_int_equal(diagnostics_status(f->errors), STATUS_ENVIRONMENT);
    const char *text = printed(f);
    assert_non_null(strstr(text, "a.yaml:1:7: model.file: cannot read '/"));
    assert_non_null(strstr(text, "/none.bin': No such file or directory; how to get it: copy it "
                                 "here\n"));
    assert_non_null(strstr(text, "/gone.bin': No such file or directory\n")); /* said once */
    f->errors = diagnostics_create(f->memory);
    failure why;
    assert_true(folder_make("folder", &why));
    bind(f, "file: folder\n", NULL);
    assert_non_null(strstr(printed(f), "/folder': Is a directory"));
    f->errors = diagnostics_create(f->memory);
    refuse(f, "file: ''\n",
           "a.yaml:1:7: model.file: expected the name of a file, got the text ''\n");
}

static void required_keys(void **state)
{
    fixture *f = *state;
    typedef struct needed {
        const char *name;
        int64_t size;
    } needed;
    static const slope_parameter list[] = {
        {.key = "from.name",
         .type = SLOPE_STRING,
         .flags = SLOPE_REQUIRED,
         .offset = offsetof(needed, name),
         .doc = "whose"},
        {.key = "size",
         .type = SLOPE_INTEGER,
         .flags = SLOPE_REQUIRED,
         .offset = offsetof(needed, size),
         .min = 1,
         .max = 9,
         .doc = "how much"},
    };
    const bind_table needs = {.parameters = list,
                              .count = 2,
                              .element_size = sizeof *list,
                              .config_size = sizeof(needed),
                              .owner = "reader toy"};
    const config_node *section = load_text(f, "from: {}\n");
    bind_section(f->memory, &needs, section, "dataset", NULL, NULL, f->errors);
    expect_errors(f, "a.yaml:1:1: dataset.from.name: missing, and reader toy needs it: whose\n"
                     "a.yaml:1:1: dataset.size: missing, and reader toy needs it: how much\n");
    bind_section(f->memory, &needs, NULL, NULL, NULL, NULL, f->errors);
    expect_errors(f, "from.name: missing, and reader toy needs it: whose\n"
                     "size: missing, and reader toy needs it: how much\n");
    /* What is there but wrong is not missing, too. */
    section = load_text(f, "{from: {name: x}, size: 10}\n");
    bind_section(f->memory, &needs, section, "dataset", NULL, NULL, f->errors);
    expect_errors(f, "a.yaml:1:25: dataset.size: must be at least 1 and at most 9, got 10\n");
}

/* A table from a newer version of the contract, whose elements are longer. */
static void longer_elements(void **state)
{
    fixture *f = *state;
    typedef struct longer {
        slope_parameter parameter;
        char more[24];
    } longer;
    static const longer list[] = {
        {SLOPE_PARAM_INTEGER(fields, count, "3", SLOPE_ANY, "a"), "more"},
        {SLOPE_PARAM_NUMBER(fields, rate, "4", SLOPE_ANY, "b"), "more"},
    };
    const bind_table newer = {.parameters = &list[0].parameter,
                              .count = 2,
                              .element_size = sizeof *list,
                              .config_size = sizeof(fields),
                              .owner = "toy"};
    const fields *c =
        bind_section(f->memory, &newer, load_text(f, "rate: 5\n"), "model", NULL, NULL, f->errors);
    expect_errors(f, "");
    assert_true(c->count == 3 && c->rate == 5);
    assert_ptr_equal(parameter_at(newer.parameters, newer.element_size, 1), &list[1].parameter);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults),      TEST(values),        TEST(paths_of_other_files),
        TEST(wrong_types),   TEST(out_of_range),  TEST(unknown_keys),
        TEST(missing_files), TEST(required_keys), TEST(longer_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
