/* graph/graph_text.c: see graph_text.h. */
#include "graph/graph_text.h"

#include "record/table.h"
#include "record/terminal.h"

#include <math.h>
#include <string.h>

enum { SHOWN = 4 /* numbers of a vector */, DEEPEST = 50 /* levels of a tree */ };

const char *graph_label(const graph_node *node)
{
    return node->about.name ? node->about.name : node->about.text;
}

const char *graph_numbers(arena *a, const double *numbers, size_t count)
{
    if (!numbers) return "-";
    if (count == 1) return arena_printf(a, "%.6g", *numbers + 0.0);
    const char *text = "[";
    for (size_t i = 0; i < count && i < SHOWN; i++)
        text = arena_printf(a, "%s%s%.4g", text, i ? ", " : "", numbers[i] + 0.0);
    return count > SHOWN ? arena_printf(a, "%s, …] (%zu)", text, count)
                         : arena_printf(a, "%s]", text);
}

/* "q = x + y" for a gate with a name, otherwise the label. */
static const char *defined(arena *a, const graph_node *node)
{
    const bool named = node->about.name && node->about.kind == SLOPE_NODE_GATE &&
                       strcmp(node->about.name, node->about.text) != 0;
    return named ? arena_printf(a, "%s = %s", node->about.name, node->about.text)
                 : graph_label(node);
}

/* "x", "(x + y)" */
static const char *factor(arena *a, const graph_node *node)
{
    return node->about.name || node->about.kind != SLOPE_NODE_GATE
               ? graph_label(node)
               : arena_printf(a, "(%s)", node->about.text);
}

/* "df/dx", "df/d(x + y)" */
static const char *derivative(arena *a, const char *of, const graph_node *by)
{
    return arena_printf(a, "d%s/d%s", of, factor(a, by));
}

/* ---- table ----------------------------------------------------------------------------------- */

static const char *shape_text(arena *a, const slope_node *about)
{
    if (about->rank == 0) return "";
    if (about->rank == 1) return arena_printf(a, " of %zu", about->extents[0]);
    return arena_printf(a, " of %zu × %zu", about->extents[0], about->extents[1]);
}

void graph_print_table(const model_graph *g, FILE *out)
{
    arena *a = arena_create();
    table *t = table_create();
    table_column(t, "node", ALIGN_LEFT);
    table_column(t, "operation", ALIGN_LEFT);
    table_column(t, "value", ALIGN_RIGHT);
    table_column(t, arena_printf(a, "d%s/dnode", g->of), ALIGN_RIGHT);
    for (size_t n = 0; n < g->count; n++) {
        const graph_node *node = &g->nodes[n];
        table_cell(t, "%s", defined(a, node));
        table_cell(t, "%s%s", node->about.operation, shape_text(a, &node->about));
        table_cell(t, "%s", graph_numbers(a, node->value, node->about.width));
        table_cell(t, "%s", graph_numbers(a, node->gradient, node->about.width));
    }
    table_print(t, out);
    table_destroy(t);
    arena_destroy(a);
}

/* ---- tree ------------------------------------------------------------------------------------ */

typedef struct tree {
    arena *memory;
    const model_graph *graph;
    FILE *out;
    bool *drawn;  /* gates whose operands were drawn */
    size_t width; /* of the left part, for aligned numbers */
    bool measuring;
} tree;

static void draw_line(tree *t, const graph_node *node, const char *indent, const char *branch,
                      const char *remark)
{
    const char *left =
        arena_printf(t->memory, "%s%s%s%s", indent, branch, defined(t->memory, node), remark);
    const size_t columns = terminal_columns(left);
    if (t->measuring) {
        if (columns > t->width && columns <= 60) t->width = columns;
        return;
    }
    const int gap = columns < t->width ? (int)(t->width - columns) : 0;
    fprintf(t->out, "%s%*s  = %s", left, gap, "",
            graph_numbers(t->memory, node->value, node->about.width));
    if (node->gradient)
        fprintf(t->out, ",  %s = %s", derivative(t->memory, t->graph->of, node),
                graph_numbers(t->memory, node->gradient, node->about.width));
    fputc('\n', t->out);
}

static void draw(tree *t, size_t n, const char *indent, const char *branch, const char *below,
                 int depth)
{
    const graph_node *node = &t->graph->nodes[n];
    const bool gate = node->about.operand_count > 0;
    const bool hidden = gate && (t->drawn[n] || depth == DEEPEST);
    draw_line(t, node, indent, branch, !hidden ? "" : t->drawn[n] ? " (as above)" : " …");
    if (hidden) return;
    t->drawn[n] = true;
    const char *deeper = arena_printf(t->memory, "%s%s", indent, below);
    for (uint32_t i = 0; i < node->about.operand_count; i++) {
        const bool last = i + 1 == node->about.operand_count;
        draw(t, node->about.operands[i], deeper, last ? "└─ " : "├─ ", last ? "   " : "│  ",
             depth + 1);
    }
}

void graph_print_tree(const model_graph *g, FILE *out)
{
    tree t = {.memory = arena_create(), .graph = g, .out = out};
    for (int round = 0; round < 2; round++) {
        t.measuring = round == 0;
        t.drawn = arena_alloc(t.memory, g->count * sizeof *t.drawn);
        for (size_t n = 0; n < g->count; n++)
            if (g->nodes[n].about.output) draw(&t, n, "", "", "", 0);
    }
    arena_destroy(t.memory);
}

/* ---- backward, one gate at a time
 * ---------------------------------------------------------------- */

static void print_pass(arena *a, const model_graph *g, const graph_node *gate, uint32_t i,
                       FILE *out)
{
    const graph_node *operand = &g->nodes[gate->about.operands[i]];
    const char *left = derivative(a, g->of, operand);
    const char *passed = graph_numbers(a, gate->passes[i], operand->about.width);
    const char *whole = derivative(a, g->of, gate);
    if (isnan(gate->slope[i])) {
        fprintf(out, "    %s += %s\n", left, passed);
        return;
    }
    fprintf(out, "    %s += %s · ∂%s/∂%s = %s · %.6g = %s\n", left, whole, factor(a, gate),
            factor(a, operand), graph_numbers(a, gate->gradient, gate->about.width),
            gate->slope[i] + 0.0, passed);
}

void graph_print_steps(const model_graph *g, FILE *out)
{
    arena *a = arena_create();
    for (size_t n = g->count; n-- > 0;) {
        const graph_node *node = &g->nodes[n];
        if (node->about.output && node->gradient)
            fprintf(out, "start: %s = %s\n", derivative(a, g->of, node),
                    graph_numbers(a, node->gradient, node->about.width));
        if (!node->passes[0] && !node->passes[1]) continue;
        fprintf(out, "gate %s\n", defined(a, node));
        for (uint32_t i = 0; i < node->about.operand_count; i++)
            if (node->passes[i]) print_pass(a, g, node, i, out);
    }
    fputs("sums:\n", out);
    for (size_t n = 0; n < g->count; n++)
        if (g->nodes[n].about.kind == SLOPE_NODE_PARAMETER && g->nodes[n].gradient)
            fprintf(out, "    %s = %s\n", derivative(a, g->of, &g->nodes[n]),
                    graph_numbers(a, g->nodes[n].gradient, g->nodes[n].about.width));
    arena_destroy(a);
}
