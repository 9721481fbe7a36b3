/* engine/objective_errors.c: how far predicted numbers are from the targets: mse, mae and r2 of an
 * evaluation. Sums are in double, row after row within a block of rows, then block after block
 * (objective.h); the targets are those of the data set, not rounded to the precision of the run. */
#include "engine/objective_private.h"

#include <stdlib.h>

static const double *targets_of(const objective *o, batch rows, size_t r)
{
    const size_t row = rows.index ? rows.index[rows.first + r] : rows.first + r;
    return rows.table->targets + row * o->shape.outputs;
}

void objective_add_errors(const objective *o, scratch *s, batch rows, double *sums)
{
    const size_t outputs = o->shape.outputs;
    double *scores = s->raw_targets; /* done with: the losses are there */
    o->k->to_double(rows.rows * outputs, s->scores, scores);
    for (size_t r = 0; r < rows.rows; r++) {
        const double *target = targets_of(o, rows, r);
        for (size_t i = 0; i < outputs; i++) {
            const double error = scores[r * outputs + i] - target[i];
            sums[i] += error * error;
            sums[outputs + i] += fabs(error);
        }
    }
}

/* Sum of squared distances from the mean, of one column of the targets. */
static double spread(const objective *o, batch rows, size_t column)
{
    double sum = 0, squares = 0;
    for (size_t r = 0; r < rows.rows; r++) sum += targets_of(o, rows, r)[column];
    const double mean = sum / (double)rows.rows;
    for (size_t r = 0; r < rows.rows; r++) {
        const double distance = targets_of(o, rows, r)[column] - mean;
        squares += distance * distance;
    }
    return squares;
}

void objective_judge_errors(const objective *o, batch rows, const double *sums, size_t blocks,
                            evaluation *e)
{
    const size_t outputs = o->shape.outputs;
    const double numbers = (double)rows.rows * (double)outputs;
    e->mse = e->mae = e->r2 = 0;
    for (size_t i = 0; i < outputs; i++) {
        double squares = 0, sizes = 0;
        for (size_t b = 0; b < blocks; b++) {
            squares += sums[b * 2 * outputs + i];
            sizes += sums[(b * 2 + 1) * outputs + i];
        }
        const double all = spread(o, rows, i);
        e->mse += squares / numbers;
        e->mae += sizes / numbers;
        e->r2 += (all > 0 ? 1 - squares / all : NAN) / (double)outputs;
    }
}
