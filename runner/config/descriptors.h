/* config/descriptors.h: finding the files that describe data sets, by name. Private to config/. */
#ifndef SLOPE_CONFIG_DESCRIPTORS_H
#define SLOPE_CONFIG_DESCRIPTORS_H

#include "base/arena.h"

/* Path of NAME.yaml in the first folder that has it (see experiment.h), relative to the current
 * folder where that is shorter; NULL if there is none. */
const char *descriptor_find(arena *a, const char *config_path, const char *name);

/* The name nearest to `name` among those that could be found; or NULL. */
const char *descriptor_nearest(arena *a, const char *config_path, const char *name);

#endif
