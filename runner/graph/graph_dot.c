/* graph/graph_dot.c: see graph_dot.h. The language: https://graphviz.org/doc/info/lang.html. The
 * colours are those of Okabe and Ito (2008), which colour-blind people can tell apart. */
#include "graph/graph_dot.h"

#include "base/files.h"
#include "graph/graph_text.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GREEN "#009e73"
#define RED   "#d55e00"

extern char **environ;

const char *graph_dot_text(arena *a, const char *text)
{
    char *copy = arena_alloc(a, 2 * strlen(text) + 1), *out = copy;
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') *out++ = '\\';
        *out++ = *text == '\n' ? ' ' : *text;
    }
    return copy;
}

/* Text inside <…> */
static const char *html_text(arena *a, const char *text)
{
    char *copy = arena_alloc(a, 6 * strlen(text) + 1), *out = copy;
    for (; *text; text++) {
        const char *escape = *text == '&'   ? "&amp;"
                             : *text == '<' ? "&lt;"
                             : *text == '>' ? "&gt;"
                                            : NULL;
        if (escape)
            out = stpcpy(out, escape);
        else
            *out++ = *text;
    }
    return copy;
}

static void print_wire(arena *a, FILE *out, const double *value, const double *back, size_t width)
{
    fprintf(out, " [label=<<font color=\"" GREEN "\">%s</font>",
            html_text(a, graph_numbers(a, value, width)));
    if (back)
        fprintf(out, "<br/><font color=\"" RED "\">%s</font>",
                html_text(a, graph_numbers(a, back, width)));
    fputs(">];\n", out);
}

static void print_node(arena *a, const graph_node *node, size_t n, FILE *out)
{
    const bool gate = node->about.kind == SLOPE_NODE_GATE;
    fprintf(out, "    n%zu [label=\"%s\", shape=%s", n,
            graph_dot_text(a, gate ? node->about.operation : graph_label(node)),
            gate ? "circle" : "plaintext");
    if (gate && node->about.name && !node->about.output)
        fprintf(out, ", xlabel=\"%s\"", graph_dot_text(a, node->about.name));
    fputs("];\n", out);
}

void graph_print_dot(const model_graph *g, FILE *out)
{
    arena *a = arena_create();
    fputs("digraph slope {\n    rankdir=LR;\n    node [fontname=\"Helvetica\"];\n"
          "    edge [fontname=\"Helvetica\", fontsize=11];\n",
          out);
    for (size_t n = 0; n < g->count; n++) print_node(a, &g->nodes[n], n, out);
    for (size_t n = 0; n < g->count; n++) {
        const graph_node *node = &g->nodes[n];
        for (uint32_t i = 0; i < node->about.operand_count; i++) {
            const graph_node *operand = &g->nodes[node->about.operands[i]];
            fprintf(out, "    n%zu -> n%zu", node->about.operands[i], n);
            print_wire(a, out, operand->value, node->passes[i], operand->about.width);
        }
        if (!node->about.output) continue;
        fprintf(out, "    out%zu [label=\"%s\", shape=plaintext];\n    n%zu -> out%zu", n,
                graph_dot_text(a, graph_label(node)), n, n);
        print_wire(a, out, node->value, node->gradient, node->about.width);
    }
    fputs("}\n", out);
    arena_destroy(a);
}

/* ---- pictures -------------------------------------------------------------------------------- */

static bool run_graphviz(char *const *arguments, failure *why)
{
    pid_t child;
    int result;
    const int error = posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ);
    if (error == ENOENT)
        return failure_set(
            why, STATUS_ENVIRONMENT,
            "cannot find Graphviz (its program 'dot'): install it (on Debian: apt-get "
            "install graphviz), or use --dot, which needs nothing");
    if (error)
        return failure_set(why, STATUS_ENVIRONMENT, "cannot start 'dot': %s", strerror(error));
    while (waitpid(child, &result, 0) < 0 && errno == EINTR) {
    }
    return (WIFEXITED(result) && WEXITSTATUS(result) == 0) ||
           failure_set(why, STATUS_ENVIRONMENT, "Graphviz could not draw the graph");
}

/* Both files stand beside the picture, so that renaming is one step. */
bool graph_draw_svg(const char *dot, size_t length, const char *path, failure *why)
{
    arena *a = arena_create();
    char *source = arena_printf(a, "%s.%ld.dot", path, (long)getpid());
    char *picture = arena_printf(a, "%s.%ld.svg", path, (long)getpid());
    char program[] = "dot", type[] = "-Tsvg", to[] = "-o";
    char *const arguments[] = {program, type, to, picture, source, NULL};
    bool good = file_write(source, dot, length, why) && run_graphviz(arguments, why);
    if (good && rename(picture, path) != 0)
        good = failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s': %s", path, strerror(errno));
    unlink(source);
    unlink(picture);
    arena_destroy(a);
    return good;
}
