/* sweep/asked.c: see asked.h. */
#include "sweep/asked.h"

#include "base/text.h"
#include "config/overlay.h"
#include "config/parse.h"
#include "config/sweep_config.h"
#include "sweep/json.h"
#include "sweep/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---------------------------------------------------------------------------------- */

/* Whether YAML reads the text as just this text, without quotes. */
static bool is_plain(const char *text)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/.-0123456789";
    bool truth;
    return *text && strchr(first, *text) && !text[strspn(text, more)] && !text_is_null(text) &&
           !text_to_bool(text, &truth);
}

/* JSON is YAML; only names look better without quotes. */
static const char *text_of(arena *a, const config_node *value)
{
    if (value->kind == CONFIG_SCALAR && (!value->quoted || is_plain(value->text)))
        return *value->text ? value->text : "null";
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out) out_of_memory(length);
    json_write_config(out, value);
    if (fclose(out) != 0) out_of_memory(length);
    const char *kept = arena_strdup(a, text);
    free(text);
    return kept;
}

typedef struct list {
    arena *memory;
    asked_value *values;
    size_t count, room;
} list;

static void add(list *all, const char *path, const config_node *value)
{
    if (all->count == all->room) {
        all->room = 2 * all->room + 8;
        asked_value *more = arena_alloc(all->memory, all->room * sizeof *more);
        if (all->count) memcpy(more, all->values, all->count * sizeof *more);
        all->values = more;
    }
    all->values[all->count++] = (asked_value){path, text_of(all->memory, value)};
}

/* Whether every key of a mapping can go on a path. */
static bool can_part(arena *a, const char *path, const config_node *value)
{
    if (value->kind != CONFIG_MAPPING || !value->count) return false;
    for (size_t i = 0; i < value->count; i++)
        if (strchr(value->entries[i].key, '.') ||
            !config_path_is_valid(arena_printf(a, "%s.%s", path, value->entries[i].key)))
            return false;
    return true;
}

static void add_all(list *all, const char *path, const config_node *value)
{
    if (!can_part(all->memory, path, value)) {
        add(all, path, value);
        return;
    }
    for (size_t i = 0; i < value->count; i++)
        add_all(all, arena_printf(all->memory, "%s.%s", path, value->entries[i].key),
                value->entries[i].value);
}

asked_set asked_values(arena *a, const config_node *over)
{
    list all = {.memory = a};
    for (size_t i = 0; i < over->count; i++) {
        const section_rule *rule = section_find(over->entries[i].key);
        const config_node *value = over->entries[i].value;
        add_all(&all, over->entries[i].key, rule ? section_mapping(a, rule, value) : value);
    }
    return (asked_set){all.count, all.values};
}

/* ---- and back -------------------------------------------------------------------------------- */

config_node *asked_tree(arena *a, config_place place, size_t count, const char *const *paths,
                        const char *const *texts, diagnostics *errors)
{
    config_node *all = config_new_mapping(a, place);
    for (size_t i = 0; i < count; i++) {
        if (!texts[i] || !*texts[i] || !config_path_is_valid(paths[i])) continue;
        config_node *value = config_parse(a, texts[i], strlen(texts[i]), place, paths[i], errors);
        if (value) all = config_merge(a, all, config_at_path(a, paths[i], value));
    }
    return all;
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* The last part of a path, or all of it where another path ends so, too. */
static const char *short_name(const asked_set *what, size_t i)
{
    const char *dot = strrchr(what->values[i].path, '.');
    if (!dot) return what->values[i].path;
    for (size_t k = 0; k < what->count; k++) {
        const char *end = strrchr(what->values[k].path, '.');
        if (k != i && end && strcmp(end, dot) == 0) return what->values[i].path;
    }
    return dot + 1;
}

const char *asked_label(arena *a, const char *base, const asked_set *what)
{
    const char *label = "";
    for (size_t i = 0; i < what->count; i++)
        label = arena_printf(
            a, "%s%s%s", label, i ? " " : "",
            plan_label_word(what->values[i].path, short_name(what, i), what->values[i].text, a));
    return *label ? label : base;
}

/* ---- the base -------------------------------------------------------------------------------- */

const experiment *asked_base(arena *a, const experiment *e, diagnostics *errors)
{
    if (!e->sweep) return e;
    static const space no_space;
    const experiment *plain = experiment_create(a, e->trees[0], e->config_path, e->plugins, errors);
    if (!plain) return NULL;
    experiment *made = arena_copy(a, plain, sizeof *plain);
    sweep_config *settings = arena_copy(a, e->sweep, sizeof *e->sweep);
    settings->space = &no_space;
    settings->seeds = 1;
    made->sweep = settings;
    return made;
}
