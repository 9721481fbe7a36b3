/* config/bind_mapping.h: parameters whose value is a mapping from names that the user chooses:
 * texts and arrays of numbers. Part of bind_value.c; not for others. */
#ifndef SLOPE_CONFIG_BIND_MAPPING_H
#define SLOPE_CONFIG_BIND_MAPPING_H

#include "config/bind_value.h"

/* Both report what is wrong and return whether all was right. */
bool bind_texts(const value_binding *b, const config_node *node, slope_texts *field);
bool bind_arrays(const value_binding *b, const config_node *node, slope_arrays *field);

#endif
