/* graph/graph_layers.c: see graph_layers.h. */
#include "graph/graph_layers.h"

#include "graph/graph_dot.h"
#include "record/table.h"

#include <string.h>

typedef struct layer {
    const char *name, *tensors; /* "weight 784 × 100, bias 100" */
    size_t units, parameters;
} layer;

static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : 0;
}

static const char *extents_text(arena *a, const slope_tensor *t)
{
    const char *text = "";
    for (uint32_t d = 0; d < t->rank; d++)
        text = arena_printf(a, "%s%s%zu", text, d ? " × " : "", t->extents[d]);
    return text;
}

/* Tensors [first, …) of one layer; returns the first that is not. */
static size_t read_layer(arena *a, const graph_model *m, size_t first, layer *out)
{
    const slope_tensor *tensors = m->layout->tensors;
    const size_t length = stem_length(tensors[first].name);
    out->name = length ? arena_strndup(a, tensors[first].name, length) : m->model;
    out->tensors = "";
    size_t t = first;
    for (; t < m->layout->tensor_count; t++) {
        const slope_tensor *at = &tensors[t];
        if (stem_length(at->name) != length || strncmp(at->name, tensors[first].name, length) != 0)
            break;
        const char *own = at->name + length + (length > 0);
        out->tensors = arena_printf(a, "%s%s%s %s", out->tensors, t > first ? ", " : "", own,
                                    extents_text(a, at));
        out->units = at->extents[at->rank - 1];
        out->parameters += m->layout->sizes[t];
    }
    return t;
}

static size_t read_layers(arena *a, const graph_model *m, layer **layers)
{
    size_t count = 0;
    *layers = arena_alloc(a, m->layout->tensor_count * sizeof **layers);
    for (size_t t = 0; t < m->layout->tensor_count; count++)
        t = read_layer(a, m, t, &(*layers)[count]);
    return count;
}

/* 79510 as 79,510 */
static const char *grouped(arena *a, size_t number)
{
    if (number < 1000) return arena_printf(a, "%zu", number);
    return arena_printf(a, "%s,%03zu", grouped(a, number / 1000), number % 1000);
}

void graph_print_layers(const graph_model *m, FILE *out)
{
    arena *a = arena_create();
    layer *layers;
    const size_t count = read_layers(a, m, &layers);
    table *t = table_create();
    table_column(t, "layer", ALIGN_LEFT);
    table_column(t, "tensors", ALIGN_LEFT);
    table_column(t, "outputs", ALIGN_RIGHT);
    table_column(t, "parameters", ALIGN_RIGHT);
    const char *const input[] = {"input", m->data, grouped(a, m->features), ""};
    for (size_t i = 0; i < 4; i++) table_cell(t, "%s", input[i]);
    for (size_t l = 0; l < count; l++) {
        table_cell(t, "%s", layers[l].name);
        table_cell(t, "%s", layers[l].tensors);
        table_cell(t, "%s", grouped(a, l + 1 == count ? m->outputs : layers[l].units));
        table_cell(t, "%s", grouped(a, layers[l].parameters));
    }
    const char *const last[] = {"loss", m->loss, "1", ""};
    for (size_t i = 0; i < 4; i++) table_cell(t, "%s", last[i]);
    table_print(t, out);
    table_destroy(t);
    fprintf(out, "%s parameters\n", grouped(a, m->layout->parameters));
    arena_destroy(a);
}

void graph_print_layers_dot(const graph_model *m, FILE *out)
{
    arena *a = arena_create();
    layer *layers;
    const size_t count = read_layers(a, m, &layers);
    fputs("digraph slope {\n    rankdir=LR;\n    node [shape=box, style=rounded, "
          "fontname=\"Helvetica\"];\n    edge [fontname=\"Helvetica\"];\n",
          out);
    fprintf(out, "    input [label=\"%s\\n%s features\"];\n", graph_dot_text(a, m->data),
            grouped(a, m->features));
    for (size_t l = 0; l < count; l++)
        fprintf(out, "    l%zu [label=\"%s\\n%s\\n%s parameters\"];\n", l,
                graph_dot_text(a, layers[l].name), graph_dot_text(a, layers[l].tensors),
                grouped(a, layers[l].parameters));
    fprintf(out, "    loss [label=\"loss %s\"];\n    input -> l0 [label=\"%s\"];\n",
            graph_dot_text(a, m->loss), grouped(a, m->features));
    for (size_t l = 0; l + 1 < count; l++)
        fprintf(out, "    l%zu -> l%zu [label=\"%s\"];\n", l, l + 1, grouped(a, layers[l].units));
    fprintf(out, "    l%zu -> loss [label=\"%s\"];\n}\n", count - 1, grouped(a, m->outputs));
    arena_destroy(a);
}
