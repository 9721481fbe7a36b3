/* test_registry.c: host/registry.h on the plugins of this build, good ones and bad ones. What the
 * refusals say is the business of cli/test_plugins.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/files.h"
#include "host/registry.h"

#include <fenv.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int set_up(void **state)
{
    *state = arena_create();
    return unsetenv("SLOPE_PLUGIN_PATH");
}

static int tear_down(void **state)
{
    arena_destroy(*state);
    return unsetenv("SLOPE_PLUGIN_PATH");
}

static const char *bad(arena *a, const char *name)
{
    const char *build = getenv("SLOPE_BUILD");
    assert_non_null(build);
    return arena_printf(a, "%s/tests/bad_plugins/%s", build, name);
}

static registry *create(arena *a, const char *search_path)
{
    failure why;
    if (search_path != NULL) setenv("SLOPE_PLUGIN_PATH", search_path, 1);
    registry *all = registry_create(a, &why);
    if (all == NULL) fail_msg("%s", why.text);
    return all;
}

static void expect_none(registry *all, slope_kind kind, const char *id, exit_status status,
                        const char *expected)
{
    failure why;
    if (registry_find(all, kind, id, &why) != NULL) fail_msg("found %s", id);
    assert_int_equal(why.status, status);
    if (strstr(why.text, expected) == NULL) fail_msg("'%s' lacks '%s'", why.text, expected);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (int kind = SLOPE_KIND_READER; kind <= KIND_LAST; ++kind)
        assert_int_equal(kind_from_name(kind_name((slope_kind)kind)), kind);
    assert_int_equal(kind_from_name("loss"), SLOPE_KIND_LOSS);
    assert_string_equal(kind_folder(SLOPE_KIND_LOSS), "losses");
    assert_int_equal(kind_from_name("losses"), 0);
    assert_int_equal(kind_from_name(""), 0);
    assert_string_equal(kind_name((slope_kind)0), "unknown");
    assert_string_equal(kind_folder((slope_kind)99), "unknown");
}

static void finds_what_there_is(void **state)
{
    failure why;
    registry *all = create(*state, NULL);
    const host_plugin *sgd = registry_find(all, SLOPE_KIND_OPTIMIZER, "sgd", &why);
    if (sgd == NULL) fail_msg("%s", why.text);
    assert_int_equal(sgd->kind, SLOPE_KIND_OPTIMIZER);
    assert_string_equal(sgd->id, "sgd");
    assert_string_equal(sgd->description[FLOAT32]->id, "sgd");
    assert_non_null(sgd->description[FLOAT64]);
    assert_true(sgd->path[0] == '/' && file_exists(sgd->path));
    assert_ptr_equal(registry_find(all, SLOPE_KIND_OPTIMIZER, "sgd", &why), sgd);
}

static void says_what_there_is_instead(void **state)
{
    registry *all = create(*state, NULL);
    expect_none(all, SLOPE_KIND_OPTIMIZER, "sdg", STATUS_CONFIG,
                "there is no optimizer 'sdg'; did you mean 'sgd'?");
    expect_none(all, SLOPE_KIND_OPTIMIZER, "quite_unlike_all", STATUS_CONFIG,
                "`slope plugins optimizer` lists what there is");
    expect_none(all, SLOPE_KIND_LOSS, "sgd", STATUS_CONFIG, "there is no loss 'sgd'");
    expect_none(all, SLOPE_KIND_OPTIMIZER, "", STATUS_CONFIG, "there is no optimizer ''");
    expect_none(all, SLOPE_KIND_OPTIMIZER, "../optimizers/sgd", STATUS_CONFIG, "there is no");
}

/* A plugin may lie in a folder of its kind or loose in a folder of the search path. */
static void searches_the_path(void **state)
{
    arena *a = *state;
    failure why;
    registry *all =
        create(a, arena_printf(a, ":%s::%s:", bad(a, "twin_two"), bad(a, "bad_sign_softmax")));
    const host_plugin *twin = registry_find(all, SLOPE_KIND_OPTIMIZER, "twin", &why);
    if (twin == NULL) fail_msg("%s", why.text);
    const host_plugin *loss = registry_find(all, SLOPE_KIND_LOSS, "bad_sign_softmax", &why);
    if (loss == NULL) fail_msg("%s", why.text);
    assert_int_equal(loss->kind, SLOPE_KIND_LOSS);
    expect_none(all, SLOPE_KIND_OPTIMIZER, "bad_sign_softmax", STATUS_CONFIG,
                "there is no optimizer");
}

