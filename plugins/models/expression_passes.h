/* models/expression_passes.h: the passes over the graph, forward and backward. Only for
 * expression.c.
 *
 * A node's numbers for a block of rows lie together, row after row. The host may cut a batch into
 * blocks as it likes: every number of a row depends on that row alone, and the gradient of a
 * parameter is a chain over the rows in order (where a parameter is used in several ways: all ways
 * of the first row, then all of the second). So the bits do not depend on the cut. */
#ifndef EXPRESSION_PASSES_H
#define EXPRESSION_PASSES_H

#include "expression_elements.h"

/* ---- where things lie ------------------------------------------------------------------------ */

static const program *program_of(const slope_model_call *c)
{
    return c->program;
}

static real *at_offset(const slope_model_call *c, size_t offset)
{
    return c->workspace + offset * c->rows;
}

/* Numbers of a node; *ld is the distance between rows. A parameter in place has one row for all. */
static const real *value_of(const slope_model_call *c, size_t number, size_t *ld)
{
    const node *n = &program_of(c)->nodes[number];
    *ld = n->width;
    if (n->op == OP_FEATURES && n->in_place) {
        *ld = c->ldx;
        return c->x;
    }
    if (n->op == OP_PARAMETER && n->in_place) return c->weights + c->offsets[n->index];
    return at_offset(c, n->value);
}

static const real *whole_value(const slope_model_call *c, size_t number)
{
    size_t unused;
    return number == NOTHING ? NULL : value_of(c, number, &unused);
}

/* NULL for what is not active or, as a parameter in place, has no gradient for each row. */
static real *adjoint_of(const slope_model_call *c, size_t number)
{
    if (number == NOTHING) return NULL;
    const size_t offset = program_of(c)->nodes[number].adjoint;
    return offset == NOTHING ? NULL : at_offset(c, offset);
}

/* The two roles in a product with a parameter. */
static size_t vector_of(const node *n)
{
    return n->turned ? n->b : n->a;
}

static size_t matrix_of(const node *n)
{
    return n->turned ? n->a : n->b;
}

/* ---- products and parts: forward ------------------------------------------------------------- */

/* Whether the parameter stands outputs × inputs, as the kernels have it; as does a vector, or a
 * matrix of one column, which is one row to them. */
static bool is_turned(const node *n)
{
    return n->op == OP_AFFINE_TURNED || n->width == 1;
}

static void forward_affine(const slope_model_call *c, const node *n, real *y)
{
    const slope_kernels *k = c->host->kernels;
    const node *matrix = &program_of(c)->nodes[matrix_of(n)];
    const real *w = c->weights + c->offsets[matrix->index];
    size_t ld;
    const real *v = value_of(c, vector_of(n), &ld);
    const size_t in = program_of(c)->nodes[vector_of(n)].width;
    if (is_turned(n))
        k->affine(c->host, c->rows, in, n->width, v, ld, w, in, NULL, SLOPE_IDENTITY, y, n->width);
    else
        k->affine_input(c->host, c->rows, n->width, in, v, ld, w, n->width, SLOPE_IDENTITY, NULL, 0,
                        y, n->width);
}

/* Products of what comes with the row. Order of each sum: from the first element to the last. */
static void forward_product(const slope_model_call *c, const node *n, real *y)
{
    const node *nodes = program_of(c)->nodes;
    const size_t inner = n->op == OP_MATRIX_TIMES_COLUMN ? nodes[n->b].width : nodes[n->a].width;
    size_t lda, ldb;
    const real *a = value_of(c, n->a, &lda), *b = value_of(c, n->b, &ldb);
    for (size_t r = 0; r < c->rows; r++, a += lda, b += ldb, y += n->width) {
        for (size_t j = 0; j < n->width; j++) y[j] = 0;
        for (size_t i = 0; i < inner; i++)
            for (size_t j = 0; j < n->width; j++) {
                if (n->op == OP_MATRIX_TIMES_COLUMN)
                    y[j] += a[j * inner + i] * b[i];
                else
                    y[j] += a[i] * b[i * n->width + j];
            }
    }
}

static void forward_part(const slope_model_call *c, const node *n, real *y)
{
    size_t ld = 0;
    const bool column = n->op == OP_COLUMN;
    const real *a = column ? c->x : value_of(c, n->a, &ld);
    if (column) ld = c->ldx;
    const size_t places = n->op == OP_SPREAD ? 0 : 1; /* one number, or as many as there are */
    const size_t first = n->op == OP_SPREAD ? 0 : n->index;
    for (size_t r = 0; r < c->rows; r++)
        for (size_t j = 0; j < n->width; j++) y[r * n->width + j] = a[r * ld + first + places * j];
}

