/* simple_reader.h: six rows of two columns and three classes, without a fault. Each plugin that
 * takes it spoils one thing. */
#ifndef SLOPE_TESTS_SIMPLE_READER_H
#define SLOPE_TESTS_SIMPLE_READER_H

#include <slope/reader.h>

enum { ROWS = 6, COLUMNS = 2, CLASSES = 3 };

static inline slope_status six_rows(const slope_reader_call *call)
{
    slope_table *train = call->splits[SLOPE_TRAIN];
    if (call->reserve(call, train, SLOPE_FLOAT32, ROWS, COLUMNS, 0) != SLOPE_OK) return SLOPE_ERROR;
    float *features = train->features;
    for (int i = 0; i < ROWS * COLUMNS; ++i) features[i] = (float)i / 4;
    for (int i = 0; i < ROWS; ++i) train->labels[i] = i % CLASSES;
    return SLOPE_OK;
}

#define SIMPLE_READER(id_) \
    .plugin = {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = (id_), .version = "1.0", \
               .summary = "six rows", .description = "Wrong on purpose."}

#endif
