/* engine/together.c: see together.h. First a chunk of rows through several lanes, then batches. */
#include "engine/together.h"

#include "engine/objective_private.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool many_allowed = true;

void together_use_many(bool use)
{
    atomic_store(&many_allowed, use);
}

/* Three quarters of the second-level cache; the rest is for the rows. */
static size_t cache_for_lanes(void)
{
    enum { USUAL = 1 << 20 };
    static atomic_long cache; /* asked for once: there are systems where the answer takes long */
    long bytes = atomic_load_explicit(&cache, memory_order_relaxed);
    if (!bytes) {
        bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
        if (bytes <= 0) bytes = USUAL;
        atomic_store_explicit(&cache, bytes, memory_order_relaxed);
    }
    return (size_t)bytes / 4 * 3;
}

/* What is done for a chunk once, for all lanes (packing, panels of kernels/product.h), should serve
 * some hundred outputs; lanes that have many need less company. */
size_t together_width(const objective *o, size_t bytes_of_lane)
{
    enum { OUTPUTS = 128 };
    const size_t outputs = o->layout.parameters / (o->shape.features + 1) + 1;
    const size_t busy = (OUTPUTS + outputs - 1) / outputs;
    const size_t fitting = cache_for_lanes() / (bytes_of_lane + 1);
    const size_t width = busy > fitting ? busy : fitting;
    return width < 1 ? 1 : width > MOST_LANES ? MOST_LANES : width;
}

/* ---- a chunk of rows ------------------------------------------------------------------------- */

/* Called for each lane when its losses on the chunk are in s, before its scores are used again. */
typedef void (*lane_seen)(void *argument, size_t number, scratch *s);

typedef struct chunk {
    const lane *lanes;
    size_t count; /* at most MOST_LANES */
    scratch *s;
    const void *x;
    row_source *source;
    size_t rows;
    bool backward;  /* gradients, too */
    bool separate;  /* as in slope_model_many, … */
    size_t segment; /* … and each time after so many rows */
    lane_seen seen;
    void *argument;
} chunk;

static scratch_size size_for(const objective *o, size_t lanes, size_t sums)
{
    scratch_size size = o->scratch;
    size.lanes = lanes;
    size.sums = sums;
    return size;
}

static bool goes_wide(const objective *o, size_t count)
{
    return o->many && count > 1 && atomic_load_explicit(&many_allowed, memory_order_relaxed);
}

/* Lanes of one seed share a host: nothing else in it is a lane's own. */
static void make_calls(const chunk *c, slope_model_call *calls, call_host *hosts)
{
    size_t used = 0;
    for (size_t i = 0; i < c->count; i++) {
        const train_config *train = &c->lanes[i].o->config->train;
        if (!used || hosts[used - 1].seed != train->seed) {
            call_host_init(&hosts[used], train->precision, train->seed);
            hosts[used++].host.rows = c->source;
        }
        const scratch s = scratch_lane(c->s, i);
        calls[i] = objective_model_call(c->lanes[0].o, &s, &hosts[used - 1].host,
                                        c->lanes[i].weights, c->x, c->rows);
    }
}

/* Rows [first, first + rows) of what a model has just seen, for its gradient. */
static slope_model_call part_of_call(slope_model_call m, size_t first, size_t rows,
                                     size_t real_size)
{
    m.rows = rows;
    m.x = (const char *)m.x + first * m.ldx * real_size;
    m.score_gradient = (char *)(uintptr_t)m.score_gradient + first * m.shape.outputs * real_size;
    return m;
}

static void backward_segments(const chunk *c, const slope_model_call *calls)
{
    const objective *o = c->lanes[0].o;
    for (size_t first = 0; first < c->rows; first += c->segment) {
        slope_model_call parts[MOST_LANES];
        const size_t rows = c->rows - first < c->segment ? c->rows - first : c->segment;
        for (size_t i = 0; i < c->count; i++)
            parts[i] = part_of_call(calls[i], first, rows, o->k->real_size);
        o->many->backward(c->count, parts, c->separate || first > 0);
    }
}

