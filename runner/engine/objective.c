/* engine/objective.c: chunks and whole batches, with gradients. See objective.h. Making one is in
 * objective_make.c, whether its parts fit in objective_fit.c, differences and candidates in
 * objective_many.c. */
#include "engine/objective_private.h"

#include <stdlib.h>
#include <string.h>

size_t objective_bytes(const objective *o)
{
    const size_t vectors = o->segment_gradients ? SEGMENTS - 1 : 0;
    return sizeof *o + (2 * o->data->features + vectors * o->layout.total) * o->k->real_size +
           o->layout.tensor_count * sizeof *o->layout.tensors;
}

const layout *objective_layout(const objective *o)
{
    return &o->layout;
}

const kernels *objective_kernels(const objective *o)
{
    return o->k;
}

slope_target objective_target(const objective *o)
{
    return o->loss->target;
}

size_t objective_outputs(const objective *o)
{
    return o->shape.outputs;
}

void objective_restrict(objective *o, objective_part part)
{
    o->part = part;
}

batch objective_split(const objective *o, slope_split split)
{
    const dataset_split *s = &o->data->splits[split];
    return (batch){.table = s->table, .index = s->index, .rows = s->rows};
}

/* ---- one chunk of rows ----------------------------------------------------------------------- */

typedef struct loss_task {
    const slope_loss *loss;
    slope_loss_call call;
    size_t real_size;
} loss_task;

static void loss_range(void *argument, size_t first, size_t last)
{
    const loss_task *task = argument;
    slope_loss_call call = task->call;
    const size_t skip = first * call.outputs * task->real_size;
    call.rows = last - first;
    call.scores = (const char *)call.scores + skip;
    call.scratch = (char *)call.scratch + skip;
    if (call.gradient) call.gradient = (char *)call.gradient + skip;
    if (call.labels) call.labels += first;
    if (call.targets) call.targets = (const char *)call.targets + skip;
    call.losses += first;
    task->loss->evaluate(&call);
}

slope_model_call objective_model_call(const objective *o, const scratch *s, const slope_host *host,
                                      const void *weights, const void *x, size_t rows)
{
    const row_source *source = host->rows;
    return (slope_model_call){
        .size = sizeof(slope_model_call),
        .host = host,
        .config = o->config->model.config,
        .shape = o->shape,
        .offsets = o->layout.offsets,
        .weights = weights,
        .rows = rows,
        .x = x,
        .ldx = source->pack.ld,
        .workspace = s->workspace,
        .scores = s->scores,
        .program = o->program,
    };
}

void objective_losses(const objective *o, scratch *s, const slope_host *host, size_t rows,
                      bool gradient)
{
    enum { SHORTEST = 64, SCORES = 1 << 11 }; /* as in objective_pack, with dearer numbers */
    const size_t fair = SCORES / o->shape.outputs;
    loss_task task = {.loss = o->loss,
                      .real_size = o->k->real_size,
                      .call = {.size = sizeof task.call,
                               .host = host,
                               .config = o->config->loss.config,
                               .rows = rows,
                               .outputs = o->shape.outputs,
                               .scores = s->scores,
                               .labels = o->loss->target == SLOPE_CLASS ? s->labels : NULL,
                               .targets = o->loss->target == SLOPE_VALUES ? s->targets : NULL,
                               .losses = s->losses,
                               .gradient = gradient ? s->score_gradient : NULL,
                               .scratch = s->loss_scratch}};
    parallel_for(rows, fair > SHORTEST ? fair : SHORTEST, loss_range, &task);
}

void objective_chunk(const objective *o, scratch *s, const void *weights, const void *x,
                     row_source *source, size_t rows, void *gradient)
{
    call_host call;
    call_host_init(&call, o->config->train.precision, o->config->train.seed);
    call.host.rows = source;
    slope_model_call m = objective_model_call(o, s, &call.host, weights, x, rows);
    o->model->forward(&m);
    objective_losses(o, s, &call.host, rows, gradient != NULL);
    if (!gradient) return;
    m.scores = NULL;
    m.score_gradient = s->score_gradient;
    m.gradient = gradient;
    o->model->backward(&m);
}

