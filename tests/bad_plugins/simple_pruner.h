/* simple_pruner: a rung at each epoch, and a mean to compare with, for the pruners of this folder
 * to spoil. */
#ifndef SLOPE_TESTS_SIMPLE_PRUNER_H
#define SLOPE_TESTS_SIMPLE_PRUNER_H

#include <slope/pruner.h>

static inline uint64_t each_epoch(const slope_pruner_call *call)
{
    return (call->rung + 1) * call->steps_per_epoch;
}

/* At this rung. */
static inline double value_of(const slope_pruner_call *call, size_t i)
{
    return call->values[i * (call->rung + 1) + call->rung];
}

/* Of those that have a number; NAN if none has. */
static inline double mean_of(const slope_pruner_call *call)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < call->count; ++i) {
        if (isnan(value_of(call, i))) continue;
        sum += value_of(call, i);
        count += 1;
    }
    return sum / count;
}

static inline slope_status keep_all(const slope_pruner_call *call)
{
    for (size_t i = 0; i < call->count; ++i) call->keep[i] = true;
    return SLOPE_OK;
}

#define SIMPLE_PLUGIN(id_) \
    .plugin = {SLOPE_HEAD(slope_pruner, SLOPE_KIND_PRUNER), .id = id_, .version = "1.0", \
               .summary = "a pruner with a fault", .description = "Wrong on purpose."}

#endif