static void chunk_wide(const chunk *c)
{
    call_host hosts[MOST_LANES];
    slope_model_call calls[MOST_LANES];
    const slope_model_many *many = c->lanes[0].o->many;
    make_calls(c, calls, hosts);
    many->forward(c->count, calls);
    for (size_t i = 0; i < c->count; i++) {
        scratch s = scratch_lane(c->s, i);
        objective_losses(c->lanes[i].o, &s, calls[i].host, c->rows, c->backward);
        c->seen(c->argument, i, &s);
        calls[i].scores = NULL;
        calls[i].score_gradient = s.score_gradient;
        calls[i].gradient = c->lanes[i].gradient;
    }
    if (c->backward) backward_segments(c, calls);
}

static void chunk_in_turn(const chunk *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const lane *l = &c->lanes[i];
        objective_chunk(l->o, c->s, l->weights, c->x, c->source, c->rows,
                        c->backward ? l->gradient : NULL);
        c->seen(c->argument, i, c->s);
    }
}

/* ---- gradients of a batch -------------------------------------------------------------------- */

handful together_take(const objective *o, batch rows, size_t width)
{
    const bool wide = goes_wide(o, width), whole = rows.rows <= o->chunk_rows;
    const size_t length = objective_segment_length(o, rows.rows);
    const bool beside = rows.rows > length && (!wide || length > o->chunk_rows);
    handful h = {.o = o, .rows = rows, .width = width, .wide = wide};
    const scratch_size size = size_for(o, wide ? width : 1, beside ? width * o->layout.total : 0);
    h.s = scratch_take(&size);
    h.x = whole ? objective_pack(o, &h.s, rows, &h.source) : NULL;
    return h;
}

typedef struct accumulation {
    handful *h;
    const lane *lanes;
    size_t count;
    loss_sum sums[MOST_LANES];
    size_t chunk_rows; /* of the chunk at hand */
} accumulation;

static void add_losses(void *argument, size_t number, scratch *s)
{
    accumulation *a = argument;
    loss_sum_add(&a->sums[number], s->losses, a->chunk_rows);
}

/* Rows [first, first + rows) of the batch; their labels and targets begin those of `part`. */
static const void *rows_at(handful *h, size_t first, size_t rows, scratch *part)
{
    const objective *o = h->o;
    *part = h->s;
    if (h->x) {
        part->labels += first;
        part->targets = (char *)part->targets + first * o->shape.outputs * o->k->real_size;
        return (const char *)h->x + first * h->source.pack.ld * o->k->real_size;
    }
    batch some = h->rows;
    some.first += first;
    some.rows = rows;
    return objective_pack(o, part, some, &h->source);
}

/* One chunk of a segment; gradients are added to those of `lanes`. */
static void accumulate_chunk(accumulation *a, const lane *lanes, size_t first, size_t rows,
                             bool separate, size_t segment)
{
    scratch part;
    const void *x = rows_at(a->h, first, rows, &part);
    const chunk c = {lanes,    a->count, &part,      x, &a->h->source, rows, true,
                     separate, segment,  add_losses, a};
    a->chunk_rows = rows;
    if (a->h->wide)
        chunk_wide(&c);
    else
        chunk_in_turn(&c);
}

static void accumulate_chunks(accumulation *a, const lane *lanes, size_t begin, size_t end)
{
    const size_t most = a->h->o->chunk_rows;
    for (size_t r = begin; r < end; r += most)
        accumulate_chunk(a, lanes, r, end - r < most ? end - r : most, false, most);
}

/* A segment of several chunks, or of one where the model has no call for many, which could sum it
 * separately: gradients grow in vectors of their own, which are then added. */
