/* test_models.c: what every model must keep to: tensors that can be laid out, scores and gradients
 * that do not depend on how rows are cut, and a gradient that is the derivative. */
#include "conformance.h"

#include "slope/model.h"

enum { MOST_TENSORS = 64 };

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
} rig;

static void declare_tensors(rig *t)
{
    const slope_host *host = &t->host.host;
    size_t count = 0, again = 0, total = 0;
    if (t->model->tensors(host, t->config, &t->shape, 0, NULL, &count) != SLOPE_OK)
        fail_msg("it declares no tensors: %s", t->host.text);
    assert_in_range(count, 1, MOST_TENSORS);
    if (t->model->tensors(host, t->config, &t->shape, count, t->tensors, &again) != SLOPE_OK)
        fail_msg("it declares no tensors: %s", t->host.text);
    assert_int_equal(count, again);
    t->tensor_count = count;
    for (size_t i = 0; i < count; ++i) {
        const slope_tensor *tensor = &t->tensors[i];
        assert_in_range(tensor->rank, 1, SLOPE_MAX_RANK);
        assert_in_range(tensor->role, SLOPE_WEIGHT, SLOPE_BIAS);
        assert_true(tensor->name[0] != 0 && memchr(tensor->name, 0, sizeof tensor->name) != NULL);
        for (size_t j = 0; j < i; ++j) assert_string_not_equal(tensor->name, t->tensors[j].name);
        t->sizes[i] = 1;
        for (size_t d = 0; d < tensor->rank; ++d) t->sizes[i] *= tensor->extents[d];
        assert_true(t->sizes[i] > 0);
        t->offsets[i] = total;
        total += (t->sizes[i] + 15) / 16 * 16;
    }
    t->weights = buffer_make(t->s, total);
    t->gradient = buffer_make(t->s, total);
}

/* False if this model is not for data of that shape, which it must say. */
static bool prepare(rig *t)
{
    slope_status (*operation)(slope_model_prepare *) = LATER_OPERATION(t->model, prepare);
    if (operation == NULL) return true;
    slope_model_prepare call = {.size = sizeof call,
                                .host = &t->host.host,
                                .config = t->config,
                                .shape = t->shape};
    if (operation(&call) != SLOPE_OK) {
        if (t->host.text[0] == 0) fail_msg("it refuses data without a reason");
        return false;
    }
    assert_true(call.outputs > 0);
    t->shape.outputs = call.outputs;
    t->program = call.program;
    t->program_workspace = call.workspace_per_row;
    return true;
}

/* NULL if the model is not for data of that shape. */
static rig *make_rig(const subject *s, const void *config, size_t rows, size_t features,
                     size_t outputs)
{
    rig *t = arena_alloc(s->memory, sizeof *t);
    *t = (rig){.s = s,
               .model = (const slope_model *)s->about,
               .config = config,
               .rows = rows,
               .shape = {features, outputs},
               .ldx = features + 3};
    call_host_init(&t->host, s->p, 1);
    t->host.memory = s->memory;
    if (!prepare(t)) return NULL;
    outputs = t->shape.outputs;
    declare_tensors(t);
    t->x = buffer_make(s, rows * t->ldx);
    t->scores = buffer_make(s, rows * outputs);
    t->coefficients = buffer_make(s, rows * outputs);
    random_numbers numbers = {features * 100 + outputs};
    for (size_t i = 0; i < t->tensor_count; ++i)
        for (size_t j = 0; j < t->sizes[i]; ++j)
            put(&t->weights, t->offsets[i] + j, 0.7 * draw(&numbers));
    for (size_t i = 0; i < t->x.count; ++i) put(&t->x, i, draw(&numbers));
    for (size_t i = 0; i < t->coefficients.count; ++i) put(&t->coefficients, i, draw(&numbers));
    return t;
}

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
    if (!guards_whole(&workspace) || !guards_whole(&incoming) || !guards_whole(&t->scores) ||
        !guards_whole(&t->gradient) || !guards_whole(&t->weights) || !guards_whole(&t->x))
        fail_msg("it writes outside its buffers");
    if (!same_bits(&weights, &t->weights) || !same_bits(&x, &t->x))
        fail_msg("it changes weights or features");
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

