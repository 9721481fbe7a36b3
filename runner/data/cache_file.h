/* data/cache_file.h: the layout of a cache file. For cache.c alone, and its tests.
 *
 *     head        magic, checksum of what follows up to the payload, key, shapes, where things are
 *     checksums   one for each piece of the payload of CACHE_PIECE bytes
 *     payload     features, labels, targets of each table; names; numbers of files; from a page's
 *                 start on, each part at a multiple of 64 bytes
 *
 * Checksums are XXH3 of 64 bits: they find damage, not malice. Numbers are in the machine's own
 * format; a file from a machine with another is refused. */
#ifndef SLOPE_DATA_CACHE_FILE_H
#define SLOPE_DATA_CACHE_FILE_H

#include "data/reading.h"

#include <stdint.h>

enum { CACHE_PIECE = 1 << 20, CACHE_PAGE = 4096 };

/* What is in a file besides tables: r->files[i] is file number file_numbers[i] of those that the
 * reader's parameters name. */
typedef struct cache_contents {
    const reading *r;
    const char *key; /* 64 digits */
    const uint32_t *file_numbers;
} cache_contents;

/* Writes to an open, empty file. False with errno. */
bool cache_file_write(int file, const cache_contents *contents);

/* Takes in the file at `path` as a whole and believes it only if every checksum is right and it was
 * made for this key. Tables and names of `r` then point into *memory; *file_numbers, too, has
 * r->file_count entries, each below file_count; r->files is left alone. */
bool cache_file_read(const char *path, const char *key, size_t file_count, arena *names, reading *r,
                     const uint32_t **file_numbers, void **memory, size_t *bytes);

void cache_file_release(void *memory, size_t bytes);

#endif