static void accumulate_beside(accumulation *a, size_t begin, size_t end)
{
    const objective *o = a->h->o;
    const size_t vector = o->layout.total * o->k->real_size;
    lane beside[MOST_LANES];
    for (size_t i = 0; i < a->count; i++) {
        beside[i] = a->lanes[i];
        beside[i].gradient = memset((char *)a->h->s.sums + i * vector, 0, vector);
    }
    accumulate_chunks(a, beside, begin, end);
    for (size_t i = 0; i < a->count; i++)
        o->k->add(o->layout.total, beside[i].gradient, a->lanes[i].gradient);
}

void together_accumulate(handful *h, const lane *lanes, size_t count, double *values)
{
    /* an update in between may have evaluated elsewhere, in the same memory */
    if (!scratch_is_latest(&h->s)) *h = together_take(h->o, h->rows, h->width);
    const objective *o = h->o;
    const size_t rows = h->rows.rows, length = objective_segment_length(o, rows);
    accumulation a = {.h = h, .lanes = lanes, .count = count};
    /* what takes weights apart for its scores does so once then */
    const bool at_once = h->wide && h->x && !o->scratch.workspace && rows > length;
    if (at_once) accumulate_chunk(&a, lanes, 0, rows, false, length);
    for (size_t begin = 0; begin < rows && !at_once; begin += length) {
        const size_t end = rows - begin < length ? rows : begin + length;
        if (begin == 0)
            accumulate_chunks(&a, lanes, begin, end);
        else if (h->wide && end - begin <= o->chunk_rows)
            accumulate_chunk(&a, lanes, begin, end - begin, true, length);
        else
            accumulate_beside(&a, begin, end);
    }
    for (size_t i = 0; i < count; i++) {
        lanes[i].o->summed_rows = rows;
        lanes[i].o->summed_segments = 1; /* the others are in it */
        values[i] =
            objective_of_sum(lanes[i].o, lanes[i].weights, loss_sum_total(&a.sums[i]), rows);
    }
}

/* ---- values and evaluations ------------------------------------------------------------------ */

/* Blocks of rows are the unit of parallel work: they are also the unit of summation (objective.h),
 * so the bits do not depend on who does which. */
typedef struct values_task {
    const lane *lanes;
    size_t count, width, blocks;
    batch rows;
    double *sums;   /* count × blocks */
    size_t *hits;   /* count × blocks, or NULL */
    double *errors; /* count × blocks × 2 · outputs, or NULL */
} values_task;

/* One block of rows, the lanes from `first` on. */
typedef struct values_place {
    const values_task *task;
    size_t first, block;
    batch rows;
} values_place;

static void add_values(void *argument, size_t number, scratch *s)
{
    const values_place *p = argument;
    const values_task *t = p->task;
    const objective *o = t->lanes[p->first + number].o;
    const size_t at = (p->first + number) * t->blocks + p->block;
    double sum = t->sums[at];
    for (size_t i = 0; i < p->rows.rows; i++) sum += s->losses[i];
    t->sums[at] = sum;
    if (t->hits) t->hits[at] += objective_count_hits(o, s, p->rows.rows);
    if (t->errors) objective_add_errors(o, s, p->rows, t->errors + at * 2 * o->shape.outputs);
}

static void values_block(void *argument, size_t first, size_t last)
{
    const values_task *t = argument;
    const objective *o = t->lanes[0].o;
    const bool wide = goes_wide(o, t->width);
    const scratch_size size = size_for(o, wide ? t->width : 1, 0);
    scratch s = scratch_take(&size);
    for (size_t b = first; b < last; b++) {
        const size_t begin = b * LOSS_BLOCK;
        const size_t rows = t->rows.rows - begin < LOSS_BLOCK ? t->rows.rows - begin : LOSS_BLOCK;
        for (size_t r = 0; r < rows; r += o->chunk_rows) {
            values_place p = {t, 0, b, t->rows};
            p.rows.first += begin + r;
            p.rows.rows = rows - r < o->chunk_rows ? rows - r : o->chunk_rows;
            row_source source;
            const void *x = objective_pack(o, &s, p.rows, &source);
            for (p.first = 0; p.first < t->count; p.first += t->width) {
                const size_t left = t->count - p.first;
                const chunk c = {t->lanes + p.first,
                                 left < t->width ? left : t->width,
                                 &s,
                                 x,
                                 &source,
                                 p.rows.rows,
                                 false,
                                 false,
                                 p.rows.rows,
                                 add_values,
                                 &p};
                if (wide)
                    chunk_wide(&c);
                else
                    chunk_in_turn(&c);
            }
        }
    }
}

