/* graph/graph_dot.h: a model's graph for Graphviz, drawn like the circuits of the lecture: on every
 * wire its value (green, above) and what flows back along it (red, below). */
#ifndef SLOPE_GRAPH_GRAPH_DOT_H
#define SLOPE_GRAPH_GRAPH_DOT_H

#include "engine/model_graph.h"

#include <stdio.h>

void graph_print_dot(const model_graph *g, FILE *out);

/* Text inside a quoted label. */
const char *graph_dot_text(arena *a, const char *text);

/* Runs Graphviz on the text and writes the picture to `path`, whole or not at all. Status
 * ENVIRONMENT, with what to do where Graphviz is not there. */
bool graph_draw_svg(const char *dot, size_t length, const char *path, failure *why);

#endif
