/* engine/model_graph.h: a model's graph at one point and one row of data, in numbers that can be
 * shown.
 *
 * For models that show their graph (slope/graph.h); of others only the tensors are known. */
#ifndef SLOPE_ENGINE_MODEL_GRAPH_H
#define SLOPE_ENGINE_MODEL_GRAPH_H

#include "engine/objective.h"

#include "slope/graph.h"

typedef struct graph_node {
    slope_node about;
    const double *value;    /* about.width numbers */
    const double *gradient; /* the same; NULL where nothing depends on a parameter */

    /* For each operand of a gate: */
    const double *passes[2]; /* what the gate adds to the operand's gradient; NULL if it has none,
                                or if it is the first operand once more */
    double slope[2];         /* derivative of the gate where both are numbers; NAN otherwise */
} graph_node;

typedef struct model_graph {
    size_t count;
    const graph_node *nodes; /* operands before gates */
    const char *of;          /* what was differentiated: the name of the only output, or "loss" */
} model_graph;

/* `row`: one row. The gradients are those of the model's output if it has one, else of the loss of
 * that row. False if the model shows no graph. */
bool model_graph_create(arena *a, objective *o, const void *weights, batch row, model_graph *out);

/* Why the objective is not finite on these rows: the first node that is not although its operands
 * are, as text: "x / y in f is inf (x = 1, y = 0)". False if the graph does not tell. */
bool model_graph_explain(objective *o, const void *weights, batch rows, char *text, size_t size);

#endif
