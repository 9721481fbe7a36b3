/* models/expression_elements.h: the nodes of the graph, and its operations on single numbers: each
 * over a whole block at once, forward and backward. Only for expression.c.
 *
 * Where there is no derivative: abs'(0) = relu'(0) = 0; of min and max the first of equal arguments
 * takes the gradient. The slope of sqrt at 0 is infinite. */
#ifndef EXPRESSION_ELEMENTS_H
#define EXPRESSION_ELEMENTS_H

#include "expression_parse.h"

#include <slope/arithmetic.h>

/* Results never overlap operands, which gcc must be told; clang makes sure at run time. */
#if defined(__clang__)
#define EACH for (size_t i = 0; i < count; i++)
#else
#define EACH _Pragma("GCC ivdep") for (size_t i = 0; i < count; i++)
#endif

#define NOTHING SIZE_MAX

typedef struct node {
    operation op;
    size_t a, b;   /* operands, in the order of the text; NOTHING */
    double number; /* CONSTANT; POWER: the exponent */
    size_t index;  /* PARAMETER, COLUMN; ELEMENT: first number */
    uint32_t rank; /* 0, 1 or 2 */
    size_t extents[2], width;
    bool turned;   /* AFFINE: the parameter is `a` and the vector is `b` */
    bool active;   /* depends on a parameter */
    bool in_place; /* PARAMETER, FEATURES: nobody needs a copy for each row */
    bool output;
    size_t value, adjoint; /* in reals per row; NOTHING */
    size_t uses,
        next_use; /* PARAMETER: first product with it in place; there: the next one; NOTHING */
    const char *name, *text;
} node;

typedef struct program {
    size_t count;
    node *nodes; /* operands before what is made of them */
    size_t output_count, output_width;
    size_t *outputs;
    size_t adjoints, adjoints_end, scratch, reals; /* offsets, per row */
} program;

/* ---- element by element ---------------------------------------------------------------------- */

static real whole_power(real base, double exponent)
{
    real power = 1;
    for (uint64_t n = (uint64_t)fabs(exponent); n > 0; n >>= 1) {
        if (n & 1) power *= base;
        base *= base;
    }
    return exponent < 0 ? 1 / power : power;
}

static void powers(size_t count, double exponent, const real *a, real *y)
{
    if (exponent == 2)
        EACH y[i] = a[i] * a[i];
    else if (exponent == 1)
        EACH y[i] = a[i];
    else if (exponent == 3)
        EACH y[i] = a[i] * (a[i] * a[i]);
    else
        for (size_t i = 0; i < count; i++) y[i] = whole_power(a[i], exponent);
}

/* exp(b log a), with the powers of 0 and the power 0 as they should be; nan for a < 0. */
static void raise_all(const slope_kernels *k, size_t count, const real *a, const real *b, real *y)
{
    k->log(count, a, y);
    EACH y[i] *= b[i];
    k->exp(count, y, y);
    EACH
    {
        const real of_zero = b[i] > 0 ? 0 : (real)INFINITY;
        const real power = a[i] == 0 ? of_zero : y[i];
        y[i] = b[i] == 0 ? 1 : power;
    }
}

static void forward_binary(const slope_kernels *k, operation op, size_t count, const real *a,
                           const real *b, real *y)
{
    switch (op) {
    case OP_ADD:
        EACH y[i] = a[i] + b[i];
        break;
    case OP_SUBTRACT:
        EACH y[i] = a[i] - b[i];
        break;
    case OP_MULTIPLY:
        EACH y[i] = a[i] * b[i];
        break;
    case OP_DIVIDE:
        EACH y[i] = a[i] / b[i];
        break;
    case OP_RAISE:
        raise_all(k, count, a, b, y);
        break;
    case OP_MIN:
        EACH y[i] = a[i] <= b[i] || a[i] != a[i] ? a[i] : b[i];
        break;
    case OP_MAX:
        EACH y[i] = a[i] >= b[i] || a[i] != a[i] ? a[i] : b[i];
        break;
    default:
        break;
    }
}

