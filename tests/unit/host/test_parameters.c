/* test_parameters.c: host/parameters.c: every way in which a table of parameters can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/description.h"

#include <string.h>

typedef struct config {
    double rate;
    int64_t count;
    bool flag;
    const char *text;
    slope_integers sizes;
    slope_strings files;
} config;

static const char *const colours[] = {"red", "green", NULL};
static const char *const repeated[] = {"red", "green", "red", NULL};
static const char *const none[] = {NULL};

static bool check(const slope_parameter *table, size_t count, failure *why)
{
    const slope_plugin plugin = {.id = "example",
                                 .parameters = table,
                                 .parameter_count = (uint32_t)count,
                                 .parameter_size = sizeof(slope_parameter),
                                 .config_size = sizeof(config)};
    why->text[0] = 0;
    return parameters_check(&plugin, why);
}

static void refuses(const slope_parameter *table, size_t count, const char *expected)
{
    failure why;
    if (check(table, count, &why)) fail_msg("accepted; expected: %s", expected);
    if (strstr(why.text, expected) == NULL) fail_msg("'%s' lacks '%s'", why.text, expected);
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
}

#define AT(field) .offset = offsetof(config, field)
#define TEXTS     .key = "it", .doc = "what it is"

static void accepts_every_type(void **state)
{
    (void)state;
    const slope_parameter table[] = {
        SLOPE_PARAM_NUMBER(config, rate, "1e-3", SLOPE_POSITIVE, "a number"),
        SLOPE_PARAM_INTEGER(config, count, "0x10", SLOPE_AT_LEAST(1), "an integer"),
        SLOPE_PARAM_BOOL(config, flag, "true", "a truth"),
        {.key = "a.text", .type = SLOPE_STRING, AT(text), .fallback = "", .doc = "text", SLOPE_ANY},
        {.key = "a.sizes",
         .type = SLOPE_INTEGERS,
         AT(sizes),
         .fallback = "[100, 50,3 ]",
         .doc = "integers",
         SLOPE_AT_LEAST(1)},
        {.key = "files",
         .type = SLOPE_PATHS,
         AT(files),
         .flags = SLOPE_REQUIRED,
         .doc = "files",
         .min = -INFINITY,
         .max = INFINITY},
    };
    failure why;
    if (!check(table, sizeof table / sizeof *table, &why)) fail_msg("%s", why.text);
    if (!check(NULL, 0, &why)) fail_msg("%s", why.text);
}

static void accepts_lists(void **state)
{
    (void)state;
    const char *const lists[] = {"[]", "[ ]", "7", "[7]", "[ 7 , 8 ]"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; ++i) {
        const slope_parameter p = {TEXTS, .type = SLOPE_INTEGERS, AT(sizes), SLOPE_AT_LEAST(1),
                                   .fallback = lists[i]};
        failure why;
        if (!check(&p, 1, &why)) fail_msg("%s: %s", lists[i], why.text);
    }
}

static void refuses_keys(void **state)
{
    (void)state;
    const char *const keys[] = {"Rate", "1st", "learning-rate", "a..b", "a.", ".a", "é"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
        const slope_parameter p = {
            .key = keys[i], .doc = "x", .type = SLOPE_NUMBER, AT(rate), SLOPE_ANY, .fallback = "1"};
        refuses(&p, 1, "its key must be");
    }
    const slope_parameter taken = {
        .key = "name", .doc = "x", .type = SLOPE_NUMBER, AT(rate), SLOPE_ANY, .fallback = "1"};
    refuses(&taken, 1, "'name' is taken");
    const slope_parameter empty = {
        .key = "", .doc = "x", .type = SLOPE_NUMBER, AT(rate), SLOPE_ANY, .fallback = "1"};
    refuses(&empty, 1, "parameter 0 has no key");
}

static void refuses_fields(void **state)
{
    (void)state;
    const slope_parameter outside = {TEXTS, .type = SLOPE_NUMBER, SLOPE_ANY, .fallback = "1",
                                     .offset = sizeof(config) - 4};
    refuses(&outside, 1, "lies outside the config struct");
    const slope_parameter far_away = {TEXTS, .type = SLOPE_NUMBER, SLOPE_ANY, .fallback = "1",
                                      .offset = SIZE_MAX - 2};
    refuses(&far_away, 1, "lies outside the config struct");
    const slope_parameter crooked = {TEXTS, .type = SLOPE_NUMBER, SLOPE_ANY, .fallback = "1",
                                     .offset = 3};
    refuses(&crooked, 1, "not that of a field");
    const slope_parameter shared[] = {SLOPE_PARAM_NUMBER(config, rate, "1", SLOPE_ANY, "one"),
                                      {.key = "other",
                                       .doc = "other",
                                       .type = SLOPE_BOOL,
                                       AT(rate),
                                       SLOPE_ANY,
                                       .fallback = "true"}};
    refuses(shared, 2, "parameter 'other': it shares its field with 'rate'");
}

static void refuses_types_and_texts(void **state)
{
    (void)state;
    const slope_parameter type = {TEXTS, .type = (slope_type)77, AT(rate), SLOPE_ANY,
                                  .fallback = "1"};
    refuses(&type, 1, "its type 77 does not exist");
    const slope_parameter no_doc = {
        .key = "it", .type = SLOPE_NUMBER, AT(rate), SLOPE_ANY, .fallback = "1"};
    refuses(&no_doc, 1, "its doc must be one line");
    const slope_parameter lines = {.key = "it",
                                   .doc = "two\nlines",
                                   .type = SLOPE_NUMBER,
                                   AT(rate),
                                   SLOPE_ANY,
                                   .fallback = "1"};
    refuses(&lines, 1, "its doc must be one line");
    const slope_parameter bounds = {TEXTS, .type = SLOPE_NUMBER, AT(rate), SLOPE_BETWEEN(2, 1),
                                    .fallback = "1"};
    refuses(&bounds, 1, "lower bound is above");
    const slope_parameter nan = {TEXTS, .type = SLOPE_NUMBER, AT(rate), SLOPE_BETWEEN(NAN, 1),
                                 .fallback = "1"};
    refuses(&nan, 1, "lower bound is above");
}

static void refuses_flags(void **state)
{
    (void)state;
#define FLAGGED(type_, field, flags_, fallback_) \
    { \
        TEXTS, .type = (type_), AT(field), .flags = (flags_), .min = -1, .max = INFINITY, \
               .fallback = (fallback_) \
    }
    const slope_parameter both = FLAGGED(SLOPE_NUMBER, rate, SLOPE_REQUIRED | SLOPE_OPTIONAL, NULL);
    refuses(&both, 1, "both required and optional");
    const slope_parameter twice = FLAGGED(SLOPE_NUMBER, rate, SLOPE_REQUIRED, "1");
    refuses(&twice, 1, "has a default and is required");
    const slope_parameter neither = FLAGGED(SLOPE_NUMBER, rate, 0, NULL);
    refuses(&neither, 1, "it has no default");
    const slope_parameter truth = FLAGGED(SLOPE_BOOL, flag, SLOPE_OPTIONAL, NULL);
    refuses(&truth, 1, "means 'absent'");
    const slope_parameter scale = FLAGGED(SLOPE_NUMBER, rate, SLOPE_LOG, "1");
    refuses(&scale, 1, "logarithmic scale");
#undef FLAGGED
}

static void refuses_defaults(void **state)
{
    (void)state;
    static const struct {
        slope_type type;
        size_t offset;
        const char *fallback, *expected;
    } cases[] = {
        {SLOPE_NUMBER, offsetof(config, rate), "fast", "is no finite number"},
        {SLOPE_NUMBER, offsetof(config, rate), "", "is no finite number"},
        {SLOPE_NUMBER, offsetof(config, rate), ".nan", "is no finite number"},
        {SLOPE_NUMBER, offsetof(config, rate), ".inf", "is no finite number"},
        {SLOPE_NUMBER, offsetof(config, rate), "0", "its default 0 is out of its bounds, 0 to 4"},
        {SLOPE_NUMBER, offsetof(config, rate), "4", "its default 4 is out of its bounds"},
        {SLOPE_INTEGER, offsetof(config, count), "0.5", "is no integer"},
        {SLOPE_INTEGER, offsetof(config, count), "5", "out of its bounds"},
        {SLOPE_BOOL, offsetof(config, flag), "yes", "neither true nor false"},
        {SLOPE_INTEGERS, offsetof(config, sizes), "[1", "is no list of integers"},
        {SLOPE_INTEGERS, offsetof(config, sizes), "[,]", "is no list of integers"},
        {SLOPE_INTEGERS, offsetof(config, sizes), "[] 7", "is no list of integers"},
        {SLOPE_INTEGERS, offsetof(config, sizes), "[a]", "'a' is no integer"},
        {SLOPE_INTEGERS, offsetof(config, sizes), "[5]", "out of its bounds"},
        {SLOPE_PATH, offsetof(config, text), "", "its default path is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const slope_parameter p = {TEXTS,
                                   .type = cases[i].type,
                                   .offset = cases[i].offset,
                                   .min = 0,
                                   .max = 4,
                                   .flags = SLOPE_MIN_OPEN | SLOPE_MAX_OPEN,
                                   .fallback = cases[i].fallback};
        refuses(&p, 1, cases[i].expected);
    }
}

static void refuses_choices(void **state)
{
    (void)state;
    const slope_parameter missing = SLOPE_PARAM_CHOICE(config, count, "red", NULL, "colour");
    refuses(&missing, 1, "it has no choices");
    const slope_parameter empty = SLOPE_PARAM_CHOICE(config, count, "red", none, "colour");
    refuses(&empty, 1, "it has no choices");
    const slope_parameter twice = SLOPE_PARAM_CHOICE(config, count, "red", repeated, "colour");
    refuses(&twice, 1, "the choice 'red' twice");
    const slope_parameter other = SLOPE_PARAM_CHOICE(config, count, "blue", colours, "colour");
    refuses(&other, 1, "'blue' is none of its choices");
    const slope_parameter type = {TEXTS,     .type = SLOPE_NUMBER, AT(rate),
                                  SLOPE_ANY, .fallback = "1",      .choices = colours};
    refuses(&type, 1, "not of type SLOPE_CHOICE");
}

static void refuses_tables(void **state)
{
    (void)state;
    const slope_parameter twice[] = {
        {TEXTS, .type = SLOPE_NUMBER, AT(rate), SLOPE_ANY, .fallback = "1"},
        {TEXTS, .type = SLOPE_INTEGER, AT(count), SLOPE_ANY, .fallback = "1"}};
    refuses(twice, 2, "its key is there twice");
    const slope_parameter within[] = {
        {.key = "it.part", .doc = "x", .type = SLOPE_NUMBER, AT(rate), SLOPE_ANY, .fallback = "1"},
        {TEXTS, .type = SLOPE_INTEGER, AT(count), SLOPE_ANY, .fallback = "1"}};
    refuses(within, 2, "it cannot stand beside 'it.part'");
    refuses(NULL, 2, "declares 2 parameters but no table");
    refuses(twice, 0, "declares 0 parameters but a table");
    const slope_plugin old = {.parameters = twice,
                              .parameter_count = 1,
                              .parameter_size = 8,
                              .config_size = sizeof(config)};
    failure why;
    assert_false(parameters_check(&old, &why));
    assert_non_null(strstr(why.text, "its parameter_size 8 is less than"));
    const slope_plugin huge = {.config_size = SIZE_MAX};
    assert_false(parameters_check(&huge, &why));
    assert_non_null(strstr(why.text, "config struct of"));
}

/* A plugin of a later minor version has longer elements; the known part of each is still found. */
static void understands_longer_elements(void **state)
{
    (void)state;
    struct longer {
        slope_parameter known;
        double later;
    } table[] = {{SLOPE_PARAM_NUMBER(config, rate, "1", SLOPE_ANY, "one"), 7},
                 {SLOPE_PARAM_INTEGER(config, count, "x", SLOPE_ANY, "two"), 8}};
    const slope_plugin plugin = {.parameters = &table[0].known,
                                 .parameter_count = 2,
                                 .parameter_size = sizeof *table,
                                 .config_size = sizeof(config)};
    failure why;
    assert_false(parameters_check(&plugin, &why));
    assert_string_equal(why.text, "parameter 'count': its default 'x' is no integer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_every_type),
        cmocka_unit_test(accepts_lists),
        cmocka_unit_test(refuses_keys),
        cmocka_unit_test(refuses_fields),
        cmocka_unit_test(refuses_types_and_texts),
        cmocka_unit_test(refuses_flags),
        cmocka_unit_test(refuses_defaults),
        cmocka_unit_test(refuses_choices),
        cmocka_unit_test(refuses_tables),
        cmocka_unit_test(understands_longer_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
