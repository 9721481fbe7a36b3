/* host/object_file.h: looking into a shared object without loading it.
 *
 * Loading runs the object's constructors, so everything that can be known from the bytes of the
 * file is found out first: whether it is whole, made for this machine, and a slope plugin of this
 * contract. Files are not trusted: every offset is checked against the length of the file. */
#ifndef SLOPE_HOST_OBJECT_FILE_H
#define SLOPE_HOST_OBJECT_FILE_H

#include "base/arena.h"
#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

/* The first members of slope_entry, which hold no pointers and so stand in the file as they are. */
typedef struct entry_head {
    uint32_t magic, major, minor, size;
} entry_head;

/* Refuses what is no whole shared object of this machine, or does not export slope_plugin_entry.
 * The reason does not name the file. Status ENVIRONMENT. */
bool object_file_entry(const char *path, entry_head *head, failure *why);

/* Names of all symbols that the object exports, in the order of the file. */
bool object_file_exports(arena *a, const char *path, const char *const **names, size_t *count,
                         failure *why);

/* How many functions the loader would run when it loads the object (its array of constructors). */
bool object_file_constructors(const char *path, size_t *count, failure *why);

#endif
