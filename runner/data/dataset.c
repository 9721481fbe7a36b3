/* data/dataset.c: see dataset.h. Reading, checks, splits and preparation, one after the other. */
#include "data/dataset.h"

#include "config/same.h"
#include "data/cache.h"
#include "data/check.h"
#include "data/prepare.h"
#include "data/reading.h"
#include "data/split.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* What dataset.memory points to. */
typedef struct loaded {
    dataset data;
    arena *memory; /* in which this struct itself lives */
    reading reading;
    cache_entry cache;
} loaded;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The configuration's class names go before the reader's. */
static bool fill_names(loaded *it, const dataset_config *config, failure *why)
{
    dataset *const data = &it->data;
    const reading *r = &it->reading;
    data->features = r->tables[SLOPE_TRAIN].columns;
    data->column_name_count = r->column_name_count;
    data->column_names = r->column_names;
    if (r->column_name_count && r->column_name_count != data->features)
        return failure_set(why, STATUS_ENVIRONMENT, "%zu columns are named, but there are %zu",
                           r->column_name_count, data->features);
    data->class_name_count = r->class_name_count;
    data->class_names = r->class_names;
    if (!config->class_name_count) return true;
    const char **names = arena_alloc(it->memory, config->class_name_count * sizeof *names);
    for (size_t i = 0; i < config->class_name_count; i++)
        names[i] = arena_strdup(it->memory, config->class_names[i]);
    data->class_name_count = config->class_name_count;
    data->class_names = names;
    return true;
}

static bool fill(loaded *it, const dataset_config *config, failure *why)
{
    dataset *const data = &it->data;
    const reading *r = &it->reading;
    const bool cached = it->cache.memory != NULL; /* what is in the cache was checked */
    if (!fill_names(it, config, why) ||
        !tables_check(r->tables, cached, data->class_name_count, &data->classes, why))
        return false;
    if (!cached) cache_store(&it->cache, r, it->memory);
    data->cache = it->cache.note;
    if (!splits_make(it->memory, r->tables, config, data->splits, why) ||
        !preparation_make(it->memory, &data->splits[SLOPE_TRAIN], config, &data->shift,
                          &data->factor, why))
        return false;
    data->label = arena_strdup(it->memory, config->label);
    data->target_columns = r->tables[SLOPE_TRAIN].target_columns;
    const char **files = arena_alloc(it->memory, r->file_count * sizeof *files);
    char(*digests)[65] = arena_alloc(it->memory, r->file_count * sizeof *digests);
    for (size_t i = 0; i < r->file_count; i++) {
        files[i] = r->files[i].path;
        memcpy(digests[i], r->files[i].digest, sizeof digests[i]);
    }
    data->file_count = r->file_count;
    data->files = files;
    data->digests = (const char(*)[65])digests;
    return true;
}

dataset *dataset_load(const dataset_config *config, failure *why)
{
    const double start = seconds_now();
    arena *memory = arena_create();
    loaded *it = arena_alloc(memory, sizeof *it);
    it->memory = memory;
    it->data.memory = it;
    const bool read = cache_find(&it->cache, &it->reading, config, memory) ||
                      reading_run(&it->reading, config, memory, why);
    if (!read || !fill(it, config, why)) {
        failure_context(why, "data set '%s'", config->label);
        dataset_destroy(&it->data);
        return NULL;
    }
    it->data.load_seconds = seconds_now() - start;
    return &it->data;
}

void dataset_destroy(dataset *data)
{
    if (!data) return;
    loaded *it = data->memory;
    if (it->cache.memory)
        cache_release(&it->cache);
    else
        tables_free(it->reading.tables);
    arena_destroy(it->memory);
}

/* ---- comparing configurations ---------------------------------------------------------------- */

static bool same_class_names(const dataset_config *one, const dataset_config *other)
{
    if (one->class_name_count != other->class_name_count) return false;
    for (size_t i = 0; i < one->class_name_count; i++)
        if (strcmp(one->class_names[i], other->class_names[i]) != 0) return false;
    return true;
}

static bool same_checksums(const dataset_config *one, const dataset_config *other)
{
    if (one->checksum_count != other->checksum_count) return false;
    for (size_t i = 0; i < one->checksum_count; i++)
        if (strcmp(one->checksum_names[i], other->checksum_names[i]) != 0 ||
            strcmp(one->checksum_digests[i], other->checksum_digests[i]) != 0)
            return false;
    return true;
}

bool dataset_same(const dataset_config *one, const dataset_config *other)
{
    return text_same(one->label, other->label) &&
           plugin_choice_same(&one->reader, &other->reader) && one->seed == other->seed &&
           one->limit == other->limit && one->test_limit == other->test_limit &&
           number_same(one->validation, other->validation) && number_same(one->test, other->test) &&
           number_same(one->scale, other->scale) && one->subtract_mean == other->subtract_mean &&
           one->standardize == other->standardize && same_class_names(one, other) &&
           same_checksums(one, other);
}
