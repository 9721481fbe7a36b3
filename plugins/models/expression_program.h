/* models/expression_program.h: from the graph to the program: only what outputs need, which leaves
 * are needed for each row, and where everything lies in the workspace. Only for expression.c. */
#ifndef EXPRESSION_PROGRAM_H
#define EXPRESSION_PROGRAM_H

#include "expression_build.h"

enum { MOST_REALS_PER_ROW = 1 << 24 };

/* Drops what no output needs, such as constants that were folded. */
static void keep_what_is_needed(build *b, program *p)
{
    size_t *place = b->host->allocate(b->host, (b->count + 1) * sizeof *place);
    for (size_t o = 0; o < p->output_count; o++) place[p->outputs[o]] = 1;
    for (size_t n = b->count; n-- > 0;) {
        if (!place[n]) continue;
        if (b->nodes[n].a != NOTHING) place[b->nodes[n].a] = 1;
        if (b->nodes[n].b != NOTHING) place[b->nodes[n].b] = 1;
    }
    p->nodes = b->nodes;
    for (size_t n = 0; n < b->count; n++) {
        if (!place[n]) continue;
        node kept = b->nodes[n];
        if (kept.a != NOTHING) kept.a = place[kept.a];
        if (kept.b != NOTHING) kept.b = place[kept.b];
        place[n] = p->count;
        p->nodes[p->count++] = kept;
    }
    for (size_t o = 0; o < p->output_count; o++) p->outputs[o] = place[p->outputs[o]];
}

static void need_copy(program *p, size_t number)
{
    if (number != NOTHING) p->nodes[number].in_place = false;
}

/* Decides which leaves are needed for each row, and lists the products with those that are not. */
static void find_uses(program *p)
{
    for (size_t i = p->count; i-- > 0;) { /* downwards: lists come out upwards */
        node *n = &p->nodes[i];
        const bool affine = n->op == OP_AFFINE || n->op == OP_AFFINE_TURNED;
        const bool product = n->op >= OP_ROW_TIMES_MATRIX && n->op <= OP_AFFINE_TURNED;
        if (affine) {
            node *leaf = &p->nodes[matrix_of(n)];
            n->next_use = leaf->uses;
            leaf->uses = i;
            if (p->nodes[vector_of(n)].op == OP_PARAMETER) need_copy(p, vector_of(n));
        } else if (product || n->op == OP_DOT) {
            if (p->nodes[n->a].op == OP_PARAMETER) need_copy(p, n->a);
            if (p->nodes[n->b].op == OP_PARAMETER) need_copy(p, n->b);
        } else {
            need_copy(p, n->a);
            need_copy(p, n->b);
        }
    }
    for (size_t o = 0; o < p->output_count; o++)
        if (p->nodes[p->outputs[o]].op == OP_PARAMETER) need_copy(p, p->outputs[o]);
}

/* Values, then gradients, then scratch for the widest. */
static bool lay_out(build *b, program *p)
{
    size_t reals = 0, widest = 0;
    for (size_t n = 0; n < p->count; n++) {
        node *at = &p->nodes[n];
        if (at->width > widest) widest = at->width;
        if (at->in_place) continue;
        at->value = reals;
        reals += at->width;
    }
    p->adjoints = reals;
    for (size_t n = 0; n < p->count; n++) {
        node *at = &p->nodes[n];
        if (at->in_place || !at->active) continue;
        at->adjoint = reals;
        reals += at->width;
    }
    p->adjoints_end = p->scratch = reals;
    p->reals = reals + widest;
    return p->reals <= MOST_REALS_PER_ROW ||
           FAIL_AT(b, 0, "needs %zu numbers for each row of data; at most %d are allowed", p->reals,
                   MOST_REALS_PER_ROW);
}

/* `outputs`: positions in b->codes. False after host->fail_at. */
static bool build_program(build *b, const size_t *outputs, size_t output_count, program *p)
{
    b->roots = b->host->allocate(b->host, b->code_count * sizeof *b->roots);
    for (size_t i = 0; i < b->code_count; i++)
        if (!build_code(b, i)) return false;
    p->output_count = output_count;
    p->outputs = b->host->allocate(b->host, output_count * sizeof *p->outputs);
    for (size_t o = 0; o < output_count; o++) {
        p->outputs[o] = b->roots[outputs[o]];
        p->output_width += b->nodes[p->outputs[o]].width;
        b->nodes[p->outputs[o]].output = true;
    }
    keep_what_is_needed(b, p);
    find_uses(p);
    return lay_out(b, p);
}

#endif
