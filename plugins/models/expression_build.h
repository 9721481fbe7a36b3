/* models/expression_build.h: from postfix code to the graph: what names mean, whether shapes fit,
 * constants folded. Only for expression.c. */
#ifndef EXPRESSION_BUILD_H
#define EXPRESSION_BUILD_H

#include "expression_nodes.h"

/* ---- element by element ---------------------------------------------------------------------- */

static bool push_constant(build *b, double number)
{
    if (!isfinite(number))
        return FAIL_AT(b, b->at->at, "'%s' is %s", words_of(b),
                       isnan(number) ? "no number" : "infinite");
    node n = new_node(OP_CONSTANT, NOTHING, NOTHING);
    n.number = number;
    return push(b, share(b, n));
}

/* Computes an operation on constants with the arithmetic of the passes: folding changes no bit. */
static bool fold(build *b, const node *n)
{
    const real x = (real)b->nodes[n->a].number;
    const real y = n->b == NOTHING ? 0 : (real)b->nodes[n->b].number;
    real result = 0;
    if (is_binary(n->op))
        forward_binary(b->host->kernels, n->op, 1, &x, &y, &result);
    else
        forward_unary(b->host->kernels, n, 1, &x, &result);
    return push_constant(b, (double)result);
}

static bool is_constant(const build *b, size_t number)
{
    return number == NOTHING || b->nodes[number].op == OP_CONSTANT;
}

static bool push_elementwise(build *b, node n)
{
    const bool numbers = n.width == 1 && n.rank == 0;
    if (numbers && is_constant(b, n.a) && is_constant(b, n.b)) return fold(b, &n);
    return push(b, share(b, n));
}

static bool unary(build *b, operation op, double exponent)
{
    const size_t a = b->stack[--b->height];
    node n = shaped(new_node(op, a, NOTHING), &b->nodes[a]);
    n.number = exponent;
    return push_elementwise(b, n);
}

/* A number beside a vector or a matrix counts for all of its places. */
static size_t spread(build *b, size_t number, const node *like)
{
    const node *n = &b->nodes[number];
    if (n->rank != 0 || like->rank == 0) return number;
    const bool constant = n->op == OP_CONSTANT;
    node wide = shaped(constant ? *n : new_node(OP_SPREAD, number, NOTHING), like);
    wide.text = n->text;
    wide.name = NULL;
    return share(b, wide);
}

static bool binary(build *b, operation op)
{
    size_t right = b->stack[--b->height], left = b->stack[--b->height];
    const node first = b->nodes[left], second = b->nodes[right];
    left = spread(b, left, &second);
    right = spread(b, right, &first);
    const node *l = &b->nodes[left], *r = &b->nodes[right];
    if (l->rank != r->rank || memcmp(l->extents, r->extents, sizeof l->extents) != 0) {
        char one[80], other[80];
        const size_t length = op == OP_MIN || op == OP_MAX ? 3 : 1;
        return FAIL_AT(b, b->at->at, "'%.*s' cannot combine %s and %s", (int)length,
                       b->out->text + b->at->at, shape_text(l, one, sizeof one),
                       shape_text(r, other, sizeof other));
    }
    return push_elementwise(b, shaped(new_node(op, left, right), l));
}

/* x^n by multiplication where n is whole and known, x^0.5 as a root. */
static bool raise_to(build *b)
{
    const node *exponent = &b->nodes[b->stack[b->height - 1]];
    const double number = exponent->number;
    if (exponent->op != OP_CONSTANT || exponent->rank != 0) return binary(b, OP_RAISE);
    const bool whole = number == floor(number) && fabs(number) <= 1e9;
    if (!whole && number != 0.5) return binary(b, OP_RAISE);
    b->height--;
    if (number == 1) return true;
    if (number == 0) { /* whatever the base is */
        const size_t base = b->stack[--b->height];
        if (!push_constant(b, 1)) return false;
        const node like = b->nodes[base];
        b->stack[b->height - 1] = spread(b, b->stack[b->height - 1], &like);
        return true;
    }
    return whole ? unary(b, OP_POWER, number) : unary(b, OP_SQRT, 0);
}

/* ---- vectors and matrices -------------------------------------------------------------------- */

