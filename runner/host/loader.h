/* host/loader.h: from a file to a plugin's description, or a refusal that says what to do.
 *
 * Owns the order of the checks: the bytes of the file (object_file.h), the floating-point
 * environment round the load, then the descriptions (description.h). Which files there are is
 * registry.h's part. */
#ifndef SLOPE_HOST_LOADER_H
#define SLOPE_HOST_LOADER_H

#include "base/failure.h"

#include "slope/plugin.h"

/* Loads the object at `path` (absolute) whose stem is `stem`; `folder_kind` is the kind whose
 * folder it lies in, or 0. The object stays loaded until the program ends; a refused one is let go.
 * descriptions[1] (float64) may come out NULL. The reason names the file. Status ENVIRONMENT. */
bool plugin_load(const char *path, const char *stem, slope_kind folder_kind,
                 const slope_plugin *descriptions[2], failure *why);

#endif
