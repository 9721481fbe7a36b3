/* config/trial_labels.c: names for trials, made of what differs between them.
 *
 * A trial is named by the plugins that differ ("mlp adam"). Trials that use the same plugins are
 * told apart by the values in which they differ ("mlp adam learning_rate=0.01"); where the names
 * suffice, they are all there is. */
#include "config/builder.h"

#include <search.h>
#include <string.h>

/* The sections that go into a name, in this order; `name` is the key by which they are called. */
static const struct {
    const char *key, *name;
} sections[] = {
    {"dataset", "known_as"},
    {"model", "name"},
    {"loss", "name"},
    {"optimizer", "name"},
    {"schedule", "name"},
    {"regularization", 0},
    {"clip", 0},
    {"train", 0},
    {"stop", 0},
    {"evaluate", 0},
    {"checkpoint", 0},
    {"record", 0},
    {"surface", 0},
    {"keep", 0},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* All trials that use the same plugins and data set. `first` stands for them. */
typedef struct group {
    struct group *next;
    const config_node *first;
    config_node *differing[SECTIONS]; /* mapping: dotted paths of values not the same in all */
} group;

static const char *name_in(const config_node *trial, size_t s)
{
    const config_node *section = config_get(trial, sections[s].key);
    const config_node *name = sections[s].name ? config_get(section, sections[s].name) : NULL;
    return name && name->kind == CONFIG_SCALAR ? name->text : "";
}

static bool same_names(const config_node *one, const config_node *other)
{
    for (size_t s = 0; s < SECTIONS; s++)
        if (strcmp(name_in(one, s), name_in(other, s)) != 0) return false;
    return true;
}

static group *find_group(arena *a, group **all, const config_node *trial)
{
    for (; *all; all = &(*all)->next)
        if (same_names((*all)->first, trial)) return *all;
    *all = arena_alloc(a, sizeof **all);
    (*all)->first = trial;
    for (size_t s = 0; s < SECTIONS; s++)
        (*all)->differing[s] = config_new_mapping(a, (config_place){0});
    return *all;
}

/* Whether the trials differ in what they name in section s. */
static bool names_differ(const group *all, size_t s)
{
    for (const group *g = all->next; g; g = g->next)
        if (strcmp(name_in(g->first, s), name_in(all->first, s)) != 0) return true;
    return false;
}

/* ---- differences ----------------------------------------------------------------------------- */

static const char *value_text(arena *a, const config_node *node)
{
    if (!node) return "none";
    if (node->kind == CONFIG_SCALAR) return node->text;
    const char *text = "[";
    for (size_t i = 0; node->kind == CONFIG_SEQUENCE && i < node->count; i++)
        text = arena_printf(a, "%s%s%s", text, i ? "," : "", value_text(a, node->items[i]));
    return arena_printf(a, "%s]", text);
}

static void add_differing(arena *a, const config_node *one, const config_node *other,
                          const char *path, config_node *differing)
{
    if (one == other) return;
    const bool mapping =
        (one && one->kind == CONFIG_MAPPING) || (other && other->kind == CONFIG_MAPPING);
    if (!mapping) {
        if (strcmp(value_text(a, one), value_text(a, other)) != 0)
            config_set(a, differing, path, differing->place, differing);
        return;
    }
    const config_node *const both[] = {one, other};
    for (size_t n = 0; n < 2; n++) {
        const bool is = both[n] && both[n]->kind == CONFIG_MAPPING;
        for (size_t i = 0; is && i < both[n]->count; i++) {
            const char *key = both[n]->entries[i].key;
            if (n == 1 && config_get(one, key)) continue;
            add_differing(a, config_get(one, key), config_get(other, key),
                          *path ? arena_printf(a, "%s.%s", path, key) : key, differing);
        }
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

static const char *add_word(arena *a, const char *label, const char *word)
{
    return *label && *word ? arena_printf(a, "%s %s", label, word) : *label ? label : word;
}

static const char *make_label(arena *a, const config_node *resolved, group *groups)
{
    const char *label = "";
    group *own = find_group(a, &groups, resolved);
    for (size_t s = 0; s < SECTIONS; s++) {
        const config_node *section = config_get(resolved, sections[s].key);
        if (!section) continue;
        if (names_differ(groups, s)) label = add_word(a, label, name_in(resolved, s));
        for (size_t i = 0; i < own->differing[s]->count; i++) {
            const char *path = own->differing[s]->entries[i].key;
            const config_node *value = config_find(section, path);
            const char *dot = strrchr(path, '.');
            const char *key = !*path ? sections[s].key : dot ? dot + 1 : path;
            label = add_word(a, label, arena_printf(a, "%s=%s", key, value_text(a, value)));
        }
    }
    return label;
}

static const char *plugin_names(arena *a, const config_node *resolved)
{
    const char *label = "";
    static const char *const paths[] = {"model.name", "loss.name", "optimizer.name"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const config_node *name = config_find(resolved, paths[i]);
        if (name) label = add_word(a, label, name->text);
    }
    return label;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void keep(void *text)
{
    (void)text; /* the arena owns it */
}

/* "adam", "adam #2", "adam #3" */
static void make_unique(arena *a, trial_config *trials, size_t count)
{
    void *taken = NULL;
    for (size_t t = 0; t < count; t++) {
        const char *label = trials[t].label;
        for (int n = 2; tfind(label, &taken, compare); n++)
            label = arena_printf(a, "%s #%d", trials[t].label, n);
        trials[t].label = label;
        if (!tsearch(label, &taken, compare)) out_of_memory(0);
    }
    tdestroy(taken, keep);
}

void label_trials(arena *a, trial_config *trials, size_t count)
{
    group *groups = NULL;
    for (size_t t = 0; t < count; t++) {
        group *own = find_group(a, &groups, trials[t].resolved);
        for (size_t s = 0; s < SECTIONS; s++)
            add_differing(a, config_get(own->first, sections[s].key),
                          config_get(trials[t].resolved, sections[s].key), "", own->differing[s]);
    }
    for (size_t t = 0; t < count; t++) {
        if (trials[t].label) continue;
        trials[t].label = make_label(a, trials[t].resolved, groups);
        if (!*trials[t].label) trials[t].label = plugin_names(a, trials[t].resolved);
    }
    make_unique(a, trials, count);
}