/* ---- whole batches --------------------------------------------------------------------------- */

/* Rows of a segment. One segment where the weights are many: the kernels then share the work
 * inside. Several where the rows outweigh them: a segment stays on one processor from its first
 * feature to its last gradient, at the price of a gradient vector each. Many rows are always worth
 * it. */
size_t objective_segment_length(const objective *o, size_t rows)
{
    enum { SHORTEST = 64, MANY_ROWS = 2048 };
    size_t segments = rows / SHORTEST;
    const size_t affordable = rows * o->shape.features / (2 * o->layout.total + 1);
    if (rows <= MANY_ROWS && segments > affordable) segments = affordable;
    if (segments > SEGMENTS) segments = SEGMENTS;
    if (segments <= 1) return rows ? rows : 1;
    const size_t length = (rows + segments - 1) / segments;
    return (length + 15) / 16 * 16;
}

typedef struct gradient_task {
    objective *o;
    const void *weights;
    batch rows;
    size_t segment_rows;
    bool zeroed; /* the first gradient is */
    void *gradient;
} gradient_task;

/* The first segment adds to the gradient itself, the others to vectors beside it. */
static void *segment_gradient(const gradient_task *t, size_t segment)
{
    const objective *o = t->o;
    const size_t vector = o->layout.total * o->k->real_size;
    void *gradient = segment ? o->segment_gradients + (segment - 1) * vector : t->gradient;
    return segment || !t->zeroed ? memset(gradient, 0, vector) : gradient;
}

static void gradient_segment(void *argument, size_t first, size_t last)
{
    const gradient_task *t = argument;
    objective *o = t->o;
    scratch s = scratch_take(&o->scratch);
    for (size_t segment = first; segment < last; segment++) {
        const size_t begin = segment * t->segment_rows;
        const size_t left = t->rows.rows - begin;
        const size_t end = begin + (left < t->segment_rows ? left : t->segment_rows);
        void *gradient = segment_gradient(t, segment);
        for (size_t r = begin; r < end; r += o->chunk_rows) {
            batch chunk = t->rows;
            chunk.first += r;
            chunk.rows = end - r < o->chunk_rows ? end - r : o->chunk_rows;
            if (end - r >= 2 * o->chunk_rows) chunk.ahead = o->chunk_rows; /* the next chunk */
            row_source source;
            const void *x = objective_pack(o, &s, chunk, &source);
            objective_chunk(o, &s, t->weights, x, &source, chunk.rows, gradient);
            memcpy(o->row_losses + r, s.losses, chunk.rows * sizeof *s.losses);
        }
    }
}

void objective_finish_slice(const objective *o, const void *weights, void *gradient, size_t tensor,
                            size_t first, size_t count)
{
    const kernels *k = o->k;
    const regularization_config *r = &o->config->regularization;
    const bool penalised = o->layout.tensors[tensor].role == SLOPE_WEIGHT && o->part != PART_DATA;
    const double inverse =
        o->part == PART_REGULARIZATION || !o->summed_rows ? 0 : 1 / (double)o->summed_rows;
    const size_t vector = o->layout.total * k->real_size;
    const size_t skip = (o->layout.offsets[tensor] + first) * k->real_size;
    char *g = (char *)gradient + skip;
    for (size_t i = 1; i < o->summed_segments; i++) /* the first one is in g */
        k->add(count, o->segment_gradients + (i - 1) * vector + skip, g);
    k->finish(count, inverse, penalised ? 2 * r->l2 : 0, penalised ? r->l1 : 0,
              (const char *)weights + skip, g);
}

typedef struct finish_task {
    const objective *o;
    const void *weights;
    void *gradient;
    size_t tensor;
} finish_task;

static void finish_range(void *argument, size_t first, size_t last)
{
    const finish_task *t = argument;
    objective_finish_slice(t->o, t->weights, t->gradient, t->tensor, first, last - first);
}

typedef struct sum_task {
    const objective *o;
    const char *x;
    size_t count;
    double *squares, *absolutes;
} sum_task;

