/* config/parse.h: one YAML text to one tree.
 *
 * Anchors, aliases and merge keys are resolved here; other files are not (load.h). What load.h says
 * is refused is refused here. */
#ifndef SLOPE_CONFIG_PARSE_H
#define SLOPE_CONFIG_PARSE_H

#include "config/tree.h"

/* The tree, or NULL with the reasons in `errors`. An empty text gives a null scalar.
 * `where` is the place of the text: in a file, lines and columns are counted on from there (a whole
 * file begins at 1:1); for an override or a default every node has just this place. `path` (or
 * NULL) is put before the paths of keys in messages. */
config_node *config_parse(arena *a, const char *text, size_t length, config_place where,
                          const char *path, diagnostics *errors);

#endif
