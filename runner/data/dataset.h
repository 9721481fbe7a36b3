/* data/dataset.h: a data set in memory, read once, as it came, with its preparation beside it.
 *
 * Features stay in the type and order of the file. Preparation (scaling, centring) is two numbers
 * per column that are applied while rows are packed for the model; splits and limits are lists of
 * row numbers. So nothing here is ever copied or expanded. Immutable after loading; any thread may
 * read. */
#ifndef SLOPE_DATA_DATASET_H
#define SLOPE_DATA_DATASET_H

#include "config/experiment.h"

#include "slope/reader.h"

typedef struct dataset_split {
    const slope_table *table; /* NULL if there is no such split */
    size_t rows;              /* how many rows the split has; 0 if there is no such split */
    const uint32_t *index;    /* their numbers in the table, ascending; NULL: 0, 1, 2, … */
} dataset_split;

typedef struct dataset {
    const char *label;
    size_t features;       /* columns */
    size_t classes;        /* number of names given, or 1 + greatest label over all splits;
                              0 for regression */
    size_t target_columns; /* 0 for classes */
    dataset_split splits[SLOPE_SPLITS];
    /* Prepared value of column c: (raw - shift[c]) * factor[c], in double, rounded once to real by
     * whoever packs. NULL: all 0, all 1. */
    const double *shift, *factor;
    size_t class_name_count, column_name_count;
    const char *const *class_names, *const *column_names;
    size_t file_count; /* files read, with SHA-256, for the manifest */
    const char *const *files;
    const char (*digests)[65];
    double load_seconds;
    const char *cache; /* what came of it: "used", "written", "not kept: …"; NULL: not asked for */
    void *memory;      /* private */
} dataset;

/* Reads, checks (checksums, labels in range, same columns in all splits, finite numbers), splits
 * (split.h) and prepares (prepare.h). NULL with the reason: status CONFIG where the configuration
 * asks for what the data do not have, ENVIRONMENT where a file is missing or wrong. Free with
 * dataset_destroy. */
dataset *dataset_load(const dataset_config *config, failure *why);
void dataset_destroy(dataset *data); /* NULL is allowed */

/* Whether two configurations give the same data set, so that trials can share one in memory. */
bool dataset_same(const dataset_config *one, const dataset_config *other);

#endif
