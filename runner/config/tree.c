/* config/tree.c: see tree.h. */
#include "config/tree.h"

#include "base/text.h"

#include <string.h>

enum { MAX_PATH_DEPTH = 64 };

const config_node *config_get(const config_node *node, const char *key)
{
    if (!node || node->kind != CONFIG_MAPPING) return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->entries[i].key, key) == 0) return node->entries[i].value;
    return NULL;
}

/* One step down: by key, or by number in a sequence. `name` is not ended by a zero byte. */
static const config_node *child(const config_node *node, const char *name, size_t length)
{
    char key[256];
    if (length >= sizeof key) return NULL;
    memcpy(key, name, length);
    key[length] = '\0';
    if (node->kind != CONFIG_SEQUENCE) return config_get(node, key);
    int64_t index;
    if (!text_to_integer(key, &index) || index < 0 || (uint64_t)index >= node->count) return NULL;
    return node->items[index];
}

const config_node *config_find(const config_node *root, const char *path)
{
    while (root && *path) {
        const size_t length = strcspn(path, ".");
        root = child(root, path, length);
        path += length + (path[length] == '.');
    }
    return root;
}

static bool same_scalar(const config_node *one, const config_node *other, bool from_same_files)
{
    if (one->quoted != other->quoted || strcmp(one->text, other->text) != 0) return false;
    const char *file = one->place.file ? one->place.file : "";
    return !from_same_files || (one->place.origin == other->place.origin &&
                                strcmp(file, other->place.file ? other->place.file : "") == 0);
}

bool config_same(const config_node *one, const config_node *other, bool from_same_files)
{
    if (one == other) return true;
    if (!one || !other || one->kind != other->kind || one->count != other->count) return false;
    if (one->kind == CONFIG_SCALAR) return same_scalar(one, other, from_same_files);
    for (size_t i = 0; i < one->count; i++) {
        const bool mapping = one->kind == CONFIG_MAPPING;
        if (mapping && strcmp(one->entries[i].key, other->entries[i].key) != 0) return false;
        if (!config_same(mapping ? one->entries[i].value : one->items[i],
                         mapping ? other->entries[i].value : other->items[i], from_same_files))
            return false;
    }
    return true;
}

static config_node *new_node(arena *a, config_kind kind, config_place place)
{
    config_node *node = arena_alloc(a, sizeof *node);
    node->kind = kind;
    node->place = place;
    return node;
}

config_node *config_new_scalar(arena *a, config_place place, const char *text, bool quoted)
{
    config_node *node = new_node(a, CONFIG_SCALAR, place);
    node->text = arena_strdup(a, text);
    node->quoted = quoted;
    return node;
}

config_node *config_new_mapping(arena *a, config_place place)
{
    return new_node(a, CONFIG_MAPPING, place);
}

config_node *config_new_sequence(arena *a, config_place place)
{
    return new_node(a, CONFIG_SEQUENCE, place);
}

/* Lists hold room for 0, 4, 8, 16 … elements, so a list is full exactly when its count is one of
 * these numbers, and the room needs no field of its own. */
static void *make_room(arena *a, void *list, size_t count, size_t size)
{
    const bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!full) return list;
    void *grown = arena_alloc(a, (count ? 2 * count : 4) * size);
    if (count) memcpy(grown, list, count * size);
    return grown;
}

void config_append(arena *a, config_node *sequence, config_node *item)
{
    sequence->items = make_room(a, sequence->items, sequence->count, sizeof(config_node *));
    sequence->items[sequence->count++] = item;
}

void config_set(arena *a, config_node *mapping, const char *key, config_place key_place,
                config_node *value)
{
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->entries[i].key, key) != 0) continue;
        mapping->entries[i].key_place = key_place;
        mapping->entries[i].value = value;
        return;
    }
    mapping->entries = make_room(a, mapping->entries, mapping->count, sizeof(config_entry));
    mapping->entries[mapping->count++] = (config_entry){arena_strdup(a, key), key_place, value};
}

bool config_path_is_valid(const char *path)
{
    size_t depth = 0;
    for (;; path++) {
        const size_t length = strcspn(path, ".");
        if (length == 0 || ++depth > MAX_PATH_DEPTH) return false;
        path += length;
        if (!*path) return true;
    }
}

config_node *config_at_path(arena *a, const char *path, config_node *value)
{
    char *rest = arena_strdup(a, path);
    for (char *dot; (dot = strrchr(rest, '.')); *dot = '\0') {
        config_node *outer = config_new_mapping(a, value->place);
        config_set(a, outer, dot + 1, value->place, value);
        value = outer;
    }
    config_node *root = config_new_mapping(a, value->place);
    config_set(a, root, rest, value->place, value);
    return root;
}

/* The trees are only read, but a tree has no const entries: shared nodes stay unchanged. */
static config_node *shared(const config_node *node)
{
    union {
        const config_node *in;
        config_node *out;
    } cast = {node};
    return cast.out;
}

config_node *config_merge(arena *a, const config_node *base, const config_node *over)
{
    if (!over || !base) return shared(over ? over : base);
    if (base->kind != CONFIG_MAPPING || over->kind != CONFIG_MAPPING) return shared(over);
    config_node *merged = config_new_mapping(a, over->place);
    for (size_t i = 0; i < base->count; i++)
        config_set(a, merged, base->entries[i].key, base->entries[i].key_place,
                   base->entries[i].value);
    for (size_t i = 0; i < over->count; i++) {
        const config_entry *e = &over->entries[i];
        config_set(a, merged, e->key, e->key_place,
                   config_merge(a, config_get(base, e->key), e->value));
    }
    return merged;
}
