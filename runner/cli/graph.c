/* cli/graph.c: `slope graph`: what a model computes at its starting point, node by node. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/experiment_file.h"

#include "base/text.h"
#include "graph/graph_dot.h"
#include "graph/graph_layers.h"
#include "graph/graph_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: slope graph FILE [key=value …] [options]\n"
    "\n"
    "Shows the graph of the model at its starting point: every node with its operation, its value\n"
    "(forward) and its gradient (backward), as a table and as a tree. With one output, gradients "
    "are\n"
    "those of the output; with several, those of the loss of one row of data. Of models that are "
    "no\n"
    "graph of single operations, the layers with shapes and numbers of parameters are shown.\n"
    "\n"
    "  --backward-steps  show the chain rule, one gate at a time\n"
    "  --dot             print Graphviz text instead\n"
    "  --svg FILE        draw a picture with Graphviz, if it is installed\n"
    "  --row N           row of the training data (default 0)\n"
    "  --trial N         trial of the file (default 0)\n"
    "  --help            this text\n"
    "\n"
    "examples:\n"
    "  slope graph configs/lecture/circuit.yaml\n"
    "  slope graph configs/lecture/circuit.yaml model.parameters.x=3 --backward-steps\n"
    "  slope graph configs/lecture/circuit.yaml --svg circuit.svg\n"
    "  slope graph configs/iris.yaml model=mlp\n";

typedef struct parsed {
    bool steps, dot;
    const char *svg;
    size_t row, trial;
} parsed;

enum { STEPS = 1, DOT, SVG, ROW, TRIAL };

static bool number(const char *name, const char *text, size_t *value, exit_status *status)
{
    int64_t found;
    if (text_to_integer(text, &found) && found >= 0) {
        *value = (size_t)found;
        return true;
    }
    *status = cli_usage("graph", "--%s takes a number from 0, not '%s'", name, text);
    return false;
}

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    switch (option) {
    case STEPS:
        p->steps = true;
        return true;
    case DOT:
        p->dot = true;
        return true;
    case SVG:
        p->svg = optarg;
        return true;
    case ROW:
        return number("row", optarg, &p->row, status);
    case TRIAL:
        return number("trial", optarg, &p->trial, status);
    default:
        return false; /* there is no other */
    }
}

static bool parse(int argc, char **argv, parsed *p, exit_status *status)
{
    static const struct option options[] = {{"backward-steps", no_argument, NULL, STEPS},
                                            {"dot", no_argument, NULL, DOT},
                                            {"svg", required_argument, NULL, SVG},
                                            {"row", required_argument, NULL, ROW},
                                            {"trial", required_argument, NULL, TRIAL},
                                            {"help", no_argument, NULL, CLI_HELP},
                                            {NULL, 0, NULL, 0}};
    if (!cli_options(argc, argv, options, help, take_option, p, status)) return false;
    if (!p->dot || !p->svg) return true;
    *status = cli_usage("graph", "--dot and --svg are one or the other");
    return false;
}

/* What is shown: a graph of operations, or layers. */
typedef struct picture {
    bool has_graph;
    model_graph graph;
    graph_model layers;
} picture;

static void print_dot(const picture *p, FILE *out)
{
    if (p->has_graph)
        graph_print_dot(&p->graph, out);
    else
        graph_print_layers_dot(&p->layers, out);
}

static bool draw_svg(const picture *p, const char *path, failure *why)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (!stream) out_of_memory(0);
    print_dot(p, stream);
    fclose(stream);
    const bool good = graph_draw_svg(text, length, path, why);
    free(text);
    if (good) printf("%s\n", path);
    return good;
}

static bool show(const picture *p, const parsed *options, failure *why)
{
    if (options->svg) return draw_svg(p, options->svg, why);
    if (options->dot) {
        print_dot(p, stdout);
        return true;
    }
    if (!p->has_graph) {
        if (options->steps)
            return failure_set(
                why, STATUS_CONFIG,
                "model %s shows layers, not single gates: leave --backward-steps out",
                p->layers.model);
        graph_print_layers(&p->layers, stdout);
        return true;
    }
    graph_print_table(&p->graph, stdout);
    putchar('\n');
    graph_print_tree(&p->graph, stdout);
    if (options->steps) {
        puts("\nbackward, one gate at a time:");
        graph_print_steps(&p->graph, stdout);
    }
    return true;
}

static bool show_trial(arena *a, const trial_config *c, const parsed *options, failure *why)
{
    dataset *data = dataset_load(&c->dataset, why);
    objective *o = data ? objective_create(c, data, 0, why) : NULL;
    bool good = o != NULL;
    if (good && options->row >= data->splits[SLOPE_TRAIN].rows)
        good = failure_set(why, STATUS_CONFIG,
                           "there is no row %zu: data set '%s' has %zu training "
                           "rows, counted from 0",
                           options->row, data->label, data->splits[SLOPE_TRAIN].rows);
    if (good) {
        const layout *l = objective_layout(o);
        void *weights = arena_alloc(a, l->total * objective_kernels(o)->real_size);
        layout_initialise(l, &c->init, c->train.precision, c->train.seed, weights);
        batch row = objective_split(o, SLOPE_TRAIN);
        row.first = options->row;
        picture p = {.layers = {.model = c->model.plugin->id,
                                .loss = c->loss.plugin->id,
                                .data = data->label,
                                .features = data->features,
                                .outputs = objective_outputs(o),
                                .layout = l}};
        p.has_graph = model_graph_create(a, o, weights, row, &p.graph);
        good = show(&p, options, why);
    }
    objective_destroy(o);
    dataset_destroy(data);
    return good;
}

exit_status command_graph(int argc, char **argv)
{
    /* The numbers are to be looked at, not to be trained with: in double, they are what was meant.
     */
    static const char *const forced[] = {"train.precision=float64", NULL};
    parsed p = {0};
    exit_status status;
    failure why;
    arena *a = arena_create();
    if (parse(argc, argv, &p, &status)) {
        const experiment *e =
            cli_load_experiment(a, "graph", argc - optind, argv + optind, forced, false, &status);
        if (e && p.trial >= e->base_count)
            status = cli_usage("graph", "there is no trial %zu; the file has %zu, counted from 0",
                               p.trial, e->base_count);
        else if (e && !show_trial(a, &e->bases[p.trial], &p, &why))
            status = cli_fail(&why);
    }
    arena_destroy(a);
    return status;
}
