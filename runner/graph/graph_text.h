/* graph/graph_text.h: a model's graph as text: table, tree, and backpropagation gate by gate.
 *
 * Prints what engine/model_graph.h found; computes nothing. */
#ifndef SLOPE_GRAPH_GRAPH_TEXT_H
#define SLOPE_GRAPH_GRAPH_TEXT_H

#include "engine/model_graph.h"

#include <stdio.h>

/* One line for each node: what it is, its value, its gradient. */
void graph_print_table(const model_graph *g, FILE *out);

/* From the outputs down to the leaves. What feeds several gates is drawn once, and named elsewhere.
 */
void graph_print_tree(const model_graph *g, FILE *out);

/* The chain rule, from the last gate to the first. */
void graph_print_steps(const model_graph *g, FILE *out);

/* Shared with graph_dot.c. "q", or "x + y" for what has no name; "3", or "[1, 2, … ] (10 numbers)".
 */
const char *graph_label(const graph_node *node);
const char *graph_numbers(arena *a, const double *numbers, size_t count);

#endif
