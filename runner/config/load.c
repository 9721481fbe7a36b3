/* config/load.c: see load.h. Files become trees in parse.c; here they are put over one another. */
#include "config/load.h"

#include "base/files.h"
#include "base/text.h"
#include "config/overlay.h"
#include "config/parse.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 1000 };

/* A file that is being read, and the one that extends it. */
typedef struct chain {
    const struct chain *from;
    const char *name;     /* as printed */
    const char *identity; /* without links, to recognise a loop */
} chain;

typedef struct loader {
    arena *memory;
    diagnostics *errors;
    bool experiment; /* merge by the rules of sections; otherwise plainly */
    size_t files;
} loader;

static config_node *load_file(loader *l, const char *path, config_place asked, const chain *from);

static config_node *put_over(loader *l, const config_node *base, const config_node *over)
{
    if (l->experiment && base) return config_overlay(l->memory, base, over, l->errors);
    return config_merge(l->memory, base, over);
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool is_null(const config_node *node)
{
    return node->kind == CONFIG_SCALAR && !node->quoted && text_is_null(node->text);
}

static bool in_loop(loader *l, const chain *file, config_place asked)
{
    for (const chain *c = file->from; c; c = c->from) {
        if (strcmp(c->identity, file->identity) != 0) continue;
        const char *way = file->name;
        for (const chain *w = file->from; w; w = w->from) {
            way = arena_printf(l->memory, "%s -> %s", w->name, way);
            if (w == c) break;
        }
        diagnostics_add(l->errors, STATUS_CONFIG, asked, "extends", "files extend each other: %s",
                        way);
        return true;
    }
    return false;
}

static config_node *load_extended(loader *l, const config_node *item, const char *key,
                                  const config_node *below, const chain *file)
{
    if (item->kind != CONFIG_SCALAR || is_null(item)) {
        diagnostics_add(l->errors, STATUS_CONFIG, item->place, key,
                        "expected the name of a file, or a list of names");
        return config_merge(l->memory, NULL, below);
    }
    const char *folder = path_folder(l->memory, file->name);
    const char *path =
        strcmp(folder, ".") == 0 ? item->text : path_join(l->memory, folder, item->text);
    const config_node *other = load_file(l, path, item->place, file);
    return other ? put_over(l, below, other) : config_merge(l->memory, NULL, below);
}

/* What the file says, over what it extends; `extends` and `include` themselves are gone. */
static config_node *extend(loader *l, const config_node *root, const chain *file)
{
    config_node *own = config_new_mapping(l->memory, root->place);
    config_node *result = NULL;
    for (size_t i = 0; i < root->count; i++) {
        const config_entry *e = &root->entries[i];
        if (strcmp(e->key, "extends") != 0 && strcmp(e->key, "include") != 0) {
            config_set(l->memory, own, e->key, e->key_place, e->value);
        } else if (e->value->kind == CONFIG_SEQUENCE) {
            for (size_t j = 0; j < e->value->count; j++)
                result = load_extended(l, e->value->items[j], e->key, result, file);
        } else {
            result = load_extended(l, e->value, e->key, result, file);
        }
    }
    return put_over(l, result, own);
}

/* `asked` is where the file is named; unknown for the first one. */
static config_node *load_file(loader *l, const char *path, config_place asked, const chain *from)
{
    char *resolved = realpath(path, NULL);
    const chain file = {from, path, resolved ? arena_strdup(l->memory, resolved) : path};
    free(resolved);
    if (in_loop(l, &file, asked)) return NULL;
    failure why;
    unsigned char *bytes;
    size_t count;
    if (++l->files > MAX_FILES) {
        if (l->files == MAX_FILES + 1)
            diagnostics_add(l->errors, STATUS_CONFIG, asked, "extends",
                            "more than %d files are extended", MAX_FILES);
        return NULL;
    }
    if (!file_read(path, &bytes, &count, &why)) {
        diagnostics_add(l->errors, why.status, asked, from ? "extends" : NULL, "%s", why.text);
        return NULL;
    }
    const config_place start = {ORIGIN_FILE, arena_strdup(l->memory, path), 1, 1};
    config_node *root = config_parse(l->memory, (char *)bytes, count, start, NULL, l->errors);
    free(bytes);
    if (!root) return NULL;
    if (is_null(root)) return config_new_mapping(l->memory, start); /* empty, or only comments */
    if (root->kind == CONFIG_MAPPING) return extend(l, root, &file);
    diagnostics_add(l->errors, STATUS_CONFIG, root->place, NULL,
                    "expected a mapping (key: value) at the top of the file");
    return NULL;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* path.to.key=value as a tree {path: {to: {key: value}}}; NULL if it is none. */
static config_node *parse_override(loader *l, const char *text, config_place place)
{
    const char *equals = strchr(text, '=');
    if (!equals) {
        diagnostics_add(l->errors, STATUS_CONFIG, place, NULL,
                        "'%s' sets nothing; write path.to.key=value", text);
        return NULL;
    }
    char *path = arena_strndup(l->memory, text, (size_t)(equals - text));
    if (!config_path_is_valid(path)) {
        diagnostics_add(l->errors, STATUS_CONFIG, place, NULL,
                        "'%s' is no path to a key; write path.to.key=value", path);
        return NULL;
    }
    config_node *value =
        config_parse(l->memory, equals + 1, strlen(equals + 1), place, path, l->errors);
    if (!value) return NULL;
    return config_at_path(l->memory, path, value);
}

/* All overrides as one tree, the later over the earlier. */
static config_node *parse_overrides(loader *l, size_t count, const char *const *texts)
{
    config_node *all =
        config_new_mapping(l->memory, (config_place){ORIGIN_COMMAND_LINE, NULL, 0, 0});
    for (size_t i = 0; i < count; i++) {
        const config_place place = {ORIGIN_COMMAND_LINE, NULL, (int)i + 1, 0};
        const config_node *one = parse_override(l, texts[i], place);
        if (one) all = put_over(l, all, one);
    }
    return all;
}

/* What the command line sets for all trials goes over each of them, and after it what it sets for
 * that one. */
static config_node *override_trials(loader *l, const config_node *trials,
                                    const config_node *overrides)
{
    config_node *general = config_new_mapping(l->memory, overrides->place);
    for (size_t i = 0; i < overrides->count; i++) {
        const config_entry *e = &overrides->entries[i];
        if (strcmp(e->key, "trials") != 0 && strcmp(e->key, "experiment") != 0 &&
            strcmp(e->key, "sweep") != 0)
            config_set(l->memory, general, e->key, e->key_place, e->value);
    }
    config_node *changed = config_new_sequence(l->memory, trials->place);
    for (size_t i = 0; i < trials->count; i++) {
        config_node *trial = trials->items[i];
        char number[32];
        snprintf(number, sizeof number, "%zu", i);
        const config_node *specific = config_get(config_get(overrides, "trials"), number);
        if (trial->kind == CONFIG_MAPPING && general->count) trial = put_over(l, trial, general);
        if (trial->kind == CONFIG_MAPPING && specific) trial = put_over(l, trial, specific);
        config_append(l->memory, changed, trial);
    }
    return changed;
}

static config_node *apply_overrides(loader *l, const config_node *tree,
                                    const config_node *overrides)
{
    if (!overrides->count) return config_merge(l->memory, NULL, tree);
    config_node *all = put_over(l, tree, overrides);
    const config_node *trials = config_get(all, "trials");
    if (trials && trials->kind == CONFIG_SEQUENCE)
        config_set(l->memory, all, "trials", trials->place, override_trials(l, trials, overrides));
    return all;
}

/* ---- entries --------------------------------------------------------------------------------- */

config_node *config_load(arena *a, const char *path, size_t override_count,
                         const char *const *overrides, diagnostics *errors)
{
    loader l = {.memory = a, .errors = errors, .experiment = true};
    const size_t before = diagnostics_count(errors);
    const config_place nowhere = {ORIGIN_FILE, NULL, 0, 0};
    const config_node *file = load_file(&l, path, nowhere, NULL);
    const config_node *over = parse_overrides(&l, override_count, overrides);
    if (!file || diagnostics_count(errors) > before) return NULL;
    config_node *tree = apply_overrides(&l, file, over);
    return diagnostics_count(errors) == before ? tree : NULL;
}

config_node *config_load_file(arena *a, const char *path, diagnostics *errors)
{
    loader l = {.memory = a, .errors = errors};
    const size_t before = diagnostics_count(errors);
    const config_place nowhere = {ORIGIN_FILE, NULL, 0, 0};
    config_node *tree = load_file(&l, path, nowhere, NULL);
    return diagnostics_count(errors) == before ? tree : NULL;
}
