/* config/parameter_of.c: from a dotted path to the parameter that it sets, for what must know types
 * before a trial is built: `auto`, and paths of files in a sweep. See builder.h.
 */
#include "config/builder.h"

#include <string.h>

static const slope_parameter *find_in(const bind_table *table, const char *key)
{
    for (size_t i = 0; table && i < table->count; i++) {
        const slope_parameter *p = parameter_at(table->parameters, table->element_size, i);
        if (strcmp(p->key, key) == 0) return p;
    }
    return NULL;
}

static const slope_parameter *find_in_plugin(const host_plugin *plugin, const char *key)
{
    if (!plugin) return NULL;
    const slope_plugin *about = plugin->description[FLOAT32]; /* both halves have the same table */
    const bind_table table = {.parameters = about->parameters,
                              .count = about->parameter_count,
                              .element_size = about->parameter_size};
    return find_in(&table, key);
}

const slope_parameter *builder_parameter(builder *b, const config_node *trial, const char *path)
{
    const size_t length = strcspn(path, ".");
    const char *section = arena_strndup(b->memory, path, length);
    const char *key = path + length + (path[length] == '.');
    static const char init[] = "init.";
    if (strcmp(section, "model") == 0 && strncmp(key, init, sizeof init - 1) == 0)
        return find_in(table_beside_plugin("model.init"), key + sizeof init - 1);
    const slope_parameter *own = find_in(plain_table(section), key);
    if (!own) own = find_in(table_beside_plugin(section), key);
    if (own) return own;
    if (strcmp(section, "dataset") != 0)
        return find_in_plugin(plugin_of_section(b, trial, section), key);
    const config_node *data =
        section_mapping(b->memory, section_find(section), config_get(trial, section));
    own = find_in_plugin(reader_of_dataset(b, data), key); /* its `validation` goes before ours */
    return own ? own : find_in(dataset_table(), key);
}
