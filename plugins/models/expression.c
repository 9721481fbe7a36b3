/* expression: a model written as text: named parameters, and formulas over them and over the
 * columns of the data.
 *
 *     model:
 *       name: expression
 *       parameters: {x: -2, y: 5, z: -4}
 *       expressions: {q: x + y, f: q * z}
 *
 * The texts are parsed once for each trial into a graph of operations, in which equal parts stand
 * once; both passes run over blocks of rows. Backpropagation after Rumelhart, Hinton and Williams
 * 1986
 * ("Learning representations by back-propagating errors"). The parts:
 *
 *     expression_parse.h      text to postfix code
 *     expression_elements.h   operations on numbers, forward and backward
 *     expression_passes.h     the graph at work: products, parts, gradients of parameters
 *     expression_nodes.h      nodes of the graph, equal ones shared
 *     expression_build.h      postfix code to graph: names, shapes, folding
 *     expression_program.h    what is needed of the graph, and where it lies in memory
 *     this file               the plugin: parameters, checks, and what `slope graph` asks for
 *
 * No conditions and no loops: a formula is the same operations for every row. */
#include "expression_program.h"

#include <slope/graph.h>

typedef struct config {
    slope_arrays parameters;
    slope_texts expressions;
    slope_strings outputs, not_regularized;
} config;

static const slope_parameter parameters[] = {
    {.key = "parameters",
     .type = SLOPE_ARRAYS,
     .flags = SLOPE_REQUIRED,
     .offset = offsetof(config, parameters),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "initial values: a number, a list, lists of one length, or a shape and an initial "
            "value",
     .example = "{w: {shape: [4, 3], initial: 0}, b: {shape: 3, initial: 0}}"},
    {.key = "expressions",
     .type = SLOPE_TEXTS,
     .flags = SLOPE_REQUIRED,
     .offset = offsetof(config, expressions),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "formulas by name, which may use each other",
     .example = "{score: \"dot(x, w) + b\"}"},
    {.key = "outputs",
     .type = SLOPE_STRINGS,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(config, outputs),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "names of the formulas that are the scores; the last one when absent"},
    {.key = "not_regularized",
     .type = SLOPE_STRINGS,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(config, not_regularized),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "names of parameters that l1 and l2 leave alone, as they do biases"},
};

/* ---- tensors --------------------------------------------------------------------------------- */

static bool is_listed(const slope_strings *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->values[i], name) == 0) return true;
    return false;
}

static slope_status tensors(const slope_host *host, const void *config_,
                            const slope_model_shape *shape, size_t capacity, slope_tensor *out,
                            size_t *count)
{
    const config *m = config_;
    (void)host, (void)shape;
    *count = m->parameters.count;
    for (size_t i = 0; i < *count && i < capacity; i++) {
        const slope_array *array = &m->parameters.items[i];
        slope_tensor *t = &out[i];
        *t = (slope_tensor){.rank = array->rank ? array->rank : 1,
                            .extents = {1},
                            .role = is_listed(&m->not_regularized, array->name) ? SLOPE_BIAS
                                                                                : SLOPE_WEIGHT,
                            .initial = array->values};
        snprintf(t->name, sizeof t->name, "%s", array->name);
        for (uint32_t d = 0; d < array->rank; d++) t->extents[d] = array->extents[d];
        t->fan_in = t->extents[0];
        t->fan_out = t->rank > 1 ? t->extents[1] : 1;
    }
    return SLOPE_OK;
}

/* ---- names ----------------------------------------------------------------------------------- */

static size_t find_expression(const config *m, const char *text, size_t length)
{
    for (size_t i = 0; i < m->expressions.count; i++)
        if (is_name(m->expressions.items[i].name, text, length)) return i;
    return NOTHING;
}

static const slope_array *find_parameter(const config *m, const char *name)
{
    for (size_t i = 0; i < m->parameters.count; i++)
        if (strcmp(m->parameters.items[i].name, name) == 0) return &m->parameters.items[i];
    return NULL;
}

