/* kit/models.c: what every model must keep to: tensors that can be laid out, scores and gradients
 * that do not depend on how rows are cut, and a gradient that is the derivative. */
#include "kit/private.h"

#include "slope/model.h"

enum { MOST_TENSORS = 256, GAP = 16 };

/* A model with weights and a batch. What is differentiated is Σ c[r][o] · s[r][o], with fixed c. */
typedef struct rig {
    const subject *s;
    const slope_model *model;
    const void *config;
    call_host host;
    slope_model_shape shape;
    size_t tensor_count, offsets[MOST_TENSORS], sizes[MOST_TENSORS];
    slope_tensor tensors[MOST_TENSORS];
    const void *program;
    size_t program_workspace; /* per row */
    size_t rows, ldx;
    buffer weights, gradient, x, scores, coefficients;
    bool whole; /* nothing was written where it may not be */
} rig;

/* Rows, features and outputs: one of each, few, many, and what the example of `expression` takes.
 */
static const size_t shapes[][3] = {{1, 1, 1}, {5, 3, 2}, {11, 7, 4}, {4, 17, 10}, {6, 4, 3}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* ---- making one ------------------------------------------------------------------------------ */

static void judge_tensor(const rig *t, size_t i)
{
    const slope_tensor *tensor = &t->tensors[i];
    if (tensor->name[0] == 0 || memchr(tensor->name, 0, sizeof tensor->name) == NULL)
        kit_fail("tensor %zu has no name", i);
    if (tensor->rank < 1 || tensor->rank > SLOPE_MAX_RANK)
        kit_fail("tensor '%s' is of rank %u, not 1 to %d", tensor->name, tensor->rank,
                 SLOPE_MAX_RANK);
    if (tensor->role != SLOPE_WEIGHT && tensor->role != SLOPE_BIAS)
        kit_fail("tensor '%s' has no role", tensor->name);
    for (size_t j = 0; j < i; ++j)
        if (strcmp(tensor->name, t->tensors[j].name) == 0)
            kit_fail("two tensors have the name '%s'", tensor->name);
    for (size_t d = 0; d < tensor->rank; ++d)
        if (tensor->extents[d] == 0) kit_fail("tensor '%s' has no elements", tensor->name);
}

static void declare_tensors(rig *t, bool judge)
{
    const slope_host *host = &t->host.host;
    size_t count = 0, again = 0, total = 0;
    if (t->model->tensors(host, t->config, &t->shape, 0, NULL, &count) != SLOPE_OK)
        kit_fail("it declares no tensors: %s", t->host.text);
    if (count < 1 || count > MOST_TENSORS)
        kit_fail("it has %zu tensors, not 1 to %d", count, MOST_TENSORS);
    if (t->model->tensors(host, t->config, &t->shape, count, t->tensors, &again) != SLOPE_OK)
        kit_fail("it declares no tensors: %s", t->host.text);
    if (count != again) kit_fail("it has %zu tensors, then %zu", count, again);
    t->tensor_count = count;
    for (size_t i = 0; i < count; ++i) {
        if (judge) judge_tensor(t, i);
        t->sizes[i] = 1;
        for (size_t d = 0; d < t->tensors[i].rank; ++d) t->sizes[i] *= t->tensors[i].extents[d];
        t->offsets[i] = total;
        total += (t->sizes[i] + 2 * GAP - 1) / GAP * GAP; /* always with a gap */
    }
    t->weights = buffer_make(t->s, total);
    t->gradient = buffer_make(t->s, total);
}

/* False if this model is not for data of that shape, which it must say. */
static bool prepare(rig *t)
{
    slope_status (*operation)(slope_model_prepare *) = LATER_OPERATION(t->model, prepare);
    if (operation == NULL) return true;
    slope_model_prepare call = {
        .size = sizeof call, .host = &t->host.host, .config = t->config, .shape = t->shape};
    if (operation(&call) != SLOPE_OK) {
        if (t->host.text[0] == 0) kit_fail("it refuses data without a reason");
        return false;
    }
    if (call.outputs == 0) kit_fail("it gives no scores");
    t->shape.outputs = call.outputs;
    t->program = call.program;
    t->program_workspace = call.workspace_per_row;
    return true;
}

/* NULL if the model is not for data of that shape. */
static rig *make_rig(const subject *s, const void *config, const size_t shape[3], bool judge)
{
    rig *t = arena_alloc(s->memory, sizeof *t);
    *t = (rig){.s = s,
               .model = (const slope_model *)s->about,
               .config = config,
               .rows = shape[0],
               .shape = {shape[1], shape[2]},
               .ldx = shape[1] + 3,
               .whole = true};
    call_host_init(&t->host, s->p, 1);
    t->host.memory = s->memory;
    if (!prepare(t)) return NULL;
    const size_t outputs = t->shape.outputs;
    declare_tensors(t, judge);
    t->x = buffer_make(s, t->rows * t->ldx);
    t->scores = buffer_make(s, t->rows * outputs);
    t->coefficients = buffer_make(s, t->rows * outputs);
    random_numbers numbers = {t->shape.features * 100 + outputs + s->seed * 1000003};
    for (size_t i = 0; i < t->tensor_count; ++i)
        for (size_t j = 0; j < t->sizes[i]; ++j)
            put(&t->weights, t->offsets[i] + j, 0.7 * draw(&numbers));
    for (size_t i = 0; i < t->x.count; ++i) put(&t->x, i, draw(&numbers));
    for (size_t i = 0; i < t->coefficients.count; ++i) put(&t->coefficients, i, draw(&numbers));
    return t;
}

/* Calls `test` for every shape that the model takes. */
static void every_shape(const subject *s, const void *config, bool judge,
                        void (*test)(rig *t, const size_t shape[3]))
{
    size_t accepted = 0;
    for (size_t i = 0; i < SHAPES; ++i) {
        rig *t = make_rig(s, config, shapes[i], judge);
        if (t == NULL) continue;
        ++accepted;
        if (test != NULL) test(t, shapes[i]);
    }
    if (accepted == 0) kit_fail("it refuses data of every shape that was tried");
}

/* ---- running one ----------------------------------------------------------------------------- */

/* Forward over rows [first, end), and backward if wanted. */
static void pass(rig *t, size_t first, size_t end, bool backward)
{
    const size_t outputs = t->shape.outputs, rows = end - first;
    const size_t space =
        rows * t->program_workspace +
        (t->model->workspace != NULL ? t->model->workspace(t->config, &t->shape, rows) : 0);
    const buffer workspace = buffer_make(t->s, space);
    for (size_t i = 0; i < space; ++i)
        put(&workspace, i, 1e6 + (double)i); /* not zero: nobody said */
    const buffer weights = buffer_copy(t->s, &t->weights), x = buffer_copy(t->s, &t->x);
    const buffer incoming = buffer_copy(t->s, &t->coefficients);
    slope_model_call call = {.size = sizeof call,
                             .host = &t->host.host,
                             .config = t->config,
                             .shape = t->shape,
                             .offsets = t->offsets,
                             .weights = t->weights.data,
                             .rows = rows,
                             .x = from_element(&t->x, first * t->ldx),
                             .ldx = t->ldx,
                             .workspace = workspace.data,
                             .scores = from_element(&t->scores, first * outputs),
                             .program = t->program};
    t->model->forward(&call);
    if (backward) {
        call.scores = NULL;
        call.score_gradient = from_element(&incoming, first * outputs);
        call.gradient = t->gradient.data;
        t->model->backward(&call);
    }
    t->whole = t->whole && guards_whole(&workspace) && guards_whole(&incoming) &&
               guards_whole(&t->scores) && guards_whole(&t->gradient) &&
               guards_whole(&t->weights) && guards_whole(&t->x) &&
               same_bits(&weights, &t->weights) && same_bits(&x, &t->x);
}

static void trace_shape(rig *t, trace *out)
{
    pass(t, 0, t->rows, true);
    trace_buffer(out, &t->scores);
    trace_buffer(out, &t->gradient);
}

void exercise_model(const subject *s, const void *config, trace *out)
{
    for (size_t i = 0; i < SHAPES; ++i) {
        rig *t = make_rig(s, config, shapes[i], false);
        if (t != NULL) trace_shape(t, out);
    }
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void declared(const subject *s, const void *config)
{
    every_shape(s, config, true, NULL);
}

static void declares_its_tensors(subject *s)
{
    with_every_config(s, declared);
}

static void only_there(rig *t, const size_t shape[3])
{
    (void)shape;
    for (size_t i = 0; i < t->gradient.count; ++i) put(&t->gradient, i, 0.25);
    pass(t, 0, t->rows, true);
    if (!t->whole) kit_fail("it writes outside what it may write");
    for (size_t k = 0; k < t->tensor_count; ++k) /* gaps between tensors belong to nobody */
        for (size_t i = t->offsets[k] + t->sizes[k];
             i < (k + 1 < t->tensor_count ? t->offsets[k + 1] : t->gradient.count); ++i)
            if (get(&t->gradient, i) != 0.25) kit_fail("it writes between the tensors");
}

static void own_memory(const subject *s, const void *config)
{
    every_shape(s, config, false, only_there);
}

static void writes_only_where_it_may(subject *s)
{
    with_every_config(s, own_memory);
}

static double objective(rig *t)
{
    double sum = 0;
    pass(t, 0, t->rows, false);
    for (size_t i = 0; i < t->scores.count; ++i)
        sum += get(&t->scores, i) * get(&t->coefficients, i);
    return sum;
}

static double objective_beside(rig *t, size_t i, double change)
{
    const double before = get(&t->weights, i);
    put(&t->weights, i, before + change);
    const double value = objective(t);
    put(&t->weights, i, before);
    return value;
}

static void derivative(rig *t, const size_t shape[3])
{
    const bool fine = t->s->p == FLOAT64, finest = fine || t->s->halves[FLOAT64] == NULL;
    const double h = fine ? 1e-6 : 1e-2, tolerance = fine ? 1e-6 : 1e-2;
    size_t kinks = 0, elements = 0;
    if (!finest || shape[0] * shape[1] * shape[2] > 100) return;
    pass(t, 0, t->rows, true);
    const buffer gradient = buffer_copy(t->s, &t->gradient);
    const double here = objective(t);
    for (size_t k = 0; k < t->tensor_count; ++k) {
        for (size_t i = t->offsets[k]; i < t->offsets[k] + t->sizes[k]; ++i, ++elements) {
            const double right = (objective_beside(t, i, h) - here) / h;
            const double left = (here - objective_beside(t, i, -h)) / h;
            const bool kink = fabs(right - left) > (fine ? 1e-3 : 0.1);
            kinks += kink;
            if (!kink && !close_to(get(&gradient, i), 0.5 * (left + right), tolerance))
                kit_fail("its gradient is not the derivative of its scores: tensor '%s', element "
                         "%zu: %.9g, differences give %.9g",
                         t->tensors[k].name, i - t->offsets[k], get(&gradient, i),
                         0.5 * (left + right));
        }
    }
    if (10 * kinks > elements) kit_fail("it is not smooth almost everywhere");
}

static void derivatives(const subject *s, const void *config)
{
    every_shape(s, config, false, derivative);
}

static void gradient_is_the_derivative(subject *s)
{
    with_every_config(s, derivatives);
}

/* Rows in one call or in several give the same bits, and backward adds to what is there. */
static void independent(rig *whole, const size_t shape[3])
{
    rig *cut = make_rig(whole->s, whole->config, shape, false);
    for (size_t i = 0; i < whole->gradient.count; ++i) {
        put(&whole->gradient, i, 0.25);
        put(&cut->gradient, i, 0.25);
    }
    pass(whole, 0, whole->rows, true);
    for (size_t first = 0, step = 1; first < cut->rows; first += step, ++step) {
        const size_t end = first + step < cut->rows ? first + step : cut->rows;
        pass(cut, first, end, true);
        step = end - first;
    }
    if (!same_bits(&whole->scores, &cut->scores))
        kit_fail("the scores depend on the chunks of rows");
    if (!same_bits(&whole->gradient, &cut->gradient))
        kit_fail("the gradient depends on the chunks of rows: backward must add, row after row");
}

static void backwards_rows(rig *t, const size_t shape[3])
{
    rig *mixed = make_rig(t->s, t->config, shape, false);
    const size_t row = t->ldx * t->x.size, outputs = t->shape.outputs;
    for (size_t r = 0; r < t->rows; ++r)
        memcpy(from_element(&mixed->x, r * t->ldx), from_element(&t->x, (t->rows - 1 - r) * t->ldx),
               row);
    pass(t, 0, t->rows, false);
    pass(mixed, 0, t->rows, false);
    for (size_t r = 0; r < t->rows; ++r)
        if (memcmp(from_element(&mixed->scores, r * outputs),
                   from_element(&t->scores, (t->rows - 1 - r) * outputs),
                   outputs * t->scores.size) != 0)
            kit_fail("rows give other scores in another order");
}

static void independent_rows(const subject *s, const void *config)
{
    every_shape(s, config, false, independent);
    every_shape(s, config, false, backwards_rows);
}

static void rows_are_independent(subject *s)
{
    with_every_config(s, independent_rows);
}

static void both(rig *narrow, const size_t shape[3])
{
    subject other;
    if (!other_precision(narrow->s, &other)) return;
    rig *wide = make_rig(&other, narrow->config, shape, false);
    pass(narrow, 0, narrow->rows, false);
    pass(wide, 0, wide->rows, false);
    for (size_t i = 0; i < narrow->scores.count; ++i)
        if (!close_to(get(&narrow->scores, i), get(&wide->scores, i), 1e-4))
            kit_fail("score %zu is %.9g in float32, %.9g in float64", i, get(&narrow->scores, i),
                     get(&wide->scores, i));
}

static void both_precisions(const subject *s, const void *config)
{
    every_shape(s, config, false, both);
}

static void precisions_agree(subject *s)
{
    if (s->halves[FLOAT64] == NULL) kit_skip("it is compiled for float32 only");
    with_every_config(s, both_precisions);
}

const kit_check model_checks[] = {
    {"declares its tensors", declares_its_tensors, STANDS_ALONE},
    {"writes only where it may", writes_only_where_it_may, STANDS_ALONE},
    {"gradient is the derivative", gradient_is_the_derivative, STANDS_ALONE},
    {"rows are independent", rows_are_independent, COMPARES},
    {"precisions agree", precisions_agree, STANDS_ALONE},
    {NULL, NULL, STANDS_ALONE},
};
