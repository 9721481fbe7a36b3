/* data/check.c: see check.h. */
#include "data/check.h"

#include <math.h>

/* More classes than this are taken for a mistake, before anybody allocates an output for each. */
enum { MOST_CLASSES = 1 << 20 };

const char *split_name(slope_split split)
{
    static const char *const names[] = {"train", "validation", "test"};
    return names[split];
}

static bool check_shapes(const slope_table tables[SLOPE_SPLITS], failure *why)
{
    const slope_table *train = &tables[SLOPE_TRAIN];
    if (!train->rows) return failure_set(why, STATUS_ENVIRONMENT, "there are no training rows");
    for (size_t i = 0; i < SLOPE_SPLITS; i++) {
        const slope_table *table = &tables[i];
        if (!table->rows) continue;
        if (table->columns != train->columns)
            return failure_set(why, STATUS_ENVIRONMENT,
                               "the %s split has %zu columns, but the train split has %zu",
                               split_name((slope_split)i), table->columns, train->columns);
        if (table->target_columns != train->target_columns)
            return failure_set(why, STATUS_ENVIRONMENT,
                               "the %s split has %zu target columns, but the train split has %zu",
                               split_name((slope_split)i), table->target_columns,
                               train->target_columns);
    }
    return true;
}

/* Number of the first element that is not finite; count if there is none. */
static size_t first_not_finite(const void *numbers, slope_element element, size_t count)
{
    const float *narrow = numbers;
    const double *wide = numbers;
    if (element == SLOPE_FLOAT32) {
        for (size_t i = 0; i < count; i++)
            if (!isfinite(narrow[i])) return i;
    } else if (element == SLOPE_FLOAT64) {
        for (size_t i = 0; i < count; i++)
            if (!isfinite(wide[i])) return i;
    }
    return count;
}

static bool check_finite(const slope_table *table, slope_split split, failure *why)
{
    const size_t features = table->rows * table->columns;
    const size_t bad = first_not_finite(table->features, table->element, features);
    if (bad < features)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "row %zu, column %zu (from 0) of the %s split is not a finite number",
                           bad / table->columns, bad % table->columns, split_name(split));
    const size_t targets = table->rows * table->target_columns;
    const size_t worse = first_not_finite(table->targets, SLOPE_FLOAT64, targets);
    if (worse < targets)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "target %zu of row %zu (from 0) of the %s split is not a finite number",
                           worse % table->target_columns, worse / table->target_columns,
                           split_name(split));
    return true;
}

/* Raises *classes to 1 + the greatest label. */
static bool check_labels(const slope_table *table, slope_split split, size_t class_names,
                         size_t *classes, failure *why)
{
    const size_t most = class_names ? class_names : MOST_CLASSES;
    for (size_t row = 0; row < table->rows; row++) {
        const int32_t label = table->labels[row];
        if (label < 0 || (size_t)label >= most)
            return failure_set(why, STATUS_ENVIRONMENT,
                               "label %d in row %zu (from 0) of the %s split is out of range: %s "
                               "%zu classes",
                               (int)label, row, split_name(split),
                               class_names ? "names are given for" : "there may be at most", most);
        if ((size_t)label >= *classes) *classes = (size_t)label + 1;
    }
    return true;
}

bool tables_check(const slope_table tables[SLOPE_SPLITS], bool known_finite, size_t class_names,
                  size_t *classes, failure *why)
{
    *classes = 0;
    if (!check_shapes(tables, why)) return false;
    for (size_t i = 0; i < SLOPE_SPLITS; i++) {
        const slope_split split = (slope_split)i;
        if (!tables[i].rows) continue;
        if (!known_finite && !check_finite(&tables[i], split, why)) return false;
        if (!tables[i].target_columns &&
            !check_labels(&tables[i], split, class_names, classes, why))
            return false;
    }
    if (class_names && !tables[SLOPE_TRAIN].target_columns) *classes = class_names;
    return true;
}
