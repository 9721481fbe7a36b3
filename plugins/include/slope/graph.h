/* slope/graph.h: how a model shows the graph that it computes with. Optional.
 *
 * A model whose `extension(SLOPE_GRAPH_EXTENSION)` returns a slope_graph can be drawn gate by gate,
 * and the host can name the gate at which a number stopped being finite. Nodes are numbered so that
 * operands come before what is made of them. All calls are about a single row.
 */
#ifndef SLOPE_GRAPH_H
#define SLOPE_GRAPH_H

#include "model.h"

#define SLOPE_GRAPH_EXTENSION "slope.model.graph/1"

typedef enum slope_node_kind {
    SLOPE_NODE_PARAMETER = 1, /* a tensor of the model */
    SLOPE_NODE_FEATURE = 2,   /* comes with the data */
    SLOPE_NODE_CONSTANT = 3,
    SLOPE_NODE_GATE = 4, /* computed from its operands */
} slope_node_kind;

typedef struct slope_node {
    slope_node_kind kind;
    const char *name; /* what the user calls it; NULL for what has no name */
    const char *text; /* what it is in the user's words: "x + y", "2", "x[3]" */
    const char
        *operation; /* "+", "exp"; "parameter", "feature" or "constant" for what is no gate */
    bool output;
    uint32_t rank; /* 0 for a single number */
    size_t extents[SLOPE_MAX_RANK];
    size_t width;           /* numbers in it */
    uint32_t operand_count; /* at most 2 */
    size_t operands[2];
} slope_node;

/* Texts live as long as the program. Thread: any. */
typedef struct slope_graph {
    uint32_t size;
    size_t (*count)(const void *program);
    void (*describe)(const void *program, size_t node, slope_node *out);

    /* Where the node's numbers are, after forward; and its gradient, after backward or while the
     * host goes backward itself. gradient is NULL for what depends on no parameter; that of a
     * parameter lies in call->gradient. */
    const real *(*value)(const slope_model_call *call, size_t node);
    real *(*gradient)(const slope_model_call *call, size_t node);

    /* Adds to the gradients of its operands what this one gate passes on. */
    void (*backward)(const slope_model_call *call, size_t node);
} slope_graph;

#endif
