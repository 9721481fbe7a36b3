/* slope/reader.h: the contract of a data reader.
 *
 * A reader parses files (or makes data up) into tables, one per split. The host owns the tables'
 * memory and everything that comes after: checksums, scaling, splitting, batches.
 *
 * Features keep the type they have in the file: uint8 images stay uint8.
 */
#ifndef SLOPE_READER_H
#define SLOPE_READER_H

#include "host.h"

typedef enum slope_element {
    SLOPE_UINT8 = 1,
    SLOPE_FLOAT32 = 2,
    SLOPE_FLOAT64 = 3,
} slope_element;

/* How the features of a table are laid out. Sparse rows are a layout to come: whoever consumes a
 * table asks for the layout first. */
typedef enum slope_layout {
    SLOPE_DENSE = 1, /* rows × columns of `element`, row-major, no gaps */
} slope_layout;

typedef enum slope_split {
    SLOPE_TRAIN = 0,
    SLOPE_VALIDATION = 1,
    SLOPE_TEST = 2,
    SLOPE_SPLITS = 3,
} slope_split;

/* One split while it is being read. The reader sets the shape with reserve(), then fills. */
typedef struct slope_table {
    slope_layout layout;
    slope_element element;
    size_t rows, columns;
    size_t target_columns; /* 0: class labels; otherwise numbers per row in `targets` */
    void *features;
    int32_t *labels; /* rows; class indices from 0. NULL if target_columns > 0 */
    double *targets; /* rows × target_columns; NULL if there are labels */
} slope_table;

typedef struct slope_reader_call slope_reader_call;
struct slope_reader_call {
    uint32_t size;
    const slope_host *host;
    const void *config;
    uint64_t seed; /* for data that is made up: the data set's own seed, not the run's */
    slope_table *splits[SLOPE_SPLITS]; /* all empty (rows 0) at first; fill those that there are.
                                          At least one row of SLOPE_TRAIN */

    /* Sets the shape of a table and gives it memory for `rows` rows. May be called again with more
     * or fewer rows and the same shape otherwise: what fits is kept, the rest is zero. */
    slope_status (*reserve)(const slope_reader_call *call, slope_table *table,
                            slope_element element, size_t rows, size_t columns,
                            size_t target_columns);

    /* Names class `index` (all from 0 without gaps), or column `index`. Optional; copied. */
    slope_status (*name_class)(const slope_reader_call *call, size_t index, const char *name);
    slope_status (*name_column)(const slope_reader_call *call, size_t index, const char *name);

    /* Whole contents of a file, unpacked if it is gzip, valid until read() returns. Ends with a
     * zero byte that is not counted. Fails with the reason (missing, unreadable, corrupt or
     * truncated gzip) already recorded. */
    slope_status (*load)(const slope_reader_call *call, const char *path,
                         const unsigned char **bytes, size_t *count);

    /* Says that the first `count` bytes that load() gave at `bytes` will not be read again, so that
     * their memory can be had for the tables. Nobody must say so. */
    void (*done_with)(const slope_reader_call *call, const unsigned char *bytes, size_t count);
};

typedef struct slope_reader {
    slope_plugin plugin;

    /* Fills call->splits. Reading twice gives the same. Errors name file and line, row or byte.
     * Thread: one at a time per call. */
    slope_status (*read)(const slope_reader_call *call);
} slope_reader;

#endif
