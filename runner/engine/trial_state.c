/* engine/trial_state.c: a trial's state to and from a file, and its weights for others to load.
 *
 * A checkpoint is a safetensors file: tensors "weights.<name>" and "optimizer.<slot>.<copy>", and
 * in the metadata the numbers of trial_progress as text that reads back to the same bits. Batch
 * order and random numbers need no state: they are functions of the step. */
#include "engine/trial_private.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Arrays of the layout's tensors, with `prefix` before each name. */
static named_array *weight_arrays(const trial *t, const void *weights, arena *a, const char *prefix)
{
    const layout *l = objective_layout(t->objective);
    const kernels *k = objective_kernels(t->objective);
    named_array *arrays = arena_alloc(a, l->tensor_count * sizeof *arrays);
    for (size_t i = 0; i < l->tensor_count; i++) {
        const slope_tensor *tensor = &l->tensors[i];
        arrays[i] = (named_array){.name = arena_printf(a, "%s%s", prefix, tensor->name),
                                  .type = k->real_size == 8 ? "F64" : "F32",
                                  .rank = tensor->rank,
                                  .data = (const char *)weights + l->offsets[i] * k->real_size};
        memcpy(arrays[i].extents, tensor->extents, sizeof tensor->extents);
    }
    return arrays;
}

bool trial_save_weights(const trial *t, const char *path, failure *why)
{
    arena *a = arena_create();
    const layout *l = objective_layout(t->objective);
    const named_text metadata[] = {
        {"label", t->config->label},
        {"model", t->config->model.plugin->id},
        {"data set", t->config->dataset.label},
        {"step", arena_printf(a, "%" PRIu64, t->progress.step)},
    };
    const void *weights = updater_solution(t->updater, t->progress.step, t->weights);
    const bool good = safetensors_write(path, weight_arrays(t, weights, a, ""), l->tensor_count,
                                        metadata, sizeof metadata / sizeof metadata[0], why);
    arena_destroy(a);
    return good;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

typedef enum field_type { COUNT, NUMBER } field_type;

static const struct field {
    const char *name;
    field_type type;
    size_t offset;
} fields[] = {
    {"step", COUNT, offsetof(trial_progress, step)},
    {"train_seconds", NUMBER, offsetof(trial_progress, train_seconds)},
    {"evaluate_seconds", NUMBER, offsetof(trial_progress, evaluate_seconds)},
    {"evaluated_step", COUNT, offsetof(trial_progress, evaluated_step)},
    {"best", NUMBER, offsetof(trial_progress, best)},
    {"best_step", COUNT, offsetof(trial_progress, best_step)},
    {"without_improvement", COUNT, offsetof(trial_progress, without_improvement)},
    {"best_validation_accuracy", NUMBER, offsetof(trial_progress, best_validation_accuracy)},
    {"best_validation_loss", NUMBER, offsetof(trial_progress, best_validation_loss)},
};

/* The last evaluation, which stopping rules look at. */
static const struct field last_fields[] = {
    {"last.step", COUNT, offsetof(trial_point, step)},
    {"last.epoch", NUMBER, offsetof(trial_point, epoch)},
    {"last.learning_rate", NUMBER, offsetof(trial_point, learning_rate)},
    {"last.train_loss", NUMBER, offsetof(trial_point, train.loss)},
    {"last.train_accuracy", NUMBER, offsetof(trial_point, train.accuracy)},
    {"last.validation_loss", NUMBER, offsetof(trial_point, validation.loss)},
    {"last.validation_accuracy", NUMBER, offsetof(trial_point, validation.accuracy)},
    {"last.train_mse", NUMBER, offsetof(trial_point, train.mse)},
    {"last.train_mae", NUMBER, offsetof(trial_point, train.mae)},
    {"last.train_r2", NUMBER, offsetof(trial_point, train.r2)},
    {"last.validation_mse", NUMBER, offsetof(trial_point, validation.mse)},
    {"last.validation_mae", NUMBER, offsetof(trial_point, validation.mae)},
    {"last.validation_r2", NUMBER, offsetof(trial_point, validation.r2)},
    {"last.train_objective", NUMBER, offsetof(trial_point, train_objective)},
    {"last.train_seconds", NUMBER, offsetof(trial_point, train_seconds)},
    {"last.evaluate_seconds", NUMBER, offsetof(trial_point, evaluate_seconds)},
};

enum {
    FIELDS = sizeof fields / sizeof fields[0],
    LAST_FIELDS = sizeof last_fields / sizeof last_fields[0]
};

static named_text field_text(arena *a, const struct field *f, const void *from)
{
    const void *value = (const char *)from + f->offset;
    char buffer[32];
    if (f->type == COUNT)
        return (named_text){f->name, arena_printf(a, "%" PRIu64, *(const uint64_t *)value)};
    return (named_text){f->name, arena_strdup(a, text_from_number(buffer, *(const double *)value))};
}

bool trial_save(const trial *t, const char *path, const named_text *extra, failure *why)
{
    arena *a = arena_create();
    const layout *l = objective_layout(t->objective);
    size_t state_count, extra_count = 0;
    const named_array *state = updater_state(t->updater, &state_count);
    while (extra && extra[extra_count].name) extra_count++;
    named_array *arrays = arena_alloc(a, (l->tensor_count + state_count) * sizeof *arrays);
    memcpy(arrays, weight_arrays(t, t->weights, a, "weights."), l->tensor_count * sizeof *arrays);
    if (state_count) memcpy(arrays + l->tensor_count, state, state_count * sizeof *arrays);
    named_text *texts = arena_alloc(a, (FIELDS + LAST_FIELDS + extra_count) * sizeof *texts);
    size_t n = 0;
    for (size_t i = 0; i < FIELDS; i++) texts[n++] = field_text(a, &fields[i], &t->progress);
    for (size_t i = 0; i < LAST_FIELDS; i++)
        texts[n++] = field_text(a, &last_fields[i], &t->summary.last);
    for (size_t i = 0; i < extra_count; i++) texts[n++] = extra[i];
    const bool good = safetensors_write(path, arrays, l->tensor_count + state_count, texts, n, why);
    arena_destroy(a);
    return good;
}

static bool restore_fields(const safetensors *file, const struct field *all, size_t count,
                           void *into, failure *why)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = safetensors_text(file, all[i].name);
        char *value = (char *)into + all[i].offset;
        char *end = NULL;
        if (text && all[i].type == COUNT)
            *(uint64_t *)(void *)value = strtoull(text, &end, 10);
        else if (text)
            *(double *)(void *)value = strtod(text, &end);
        if (!text || !*text || *end)
            return failure_set(why, STATUS_ENVIRONMENT, "no valid '%s' in it", all[i].name);
    }
    return true;
}

