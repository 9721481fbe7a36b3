/* engine/batches.c: see batches.h. */
#include "engine/batches.h"

#include "host/random.h"

#include <stdlib.h>

void batches_create(batches *b, batch all, size_t size, uint64_t seed)
{
    const bool full = size == 0 || size >= all.rows;
    *b = (batches){.all = all, .size = full ? all.rows : size, .seed = seed, .epoch = UINT64_MAX};
    b->steps_per_epoch = b->size ? (all.rows + b->size - 1) / b->size : 1;
}

void batches_destroy(batches *b)
{
    free(b->order);
}

batch batches_at(batches *b, uint64_t step)
{
    if (b->size >= b->all.rows) return b->all;
    if (!b->order) b->order = allocate(b->all.rows, sizeof *b->order);
    const uint64_t epoch = step / b->steps_per_epoch;
    if (epoch != b->epoch) {
        random_permutation((random_key){b->seed, SLOPE_FOR_BATCH_ORDER, epoch}, b->all.rows,
                           b->order);
        if (b->all.index)
            for (size_t i = 0; i < b->all.rows; i++) b->order[i] = b->all.index[b->order[i]];
        b->epoch = epoch;
    }
    const size_t first = (size_t)(step % b->steps_per_epoch) * b->size;
    const size_t left = b->all.rows - first;
    return (batch){.table = b->all.table,
                   .index = b->order,
                   .first = first,
                   .rows = left < b->size ? left : b->size,
                   .ahead = left >= 2 * b->size ? b->size : 0};
}
