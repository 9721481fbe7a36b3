/* config/blame.h: from what a plugin complains about to the place in the file.
 *
 * A plugin knows its keys and the characters of its texts; people know files, lines and columns. */
#ifndef SLOPE_CONFIG_BLAME_H
#define SLOPE_CONFIG_BLAME_H

#include "config/tree.h"
#include "host/services.h"

/* Where byte `offset` of the text `node` stands. Reads the file again, and takes quotes, escapes
 * and blocks into account; where that fails, and where the text is not in a file, the place of the
 * node. */
config_place config_place_of_byte(arena *a, const config_node *node, size_t offset);

/* What the plugin said through fail, fail_key or fail_at while it was called for `section` (its
 * dotted path in `root`, "model"). *path is the key's. A byte that has no column of its own (on the
 * command line) is named in the text. */
typedef struct blame {
    config_place place;
    const char *path, *text;
} blame;
blame config_blame(arena *a, const config_node *root, const char *section, const call_host *call);

/* The same as a failure of status CONFIG: "a.yaml:7:19: model.expressions.f: text". Returns false.
 */
bool config_blame_failure(arena *a, const config_node *root, const char *section,
                          const call_host *call, failure *why);

#endif
