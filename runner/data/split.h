/* data/split.h: which rows belong to which split.
 *
 * Rows for test and validation are taken from the training table by lot: those of a split are a
 * pure function of the data set's seed and of the number of rows in the table. `limit` is applied
 * last, so the held-out rows stay the same however many rows are left to train on. All splits keep
 * the order of the table. */
#ifndef SLOPE_DATA_SPLIT_H
#define SLOPE_DATA_SPLIT_H

#include "base/arena.h"
#include "base/failure.h"
#include "data/dataset.h"

/* Fills splits[] from the tables; lists of row numbers live in the arena. Status CONFIG if the
 * configuration asks for what cannot be. */
bool splits_make(arena *memory, const slope_table tables[SLOPE_SPLITS],
                 const dataset_config *config, dataset_split splits[SLOPE_SPLITS], failure *why);

#endif