static bool restore_array(const safetensors *file, const named_array *wanted, void *into,
                          failure *why)
{
    const named_array *found = safetensors_array(file, wanted->name);
    size_t elements = 1;
    if (!found || strcmp(found->type, wanted->type) != 0 || found->rank != wanted->rank)
        return failure_set(why, STATUS_ENVIRONMENT, "no fitting array '%s' in it", wanted->name);
    for (size_t d = 0; d < wanted->rank; d++) {
        if (found->extents[d] != wanted->extents[d])
            return failure_set(why, STATUS_ENVIRONMENT, "array '%s' has another shape",
                               wanted->name);
        elements *= wanted->extents[d];
    }
    memcpy(into, found->data, elements * (strcmp(wanted->type, "F64") == 0 ? 8 : 4));
    return true;
}

bool trial_restore(trial *t, const char *path, failure *why)
{
    safetensors file;
    if (!safetensors_read(path, &file, why)) return false;
    arena *a = arena_create();
    const layout *l = objective_layout(t->objective);
    const size_t real_size = objective_kernels(t->objective)->real_size;
    const named_array *weights = weight_arrays(t, t->weights, a, "weights.");
    size_t state_count;
    const named_array *state = updater_state(t->updater, &state_count);
    bool good = restore_fields(&file, fields, FIELDS, &t->progress, why) &&
                restore_fields(&file, last_fields, LAST_FIELDS, &t->summary.last, why);
    for (size_t i = 0; good && i < l->tensor_count; i++)
        good =
            restore_array(&file, &weights[i], (char *)t->weights + l->offsets[i] * real_size, why);
    for (size_t i = 0; good && i < state_count; i++)
        good = restore_array(&file, &state[i], (void *)(uintptr_t)state[i].data, why);
    t->next_checkpoint = t->progress.train_seconds + t->checkpoint_seconds;
    arena_destroy(a);
    safetensors_free(&file);
    return good || failure_context(why, "cannot resume from '%s'", path);
}
