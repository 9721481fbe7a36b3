/* engine/objective_make.c: making an objective: whether model, loss and data fit, and its memory.
 * See objective.h. */
#include "engine/objective_private.h"

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

static void make_scratch(objective *o)
{
    const size_t rows = o->chunk_rows, outputs = o->shape.outputs, real_size = o->k->real_size;
    const size_t work =
        rows * o->program_workspace +
        (o->model->workspace ? o->model->workspace(o->config->model.config, &o->shape, rows) : 0);
    o->thread_count = (size_t)threads_count();
    o->scratch = allocate(o->thread_count, sizeof *o->scratch);
    for (size_t t = 0; t < o->thread_count; t++)
        o->scratch[t] = (scratch){
            .x = allocate(rows * o->shape.features, real_size),
            .workspace = allocate(work, real_size),
            .scores = allocate(rows * outputs, real_size),
            .score_gradient = allocate(rows * outputs, real_size),
            .loss_scratch = allocate(rows * outputs, real_size),
            .targets = allocate(rows * outputs, real_size),
            .raw_targets = allocate(rows * outputs, sizeof(double)),
            .labels = allocate(rows, sizeof(int32_t)),
            .guesses = allocate(rows, sizeof(int32_t)),
            .losses = allocate(rows, sizeof(double)),
        };
}

/* Rows whose features fill about a megabyte, half of a second-level cache, in whole blocks of 16.
 */
static size_t rows_for_cache(const objective *o)
{
    const size_t row = o->shape.features * o->k->real_size;
    const size_t rows = (1u << 20) / (row ? row : 1) / 16 * 16;
    return rows < 16 ? 16 : rows > LOSS_BLOCK ? LOSS_BLOCK : rows;
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
    o->chunk_rows = chunk_rows ? chunk_rows : rows_for_cache(o);
    make_preparation(o);
    make_scratch(o);
    return o;
}

void objective_destroy(objective *o)
{
    if (!o) return;
    for (size_t t = 0; t < o->thread_count; t++) {
        scratch *s = &o->scratch[t];
        void *all[] = {s->x,       s->workspace,   s->scores, s->score_gradient, s->loss_scratch,
                       s->targets, s->raw_targets, s->labels, s->guesses,        s->losses};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(all[i]);
    }
    free(o->scratch);
    free(o->shift);
    free(o->factor);
    free(o->block_sums);
    free(o->block_hits);
    free(o->row_losses);
    free(o->segment_gradients);
    arena_destroy(o->memory);
    free(o);
}
