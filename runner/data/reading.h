/* data/reading.h: one call of a reader: the tables it fills, the files it loads, the names it
 * gives.
 *
 * The host's side of plugins/include/slope/reader.h. What is read is checked for shape only; labels
 * and values are judged in check.h, once they are all there. */
#ifndef SLOPE_DATA_READING_H
#define SLOPE_DATA_READING_H

#include "base/arena.h"
#include "base/failure.h"
#include "config/experiment.h"
#include "host/services.h"

#include "slope/reader.h"

/* A file that was read. */
typedef struct read_file {
    const char *path;
    char digest[65];
} read_file;

typedef struct content {
    unsigned char *bytes;
    size_t size, given_back; /* the first given_back bytes read as zero now */
} content;

typedef struct reading {
    slope_reader_call call; /* first: readers get its address */
    call_host host;
    arena *memory;                    /* for names and paths; the caller's */
    slope_table tables[SLOPE_SPLITS]; /* free with tables_free() */
    size_t class_name_count, column_name_count;
    const char **class_names, **column_names; /* no gaps */
    size_t file_count;
    read_file *files; /* in the order of reading, each once */

    const dataset_config *config; /* private, as is all below */
    size_t class_name_capacity, column_name_capacity, file_capacity;
    content *contents; /* of the files loaded, until the reader returns */
    size_t content_count, content_capacity;
    bool to_get; /* the failure is about a file that how_to_get tells how to get */
} reading;

/* Runs the reader of the configuration. On failure nothing is to be freed. */
bool reading_run(reading *r, const dataset_config *config, arena *memory, failure *why);

/* Frees features, labels and targets; leaves the tables empty. */
void tables_free(slope_table tables[SLOPE_SPLITS]);

#endif
