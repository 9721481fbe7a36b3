/* config/changes.h: what differs between two configurations, as people read it. For refusals: a run
 * that is to go on, or to be put together with others, must be of one configuration. */
#ifndef SLOPE_CONFIG_CHANGES_H
#define SLOPE_CONFIG_CHANGES_H

#include "config/tree.h"

/* A line for each path that says something else, or stands on one side only:
 *
 *     "  optimizer.learning_rate: 0.1 -> 0.2\n"
 *     "  train.steps: added, 100\n"
 *     "  clip.norm: removed, was 1\n"
 *
 * ten at most, and then "  and 3 more\n"; "" where both say the same. Numbers are compared as
 * numbers, and files by their names: the same file may lie in another folder elsewhere. The order
 * of keys counts in `sweep`, where it numbers the trials. `ignored` (ended by NULL, or NULL) are
 * paths that do not count, with all below them, in items of `trials`, too. */
const char *config_changes(arena *a, const config_node *before, const config_node *now,
                           const char *const *ignored);

#endif
