/* config/bind.h: from a mapping to a config struct, by a table of parameters.
 *
 * The one place where a YAML value gets a type. Plugins' tables and the runner's own (experiment.c)
 * are bound by the same code, so both have the same errors, defaults and documentation. */
#ifndef SLOPE_CONFIG_BIND_H
#define SLOPE_CONFIG_BIND_H

#include "config/tree.h"

#include "slope/plugin.h"

/* Element `index` of a table whose element size may be another version's. */
const slope_parameter *parameter_at(const slope_parameter *table, size_t element_size,
                                    size_t index);

typedef struct bind_table {
    const slope_parameter *parameters;
    size_t count, element_size;
    size_t config_size;
    const char *owner;  /* for origins and messages: "optimizer adam", "train" */
    const char *advice; /* how to get files that are missing; or NULL */
} bind_table;

/* Binds `section` (a mapping, or NULL for nothing given) to a new config struct in the arena,
 * filled with defaults. `path` is the section's dotted path. `reserved` (ended by NULL, or NULL)
 * are keys of the same mapping that somebody else reads. Unknown keys, wrong types and values out
 * of range go to `errors`; the struct is always returned, with defaults where a value was wrong.
 * `resolved` (a mapping, or NULL) receives every key with its value and place, defaults included;
 * optional parameters that are absent are left out.
 * Paths (SLOPE_PATH) are resolved against the folder of the file in which they stand (the current
 * folder for overrides) and must be readable files (status ENVIRONMENT). */
void *bind_section(arena *a, const bind_table *table, const config_node *section, const char *path,
                   const char *const *reserved, config_node *resolved, diagnostics *errors);

#endif
