/* engine/model_graph.c: see model_graph.h. */
#include "engine/model_graph.h"

#include "engine/objective_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A graph while the host looks through it. */
typedef struct view {
    arena *memory;
    objective *o;
    const slope_graph *graph;
    call_host host;
    row_source source;
    scratch s;
    slope_model_call call;
    graph_node *nodes;
    size_t count;
} view;

static const slope_graph *graph_of(const objective *o)
{
    const slope_plugin *about = &o->model->plugin;
    const slope_graph *graph = about->extension ? about->extension(SLOPE_GRAPH_EXTENSION) : NULL;
    return graph && o->program ? graph : NULL;
}

/* ---- numbers
 * ------------------------------------------------------------------------------------------- */

static double *copy_numbers(const view *v, const void *numbers, size_t count)
{
    double *copy = arena_alloc(v->memory, count * sizeof *copy);
    v->o->k->to_double(count, numbers, copy);
    return copy;
}

static void put_numbers(const view *v, void *numbers, const double *from, size_t count)
{
    v->o->k->from_double(count, from, numbers);
}

static void fill_numbers(const view *v, void *numbers, double value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        v->o->k->from_double(1, &value, (char *)numbers + i * v->o->k->real_size);
}

/* ---- forward and backward
 * ------------------------------------------------------------------------------ */

static void run_forward(view *v, arena *a, objective *o, const void *weights, batch row)
{
    v->memory = a;
    v->o = o;
    v->graph = graph_of(o);
    v->s = scratch_take(&o->scratch);
    row.rows = 1;
    call_host_init(&v->host, o->config->train.precision, o->config->train.seed);
    v->host.host.rows = &v->source;
    const void *x = objective_pack(o, &v->s, row, &v->source);
    v->call = objective_model_call(o, &v->s, &v->host.host, weights, x, 1);
    o->model->forward(&v->call);
    v->count = v->graph->count(o->program);
    v->nodes = arena_alloc(a, v->count * sizeof *v->nodes);
    for (size_t n = 0; n < v->count; n++) {
        graph_node *node = &v->nodes[n];
        v->graph->describe(o->program, n, &node->about);
        node->value = copy_numbers(v, v->graph->value(&v->call, n), node->about.width);
        node->slope[0] = node->slope[1] = NAN;
    }
}

static const char *only_output(const view *v)
{
    for (size_t n = v->count; n-- > 0;) {
        const slope_node *about = &v->nodes[n].about;
        if (about->output) return about->name ? about->name : about->text;
    }
    return "output";
}

/* Gradients of everything; returns what they are gradients of. */
static const char *run_backward(view *v)
{
    objective *o = v->o;
    scratch *s = &v->s;
    const bool one = o->shape.outputs == 1;
    if (one)
        fill_numbers(v, s->score_gradient, 1, 1);
    else
        objective_losses(o, s, &v->host.host, 1, true);
    v->call.scores = NULL;
    v->call.score_gradient = s->score_gradient;
    v->call.gradient = arena_alloc(v->memory, o->layout.total * o->k->real_size);
    o->model->backward(&v->call);
    for (size_t n = 0; n < v->count; n++) {
        const void *gradient = v->graph->gradient(&v->call, n);
        if (gradient) v->nodes[n].gradient = copy_numbers(v, gradient, v->nodes[n].about.width);
    }
    return one ? only_output(v) : "loss";
}

/* Sends `incoming` back through one gate; out[i] is what reaches operand i. */
static void send_through(view *v, size_t n, const double *incoming, double *out[2])
{
    const slope_node *about = &v->nodes[n].about;
    put_numbers(v, v->graph->gradient(&v->call, n), incoming, about->width);
    void *reached[2] = {NULL, NULL};
    for (uint32_t i = 0; i < about->operand_count; i++) {
        out[i] = NULL;
        if (i == 1 && about->operands[1] == about->operands[0]) break;
        reached[i] = v->graph->gradient(&v->call, about->operands[i]);
        if (reached[i]) fill_numbers(v, reached[i], 0, v->nodes[about->operands[i]].about.width);
    }
    v->graph->backward(&v->call, n);
    for (uint32_t i = 0; i < about->operand_count; i++)
        if (reached[i])
            out[i] = copy_numbers(v, reached[i], v->nodes[about->operands[i]].about.width);
}

