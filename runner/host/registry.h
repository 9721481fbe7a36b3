/* host/registry.h: which plugins there are, and loading them.
 *
 * Search path, in this order: <program>/../lib/slope/plugins and its folders of kinds, then each
 * folder of SLOPE_PLUGIN_PATH (colon-separated) and its folders of kinds. Never the current
 * directory. The file's stem is the plugin's id. A plugin is loaded when it is first asked for, and
 * never unloaded. All loading is done before the first parallel region; a registry is used from one
 * thread. */
#ifndef SLOPE_HOST_REGISTRY_H
#define SLOPE_HOST_REGISTRY_H

#include "base/arena.h"
#include "base/failure.h"

#include "slope/plugin.h"

typedef enum precision { FLOAT32 = 0, FLOAT64 = 1 } precision;

typedef struct host_plugin {
    slope_kind kind;
    const char *id;
    const char *path;
    const slope_plugin *description[2]; /* by precision; FLOAT64 may be NULL */
} host_plugin;

typedef struct registry registry;

/* Scans the folders; loads nothing. A folder of SLOPE_PLUGIN_PATH that is not there is an error. */
registry *registry_create(arena *a, failure *why);

/* The folders that were scanned, for messages: "one, other". */
const char *registry_folders(const registry *all);

/* The plugin, loaded and checked. NULL with the reason: no such name (status CONFIG, with the
 * nearest name of that kind), two files with that name and kind, or not loadable (status
 * ENVIRONMENT). */
const host_plugin *registry_find(registry *all, slope_kind kind, const char *id, failure *why);

/* Loads everything. Returns how many are loaded, sorted by kind and id. Those that cannot be loaded
 * are passed to `refused` one by one. */
size_t registry_load_all(registry *all, const host_plugin *const **plugins,
                         void (*refused)(void *argument, const char *path, const failure *why),
                         void *argument);

/* Kinds are numbered from 1 to this. */
enum { KIND_LAST = SLOPE_KIND_PRUNER };

/* "optimizer"; kind_from_name gives 0 for no kind. kind_folder: "optimizers". */
const char *kind_name(slope_kind kind);
slope_kind kind_from_name(const char *name);
const char *kind_folder(slope_kind kind);

#endif