static slope_status check_free(const slope_host *host, const char *kind, const char *given)
{
    char key[128];
    snprintf(key, sizeof key, "%s.%s", kind, given);
    for (size_t i = 0; i < CONSTANTS; i++)
        if (strcmp(constants[i].name, given) == 0)
            return host->fail_key(host, key, "the name '%s' is taken: it is a constant", given);
    if (find_function(given, strlen(given)))
        return host->fail_key(host, key, "the name '%s' is taken: it is a function", given);
    return SLOPE_OK;
}

static slope_status check_names(const slope_host *host, const config *m)
{
    char key[128];
    for (size_t i = 0; i < m->parameters.count; i++) {
        const slope_array *array = &m->parameters.items[i];
        snprintf(key, sizeof key, "parameters.%s", array->name);
        if (check_free(host, "parameters", array->name)) return SLOPE_ERROR;
        if (array->rank > 2)
            return host->fail_key(host, key,
                                  "has %u extents; an expression knows numbers, vectors "
                                  "and matrices",
                                  array->rank);
    }
    for (size_t i = 0; i < m->expressions.count; i++) {
        const char *given = m->expressions.items[i].name;
        snprintf(key, sizeof key, "expressions.%s", given);
        if (check_free(host, "expressions", given)) return SLOPE_ERROR;
        if (find_parameter(m, given))
            return host->fail_key(host, key, "there is a parameter '%s', too", given);
    }
    for (size_t i = 0; i < m->outputs.count; i++)
        if (find_expression(m, m->outputs.values[i], strlen(m->outputs.values[i])) == NOTHING)
            return host->fail_key(host, "outputs", "there is no expression '%s'",
                                  m->outputs.values[i]);
    for (size_t i = 0; i < m->not_regularized.count; i++)
        if (!find_parameter(m, m->not_regularized.values[i]))
            return host->fail_key(host, "not_regularized", "there is no parameter '%s'",
                                  m->not_regularized.values[i]);
    return SLOPE_OK;
}

/* ---- order ----------------------------------------------------------------------------------- */

/* An expression whose names are being followed. */
typedef struct visit {
    size_t expression, next; /* next: item to look at */
} visit;

static bool report_cycle(const slope_host *host, const code *codes, const visit *path, size_t depth,
                         size_t again)
{
    const code *out = &codes[path[depth - 1].expression];
    char text[400];
    size_t first = depth - 1, length = 0;
    while (path[first].expression != again) first--;
    for (size_t i = first; i < depth && length < sizeof text - 80; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s -> ",
                                   codes[path[i].expression].name);
    return host->fail_at(host, out->key, out->items[path[depth - 1].next - 1].at,
                         "'%s' needs itself: %s%s%s", codes[again].name, text,
                         length < sizeof text - 80 ? "" : "… -> ", codes[again].name),
           false;
}

/* Depth first from `start`; finished expressions go to order. Iterative: chains may be long. */
static bool follow(const slope_host *host, const config *m, const code *codes, size_t start,
                   char *state, visit *path, size_t *order, size_t *ordered)
{
    enum { NEW, OPEN, DONE };
    size_t depth = 0;
    if (state[start] != NEW) return true;
    path[depth++] = (visit){start, 0};
    state[start] = OPEN;
    while (depth) {
        visit *at = &path[depth - 1];
        const code *c = &codes[at->expression];
        if (at->next == c->count) {
            state[at->expression] = DONE;
            order[(*ordered)++] = at->expression;
            depth--;
            continue;
        }
        const item *i = &c->items[at->next++];
        const size_t other =
            i->op == OP_NAME ? find_expression(m, c->text + i->begin, i->end - i->begin) : NOTHING;
        if (other == NOTHING || state[other] == DONE) continue;
        if (state[other] == OPEN) return report_cycle(host, codes, path, depth, other);
        state[other] = OPEN;
        path[depth++] = (visit){other, 0};
    }
    return true;
}