static bool no_product(build *b, const node *left, const node *right)
{
    char one[80], other[80];
    return FAIL_AT(b, b->at->at,
                   "dot takes two vectors of one length, or a matrix and a vector that fit, got %s "
                   "and %s",
                   shape_text(left, one, sizeof one), shape_text(right, other, sizeof other));
}

static bool dot(build *b)
{
    const size_t right = b->stack[--b->height], left = b->stack[--b->height];
    const node *l = &b->nodes[left], *r = &b->nodes[right];
    const bool turned = l->rank == 2;
    const bool ranks = (l->rank == 1 && r->rank >= 1) || (turned && r->rank == 1);
    if (!ranks || l->extents[turned] != r->extents[0]) return no_product(b, l, r);
    node n = new_node(OP_DOT, left, right);
    if (l->rank + r->rank == 3) {
        n.rank = 1;
        n.width = n.extents[0] = turned ? l->extents[0] : r->extents[1];
        n.op = turned ? OP_MATRIX_TIMES_COLUMN : OP_ROW_TIMES_MATRIX;
        if ((turned ? l : r)->op == OP_PARAMETER) n.op = turned ? OP_AFFINE_TURNED : OP_AFFINE;
        n.turned = turned;
    } else if (r->op == OP_PARAMETER || l->op == OP_PARAMETER) {
        n.op = OP_AFFINE;
        n.turned = r->op != OP_PARAMETER;
    }
    return push(b, share(b, n));
}

static bool sum(build *b)
{
    return push(b, share(b, new_node(OP_SUM, b->stack[--b->height], NOTHING)));
}

static bool column(build *b, size_t index)
{
    node n = new_node(OP_COLUMN, NOTHING, NOTHING);
    n.index = index;
    return push(b, share(b, n));
}

static bool element(build *b, size_t index)
{
    const size_t a = b->stack[--b->height];
    const node *of = &b->nodes[a];
    char shape[80];
    if (of->rank == 0) return FAIL_AT(b, b->at->at, "a number has no elements");
    if (index >= of->extents[0])
        return FAIL_AT(b, b->at->at, "there is no element %zu in %s, counted from 0", index,
                       shape_text(of, shape, sizeof shape));
    if (of->op == OP_FEATURES) return column(b, index);
    node n = new_node(OP_ELEMENT, a, NOTHING);
    n.rank = of->rank - 1;
    n.extents[0] = n.width = of->rank == 2 ? of->extents[1] : 1;
    n.index = index * n.width;
    return push(b, share(b, n));
}

static bool named_column(build *b)
{
    const char *name = b->out->text + b->at->begin;
    const size_t length = b->at->end - b->at->begin;
    const node *of = &b->nodes[b->stack[--b->height]];
    if (of->op != OP_FEATURES)
        return FAIL_AT(b, b->at->at, "only the features x have columns with names");
    nearest best = {NULL, 0};
    for (size_t i = 0; b->columns && i < b->features; i++) {
        if (!b->columns[i]) continue;
        if (is_name(b->columns[i], name, length)) return column(b, i);
        consider_name(&best, name, length, b->columns[i]);
    }
    return FAIL_AT(b, b->at->at, "the data have no column '%.*s'%s%s%s", (int)length, name,
                   best.name ? "; did you mean '" : "", best.name ? best.name : "",
                   best.name ? "'?" : "");
}

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    double value;
} constants[] = {{"pi", 3.14159265358979323846}, {"e", 2.71828182845904523536}};
enum { CONSTANTS = sizeof constants / sizeof *constants };

static bool unknown_name(build *b, const char *name, size_t length)
{
    nearest best = {NULL, 0};
    for (size_t i = 0; i < b->parameters->count; i++)
        consider_name(&best, name, length, b->parameters->items[i].name);
    for (size_t i = 0; i < b->code_count; i++) consider_name(&best, name, length, b->codes[i].name);
    for (size_t i = 0; i < CONSTANTS; i++) consider_name(&best, name, length, constants[i].name);
    for (size_t i = 0; b->columns && i < b->features; i++)
        if (b->columns[i]) consider_name(&best, name, length, b->columns[i]);
    if (best.name)
        return FAIL_AT(b, b->at->at, "unknown name '%.*s'; did you mean '%s'?", (int)length, name,
                       best.name);
    return FAIL_AT(b, b->at->at, "unknown name '%.*s': it is no parameter, no expression and no %s",
                   (int)length, name,
                   b->features ? "column of the data (those are x, x0, x1 … and their names)"
                               : "constant, and there are no data");
}

