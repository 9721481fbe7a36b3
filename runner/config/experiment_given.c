/* config/experiment_given.c: an experiment as it was given: what its file, the files below it and
 * the command line say, and no default, since defaults follow what is put over it later. */
#include "config/builder.h"
#include "config/bind_value.h"
#include "config/overlay.h"

#include <stdlib.h>

const config_node *builder_with_files(builder *b, const config_node *tree, const config_node *node,
                                      const char *path)
{
    const slope_parameter *p = builder_parameter(b, tree, path);
    if (node->kind == CONFIG_SCALAR && p && (p->type == SLOPE_PATH || p->type == SLOPE_PATHS))
        return config_new_scalar(b->memory, node->place, config_absolute_path(b->memory, node),
                                 true);
    if (node->kind == CONFIG_SEQUENCE && p && p->type == SLOPE_PATHS) {
        config_node *list = config_new_sequence(b->memory, node->place);
        for (size_t i = 0; i < node->count; i++)
            config_append(
                b->memory, list,
                config_merge(b->memory, NULL, builder_with_files(b, tree, node->items[i], path)));
        return list;
    }
    if (node->kind != CONFIG_MAPPING) return node;
    config_node *mapping = config_new_mapping(b->memory, node->place);
    for (size_t i = 0; i < node->count; i++) {
        const config_entry *e = &node->entries[i];
        const char *below = arena_printf(b->memory, "%s.%s", path, e->key);
        config_set(b->memory, mapping, e->key, e->key_place,
                   config_merge(b->memory, NULL, builder_with_files(b, tree, e->value, below)));
    }
    return mapping;
}

/* Where the file lies, so that data sets are found by their names from wherever the record lies. */
static config_node *settings_of(arena *a, const experiment *e)
{
    const config_node *sweep = config_get(e->resolved, "sweep");
    const config_place place = e->resolved->place;
    config_node *settings = config_merge(a, config_new_mapping(a, place), sweep);
    if (config_get(settings, "beside")) return settings;
    char *absolute = realpath(e->config_path, NULL);
    config_set(a, settings, "beside", place,
               config_new_scalar(a, place, absolute ? absolute : e->config_path, true));
    free(absolute);
    return settings;
}

const config_node *experiment_given(arena *a, const experiment *e)
{
    builder b = {.memory = a,
                 .plugins = e->plugins,
                 .errors = diagnostics_create(a),
                 .config_path = e->config_path};
    const config_node *tree = e->trees[0], *root = e->resolved;
    config_node *whole = config_new_mapping(a, root->place);
    config_set(a, whole, "experiment", root->place,
               config_new_scalar(a, root->place, e->name, true));
    for (size_t i = 0; i < tree->count; i++) {
        const config_entry *given = &tree->entries[i];
        if (config_get(whole, given->key)) continue; /* the name */
        config_set(a, whole, given->key, given->key_place,
                   config_merge(a, NULL, builder_with_files(&b, tree, given->value, given->key)));
    }
    config_set(a, whole, "sweep", root->place, settings_of(a, e));
    return whole;
}

const config_node *experiment_with_files(arena *a, const experiment *e, const config_node *over)
{
    if (!config_get(over, "dataset")) return over;
    builder b = {.memory = a,
                 .plugins = e->plugins,
                 .errors = diagnostics_create(a),
                 .config_path = e->config_path};
    const config_node *tree = config_overlay(a, e->trees[0], over, b.errors);
    config_node *whole = config_merge(a, NULL, over);
    config_set(a, whole, "dataset", over->place,
               config_merge(a, NULL,
                            builder_with_files(&b, tree, config_get(over, "dataset"), "dataset")));
    return whole;
}