/* Parses all expressions. They come out in an order in which each needs only those before it;
 * (*place)[i] says where expression i stands in it. NULL after host->fail…. */
static code *parse_all(const slope_host *host, const config *m, size_t **place)
{
    const size_t count = m->expressions.count;
    code *codes = host->allocate(host, count * sizeof *codes);
    for (size_t i = 0; i < count; i++) {
        const slope_text *e = &m->expressions.items[i];
        const size_t size = strlen("expressions.") + strlen(e->name) + 1;
        char *key = host->allocate(host, size);
        snprintf(key, size, "expressions.%s", e->name);
        codes[i] = (code){.name = e->name, .key = key, .text = e->text};
        if (!parse_expression(host, &codes[i])) return NULL;
    }
    char *state = host->allocate(host, count);
    visit *path = host->allocate(host, count * sizeof *path);
    size_t *order = host->allocate(host, count * sizeof *order), ordered = 0;
    for (size_t i = 0; i < count; i++)
        if (!follow(host, m, codes, i, state, path, order, &ordered)) return NULL;
    code *sorted = host->allocate(host, count * sizeof *sorted);
    *place = host->allocate(host, count * sizeof **place);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = codes[order[i]];
        (*place)[order[i]] = i;
    }
    return sorted;
}

/* What can be known without the data: everything but what other names and shapes mean. */
static slope_status check(const slope_host *host, const void *config_)
{
    const config *m = config_;
    size_t *unused;
    if (check_names(host, m)) return SLOPE_ERROR;
    return parse_all(host, m, &unused) ? SLOPE_OK : SLOPE_ERROR;
}

/* ---- prepare --------------------------------------------------------------------------------- */

static slope_status prepare(slope_model_prepare *call)
{
    const config *m = call->config;
    const slope_host *host = call->host;
    size_t *place;
    code *codes = parse_all(host, m, &place);
    if (!codes) return SLOPE_ERROR;
    build b = {.host = host,
               .parameters = &m->parameters,
               .codes = codes,
               .code_count = m->expressions.count,
               .features = call->shape.features,
               .columns = call->column_names};
    const size_t count = m->outputs.count ? m->outputs.count : 1;
    size_t *outputs = host->allocate(host, count * sizeof *outputs);
    outputs[0] = place[m->expressions.count - 1];
    for (size_t i = 0; i < m->outputs.count; i++)
        outputs[i] = place[find_expression(m, m->outputs.values[i], strlen(m->outputs.values[i]))];
    program *p = host->allocate(host, sizeof *p);
    if (!build_program(&b, outputs, count, p)) return SLOPE_ERROR;
    call->program = p;
    call->outputs = p->output_width;
    call->workspace_per_row = p->reals;
    return SLOPE_OK;
}

/* ---- the graph, for those who look at it ----------------------------------------------------- */

static size_t graph_count(const void *prepared)
{
    return ((const program *)prepared)->count;
}

static const char *operation_text(operation op)
{
    static const char *const names[] = {[OP_CONSTANT] = "constant",
                                        [OP_PARAMETER] = "parameter",
                                        [OP_FEATURES] = "feature",
                                        [OP_COLUMN] = "feature",
                                        [OP_ELEMENT] = "element",
                                        [OP_SPREAD] = "repeat",
                                        [OP_ROW_TIMES_MATRIX] = "dot",
                                        [OP_MATRIX_TIMES_COLUMN] = "dot",
                                        [OP_AFFINE] = "dot",
                                        [OP_AFFINE_TURNED] = "dot",
                                        [OP_POWER] = "^",
                                        [OP_ADD] = "+",
                                        [OP_SUBTRACT] = "-",
                                        [OP_MULTIPLY] = "*",
                                        [OP_DIVIDE] = "/",
                                        [OP_RAISE] = "^",
                                        [OP_NEGATE] = "negate"};
    if (op < sizeof names / sizeof *names && names[op]) return names[op];
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (functions[i].op == op) return functions[i].name;
    return "";
}

