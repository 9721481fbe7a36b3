/* engine/objective_many.c: the objective without a gradient: many candidates at once, gradients by
 * differences, evaluations. Blocks of rows are the unit of parallel work: they are also the unit of
 * summation (objective.h), so the bits do not depend on who does which. */
#include "engine/objective_private.h"

#include <stdlib.h>
#include <string.h>

typedef struct values_task {
    objective *o;
    const void *const *candidates;
    size_t count, blocks;
    batch rows;
    double *sums;   /* count × blocks */
    size_t *hits;   /* blocks, or NULL; only for one candidate */
    double *errors; /* blocks × 2 · outputs, or NULL; the same */
} values_task;

static size_t count_hits(objective *o, scratch *s, size_t rows)
{
    size_t hits = 0;
    o->k->argmax(rows, o->shape.outputs, s->scores, s->guesses);
    for (size_t r = 0; r < rows; r++) hits += s->guesses[r] == s->labels[r];
    return hits;
}

static void values_block(void *argument, size_t first, size_t last)
{
    const values_task *t = argument;
    objective *o = t->o;
    scratch *s = &o->scratch[thread_index()];
    for (size_t b = first; b < last; b++) {
        const size_t begin = b * LOSS_BLOCK;
        const size_t count = t->rows.rows - begin < LOSS_BLOCK ? t->rows.rows - begin : LOSS_BLOCK;
        for (size_t r = 0; r < count; r += o->chunk_rows) {
            batch chunk = t->rows;
            chunk.first += begin + r;
            chunk.rows = count - r < o->chunk_rows ? count - r : o->chunk_rows;
            const void *x = objective_pack(o, s, chunk);
            for (size_t c = 0; c < t->count; c++) {
                objective_chunk(o, s, t->candidates[c], x, chunk.rows, NULL);
                double sum = t->sums[c * t->blocks + b];
                for (size_t i = 0; i < chunk.rows; i++) sum += s->losses[i];
                t->sums[c * t->blocks + b] = sum;
            }
            if (t->hits) t->hits[b] += count_hits(o, s, chunk.rows);
            if (t->errors) objective_add_errors(o, s, chunk, t->errors + b * 2 * o->shape.outputs);
        }
    }
}

/* Blocks of rows that are worth a second thread: some hundred thousand multiply-adds. */
static size_t fair_blocks(const objective *o, size_t candidates)
{
    const size_t worth = 1 << 17;
    return worth / (LOSS_BLOCK * (o->layout.parameters + 1) * (candidates + 1)) + 1;
}

void objective_values(objective *o, const void *const *candidates, size_t count, batch rows,
                      double *values)
{
    const size_t blocks = (rows.rows + LOSS_BLOCK - 1) / LOSS_BLOCK;
    double *sums = allocate(count * blocks, sizeof *sums);
    values_task task = {o, candidates, count, blocks, rows, sums, NULL, NULL};
    if (o->part != PART_REGULARIZATION)
        parallel_for(blocks, fair_blocks(o, count), values_block, &task);
    for (size_t c = 0; c < count; c++)
        values[c] = objective_combine(o, candidates[c], sums + c * blocks, rows.rows);
    free(sums);
}

evaluation objective_evaluate(objective *o, const void *weights, batch rows)
{
    if (!rows.rows) return NO_EVALUATION;
    const size_t blocks = (rows.rows + LOSS_BLOCK - 1) / LOSS_BLOCK;
    const bool classes = o->loss->target == SLOPE_CLASS;
    objective_reserve_blocks(o, blocks);
    memset(o->block_sums, 0, blocks * sizeof *o->block_sums);
    memset(o->block_hits, 0, blocks * sizeof *o->block_hits);
    double *errors = o->loss->target == SLOPE_VALUES
                         ? allocate(blocks * 2 * o->shape.outputs, sizeof *errors)
                         : NULL;
    values_task task = {
        o, &weights, 1, blocks, rows, o->block_sums, classes ? o->block_hits : NULL, errors};
    parallel_for(blocks, fair_blocks(o, 1), values_block, &task);
    double sum = 0;
    size_t hits = 0;
    for (size_t b = 0; b < blocks; b++) {
        sum += o->block_sums[b];
        hits += o->block_hits[b];
    }
    evaluation e = NO_EVALUATION;
    e.loss = sum / (double)rows.rows;
    if (classes) e.accuracy = (double)hits / (double)rows.rows;
    if (errors) objective_judge_errors(o, rows, errors, blocks, &e);
    free(errors);
    return e;
}

bool objective_confusion(objective *o, const void *weights, batch rows, uint64_t *counts)
{
    if (o->loss->target != SLOPE_CLASS) return false;
    scratch *s = &o->scratch[thread_index()];
    const size_t classes = o->data->classes;
    for (size_t r = 0; r < rows.rows; r += o->chunk_rows) {
        batch chunk = rows;
        chunk.first += r;
        chunk.rows = rows.rows - r < o->chunk_rows ? rows.rows - r : o->chunk_rows;
        objective_chunk(o, s, weights, objective_pack(o, s, chunk), chunk.rows, NULL);
        count_hits(o, s, chunk.rows); /* leaves its guesses */
        for (size_t i = 0; i < chunk.rows; i++)
            if ((size_t)s->guesses[i] < classes)
                counts[(size_t)s->labels[i] * classes + (size_t)s->guesses[i]]++;
    }
    return true;
}

/* ---- differences ----------------------------------------------------------------------------- */

static double get(const objective *o, const char *vector, size_t i)
{
    double value;
    o->k->to_double(1, vector + i * o->k->real_size, &value);
    return value;
}

static void set(const objective *o, char *vector, size_t i, double value)
{
    o->k->from_double(1, &value, vector + i * o->k->real_size);
}

/* Value at w + h e_i; *at receives the weight that the precision really gave. */
static double value_beside(objective *o, char *weights, batch rows, size_t i, double h, double *at)
{
    const double before = get(o, weights, i);
    set(o, weights, i, before + h);
    *at = get(o, weights, i);
    const double value = objective_gradient(o, weights, rows, NULL);
    set(o, weights, i, before);
    return value;
}

double objective_gradient_numerical(objective *o, void *weights, batch rows,
                                    difference_method method, double h, void *gradient)
{
    const double here = objective_gradient(o, weights, rows, NULL);
    memset(gradient, 0, o->layout.total * o->k->real_size);
    for (size_t t = 0; t < o->layout.tensor_count; t++) {
        for (size_t e = 0; e < o->layout.sizes[t]; e++) {
            const size_t i = o->layout.offsets[t] + e;
            double above_at, below_at = get(o, weights, i), below = here;
            const double above = value_beside(o, weights, rows, i, h, &above_at);
            if (method == DIFFERENCE_CENTRAL)
                below = value_beside(o, weights, rows, i, -h, &below_at);
            set(o, gradient, i, (above - below) / (above_at - below_at));
        }
    }
    return here;
}
