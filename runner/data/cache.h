/* data/cache.h: tables as a reader left them, kept in a file so that they are parsed once.
 *
 * An entry is found by the SHA-256 of all that a reader's tables can depend on: the contents and
 * names of the files that its parameters name, all its other parameters, the data set's seed, the
 * reader's own object file, and the version of the layout. So an entry cannot be out of date; it
 * can only be damaged, and nothing of a file is used before its checksums are found right, all of
 * them, each time. Splits and preparation come after, as they do without a cache.
 *
 * Entries are written aside and renamed, never changed; any number of processes may make and use
 * them at the same time. Without a folder, on a full disk, wherever it does not work, the run goes
 * on without: nothing here fails. Data that come from no file, and readers that load files which
 * their parameters do not name, are not kept. */
#ifndef SLOPE_DATA_CACHE_H
#define SLOPE_DATA_CACHE_H

#include "data/reading.h"

/* $XDG_CACHE_HOME/slope, else ~/.cache/slope; NULL if there is neither. */
const char *cache_default_folder(arena *a);

/* Where entries and the digests of files (base/digests.h) are kept from now on; NULL, as at the
 * start: nowhere. */
void cache_keep_in(const char *folder);

/* What was found for one data set, or where it will be stored. */
typedef struct cache_entry {
    const char *path; /* of the entry; NULL: this data set cannot be kept */
    char key[65];
    size_t file_count; /* files that the reader's parameters name */
    const char *const *files;
    const char (*digests)[65];
    void *memory; /* of the whole file, if it was found */
    size_t bytes;
    const char *note; /* for the manifest: "used", "written", or why neither; NULL: not asked for */
} cache_entry;

/* Fills tables, names and files of `r` as reading_run() would. The tables then belong to the entry
 * and are free of numbers that are not finite. False: not there (or damaged); read, then store.
 * Texts live in `memory`. */
bool cache_find(cache_entry *entry, reading *r, const dataset_config *config, arena *memory);

/* Keeps tables that were read and checked. */
void cache_store(cache_entry *entry, const reading *r, arena *memory);

void cache_release(cache_entry *entry);

#endif
