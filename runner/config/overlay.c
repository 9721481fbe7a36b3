/* config/overlay.c: see overlay.h. */
#include "config/overlay.h"

#include "base/text.h"

#include <stdint.h>
#include <string.h>

static const char *const kept_of_model[] = {"init", NULL};
static const char *const kept_of_schedule[] = {"warmup_steps", NULL};

static const section_rule rules[] = {
    {"dataset", "name", true, NULL},
    {"model", "name", true, kept_of_model},
    {"loss", "name", true, NULL},
    {"optimizer", "name", true, NULL},
    {"schedule", "name", true, kept_of_schedule},
    {"regularization", "l2", false, NULL},
    {"clip", "norm", false, NULL},
    {"train", "epochs", false, NULL},
    {"evaluate", "every", false, NULL},
    {"stop", "metric", false, NULL},
    {"checkpoint", "every", false, NULL},
    {"record", "parameters", false, NULL},
    {"surface", "domain", false, NULL},
};

const section_rule section_init = {"init", "distribution", true, NULL};

const section_rule *section_find(const char *key)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].key, key) == 0) return &rules[i];
    return NULL;
}

static bool is_null(const config_node *node)
{
    return node->kind == CONFIG_SCALAR && !node->quoted && text_is_null(node->text);
}

const config_node *section_mapping(arena *a, const section_rule *rule, const config_node *node)
{
    if (!node || node->kind != CONFIG_SCALAR || is_null(node)) return node;
    config_node *mapping = config_new_mapping(a, node->place);
    config_set(a, mapping, rule->first, node->place,
               config_new_scalar(a, node->place, node->text, node->quoted));
    return mapping;
}

/* What the place in the tree means for merging. */
typedef enum context_kind { PLAIN, EXPERIMENT, TRIALS, SECTION } context_kind;

typedef struct context {
    context_kind kind;
    const section_rule *rule; /* SECTION */
} context;

static context context_below(context at, const char *key)
{
    if (at.kind == TRIALS) return (context){EXPERIMENT, NULL};
    if (at.kind == EXPERIMENT && strcmp(key, "trials") == 0) return (context){TRIALS, NULL};
    if (at.kind == EXPERIMENT && section_find(key)) return (context){SECTION, section_find(key)};
    if (at.kind == SECTION && strcmp(at.rule->key, "model") == 0 &&
        strcmp(key, section_init.key) == 0)
        return (context){SECTION, &section_init};
    return (context){PLAIN, NULL};
}

static bool names_differ(const section_rule *rule, const config_node *base, const config_node *over)
{
    const config_node *old = config_get(base, rule->first), *new = config_get(over, rule->first);
    return old && new &&
           old->kind == CONFIG_SCALAR &&new->kind == CONFIG_SCALAR &&strcmp(old->text, new->text) !=
               0;
}

static const config_node *only_kept(arena *a, const section_rule *rule, const config_node *base)
{
    config_node *rest = config_new_mapping(a, base->place);
    for (size_t i = 0; i < base->count; i++)
        for (const char *const *kept = rule->kept; kept && *kept; kept++)
            if (strcmp(*kept, base->entries[i].key) == 0)
                config_set(a, rest, *kept, base->entries[i].key_place, base->entries[i].value);
    return rest;
}

typedef struct overlay {
    arena *memory;
    diagnostics *errors;
} overlay;

static config_node *put_over(const overlay *o, context at, const char *path,
                             const config_node *base, const config_node *over);

/* Paths are wanted in messages about the command line only; elsewhere nothing can go wrong. */
static const char *path_below(const overlay *o, const char *path, const config_node *over,
                              const char *key)
{
    if (over->place.origin != ORIGIN_COMMAND_LINE) return "";
    return *path ? arena_printf(o->memory, "%s.%s", path, key) : key;
}

static config_node *change_items(const overlay *o, context at, const char *path,
                                 const config_node *base, const config_node *over)
{
    config_node *changed = config_new_sequence(o->memory, base->place);
    for (size_t i = 0; i < base->count; i++) config_append(o->memory, changed, base->items[i]);
    for (size_t i = 0; i < over->count; i++) {
        const config_entry *e = &over->entries[i];
        const char *below = path_below(o, path, over, e->key);
        int64_t index;
        if (!text_to_integer(e->key, &index) || index < 0 || (uint64_t)index >= base->count) {
            diagnostics_add(o->errors, STATUS_CONFIG, e->key_place, below,
                            "no such item; the list has %zu, counted from 0", base->count);
            continue;
        }
        changed->items[index] =
            put_over(o, context_below(at, e->key), below, changed->items[index], e->value);
    }
    return changed;
}

static config_node *put_over(const overlay *o, context at, const char *path,
                             const config_node *base, const config_node *over)
{
    if (at.kind == SECTION) {
        base = section_mapping(o->memory, at.rule, base);
        over = section_mapping(o->memory, at.rule, over);
    }
    const bool both = base && base->kind == CONFIG_MAPPING && over->kind == CONFIG_MAPPING;
    if (base && base->kind == CONFIG_SEQUENCE && over->kind == CONFIG_MAPPING &&
        over->place.origin == ORIGIN_COMMAND_LINE)
        return change_items(o, at, path, base, over);
    if (!both) return config_merge(o->memory, NULL, over);
    if (at.kind == SECTION && at.rule->choice && names_differ(at.rule, base, over))
        base = only_kept(o->memory, at.rule, base);
    config_node *merged = config_merge(o->memory, base, config_new_mapping(o->memory, over->place));
    for (size_t i = 0; i < over->count; i++) {
        const config_entry *e = &over->entries[i];
        config_set(o->memory, merged, e->key, e->key_place,
                   put_over(o, context_below(at, e->key), path_below(o, path, over, e->key),
                            config_get(base, e->key), e->value));
    }
    return merged;
}

config_node *config_overlay(arena *a, const config_node *base, const config_node *over,
                            diagnostics *errors)
{
    const overlay o = {a, errors};
    return put_over(&o, (context){EXPERIMENT, NULL}, "", base, over);
}
