/* engine/objective_make.c: making an objective: whether model, loss and data fit, and its memory.
 * See objective.h. */
#include "engine/objective_private.h"

#include "host/description.h"

#include <stdlib.h>

static void make_preparation(objective *o)
{
    const size_t n = o->data->features;
    const double *sources[2] = {o->data->shift, o->data->factor};
    void **targets[2] = {&o->shift, &o->factor};
    double *neutral = allocate(n, sizeof *neutral);
    for (size_t i = 0; i < n; i++) neutral[i] = 1;
    if (sources[0] && !sources[1]) sources[1] = neutral; /* pack needs both or the factor alone */
    for (int i = 0; i < 2; i++) {
        if (!sources[i]) continue;
        *targets[i] = allocate(n, o->k->real_size);
        o->k->from_double(n, sources[i], *targets[i]);
    }
    free(neutral);
}

/* Long rows begin with a cache line, and an odd number of lines apart: rows that are worked on at
 * the same time shall not all want the same places of the first-level cache. */
static size_t padded_length(size_t features, size_t real_size)
{
    enum { LINE = 64, LONG = 1024 };
    if (features * real_size < LONG) return features;
    return ((features * real_size + LINE - 1) / LINE | 1) * LINE / real_size;
}

static void plan_scratch(objective *o)
{
    const size_t rows = o->chunk_rows;
    const size_t own =
        o->model->workspace ? o->model->workspace(o->config->model.config, &o->shape, rows) : 0;
    o->scratch = (scratch_size){.rows = rows,
                                .row_length = o->row_length,
                                .outputs = o->shape.outputs,
                                .real_size = o->k->real_size,
                                .workspace = rows * o->program_workspace + own,
                                .lanes = 1};
}

/* The model's fast path for several weight vectors, if it has one that is whole. */
static const slope_model_many *many_of(const slope_model *model)
{
    const slope_plugin *about = &model->plugin;
    const slope_model_many *many = about->extension ? about->extension(SLOPE_MODEL_MANY) : NULL;
    const bool whole =
        many && many->size >= SIZE_THROUGH(slope_model_many, backward) && many->forward;
    return whole && many->backward ? many : NULL;
}

static bool keeps_rows(const slope_model *model)
{
    const slope_plugin *about = &model->plugin;
    return about->extension && about->extension(SLOPE_MODEL_ROWS);
}

/* Whether every number of the data is a byte times one factor, in float32. */
static bool is_exact(const objective *o, float *factor)
{
    const dataset *d = o->data;
    *factor = d->factor && d->features ? (float)d->factor[0] : 1;
    bool exact = o->rows_by_kernels && o->k->real_size == sizeof(float) && !d->shift && d->features;
    for (size_t split = 0; split < SLOPE_SPLITS && exact; split++)
        exact = !d->splits[split].rows || d->splits[split].table->element == SLOPE_UINT8;
    for (size_t i = 0; i < d->features && d->factor && exact; i++)
        exact = (float)d->factor[i] == *factor;
    return exact;
}

/* Rows whose features fill half a megabyte at most: the chunk at hand and the next one,
 * which is fetched meanwhile, leave most of a second-level cache to the other hardware thread of
 * the core, if there is one. A block of losses falls into chunks without a rest. */
static size_t rows_for_cache(const objective *o)
{
    const size_t row = o->shape.features * o->k->real_size;
    size_t rows = LOSS_BLOCK;
    if (o->exact) return rows; /* a byte each, of some features at a time */
    while (rows > 16 && rows * row > 1u << 19) rows /= 2;
    return rows;
}

objective *objective_create(const trial_config *config, const dataset *data, size_t chunk_rows,
                            failure *why)
{
    objective *o = allocate(1, sizeof *o);
    const precision p = config->train.precision;
    o->memory = arena_create();
    o->config = config;
    o->data = data;
    o->k = kernels_for_bits(p == FLOAT64 ? 64 : 32);
    o->model = (const slope_model *)config->model.plugin->description[p];
    o->loss = (const slope_loss *)config->loss.plugin->description[p];
    if (!objective_fit(o, why) ||
        !layout_create(o->memory, o->model, config->model.config, o->shape, &o->layout, why)) {
        objective_destroy(o);
        return NULL;
    }
    o->rows_by_kernels = keeps_rows(o->model);
    o->exact = is_exact(o, &o->exact_factor);
    o->chunk_rows = chunk_rows ? chunk_rows : rows_for_cache(o);
    if (o->exact) o->chunk_rows = (o->chunk_rows + ROW_GROUP - 1) / ROW_GROUP * ROW_GROUP;
    o->row_length = padded_length(o->shape.features, o->k->real_size);
    make_preparation(o);
    plan_scratch(o);
    o->many = many_of(o->model);
    return o;
}

void objective_destroy(objective *o)
{
    if (!o) return;
    free(o->shift);
    free(o->factor);
    free(o->row_losses);
    free(o->segment_gradients);
    arena_destroy(o->memory);
    free(o);
}
