/* config/bind.c: see bind.h. Walks a section by its table; bind_value.c does the single values. */
#include "config/bind.h"

#include "base/text.h"
#include "config/bind_value.h"
#include "config/parse.h"

#include <string.h>

typedef struct section_binding {
    arena *memory;
    const bind_table *table;
    const config_node *section; /* or NULL */
    const char *path;
    const char *const *reserved;
    config_node *resolved; /* or NULL */
    diagnostics *errors;
    const char **advice; /* see bind_value.h */
} section_binding;

const slope_parameter *parameter_at(const slope_parameter *table, size_t element_size, size_t index)
{
    return (const slope_parameter *)(const void *)((const char *)table + index * element_size);
}

static const slope_parameter *parameter(const bind_table *table, size_t index)
{
    return parameter_at(table->parameters, table->element_size, index);
}

static const char *join(arena *a, const char *path, const char *key)
{
    return path && *path ? arena_printf(a, "%s.%s", path, key) : key;
}

/* ---- unknown keys ---------------------------------------------------------------------------- */

/* The names that may stand below `prefix` ("" or "train."): the next part of every key. */
typedef struct name_list {
    const char **names;
    size_t count;
} name_list;

static void add_name(name_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0) return;
    list->names[list->count++] = name;
}

static name_list names_below(const section_binding *b, const char *prefix)
{
    size_t reserved = 0;
    while (b->reserved && b->reserved[reserved]) reserved++;
    const size_t most = b->table->count + reserved;
    name_list list = {arena_alloc(b->memory, most * sizeof(char *)), 0};
    for (size_t i = 0; !*prefix && i < reserved; i++) add_name(&list, b->reserved[i]);
    const size_t length = strlen(prefix);
    for (size_t i = 0; i < b->table->count; i++) {
        const char *key = parameter(b->table, i)->key;
        if (strncmp(key, prefix, length) != 0) continue;
        add_name(&list, arena_strndup(b->memory, key + length, strcspn(key + length, ".")));
    }
    return list;
}

static const char *listed(arena *a, name_list list)
{
    const char *text = "";
    for (size_t i = 0; i < list.count; i++)
        text = arena_printf(a, "%s%s%s", text, i ? ", " : "", list.names[i]);
    return text;
}

static void report_unknown(const section_binding *b, const config_entry *entry, const char *prefix)
{
    const char *path =
        join(b->memory, b->path, arena_printf(b->memory, "%s%s", prefix, entry->key));
    const name_list names = names_below(b, prefix);
    const char *nearest = text_nearest(entry->key, names.names, names.count);
    const char *remedy;
    if (strchr(entry->key, '.'))
        remedy = "; dotted keys are for the command line, write one mapping in another";
    else if (nearest)
        remedy = arena_printf(b->memory, "; did you mean '%s'?", nearest);
    else if (names.count)
        remedy = arena_printf(b->memory, "; %s has %s", b->table->owner, listed(b->memory, names));
    else
        remedy = arena_printf(b->memory, "; %s has no parameters", b->table->owner);
    diagnostics_add_about(b->errors, ABOUT_KEY, entry->key_place, path, "unknown key%s", remedy);
}

static bool is_reserved(const section_binding *b, const char *key)
{
    for (const char *const *r = b->reserved; r && *r; r++)
        if (strcmp(*r, key) == 0) return true;
    return false;
}

typedef enum key_kind { KEY_UNKNOWN, KEY_PARAMETER, KEY_GROUP } key_kind;

static key_kind kind_of_key(const bind_table *table, const char *key)
{
    const size_t length = strlen(key);
    for (size_t i = 0; i < table->count; i++) {
        const char *known = parameter(table, i)->key;
        if (strncmp(known, key, length) != 0) continue;
        if (known[length] == '\0') return KEY_PARAMETER;
        if (known[length] == '.') return KEY_GROUP;
    }
    return KEY_UNKNOWN;
}