static void needs_the_folders_to_be_there(void **state)
{
    arena *a = *state;
    failure why;
    setenv("SLOPE_PLUGIN_PATH", "/there/is/nothing", 1);
    assert_null(registry_create(a, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_string_equal(why.text, "cannot open plugin folder '/there/is/nothing': No such file or "
                                  "directory: correct SLOPE_PLUGIN_PATH");
    setenv("SLOPE_PLUGIN_PATH", "/proc/self/exe", 1);
    assert_null(registry_create(a, &why));
    assert_non_null(strstr(why.text, "Not a directory"));
}

/* An empty part of a path often means the current directory. Not here. */
static void never_searches_the_current_directory(void **state)
{
    arena *a = *state;
    char *before = getcwd(NULL, 0);
    assert_int_equal(chdir(bad(a, "twin_one")), 0);
    const char *const paths[] = {"", ":", "::"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; ++i)
        expect_none(create(a, paths[i]), SLOPE_KIND_OPTIMIZER, "twin", STATUS_CONFIG,
                    "there is no optimizer 'twin'");
    assert_int_equal(chdir(before), 0);
    free(before);
}

static void refuses_two_of_one_name(void **state)
{
    arena *a = *state;
    const char *one = bad(a, "twin_one"), *other = bad(a, "twin_two");
    registry *all = create(a, arena_printf(a, "%s:%s", one, other));
    expect_none(all, SLOPE_KIND_OPTIMIZER, "twin", STATUS_ENVIRONMENT, one);
    expect_none(all, SLOPE_KIND_OPTIMIZER, "twin", STATUS_ENVIRONMENT, other);
}

/* The same file twice is one plugin. */
static void knows_a_file_again(void **state)
{
    arena *a = *state;
    failure why;
    const char *one = bad(a, "twin_one");
    registry *all = create(a, arena_printf(a, "%s:%s/../twin_one", one, one));
    if (registry_find(all, SLOPE_KIND_OPTIMIZER, "twin", &why) == NULL) fail_msg("%s", why.text);
}

static void refuses_fast_math_and_mends_it(void **state)
{
    arena *a = *state;
    fenv_t before, after;
    fegetenv(&before);
    /* The second registry is told the same, although the first one had loaded the object. */
    for (int round = 0; round < 2; ++round) {
        expect_none(create(a, bad(a, "fast_math")), SLOPE_KIND_OPTIMIZER, "fast_math",
                    STATUS_ENVIRONMENT, "compile without -ffast-math");
        expect_none(create(a, bad(a, "other_rounding")), SLOPE_KIND_OPTIMIZER, "other_rounding",
                    STATUS_ENVIRONMENT, "changes the floating-point environment");
    }
    volatile double smallest = DBL_MIN;
    smallest /= 2;
    assert_true(smallest > 0);
    assert_int_equal(fegetround(), FE_TONEAREST);
    fegetenv(&after);
#if defined(__x86_64__)
    assert_int_equal(before.__mxcsr & ~0x3fu, after.__mxcsr & ~0x3fu);
    assert_int_equal(before.__control_word, after.__control_word);
#endif
}

/* One bad plugin must not be replaced by another of that name, nor spoil those beside it. */
static void keeps_bad_ones_apart(void **state)
{
    arena *a = *state;
    failure why;
    registry *all = create(a, bad(a, "other_major"));
    if (registry_find(all, SLOPE_KIND_OPTIMIZER, "sgd", &why) == NULL) fail_msg("%s", why.text);
    expect_none(all, SLOPE_KIND_OPTIMIZER, "other_major", STATUS_ENVIRONMENT, "version 7.");
    expect_none(all, SLOPE_KIND_LOSS, "other_major", STATUS_ENVIRONMENT, "version 7.");
}

typedef struct refusals {
    size_t count;
    char path[512], text[2048];
} refusals;

static void note(void *argument, const char *path, const failure *why)
{
    refusals *all = argument;
    ++all->count;
    snprintf(all->path, sizeof all->path, "%s", path);
    snprintf(all->text, sizeof all->text, "%s", why->text);
}

static void loads_everything(void **state)
{
    arena *a = *state;
    refusals refused = {0};
    const host_plugin *const *plugins;
    const size_t own = registry_load_all(create(a, NULL), &plugins, note, &refused);
    assert_int_equal(refused.count, 0);
    assert_true(own > 10);
    for (size_t i = 1; i < own; ++i) {
        const host_plugin *one = plugins[i - 1], *next = plugins[i];
        assert_true(one->kind < next->kind ||
                    (one->kind == next->kind && strcmp(one->id, next->id) < 0));
    }
    registry *all = create(a, bad(a, "other_id"));
    assert_int_equal(registry_load_all(all, &plugins, note, &refused), own);
    assert_int_equal(refused.count, 1);
    assert_non_null(strstr(refused.path, "other_id.so"));
    assert_non_null(strstr(refused.text, refused.path));
    all = create(a, arena_printf(a, "%s:%s", bad(a, "twin_one"), bad(a, "twin_two")));
    refused.count = 0;
    assert_int_equal(registry_load_all(all, &plugins, note, &refused),
                     own); /* neither of the two */
    assert_int_equal(refused.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test_setup_teardown(finds_what_there_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_there_is_instead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(searches_the_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(needs_the_folders_to_be_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(never_searches_the_current_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_two_of_one_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_a_file_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_fast_math_and_mends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_bad_ones_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loads_everything, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
