/* graph/graph_layers.h: a model's layers with shapes and numbers of parameters, from its tensors
 * alone.
 *
 * Tensors whose names have the same part before the last dot ("layer1.weight", "layer1.bias") are a
 * layer; those without a dot are one layer, which is called after the model. */
#ifndef SLOPE_GRAPH_GRAPH_LAYERS_H
#define SLOPE_GRAPH_GRAPH_LAYERS_H

#include "engine/layout.h"

#include <stdio.h>

typedef struct graph_model {
    const char *model, *loss, *data;
    size_t features, outputs;
    const layout *layout;
} graph_model;

void graph_print_layers(const graph_model *m, FILE *out);
void graph_print_layers_dot(const graph_model *m, FILE *out);

#endif
