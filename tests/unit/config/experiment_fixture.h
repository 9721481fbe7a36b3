/* experiment_fixture.h: what the tests of whole experiments share: the plugins of this build, a
 * data set `toy`, and files that are accepted or refused. */
#ifndef EXPERIMENT_FIXTURE_H
#define EXPERIMENT_FIXTURE_H

#include "config/experiment.h"
#include "config_fixture.h"

static registry *plugins; /* loaded once: plugins are never unloaded */
static arena *plugin_memory;

static inline int load_plugins(void **state)
{
    (void)state;
    failure why;
    plugin_memory = arena_create();
    plugins = registry_create(plugin_memory, &why);
    return plugins ? 0 : 1;
}

static inline int forget_plugins(void **state)
{
    (void)state;
    arena_destroy(plugin_memory);
    return 0;
}

static inline const experiment *create(fixture *f, const char *text, const char *override)
{
    if (!file_exists("datasets/toy.yaml"))
        write_file("datasets/toy.yaml", "title: made up\nname: synthetic\nseed: 3\nrows: 30\n");
    write_file("a.yaml", text);
    config_node *tree = config_load(f->memory, "a.yaml", override ? 1 : 0, &override, f->errors);
    return tree ? experiment_create(f->memory, tree, "a.yaml", plugins, f->errors) : NULL;
}

static inline const experiment *accept(fixture *f, const char *text)
{
    const experiment *e = create(f, text, NULL);
    expect_errors(f, "");
    assert_non_null(e);
    return e;
}

static inline void refuse(fixture *f, const char *text, const char *expected)
{
    assert_null(create(f, text, NULL));
    expect_errors(f, expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
