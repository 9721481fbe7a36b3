/* data/split.c: see split.h. */
#include "data/split.h"

#include "host/random.h"

#include <math.h>
#include <stdlib.h>

/* Stream of random numbers for choosing rows, far from those of readers: "split" in ASCII. */
static const uint64_t SPLIT_STREAM = UINT64_C(0x73706c6974);

/* Rows that a fraction (below 1) or a count means. Not a count of rows at all: a failure. */
static bool held_out_rows(const char *key, double wanted, size_t rows, size_t *held, failure *why)
{
    *held = 0;
    if (isnan(wanted) || wanted == 0) return true;
    const double count = wanted < 1 ? floor(wanted * (double)rows + 0.5) : wanted;
    if (wanted < 0 || count != floor(count))
        return failure_set(why, STATUS_CONFIG,
                           "%s: %g is neither a fraction below 1 nor a whole number of rows", key,
                           wanted);
    if (count < 1)
        return failure_set(why, STATUS_CONFIG, "%s: %g of %zu rows is less than one row", key,
                           wanted, rows);
    if (count >= (double)rows)
        return failure_set(why, STATUS_CONFIG,
                           "%s: %g rows are to be taken from %zu training rows; none would be left",
                           key, count, rows);
    *held = (size_t)count;
    return true;
}

/* Puts the rows into the order of the table: marks them, then looks for marks. Leaves no marks. */
static dataset_split sorted_split(const slope_table *table, uint32_t *index, size_t rows,
                                  bool *marks)
{
    for (size_t i = 0; i < rows; i++) marks[index[i]] = true;
    for (size_t row = 0, i = 0; i < rows; row++) {
        index[i] = (uint32_t)row; /* overwritten by the next row unless this one is marked */
        i += marks[row];
        marks[row] = false;
    }
    return (dataset_split){.table = table, .rows = rows, .index = index};
}

/* Deals a random order of the rows: first the test split, then validation, the rest trains. */
static void deal(arena *memory, const slope_table *table, uint64_t seed, size_t test,
                 size_t validation, dataset_split splits[SLOPE_SPLITS])
{
    uint32_t *order = arena_alloc(memory, table->rows * sizeof *order);
    const random_key key = {seed, SLOPE_FOR_DATA, SPLIT_STREAM};
    random_permutation(key, table->rows, order);
    bool *marks = allocate(table->rows, sizeof *marks);
    if (test) splits[SLOPE_TEST] = sorted_split(table, order, test, marks);
    if (validation) splits[SLOPE_VALIDATION] = sorted_split(table, order + test, validation, marks);
    const size_t held = test + validation;
    splits[SLOPE_TRAIN] = sorted_split(table, order + held, table->rows - held, marks);
    free(marks);
}

static void limit_rows(dataset_split *split, int64_t limit)
{
    if (limit != SLOPE_ABSENT && limit >= 0 && (uint64_t)limit < split->rows)
        split->rows = (size_t)limit;
}

bool splits_make(arena *memory, const slope_table tables[SLOPE_SPLITS],
                 const dataset_config *config, dataset_split splits[SLOPE_SPLITS], failure *why)
{
    const slope_table *train = &tables[SLOPE_TRAIN];
    for (size_t i = 0; i < SLOPE_SPLITS; i++)
        splits[i] = tables[i].rows ? (dataset_split){.table = &tables[i], .rows = tables[i].rows}
                                   : (dataset_split){0};
    size_t test, validation;
    if (!held_out_rows("test_fraction", config->test, train->rows, &test, why) ||
        !held_out_rows("validation", config->validation, train->rows, &validation, why))
        return false;
    if (test && splits[SLOPE_TEST].rows)
        return failure_set(why, STATUS_CONFIG,
                           "test_fraction: there is a test split already, in files of its own");
    if (validation && splits[SLOPE_VALIDATION].rows)
        return failure_set(why, STATUS_CONFIG,
                           "validation: there is a validation split already, in files of its own");
    if (test + validation >= train->rows)
        return failure_set(why, STATUS_CONFIG,
                           "validation: with test_fraction it takes all %zu training rows",
                           train->rows);
    if (test || validation) deal(memory, train, config->seed, test, validation, splits);
    limit_rows(&splits[SLOPE_TRAIN], config->limit);
    limit_rows(&splits[SLOPE_TEST], config->test_limit);
    if (!splits[SLOPE_TRAIN].rows)
        return failure_set(why, STATUS_CONFIG, "limit: no training row is left");
    return true;
}
