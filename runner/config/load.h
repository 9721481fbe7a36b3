/* config/load.h: from a file and a command line to one tree.
 *
 * Understands: anchors, aliases, merge keys (<<); at the top level of a file `extends: other.yaml`
 * (one, or a list, each deep-merged in order below this file; paths relative to the file; `include`
 * is the same) and overrides `path.to.key=value` (value is YAML; the flow style gives lists and
 * mappings: `model.hidden=[100,50]`). Precedence: command line, file, extended file. What the
 * command line sets also wins over what the trials of the file set; `trials.0.path.to.key=value`
 * addresses one of them.
 *
 * Refuses: duplicate keys, include loops, unknown tags, several documents, keys that are not
 * scalars, alias bombs (more than 10^6 nodes), nesting deeper than 64. */
#ifndef SLOPE_CONFIG_LOAD_H
#define SLOPE_CONFIG_LOAD_H

#include "config/tree.h"

/* NULL if anything is wrong; what is wrong goes to `errors`. An override may set what no file sets:
 * whether such a key exists at all is judged by experiment.h, which knows the names. */
config_node *config_load(arena *a, const char *path, size_t override_count,
                         const char *const *overrides, diagnostics *errors);

/* The same for a file that stands on its own (a data set's descriptor). */
config_node *config_load_file(arena *a, const char *path, diagnostics *errors);

#endif