static void check_keys(const section_binding *b, const config_node *mapping, const char *prefix)
{
    for (size_t i = 0; i < mapping->count; i++) {
        const config_entry *e = &mapping->entries[i];
        if (!*prefix && is_reserved(b, e->key)) continue;
        const char *key = arena_printf(b->memory, "%s%s", prefix, e->key);
        const key_kind kind = strchr(e->key, '.') ? KEY_UNKNOWN : kind_of_key(b->table, key);
        const char *below = arena_printf(b->memory, "%s.", key);
        if (kind == KEY_UNKNOWN)
            report_unknown(b, e, prefix);
        else if (kind == KEY_GROUP && e->value->kind == CONFIG_MAPPING)
            check_keys(b, e->value, below);
        else if (kind == KEY_GROUP && !config_is_null(e->value))
            diagnostics_add(b->errors, STATUS_CONFIG, e->value->place,
                            join(b->memory, b->path, key), "expected a mapping with %s",
                            listed(b->memory, names_below(b, below)));
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

/* resolved["train"]["images"] = value for "train.images" */
static void record(arena *a, config_node *resolved, const char *key, config_node *value)
{
    const size_t length = strcspn(key, ".");
    if (!key[length]) {
        config_set(a, resolved, key, value->place, value);
        return;
    }
    const char *head = arena_strndup(a, key, length);
    for (size_t i = 0; i < resolved->count; i++) {
        if (strcmp(resolved->entries[i].key, head) != 0) continue;
        record(a, resolved->entries[i].value, key + length + 1, value);
        return;
    }
    config_node *group = config_new_mapping(a, value->place);
    config_set(a, resolved, head, value->place, group);
    record(a, group, key + length + 1, value);
}

/* A default of text stands in the table as it is (or in quotes); any other is YAML, of which a
 * plain number or truth needs no parser (a sweep binds many thousands of them). */
static const config_node *default_node(const section_binding *b, const slope_parameter *p)
{
    const config_place place = {ORIGIN_DEFAULT, b->table->owner, 0, 0};
    const bool text = p->type == SLOPE_STRING || p->type == SLOPE_PATH || p->type == SLOPE_CHOICE;
    const bool plain =
        strspn(p->fallback, "0123456789abcdefghijklmnopqrstuvwxyz+-.") == strlen(p->fallback);
    if ((text && p->fallback[0] != '"' && p->fallback[0] != '\'') || plain)
        return config_new_scalar(b->memory, place, p->fallback, text_is_null(p->fallback));
    return config_parse(b->memory, p->fallback, strlen(p->fallback), place, p->key, b->errors);
}

static void report_missing(const section_binding *b, const slope_parameter *p)
{
    const config_place nowhere = {ORIGIN_DEFAULT, NULL, 0, 0};
    diagnostics_add_about(b->errors, ABOUT_ABSENCE, b->section ? b->section->place : nowhere,
                          join(b->memory, b->path, p->key), "missing, and %s needs it: %s",
                          b->table->owner, p->doc);
}

static void bind_parameter(const section_binding *b, const slope_parameter *p, void *config)
{
    const value_binding value = {
        .memory = b->memory,
        .errors = b->errors,
        .parameter = p,
        .path = join(b->memory, b->path, p->key),
        .advice = b->advice,
        .field = (char *)config + p->offset,
    };
    const config_node *given = b->section ? config_find(b->section, p->key) : NULL;
    config_node *recorded = NULL;
    if (given) recorded = bind_value(&value, given);
    if (given && !recorded) given = NULL; /* null or wrong: go on with the default */
    if (!given && p->fallback) {
        const config_node *fallback = default_node(b, p);
        if (fallback) recorded = bind_value(&value, fallback);
    } else if (!given) {
        bind_absent(p, value.field);
        const config_node *there = b->section ? config_find(b->section, p->key) : NULL;
        if ((p->flags & SLOPE_REQUIRED) && !there) report_missing(b, p);
    }
    if (recorded && b->resolved) record(b->memory, b->resolved, p->key, recorded);
}

void *bind_section(arena *a, const bind_table *table, const config_node *section, const char *path,
                   const char *const *reserved, config_node *resolved, diagnostics *errors)
{
    const char *advice = table->advice;
    const section_binding b = {a, table, section, path, reserved, resolved, errors, &advice};
    void *config = arena_alloc(a, table->config_size);
    if (section) check_keys(&b, section, "");
    for (size_t i = 0; i < table->count; i++) bind_parameter(&b, parameter(table, i), config);
    return config;
}
