/* config/bind_value.h: one YAML value to one field of a config struct. Part of bind.c, which walks
 * the tables; not for others. */
#ifndef SLOPE_CONFIG_BIND_VALUE_H
#define SLOPE_CONFIG_BIND_VALUE_H

#include "config/bind.h"

typedef struct value_binding {
    arena *memory;
    diagnostics *errors;
    const slope_parameter *parameter;
    const char *path;    /* dotted, for messages */
    const char **advice; /* how to get a file that is missing, or NULL; said once, then NULL */
    void *field;
} value_binding;

/* Writes the field and returns the value as it is to be recorded (paths absolute, otherwise
 * `node`). NULL after an error, or where the value is null and may be. */
config_node *bind_value(const value_binding *b, const config_node *node);

/* Writes what stands for "absent" in a field of that type. */
void bind_absent(const slope_parameter *parameter, void *field);

/* "'12'", "the text '12'", "a list": for "expected …, got %s". */
const char *config_describe(arena *a, const config_node *node);

/* The file that a scalar names: from the folder of the file in which the value stands, or from the
 * current one. */
char *config_absolute_path(arena *a, const config_node *node);

/* Whether the node is a plain null. */
bool config_is_null(const config_node *node);

#endif