static void sum_range(void *argument, size_t first, size_t last)
{
    const sum_task *t = argument;
    const char *x = t->x + first * t->o->k->real_size;
    if (t->squares) t->squares[first / SUM_BLOCK] = t->o->k->sum_squares(last - first, x);
    if (t->absolutes) t->absolutes[first / SUM_BLOCK] = t->o->k->sum_absolute(last - first, x);
}

double objective_penalty(const objective *o, const void *weights)
{
    const regularization_config *r = &o->config->regularization;
    if (r->l2 == 0 && r->l1 == 0) return 0;
    double squares = 0, absolutes = 0;
    for (size_t t = 0; t < o->layout.tensor_count; t++) {
        if (o->layout.tensors[t].role != SLOPE_WEIGHT) continue;
        const size_t n = o->layout.sizes[t], blocks = (n + SUM_BLOCK - 1) / SUM_BLOCK;
        double few[2], *parts = blocks == 1 ? few : allocate(2 * blocks, sizeof *parts);
        sum_task task = {o, (const char *)weights + o->layout.offsets[t] * o->k->real_size, n,
                         r->l2 != 0 ? parts : NULL, r->l1 != 0 ? parts + blocks : NULL};
        parallel_for(n, SUM_BLOCK, sum_range, &task);
        for (size_t b = 0; task.squares && b < blocks; b++) squares += parts[b];
        for (size_t b = 0; task.absolutes && b < blocks; b++) absolutes += parts[blocks + b];
        if (parts != few) free(parts);
    }
    return r->l2 * squares + r->l1 * absolutes;
}

double objective_of_sum(const objective *o, const void *weights, double sum, size_t rows)
{
    const double data = o->part == PART_REGULARIZATION || !rows ? 0 : sum / (double)rows;
    return o->part == PART_DATA ? data : data + objective_penalty(o, weights);
}

void loss_sum_add(loss_sum *sum, const double *losses, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        if (sum->rows++ % LOSS_BLOCK == 0) {
            sum->blocks += sum->block;
            sum->block = 0;
        }
        sum->block += losses[i];
    }
}

double loss_sum_total(const loss_sum *sum)
{
    return sum->blocks + sum->block;
}

static void reserve_rows(objective *o, size_t rows)
{
    if (rows <= o->row_capacity) return;
    free(o->row_losses);
    o->row_losses = allocate(rows, sizeof *o->row_losses);
    o->row_capacity = rows;
}

double objective_accumulate(objective *o, const void *weights, batch rows, bool zeroed,
                            void *gradient)
{
    reserve_rows(o, rows.rows);
    const size_t length = objective_segment_length(o, rows.rows);
    o->summed_rows = rows.rows;
    o->summed_segments = rows.rows ? (rows.rows + length - 1) / length : 1;
    gradient_task task = {o, weights, rows, length, zeroed, gradient};
    if (o->summed_segments > 1 && !o->segment_gradients)
        o->segment_gradients = allocate((SEGMENTS - 1) * o->layout.total, o->k->real_size);
    if (o->summed_segments > 1)
        parallel_for(o->summed_segments, 1, gradient_segment, &task);
    else
        gradient_segment(&task, 0, 1); /* kernels inside use the threads */
    loss_sum sum = {0, 0, 0};
    loss_sum_add(&sum, o->row_losses, rows.rows);
    return objective_of_sum(o, weights, loss_sum_total(&sum), rows.rows);
}

void objective_finish(const objective *o, const void *weights, void *gradient)
{
    enum { GRAIN = 8192 };
    for (size_t t = 0; t < o->layout.tensor_count; t++)
        parallel_for(o->layout.sizes[t], GRAIN, finish_range,
                     &(finish_task){o, weights, gradient, t});
}

double objective_gradient(objective *o, const void *weights, batch rows, void *gradient)
{
    double value;
    if (!gradient) {
        objective_values(o, &weights, 1, rows, &value);
        return value;
    }
    value = objective_accumulate(o, weights, rows, false, gradient);
    objective_finish(o, weights, gradient);
    return value;
}
