/* data/prepare.c: see prepare.h. */
#include "data/prepare.h"

#include "host/services.h"

#include <math.h>
#include <string.h>

/* Columns that are worked on together: 64 bytes of uint8, so that a thread reads whole cache lines.
 */
enum { COLUMNS = 64 };

typedef struct statistics {
    const dataset_split *rows;
    double *mean;
    double *deviation;
    bool *constant; /* whether all rows have the same value */
} statistics;

/* Columns [first, last) of one row, as double. */
static void row_numbers(const dataset_split *split, size_t row, size_t first, size_t last,
                        double *out)
{
    const slope_table *table = split->table;
    const size_t at = (split->index ? split->index[row] : row) * table->columns;
    const size_t count = last - first;
    const uint8_t *bytes = table->features;
    const float *narrow = table->features;
    const double *wide = table->features;
    switch (table->element) {
    case SLOPE_UINT8:
        for (size_t i = 0; i < count; i++) out[i] = bytes[at + first + i];
        break;
    case SLOPE_FLOAT32:
        for (size_t i = 0; i < count; i++) out[i] = (double)narrow[at + first + i];
        break;
    case SLOPE_FLOAT64:
        memcpy(out, wide + at + first, count * sizeof *out);
        break;
    }
}

/* Mean and deviation of columns [first, last) in two passes, the second of which also corrects the
 * rounding of the first (Chan, Golub, LeVeque 1983: Algorithms for computing the sample variance).
 */
static void column_statistics(void *argument, size_t first, size_t last)
{
    const statistics *s = argument;
    const size_t count = last - first, rows = s->rows->rows;
    double numbers[COLUMNS], start[COLUMNS], sum[COLUMNS] = {0}, squares[COLUMNS] = {0};
    double *const mean = s->mean + first;
    bool *const constant = s->constant + first;
    row_numbers(s->rows, 0, first, last, start);
    for (size_t i = 0; i < count; i++) constant[i] = true;
    for (size_t row = 0; row < rows; row++) {
        row_numbers(s->rows, row, first, last, numbers);
        for (size_t i = 0; i < count; i++) {
            sum[i] += numbers[i];
            constant[i] = constant[i] && numbers[i] == start[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        mean[i] = constant[i] ? start[i] : sum[i] / (double)rows;
        sum[i] = 0;
    }
    for (size_t row = 0; row < rows; row++) {
        row_numbers(s->rows, row, first, last, numbers);
        for (size_t i = 0; i < count; i++) {
            const double off = numbers[i] - mean[i];
            sum[i] += off;
            squares[i] += off * off;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const double n = (double)rows;
        mean[i] += sum[i] / n;
        s->deviation[first + i] = sqrt(fmax(0, (squares[i] - sum[i] * sum[i] / n) / n));
    }
}

/* A column that never changes is centred, but not divided by its deviation of zero. */
static bool fill_factors(const statistics *s, size_t columns, const dataset_config *config,
                         double *factor, failure *why)
{
    for (size_t i = 0; i < columns; i++) {
        factor[i] = config->standardize && !s->constant[i] ? 1 / s->deviation[i] : config->scale;
        if (!isfinite(s->mean[i]) || !isfinite(factor[i]) || factor[i] == 0)
            return failure_set(why, STATUS_ENVIRONMENT,
                               "column %zu (from 0) cannot be %s: its mean is %g, its standard "
                               "deviation %g",
                               i, config->standardize ? "standardized" : "centred", s->mean[i],
                               s->deviation[i]);
    }
    return true;
}

bool preparation_make(arena *memory, const dataset_split *train, const dataset_config *config,
                      const double **shift, const double **factor, failure *why)
{
    *shift = *factor = NULL;
    const size_t columns = train->table->columns;
    if (!config->subtract_mean && !config->standardize && config->scale == 1) return true;
    double *factors = arena_alloc(memory, columns * sizeof *factors);
    for (size_t i = 0; i < columns; i++) factors[i] = config->scale;
    if (config->subtract_mean || config->standardize) {
        statistics s = {
            .rows = train,
            .mean = arena_alloc(memory, columns * sizeof(double)),
            .deviation = arena_alloc(memory, columns * sizeof(double)),
            .constant = arena_alloc(memory, columns * sizeof(bool)),
        };
        parallel_for(columns, COLUMNS, column_statistics, &s);
        if (!fill_factors(&s, columns, config, factors, why)) return false;
        *shift = s.mean;
    }
    *factor = factors;
    return true;
}