static void gradient_is_the_derivative(rig *t)
{
    const double h = 1e-6;
    size_t kinks = 0, elements = 0;
    pass(t, 0, t->rows, true);
    const buffer gradient = buffer_copy(t->s, &t->gradient);
    for (size_t k = 0; k < t->tensor_count; ++k) {
        for (size_t i = t->offsets[k]; i < t->offsets[k] + t->sizes[k]; ++i, ++elements) {
            const double here = objective(t);
            const double right = (objective_beside(t, i, h) - here) / h;
            const double left = (here - objective_beside(t, i, -h)) / h;
            const bool kink = fabs(right - left) > 1e-3;
            kinks += kink;
            if (!kink && !close_to(get(&gradient, i), 0.5 * (left + right), 1e-6))
                fail_msg("its gradient is not the derivative of its scores: tensor '%s', element "
                         "%zu: %.9g, differences give %.9g",
                         t->tensors[k].name, i - t->offsets[k], get(&gradient, i),
                         0.5 * (left + right));
        }
    }
    assert_true(10 * kinks <= elements);
}

/* Rows in one call or in several give the same bits, and backward adds to what is there. */
static void rows_are_independent(rig *whole, rig *cut)
{
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
        fail_msg("the scores depend on the chunks of rows");
    if (!same_bits(&whole->gradient, &cut->gradient))
        fail_msg("the gradient depends on the chunks of rows");
    for (size_t k = 0; k < whole->tensor_count; ++k) /* gaps between tensors belong to nobody */
        for (size_t i = whole->offsets[k] + whole->sizes[k];
             i < (k + 1 < whole->tensor_count ? whole->offsets[k + 1] : whole->gradient.count); ++i)
            if (get(&whole->gradient, i) != 0.25) fail_msg("it writes between the tensors");
}

static void precisions_agree(const rig *narrow)
{
    const subject *s = narrow->s;
    const subject other = {s->memory, s->plugin, FLOAT64, s->plugin->description[FLOAT64]};
    if (s->p == FLOAT64 || other.about == NULL) return;
    rig *wide = make_rig(&other, narrow->config, narrow->rows, narrow->shape.features,
                         narrow->shape.outputs);
    pass(wide, 0, wide->rows, false);
    for (size_t i = 0; i < narrow->scores.count; ++i)
        if (!close_to(get(&narrow->scores, i), get(&wide->scores, i), 1e-4))
            fail_msg("score %zu is %.9g in float32, %.9g in float64", i, get(&narrow->scores, i),
                     get(&wide->scores, i));
}

static void one_config(const subject *s, const void *config)
{
    const size_t shapes[][3] = {{1, 1, 1}, {5, 3, 2}, {11, 7, 4}, {4, 17, 10}, {6, 4, 3}};
    size_t accepted = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; ++i) {
        const size_t *n = shapes[i];
        rig *whole = make_rig(s, config, n[0], n[1], n[2]);
        if (whole == NULL) continue;
        accepted++;
        rows_are_independent(whole, make_rig(s, config, n[0], n[1], n[2]));
        precisions_agree(whole);
        if (s->p == FLOAT64 && n[0] * n[1] * n[2] < 100)
            gradient_is_the_derivative(make_rig(s, config, n[0], n[1], n[2]));
    }
    if (!accepted) fail_msg("it refuses data of every shape that was tried");
}

static void every_model(void **state)
{
    with_every_config(*state, one_config);
}

int main(int argc, char **argv)
{
    return conformance_run(argc, argv, SLOPE_KIND_MODEL, every_model);
}
