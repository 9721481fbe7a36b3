/* host/description.h: whether what a plugin says of itself can be true.
 *
 * Everything later (validation, help, allocation of state) trusts descriptions, so they are checked
 * once, here, when a plugin is loaded. What needs the plugin's functions to run is not checked here
 * but by the conformance tests. */
#ifndef SLOPE_HOST_DESCRIPTION_H
#define SLOPE_HOST_DESCRIPTION_H

#include "base/failure.h"

#include "slope/plugin.h"

/* Bytes of a structure up to and including a member. */
#define SIZE_THROUGH(struct_, member) \
    (offsetof(struct_, member) + sizeof(((const struct_ *)0)->member))

/* Both halves (the second may be NULL), against the stem of the file and the kind of the folder it
 * lies in (0 for none). The first reason found; status ENVIRONMENT. */
bool descriptions_check(const slope_plugin *const halves[2], const char *stem,
                        slope_kind folder_kind, failure *why);

/* Parts of it. The reasons name key or slot. */
bool parameters_check(const slope_plugin *plugin, failure *why);
bool operations_check(const slope_plugin *plugin, failure *why);

/* Value of an integer or number parameter by its key, out of a config struct of this plugin;
 * `otherwise` if there is no such parameter or the key is NULL. */
double description_number(const slope_plugin *plugin, const void *config, const char *key,
                          double otherwise);

/* An operation that a later minor version brought: NULL where the description was compiled before
 * it and ends early. `about` points to a slope_optimizer or the like. */
#define LATER_OPERATION(about, field) \
    ((about)->plugin.size >= offsetof(__typeof__(*(about)), field) + sizeof(about)->field \
         ? (about)->field \
         : NULL)

#endif