static void forward_unary(const slope_kernels *k, const node *n, size_t count, const real *a,
                          real *y)
{
    switch (n->op) {
    case OP_POWER:
        powers(count, n->number, a, y);
        break;
    case OP_NEGATE:
        EACH y[i] = -a[i];
        break;
    case OP_EXP:
        k->exp(count, a, y);
        break;
    case OP_LOG:
        k->log(count, a, y);
        break;
    case OP_SQRT:
        EACH y[i] = slope_sqrt(a[i]);
        break;
    case OP_SIN:
        k->sin(count, a, y);
        break;
    case OP_COS:
        k->cos(count, a, y);
        break;
    case OP_TANH:
        k->tanh(count, a, y);
        break;
    case OP_SIGMOID:
        k->sigmoid(count, a, y);
        break;
    case OP_RELU:
        EACH y[i] = a[i] <= 0 ? 0 : a[i];
        break; /* nan stays */
    case OP_ABS:
        EACH y[i] = a[i] < 0 ? -a[i] : a[i];
        break;
    default:
        break;
    }
}

static bool is_binary(operation op)
{
    return op >= OP_ADD && op <= OP_MAX;
}

static bool is_unary(operation op)
{
    return op == OP_POWER || (op >= OP_NEGATE && op <= OP_ABS);
}

static void backward_raise(const slope_kernels *k, size_t count, const real *a, const real *b,
                           const real *y, const real *d, real *da, real *db, real *scratch)
{
    if (da) EACH
        {
            const real at_zero = b[i] == 1 ? 1 : b[i] > 1 || b[i] == 0 ? 0 : (real)INFINITY;
            da[i] += d[i] * (a[i] == 0 ? at_zero : b[i] * (y[i] / a[i]));
        }
    if (!db) return;
    k->log(count, a, scratch);
    EACH db[i] += y[i] == 0 ? 0 : d[i] * (y[i] * scratch[i]);
}

/* da, db: NULL where nothing depends on a parameter; the same array where a and b are one node. */
static void backward_binary(const slope_kernels *k, operation op, size_t count, const real *a,
                            const real *b, const real *y, const real *d, real *da, real *db,
                            real *scratch)
{
    switch (op) {
    case OP_ADD:
        if (da) EACH da[i] += d[i];
        if (db) EACH db[i] += d[i];
        break;
    case OP_SUBTRACT:
        if (da) EACH da[i] += d[i];
        if (db) EACH db[i] -= d[i];
        break;
    case OP_MULTIPLY:
        if (da) EACH da[i] += d[i] * b[i];
        if (db) EACH db[i] += d[i] * a[i];
        break;
    case OP_DIVIDE:
        if (da) EACH da[i] += d[i] / b[i];
        if (db) EACH db[i] -= d[i] * y[i] / b[i];
        break;
    case OP_RAISE:
        backward_raise(k, count, a, b, y, d, da, db, scratch);
        break;
    case OP_MIN:
        if (da) EACH da[i] += a[i] <= b[i] ? d[i] : 0;
        if (db) EACH db[i] += a[i] <= b[i] ? 0 : d[i];
        break;
    case OP_MAX:
        if (da) EACH da[i] += a[i] >= b[i] ? d[i] : 0;
        if (db) EACH db[i] += a[i] >= b[i] ? 0 : d[i];
        break;
    default:
        break;
    }
}

static void backward_unary(const slope_kernels *k, const node *n, size_t count, const real *a,
                           const real *y, const real *d, real *da, real *scratch)
{
    const real exponent = (real)n->number;
    switch (n->op) {
    case OP_POWER:
        powers(count, n->number - 1, a, scratch);
        EACH da[i] += d[i] * (exponent * scratch[i]);
        break;
    case OP_NEGATE:
        EACH da[i] -= d[i];
        break;
    case OP_EXP:
        EACH da[i] += d[i] * y[i];
        break;
    case OP_LOG:
        EACH da[i] += d[i] / a[i];
        break;
    case OP_SQRT:
        EACH da[i] += d[i] / (2 * y[i]);
        break;
    case OP_SIN:
        k->cos(count, a, scratch);
        EACH da[i] += d[i] * scratch[i];
        break;
    case OP_COS:
        k->sin(count, a, scratch);
        EACH da[i] -= d[i] * scratch[i];
        break;
    case OP_TANH:
        EACH da[i] += d[i] * (1 - y[i] * y[i]);
        break;
    case OP_SIGMOID:
        EACH da[i] += d[i] * (y[i] * (1 - y[i]));
        break;
    case OP_RELU:
        EACH da[i] += a[i] <= 0 ? 0 : d[i];
        break;
    case OP_ABS:
        EACH da[i] += a[i] > 0 ? d[i] : a[i] < 0 ? -d[i] : 0;
        break;
    default:
        break;
    }
}

#endif
