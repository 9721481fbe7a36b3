/* config/tree.h: YAML as a tree that remembers where every value stands.
 *
 * A tree is made by load.h from one file, the files it extends, and the command line. It knows
 * nothing of what the keys mean: bind.h gives it types. Nodes live in the arena of the load; they
 * are never changed once loading is done. */
#ifndef SLOPE_CONFIG_TREE_H
#define SLOPE_CONFIG_TREE_H

#include "base/arena.h"
#include "config/diagnostics.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum config_kind { CONFIG_SCALAR = 1, CONFIG_SEQUENCE = 2, CONFIG_MAPPING = 3 } config_kind;

typedef struct config_node config_node;

typedef struct config_entry {
    const char *key;
    config_place key_place;
    config_node *value;
} config_entry;

struct config_node {
    config_kind kind;
    bool quoted; /* SCALAR: quoted or block text, so never a number, bool or null */
    config_place place;
    const char *text;      /* SCALAR */
    size_t count;          /* SEQUENCE, MAPPING */
    config_node **items;   /* SEQUENCE */
    config_entry *entries; /* MAPPING, in the order of the file; keys are unique */
};

/* Direct child by key; NULL if there is none or the node is no mapping. node may be NULL. */
const config_node *config_get(const config_node *node, const char *key);

/* By dotted path, "train.batch_size"; sequence items by number, "trials.0.optimizer". */
const config_node *config_find(const config_node *root, const char *path);

/* Whether two trees hold the same values under the same keys in the same order. `from_same_files`:
 * and each from the same file, so that relative paths in them mean the same. NULL equals NULL. */
bool config_same(const config_node *one, const config_node *other, bool from_same_files);

/* Building and changing, for load.h and experiment.c. Setters copy nothing but text. */
config_node *config_new_scalar(arena *a, config_place place, const char *text, bool quoted);
config_node *config_new_mapping(arena *a, config_place place);
config_node *config_new_sequence(arena *a, config_place place);
void config_append(arena *a, config_node *sequence, config_node *item);
void config_set(arena *a, config_node *mapping, const char *key, config_place key_place,
                config_node *value); /* replaces or appends */

/* {path: {to: {key: value}}}, all at the value's place, for the path "path.to.key", which must be
 * valid: names with single dots between them, at most 64. */
config_node *config_at_path(arena *a, const char *path, config_node *value);
bool config_path_is_valid(const char *path);

/* Deep merge: mappings key by key, everything else replaced by `over`. Returns a new tree that
 * shares nodes with both. */
config_node *config_merge(arena *a, const config_node *base, const config_node *over);

/* YAML text of the tree (libyaml's emitter), ended by a line feed; reads back as the same tree.
 * with_origins adds to each scalar a comment with the place it comes from, in aligned columns. */
char *config_to_yaml(arena *a, const config_node *root, bool with_origins);

#endif
