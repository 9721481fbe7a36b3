/* base/files.h: files, as a program needs them that must not lose or half-write anything. */
#ifndef SLOPE_BASE_FILES_H
#define SLOPE_BASE_FILES_H

#include "base/arena.h"
#include "base/failure.h"

#include <stddef.h>

/* Writes the bytes to `path` aside, flushes to disk, renames. On failure the earlier file is whole
 * and nothing is left behind. Status ENVIRONMENT. */
bool file_write(const char *path, const void *bytes, size_t count, failure *why);

/* The same without the flush: after a loss of power (not of the process) the file may be empty,
 * until file_flush() has seen to it and to the folder that it is in. */
bool file_write_unflushed(const char *path, const void *bytes, size_t count, failure *why);
bool file_flush(const char *path, failure *why);

/* Whole contents, with a zero byte after the end that is not counted. Free with free(). */
bool file_read(const char *path, unsigned char **bytes, size_t *count, failure *why);

/* Of a file that fits in memory; `to` as by file_write. */
bool file_copy(const char *from, const char *to, failure *why);

/* SHA-256 of a file, in 64 hexadecimal digits and a zero byte. */
bool file_sha256(const char *path, char digest[65], failure *why);
void bytes_sha256(const void *bytes, size_t count, char digest[65]);

/* Makes a folder and those above it; fine if it is there. */
bool folder_make(const char *path, failure *why);

bool file_exists(const char *path);

/* Joins with one slash; an absolute `name` stays as it is. folder_of("a/b.c") is "a", of "b.c" ".".
 */
char *path_join(arena *a, const char *folder, const char *name);
char *path_folder(arena *a, const char *path);
char *path_stem(arena *a, const char *path); /* "dir/adam.so" gives "adam" */

/* Folder that holds the running program; links are followed. */
char *path_of_program(arena *a);

#endif