/* What each gate passes on. Overwrites the gradients in the workspace, which are copied by now. */
static void look_at_gates(view *v)
{
    for (size_t n = 0; n < v->count; n++) {
        graph_node *node = &v->nodes[n];
        if (node->about.kind != SLOPE_NODE_GATE || !node->gradient) continue;
        double *out[2] = {NULL, NULL}, *slope[2] = {NULL, NULL};
        const double unit = 1;
        send_through(v, n, node->gradient, out);
        if (node->about.width == 1) send_through(v, n, &unit, slope);
        for (uint32_t i = 0; i < node->about.operand_count; i++) {
            node->passes[i] = out[i];
            const size_t width = v->nodes[node->about.operands[i]].about.width;
            if (slope[i] && width == 1) node->slope[i] = *slope[i];
        }
    }
}

bool model_graph_create(arena *a, objective *o, const void *weights, batch row, model_graph *out)
{
    if (!graph_of(o)) return false;
    view v = {0};
    run_forward(&v, a, o, weights, row);
    out->of = run_backward(&v);
    look_at_gates(&v);
    out->count = v.count;
    out->nodes = v.nodes;
    return true;
}

/* ---- explaining
 * ------------------------------------------------------------------------------------------ */

/* First element that is not finite; the width if all are. */
static size_t first_bad(const graph_node *node)
{
    size_t i = 0;
    while (i < node->about.width && isfinite(node->value[i])) i++;
    return i;
}

static const char *name_of(const graph_node *node)
{
    return node->about.name ? node->about.name : node->about.text;
}

static const char *operands_text(arena *a, const view *v, const graph_node *node)
{
    const char *text = "";
    for (uint32_t i = 0; i < node->about.operand_count; i++) {
        const graph_node *operand = &v->nodes[node->about.operands[i]];
        if (operand->about.width != 1 || operand->about.kind == SLOPE_NODE_CONSTANT) continue;
        text = arena_printf(a, "%s%s%.60s = %g", text, *text ? ", " : " (", name_of(operand),
                            *operand->value);
    }
    return *text ? arena_printf(a, "%s)", text) : "";
}

static bool explain_row(const view *v, char *text, size_t size)
{
    for (size_t n = 0; n < v->count; n++) {
        const graph_node *node = &v->nodes[n];
        const size_t bad = first_bad(node);
        if (bad == node->about.width) continue;
        const char *element = node->about.width > 1 ? arena_printf(v->memory, "[%zu]", bad) : "";
        const char *number = isnan(node->value[bad]) ? "not a number"
                             : node->value[bad] < 0  ? "-infinity"
                                                     : "infinity";
        if (node->about.kind == SLOPE_NODE_PARAMETER)
            snprintf(text, size, "parameter %s%s is %s after the update", name_of(node), element,
                     number);
        else if (node->about.name)
            snprintf(text, size, "%s = %.120s is %s%s%s%s", node->about.name, node->about.text,
                     number, *element ? " at " : "", element, operands_text(v->memory, v, node));
        else
            snprintf(text, size, "%.120s is %s%s%s%s", node->about.text, number,
                     *element ? " at " : "", element, operands_text(v->memory, v, node));
        return true;
    }
    return false;
}

/* Position of the first row whose loss is not finite; the number of rows if there is none. */
static size_t first_bad_row(objective *o, const void *weights, batch rows)
{
    scratch s = scratch_take(&o->scratch);
    for (size_t first = 0; first < rows.rows; first += o->chunk_rows) {
        batch chunk = rows;
        chunk.first += first;
        chunk.rows = rows.rows - first < o->chunk_rows ? rows.rows - first : o->chunk_rows;
        row_source source;
        const void *x = objective_pack(o, &s, chunk, &source);
        objective_chunk(o, &s, weights, x, &source, chunk.rows, NULL);
        for (size_t r = 0; r < chunk.rows; r++)
            if (!isfinite(s.losses[r])) return first + r;
    }
    return rows.rows;
}

bool model_graph_explain(objective *o, const void *weights, batch rows, char *text, size_t size)
{
    if (!graph_of(o)) return false;
    const size_t bad = first_bad_row(o, weights, rows);
    if (bad == rows.rows) return false;
    rows.first += bad;
    arena *a = arena_create();
    view v = {0};
    run_forward(&v, a, o, weights, rows);
    const bool found = explain_row(&v, text, size);
    arena_destroy(a);
    return found;
}