static void forward_sum(const slope_model_call *c, const node *n, real *y)
{
    size_t ld;
    const real *a = value_of(c, n->a, &ld);
    const size_t width = program_of(c)->nodes[n->a].width;
    for (size_t r = 0; r < c->rows; r++) {
        real sum = 0;
        for (size_t j = 0; j < width; j++) sum += a[r * ld + j];
        y[r] = sum;
    }
}

/* The same numbers in every row. */
static void forward_leaf(const slope_model_call *c, const node *n, real *y)
{
    const size_t count = c->rows * n->width;
    const real constant = (real)n->number;
    if (n->op == OP_CONSTANT)
        EACH y[i] = constant;
    else if (n->op == OP_PARAMETER)
        for (size_t r = 0; r < c->rows; r++)
            memcpy(y + r * n->width, c->weights + c->offsets[n->index], n->width * sizeof(real));
    else
        for (size_t r = 0; r < c->rows; r++)
            memcpy(y + r * n->width, c->x + r * c->ldx, n->width * sizeof(real));
}

static void forward_node(const slope_model_call *c, const node *n)
{
    const slope_kernels *k = c->host->kernels;
    if (n->value == NOTHING) return;
    real *y = at_offset(c, n->value);
    const size_t count = c->rows * n->width;
    if (is_binary(n->op))
        forward_binary(k, n->op, count, whole_value(c, n->a), whole_value(c, n->b), y);
    else if (is_unary(n->op))
        forward_unary(k, n, count, whole_value(c, n->a), y);
    else if (n->op == OP_AFFINE || n->op == OP_AFFINE_TURNED)
        forward_affine(c, n, y);
    else if (n->op == OP_DOT || n->op == OP_ROW_TIMES_MATRIX || n->op == OP_MATRIX_TIMES_COLUMN)
        forward_product(c, n, y);
    else if (n->op == OP_COLUMN || n->op == OP_ELEMENT || n->op == OP_SPREAD)
        forward_part(c, n, y);
    else if (n->op == OP_SUM)
        forward_sum(c, n, y);
    else
        forward_leaf(c, n, y);
}

/* ---- products and parts: backward ------------------------------------------------------------ */

/* The vector's share; the parameter's is added up by collect(). */
static void backward_affine(const slope_model_call *c, const node *n, const real *d)
{
    const slope_kernels *k = c->host->kernels;
    const node *matrix = &program_of(c)->nodes[matrix_of(n)];
    const real *w = c->weights + c->offsets[matrix->index];
    real *dv = adjoint_of(c, vector_of(n)), *scratch = at_offset(c, program_of(c)->scratch);
    if (!dv) return;
    const size_t in = program_of(c)->nodes[vector_of(n)].width, count = c->rows * in;
    if (is_turned(n))
        k->affine_input(c->host, c->rows, in, n->width, d, n->width, w, in, SLOPE_IDENTITY, NULL, 0,
                        scratch, in);
    else
        k->affine(c->host, c->rows, n->width, in, d, n->width, w, n->width, NULL, SLOPE_IDENTITY,
                  scratch, in);
    EACH dv[i] += scratch[i];
}

static void backward_product(const slope_model_call *c, const node *n, const real *d)
{
    const node *nodes = program_of(c)->nodes;
    const bool turned = n->op == OP_MATRIX_TIMES_COLUMN;
    const size_t vector = turned ? n->b : n->a, matrix = turned ? n->a : n->b;
    const size_t inner = nodes[vector].width, outer = n->width;
    size_t ldv, ldm;
    const real *v = value_of(c, vector, &ldv), *m = value_of(c, matrix, &ldm);
    real *dv = adjoint_of(c, vector), *dm = adjoint_of(c, matrix);
    const size_t step_in = turned ? 1 : outer, step_out = turned ? inner : 1;
    for (size_t r = 0; r < c->rows; r++)
        for (size_t i = 0; i < inner; i++)
            for (size_t j = 0; j < outer; j++) {
                const size_t at = i * step_in + j * step_out;
                const real slope = d[r * outer + j];
                if (dv) dv[r * inner + i] += slope * m[r * ldm + at];
                if (dm) dm[r * inner * outer + at] += slope * v[r * ldv + i];
            }
}

static void backward_part(const slope_model_call *c, const node *n, const real *d, real *da)
{
    const size_t width = program_of(c)->nodes[n->a].width;
    const size_t places = n->op == OP_ELEMENT, first = n->op == OP_ELEMENT ? n->index : 0;
    for (size_t r = 0; r < c->rows; r++)
        for (size_t j = 0; j < n->width; j++)
            da[r * width + first + places * j] += d[r * n->width + j];
}