static slope_node_kind node_kind(operation op)
{
    if (op == OP_PARAMETER) return SLOPE_NODE_PARAMETER;
    if (op == OP_FEATURES || op == OP_COLUMN) return SLOPE_NODE_FEATURE;
    return op == OP_CONSTANT ? SLOPE_NODE_CONSTANT : SLOPE_NODE_GATE;
}

static void graph_describe(const void *prepared, size_t number, slope_node *out)
{
    const node *n = &((const program *)prepared)->nodes[number];
    *out = (slope_node){.kind = node_kind(n->op),
                        .name = n->name,
                        .text = n->text,
                        .operation = operation_text(n->op),
                        .output = n->output,
                        .rank = n->rank,
                        .extents = {n->extents[0], n->extents[1]},
                        .width = n->width};
    if (n->a != NOTHING) out->operands[out->operand_count++] = n->a;
    if (n->b != NOTHING) out->operands[out->operand_count++] = n->b;
}

static const real *graph_value(const slope_model_call *call, size_t number)
{
    const node *n = &program_of(call)->nodes[number];
    if (n->op == OP_PARAMETER) return call->weights + call->offsets[n->index];
    return whole_value(call, number);
}

static real *graph_gradient(const slope_model_call *call, size_t number)
{
    const node *n = &program_of(call)->nodes[number];
    if (n->op == OP_PARAMETER) return call->gradient + call->offsets[n->index];
    return adjoint_of(call, number);
}

/* What reaches a parameter is handed on to its gradient at once. */
static void graph_backward(const slope_model_call *call, size_t number)
{
    const program *p = program_of(call);
    const node *n = &p->nodes[number];
    const size_t operands[] = {n->a, n->b == n->a ? NOTHING : n->b};
    for (size_t i = 0; i < 2; i++)
        if (adjoint_of(call, operands[i]) && p->nodes[operands[i]].op == OP_PARAMETER)
            memset(adjoint_of(call, operands[i]), 0, p->nodes[operands[i]].width * sizeof(real));
    backward_node(call, n);
    if (n->op == OP_AFFINE || n->op == OP_AFFINE_TURNED) collect_product(call, n, 0, 1);
    for (size_t i = 0; i < 2; i++)
        if (adjoint_of(call, operands[i]) && p->nodes[operands[i]].op == OP_PARAMETER)
            collect_copies(call, &p->nodes[operands[i]], 0, 1);
}

static const slope_graph graph = {.size = sizeof(slope_graph),
                                  .count = graph_count,
                                  .describe = graph_describe,
                                  .value = graph_value,
                                  .gradient = graph_gradient,
                                  .backward = graph_backward};

static const void *extension(const char *wanted)
{
    return strcmp(wanted, SLOPE_GRAPH_EXTENSION) == 0 ? &graph : NULL;
}

SLOPE_PLUGIN(slope_model) = {
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = "expression", .version = "1.0",
               .summary = "formulas over parameters and columns, written in the file",
               .description =
                   "Operators + - * / ^ and unary -, with parentheses; -x^2 is -(x^2).\n"
                   "Functions exp log sqrt sin cos tanh sigmoid relu abs, min and max of two or\n"
                   "more, dot(v, w) of vectors or of a matrix and a vector, sum(v). Constants pi\n"
                   "and e. With data: x is the row of all features, x[3] or x3 one of them (from\n"
                   "0), and columns that have names go by them (x[\"any name\"] where it is no\n"
                   "plain word). v[i] is an element of a vector, or a row of a matrix. A number\n"
                   "beside a vector counts for all of its places; otherwise shapes must be equal.\n"
                   "Slopes at kinks: abs and relu 0 at 0; of equal arguments of min and max the\n"
                   "first one's. Tensors: the parameters, by name.",
               SLOPE_PARAMETERS(parameters, config), .check = check, .extension = extension},
    .initialisation = "normal",
    .tensors = tensors,
    .forward = forward,
    .backward = backward,
    .prepare = prepare,
};
