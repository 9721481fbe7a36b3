/* kit/model_rig.c: making and calling a model under test. See model_rig.h. */
#include "kit/model_rig.h"

enum { GAP = 16 }; /* between tensors, at least one number */

const size_t rig_shapes[RIG_SHAPES][3] = {{1, 1, 1}, {5, 3, 2}, {11, 7, 4}, {4, 17, 10}, {6, 4, 3}};

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

rig *rig_create(const subject *s, const void *config, const size_t shape[3], bool judge)
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

void every_shape(const subject *s, const void *config, bool judge,
                 void (*test)(rig *t, const size_t shape[3]))
{
    size_t accepted = 0;
    for (size_t i = 0; i < RIG_SHAPES; ++i) {
        rig *t = rig_create(s, config, rig_shapes[i], judge);
        if (t == NULL) continue;
        ++accepted;
        if (test != NULL) test(t, rig_shapes[i]);
    }
    if (accepted == 0) kit_fail("it refuses data of every shape that was tried");
}

/* ---- running one ----------------------------------------------------------------------------- */

buffer rig_workspace(const rig *t, size_t rows)
{
    const size_t space =
        rows * t->program_workspace +
        (t->model->workspace != NULL ? t->model->workspace(t->config, &t->shape, rows) : 0);
    const buffer workspace = buffer_make(t->s, space);
    for (size_t i = 0; i < space; ++i)
        put(&workspace, i, 1e6 + (double)i); /* not zero: nobody said */
    return workspace;
}

slope_model_call rig_call(rig *t, const buffer *workspace, size_t first, size_t end)
{
    return (slope_model_call){.size = sizeof(slope_model_call),
                              .host = &t->host.host,
                              .config = t->config,
                              .shape = t->shape,
                              .offsets = t->offsets,
                              .weights = t->weights.data,
                              .rows = end - first,
                              .x = from_element(&t->x, first * t->ldx),
                              .ldx = t->ldx,
                              .workspace = workspace->data,
                              .scores = from_element(&t->scores, first * t->shape.outputs),
                              .program = t->program};
}

void rig_pass(rig *t, size_t first, size_t end, bool backward)
{
    const buffer workspace = rig_workspace(t, end - first);
    const buffer weights = buffer_copy(t->s, &t->weights), x = buffer_copy(t->s, &t->x);
    const buffer incoming = buffer_copy(t->s, &t->coefficients);
    slope_model_call call = rig_call(t, &workspace, first, end);
    t->model->forward(&call);
    if (backward) {
        call.scores = NULL;
        call.score_gradient = from_element(&incoming, first * t->shape.outputs);
        call.gradient = t->gradient.data;
        t->model->backward(&call);
    }
    t->whole = t->whole && guards_whole(&workspace) && guards_whole(&incoming) &&
               guards_whole(&t->scores) && guards_whole(&t->gradient) &&
               guards_whole(&t->weights) && guards_whole(&t->x) &&
               same_bits(&weights, &t->weights) && same_bits(&x, &t->x);
}