static void backward_sum(const slope_model_call *c, const node *n, const real *d, real *da)
{
    const size_t width = program_of(c)->nodes[n->a].width;
    for (size_t r = 0; r < c->rows; r++)
        for (size_t j = 0; j < width; j++) da[r * width + j] += d[r];
}

static void backward_node(const slope_model_call *c, const node *n)
{
    const slope_kernels *k = c->host->kernels;
    if (n->a == NOTHING || n->adjoint == NOTHING) return;
    const real *d = at_offset(c, n->adjoint), *y = at_offset(c, n->value);
    real *da = adjoint_of(c, n->a), *scratch = at_offset(c, program_of(c)->scratch);
    const size_t count = c->rows * n->width;
    if (n->op == OP_AFFINE || n->op == OP_AFFINE_TURNED)
        backward_affine(c, n, d);
    else if (n->op == OP_DOT || n->op == OP_ROW_TIMES_MATRIX || n->op == OP_MATRIX_TIMES_COLUMN)
        backward_product(c, n, d);
    else if (is_binary(n->op))
        backward_binary(k, n->op, count, whole_value(c, n->a), whole_value(c, n->b), y, d, da,
                        adjoint_of(c, n->b), scratch);
    else if (!da)
        return;
    else if (is_unary(n->op))
        backward_unary(k, n, count, whole_value(c, n->a), y, d, da, scratch);
    else if (n->op == OP_SUM)
        backward_sum(c, n, d, da);
    else
        backward_part(c, n, d, da);
}

/* ---- gradients of parameters ----------------------------------------------------------------- */

/* Adds what product n owes to its parameter, rows [first, first + rows). */
static void collect_product(const slope_model_call *c, const node *n, size_t first, size_t rows)
{
    const slope_kernels *k = c->host->kernels;
    const node *matrix = &program_of(c)->nodes[matrix_of(n)];
    real *g = c->gradient + c->offsets[matrix->index];
    size_t ld;
    const real *v = value_of(c, vector_of(n), &ld) + first * ld;
    const real *d = at_offset(c, n->adjoint) + first * n->width;
    const size_t in = program_of(c)->nodes[vector_of(n)].width;
    if (is_turned(n))
        k->affine_weights(c->host, rows, in, n->width, v, ld, d, n->width, g, in);
    else
        k->affine_weights(c->host, rows, n->width, in, d, n->width, v, ld, g, n->width);
}

static void collect_copies(const slope_model_call *c, const node *n, size_t first, size_t rows)
{
    c->host->kernels->affine_bias(c->host, rows, n->width,
                                  at_offset(c, n->adjoint) + first * n->width, n->width,
                                  c->gradient + c->offsets[n->index]);
}

/* All rows at once where there is one use, else one row after another. */
static void collect(const slope_model_call *c, const node *leaf)
{
    const node *nodes = program_of(c)->nodes;
    const bool several =
        leaf->uses != NOTHING && (!leaf->in_place || nodes[leaf->uses].next_use != NOTHING);
    const size_t rows = several ? 1 : c->rows;
    for (size_t first = 0; first < c->rows; first += rows) {
        if (!leaf->in_place) collect_copies(c, leaf, first, rows);
        for (size_t n = leaf->uses; n != NOTHING; n = nodes[n].next_use)
            collect_product(c, &nodes[n], first, rows);
    }
}

/* ---- the passes ------------------------------------------------------------------------------ */

static void forward(const slope_model_call *c)
{
    const program *p = program_of(c);
    for (size_t n = 0; n < p->count; n++) forward_node(c, &p->nodes[n]);
    real *scores = c->scores;
    for (size_t o = 0; o < p->output_count; o++) {
        const size_t width = p->nodes[p->outputs[o]].width;
        size_t ld;
        const real *y = value_of(c, p->outputs[o], &ld);
        for (size_t r = 0; r < c->rows; r++)
            memcpy(scores + r * p->output_width, y + r * ld, width * sizeof(real));
        scores += width;
    }
}

static void backward(const slope_model_call *c)
{
    const program *p = program_of(c);
    memset(at_offset(c, p->adjoints), 0, (p->adjoints_end - p->adjoints) * c->rows * sizeof(real));
    const real *slopes = c->score_gradient;
    for (size_t o = 0; o < p->output_count; o++) {
        const size_t width = p->nodes[p->outputs[o]].width;
        real *d = adjoint_of(c, p->outputs[o]);
        for (size_t r = 0; d && r < c->rows; r++)
            for (size_t j = 0; j < width; j++) d[r * width + j] += slopes[r * p->output_width + j];
        slopes += width;
    }
    for (size_t n = p->count; n-- > 0;) backward_node(c, &p->nodes[n]);
    for (size_t n = 0; n < p->count; n++)
        if (p->nodes[n].op == OP_PARAMETER) collect(c, &p->nodes[n]);
}

#endif
