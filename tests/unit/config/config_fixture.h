/* config_fixture.h: what the tests of config/ share: a folder of their own, files in it, and the
 * text of all diagnostics. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include "base/files.h"
#include "config/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct fixture {
    arena *memory;
    diagnostics *errors;
    char folder[64];
} fixture;

static inline int set_up(void **state)
{
    fixture *f = allocate(1, sizeof *f);
    f->memory = arena_create();
    f->errors = diagnostics_create(f->memory);
    strcpy(f->folder, "/tmp/slope-config-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) && chdir(f->folder) == 0 ? 0 : 1;
}

static inline int tear_down(void **state)
{
    fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    const int left = chdir("/") == 0 && system(command) == 0 ? 0 : 1;
    arena_destroy(f->memory);
    free(f);
    return left;
}

static inline void write_file(const char *name, const char *text)
{
    failure why;
    arena *a = arena_create();
    if (!folder_make(path_folder(a, name), &why) || !file_write(name, text, strlen(text), &why))
        fail_msg("%s", why.text);
    arena_destroy(a);
}

/* All that is wrong so far, as it would be printed. */
static inline const char *printed(fixture *f)
{
    char *text;
    size_t count;
    FILE *out = open_memstream(&text, &count);
    diagnostics_print(f->errors, out);
    fclose(out);
    const char *copy = arena_strndup(f->memory, text, count);
    free(text);
    return copy;
}

/* Checks what is printed, and begins a new list. */
static inline void expect_errors(fixture *f, const char *expected)
{
    assert_string_equal(printed(f), expected);
    f->errors = diagnostics_create(f->memory);
}

static inline config_node *load_text(fixture *f, const char *text)
{
    write_file("a.yaml", text);
    return config_load(f->memory, "a.yaml", 0, NULL, f->errors);
}

/* Loads and expects exactly these errors. */
static inline void expect_refused(fixture *f, const char *text, const char *expected)
{
    assert_null(load_text(f, text));
    expect_errors(f, expected);
}

static inline void expect_text(const config_node *root, const char *path, const char *text)
{
    const config_node *node = config_find(root, path);
    if (!node) fail_msg("there is no %s", path);
    assert_int_equal(node->kind, CONFIG_SCALAR);
    assert_string_equal(node->text, text);
}

#endif
