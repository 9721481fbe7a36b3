/* engine/updater_private.h: what updater.c and updater_make.c share. For nobody else. */
#ifndef SLOPE_ENGINE_UPDATER_PRIVATE_H
#define SLOPE_ENGINE_UPDATER_PRIVATE_H

#include "engine/updater.h"
#include "slope/optimizer.h"
#include "slope/schedule.h"

/* Elements per slice of scope ELEMENT, at most: enough to be worth a call, few enough to share. */
enum { SLICE = 4096 };

typedef struct slice {
    size_t first, count, tensor;
} slice;

struct updater {
    arena *memory;
    const trial_config *config;
    objective *o;
    const layout *layout;
    const kernels *k;
    const slope_optimizer *rule;
    const slope_schedule *schedule;
    const char *who; /* "optimizer adam" */
    double learning_rate;
    uint64_t total_steps, steps_per_epoch;
    size_t slot_count; /* copies counted singly */
    slope_extent *extents;
    void **slots;       /* one array per copy */
    void **slot_blocks; /* what to free */
    named_array *state;
    size_t slice_count, piece_count;
    slice *slices;
    size_t *pieces; /* slices [pieces[i], pieces[i + 1]) are worth a turn of a thread together */
    void *gradient; /* NULL for scope POPULATION */
    void *solution; /* NULL where the weights themselves are it */
    bool fused;     /* a slice's gradient is finished, used and cleared in one go */
    size_t candidate_count;
    void **candidates;
    double *losses;
};

#endif
