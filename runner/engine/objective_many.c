/* engine/objective_many.c: the objective without a gradient: many candidates at once, evaluations,
 * and gradients by differences. Rows go through in together.c. */
#include "engine/objective_private.h"

#include "engine/together.h"

#include <stdlib.h>
#include <string.h>

size_t objective_count_hits(const objective *o, scratch *s, size_t rows)
{
    size_t hits = 0;
    o->k->argmax(rows, o->shape.outputs, s->scores, s->guesses);
    for (size_t r = 0; r < rows; r++) hits += s->guesses[r] == s->labels[r];
    return hits;
}

void objective_values(objective *o, const void *const *candidates, size_t count, batch rows,
                      double *values)
{
    lane few[8] = {{0}}, *lanes = count <= 8 ? few : allocate(count, sizeof *lanes);
    for (size_t c = 0; c < count; c++) lanes[c] = (lane){o, candidates[c], NULL};
    together_values(lanes, count, rows, values);
    if (lanes != few) free(lanes);
}

evaluation objective_evaluate(objective *o, const void *weights, batch rows)
{
    evaluation e;
    together_evaluate(&(lane){o, weights, NULL}, 1, rows, &e);
    return e;
}

bool objective_confusion(objective *o, const void *weights, batch rows, uint64_t *counts)
{
    if (o->loss->target != SLOPE_CLASS) return false;
    scratch s = scratch_take(&o->scratch);
    const size_t classes = o->data->classes;
    for (size_t r = 0; r < rows.rows; r += o->chunk_rows) {
        batch chunk = rows;
        chunk.first += r;
        chunk.rows = rows.rows - r < o->chunk_rows ? rows.rows - r : o->chunk_rows;
        row_source source;
        const void *x = objective_pack(o, &s, chunk, &source);
        objective_chunk(o, &s, weights, x, &source, chunk.rows, NULL);
        objective_count_hits(o, &s, chunk.rows); /* leaves its guesses */
        for (size_t i = 0; i < chunk.rows; i++)
            if ((size_t)s.guesses[i] < classes)
                counts[(size_t)s.labels[i] * classes + (size_t)s.guesses[i]]++;
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