/* x0, x1, …: the columns by number. False if the name is not of that kind or there is none. */
static bool numbered_column(const build *b, const char *name, size_t length, size_t *index)
{
    if (length < 2 || length > 9 || name[0] != 'x' || (name[1] == '0' && length > 2)) return false;
    *index = 0;
    for (size_t i = 1; i < length; i++) {
        if (!is_digit(name[i])) return false;
        *index = 10 * *index + (size_t)(name[i] - '0');
    }
    return *index < b->features;
}

static bool parameter(build *b, size_t index)
{
    const slope_array *array = &b->parameters->items[index];
    node n = new_node(OP_PARAMETER, NOTHING, NOTHING);
    n.index = index;
    n.rank = array->rank;
    for (uint32_t d = 0; d < array->rank; d++) n.extents[d] = array->extents[d];
    n.width = array->count;
    n.name = n.text = array->name;
    n.in_place = true; /* until somebody needs it for each row */
    return push(b, share(b, n));
}

static bool features(build *b)
{
    node n = new_node(OP_FEATURES, NOTHING, NOTHING);
    n.rank = 1;
    n.extents[0] = n.width = b->features;
    n.in_place = true;
    return push(b, share(b, n));
}

/* In this order: parameters and expressions (which cannot have one name), constants, columns by
 * name, then x and x0, x1 … */
static bool name(build *b)
{
    const char *text = b->out->text + b->at->begin;
    const size_t length = b->at->end - b->at->begin;
    size_t index;
    for (size_t i = 0; i < b->parameters->count; i++)
        if (is_name(b->parameters->items[i].name, text, length)) return parameter(b, i);
    for (size_t i = 0; i < b->code_count; i++)
        if (is_name(b->codes[i].name, text, length)) return push(b, b->roots[i]);
    for (size_t i = 0; i < CONSTANTS; i++)
        if (is_name(constants[i].name, text, length)) return push_constant(b, constants[i].value);
    for (size_t i = 0; b->columns && i < b->features; i++)
        if (b->columns[i] && is_name(b->columns[i], text, length)) return column(b, i);
    if (numbered_column(b, text, length, &index)) return column(b, index);
    if (!b->features || !is_name("x", text, length)) return unknown_name(b, text, length);
    return features(b);
}

/* `x` before an index means the features, whatever else is called x. */
static bool is_indexed_features(const build *b, const code *c, size_t i)
{
    return i + 1 < c->count && c->items[i + 1].op == OP_COLUMN_NAME && b->features &&
           is_name("x", c->text + c->items[i].begin, c->items[i].end - c->items[i].begin);
}

/* ---- one expression after another ------------------------------------------------------------ */

static bool build_item(build *b, size_t i)
{
    const item *at = b->at = &b->out->items[i];
    switch (at->op) {
    case OP_NUMBER:
        return push_constant(b, at->number);
    case OP_NAME:
        return is_indexed_features(b, b->out, i) ? features(b) : name(b);
    case OP_INDEX:
        return element(b, (size_t)at->number);
    case OP_COLUMN_NAME:
        return named_column(b);
    case OP_RAISE:
        return raise_to(b);
    case OP_SUM:
        return sum(b);
    case OP_DOT:
        return dot(b);
    default:
        return is_binary(at->op) ? binary(b, at->op) : unary(b, at->op, 0);
    }
}

static bool build_code(build *b, size_t number)
{
    b->out = &b->codes[number];
    b->stack = b->host->allocate(b->host, (b->out->count + 1) * sizeof *b->stack);
    b->height = 0;
    for (size_t i = 0; i < b->out->count; i++) {
        if (!build_item(b, i)) return false;
        if (b->count > MOST_NODES)
            return FAIL_AT(b, b->at->at, "more than %d operations", MOST_NODES);
    }
    b->roots[number] = b->stack[0];
    node *root = &b->nodes[b->stack[0]];
    if (!root->name && root->op != OP_CONSTANT) root->name = b->out->name;
    return true;
}

#endif