/* Blocks of rows that are worth a second thread: some hundred thousand multiply-adds. */
static size_t fair_blocks(const objective *o, size_t lanes)
{
    const size_t worth = 1 << 17;
    return worth / (LOSS_BLOCK * (o->layout.parameters + 1) * (lanes + 1)) + 1;
}

static void run_values(values_task *t)
{
    const objective *o = t->lanes[0].o;
    const size_t lane_reals = o->layout.total + o->scratch.workspace + o->scratch.rows * 2;
    t->width = together_width(o, lane_reals * o->k->real_size);
    if (t->width > t->count) t->width = t->count;
    parallel_for(t->blocks, fair_blocks(o, t->count), values_block, t);
}

static double add_blocks(const double *blocks, size_t count)
{
    double sum = 0;
    for (size_t b = 0; b < count; b++) sum += blocks[b];
    return sum;
}

void together_values(const lane *lanes, size_t count, batch rows, double *values)
{
    const size_t blocks = (rows.rows + LOSS_BLOCK - 1) / LOSS_BLOCK;
    values_task task = {.lanes = lanes,
                        .count = count,
                        .blocks = blocks,
                        .rows = rows,
                        .sums = allocate(count * blocks, sizeof(double))};
    if (lanes[0].o->part != PART_REGULARIZATION) run_values(&task);
    for (size_t i = 0; i < count; i++)
        values[i] = objective_of_sum(lanes[i].o, lanes[i].weights,
                                     add_blocks(task.sums + i * blocks, blocks), rows.rows);
    free(task.sums);
}

static evaluation conclude(const values_task *t, size_t i)
{
    const objective *o = t->lanes[i].o;
    evaluation e = NO_EVALUATION;
    e.loss = add_blocks(t->sums + i * t->blocks, t->blocks) / (double)t->rows.rows;
    size_t hits = 0;
    for (size_t b = 0; t->hits && b < t->blocks; b++) hits += t->hits[i * t->blocks + b];
    if (t->hits) e.accuracy = (double)hits / (double)t->rows.rows;
    if (t->errors)
        objective_judge_errors(o, t->rows, t->errors + i * t->blocks * 2 * o->shape.outputs,
                               t->blocks, &e);
    return e;
}

void together_evaluate(const lane *lanes, size_t count, batch rows, evaluation *evaluations)
{
    for (size_t i = 0; i < count; i++) evaluations[i] = NO_EVALUATION;
    if (!rows.rows || !count) return;
    const objective *o = lanes[0].o;
    const size_t blocks = (rows.rows + LOSS_BLOCK - 1) / LOSS_BLOCK, numbers = count * blocks;
    const slope_target target = o->loss->target;
    values_task task = {.lanes = lanes,
                        .count = count,
                        .blocks = blocks,
                        .rows = rows,
                        .sums = allocate(numbers, sizeof(double)),
                        .hits = target == SLOPE_CLASS ? allocate(numbers, sizeof(size_t)) : NULL,
                        .errors = target == SLOPE_VALUES
                                      ? allocate(numbers * 2 * o->shape.outputs, sizeof(double))
                                      : NULL};
    run_values(&task);
    for (size_t i = 0; i < count; i++) evaluations[i] = conclude(&task, i);
    free(task.sums);
    free(task.hits);
    free(task.errors);
}
