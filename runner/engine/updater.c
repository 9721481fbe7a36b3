/* engine/updater.c: see updater.h. */
#include "engine/updater.h"

#include "config/bind.h"
#include "host/description.h"
#include "host/services.h"
#include "slope/optimizer.h"
#include "slope/schedule.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Elements per slice of scope ELEMENT: few enough to share among threads, enough to be worth a call. */
enum { SLICE = 4096 };

typedef struct slice {
    size_t first, count, tensor;
} slice;

struct updater {
    arena *memory;
    const trial_config *config;
    objective *o;
    const layout *layout;
    const kernels *k;
    const slope_optimizer *rule;
    const slope_schedule *schedule;
    const char *who; /* "optimizer adam" */
    double learning_rate;
    uint64_t total_steps, steps_per_epoch;
    size_t slot_count;   /* copies counted singly */
    slope_extent *extents;
    void **slots;        /* one array per copy */
    void **slot_blocks;  /* what to free */
    named_array *state;
    size_t slice_count;
    slice *slices;
    void *gradient;      /* NULL for scope POPULATION */
    void *solution;      /* NULL where the weights themselves are it */
    bool fused;          /* a slice's gradient is finished, used and cleared in one go */
    size_t candidate_count;
    void **candidates;
    double *losses;
};

/* Value of an integer or number parameter by key; `otherwise` if there is no such parameter. */
static double parameter_value(const slope_plugin *plugin, const void *config, const char *key,
                              double otherwise)
{
    for (size_t i = 0; i < plugin->parameter_count; i++) {
        const slope_parameter *p = parameter_at(plugin->parameters, plugin->parameter_size, i);
        if (strcmp(p->key, key) != 0) continue;
        const char *field = (const char *)config + p->offset;
        if (p->type == SLOPE_NUMBER) return *(const double *)(const void *)field;
        if (p->type == SLOPE_INTEGER) return (double)*(const int64_t *)(const void *)field;
    }
    return otherwise;
}

static size_t elements_of(const updater *u, slope_extent extent)
{
    return extent == SLOPE_PER_ELEMENT ? u->layout->total
           : extent == SLOPE_PER_TENSOR ? u->layout->tensor_count
                                        : 1;
}

static const slope_slot *slot_at(const slope_optimizer *rule, size_t i)
{
    return (const slope_slot *)(const void *)((const char *)rule->slots + i * rule->slot_size);
}

static size_t copies_of(const updater *u, const slope_slot *slot)
{
    if (!slot->copies_parameter) return slot->copies;
    return (size_t)parameter_value(&u->rule->plugin, u->config->optimizer.config,
                                   slot->copies_parameter, slot->copies);
}

/* Arrays that a rule walks through side by side must not lie at the same place of their pages: the
 * processor would take a load for one that depends on the store to the array before. */
static void *slot_memory(updater *u, size_t bytes, size_t number)
{
    enum { STAGGER = 320, PAGE = 4096 };
    char *block = allocate(bytes + PAGE, 1);
    u->slot_blocks[number] = block;
    return block + (number + 1) * STAGGER % PAGE;
}

static void make_slots(updater *u)
{
    for (size_t i = 0; i < u->rule->slot_count; i++)
        u->slot_count += copies_of(u, slot_at(u->rule, i));
    u->slots = arena_alloc(u->memory, u->slot_count * sizeof *u->slots);
    u->slot_blocks = arena_alloc(u->memory, u->slot_count * sizeof *u->slot_blocks);
    u->extents = arena_alloc(u->memory, u->slot_count * sizeof *u->extents);
    u->state = arena_alloc(u->memory, u->slot_count * sizeof *u->state);
    size_t n = 0;
    for (size_t i = 0; i < u->rule->slot_count; i++) {
        const slope_slot *slot = slot_at(u->rule, i);
        const size_t elements = elements_of(u, slot->extent), copies = copies_of(u, slot);
        const bool reals = slot->extent == SLOPE_PER_ELEMENT;
        for (size_t c = 0; c < copies; c++, n++) {
            u->extents[n] = slot->extent;
            u->slots[n] = slot_memory(u, elements * (reals ? u->k->real_size : sizeof(double)), n);
            u->state[n] = (named_array){
                .name = arena_printf(u->memory, "optimizer.%s.%zu", slot->name, c),
                .type = reals && u->k->real_size == 4 ? "F32" : "F64",
                .rank = 1, .extents = {elements}, .data = u->slots[n]};
        }
    }
}

static void make_slices(updater *u)
{
    const size_t limit = u->rule->scope == SLOPE_SCOPE_ELEMENT ? SLICE : SIZE_MAX;
    for (int filling = 0; filling < 2; filling++) {
        size_t n = 0;
        for (size_t t = 0; t < u->layout->tensor_count; t++) {
            const size_t size = u->layout->sizes[t];
            for (size_t i = 0; i < size; n++) {
                const size_t count = size - i < limit ? size - i : limit;
                if (filling) u->slices[n] = (slice){u->layout->offsets[t] + i, count, t};
                i += count;
            }
        }
        if (!filling) u->slices = arena_alloc(u->memory, n * sizeof *u->slices);
        u->slice_count = n;
    }
}

static void make_candidates(updater *u)
{
    const double count = u->rule->count_parameter
                             ? parameter_value(&u->rule->plugin, u->config->optimizer.config,
                                               u->rule->count_parameter, 1)
                             : 1;
    u->candidate_count = (size_t)count;
    u->candidates = arena_alloc(u->memory, u->candidate_count * sizeof *u->candidates);
    u->losses = arena_alloc(u->memory, u->candidate_count * sizeof *u->losses);
    for (size_t i = 0; i < u->candidate_count; i++)
        u->candidates[i] = allocate(u->layout->total, u->k->real_size);
}

static bool sane(const updater *u, failure *why)
{
    const slope_scope scope = u->rule->scope;
    const bool population = scope == SLOPE_SCOPE_POPULATION;
    if (scope < SLOPE_SCOPE_ELEMENT || scope > SLOPE_SCOPE_POPULATION ||
        (population ? !u->rule->propose || !u->rule->select : !u->rule->update))
        return failure_set(why, STATUS_ENVIRONMENT, "%s: lacks the functions of its scope", u->who);
    for (size_t i = 0; i < u->rule->slot_count; i++) {
        const slope_extent extent = slot_at(u->rule, i)->extent;
        if ((extent == SLOPE_PER_TENSOR && scope != SLOPE_SCOPE_TENSOR) ||
            (extent == SLOPE_PER_MODEL && scope != SLOPE_SCOPE_MODEL && !population &&
             !LATER_OPERATION(u->rule, begin)))
            return failure_set(why, STATUS_ENVIRONMENT,
                               "%s: slot '%s' has an extent that its scope does not allow", u->who,
                               slot_at(u->rule, i)->name);
    }
    return true;
}

updater *updater_create(const trial_config *config, objective *o, uint64_t total_steps,
                        uint64_t steps_per_epoch, failure *why)
{
    const precision p = config->train.precision;
    updater *u = allocate(1, sizeof *u);
    u->memory = arena_create();
    u->config = config;
    u->o = o;
    u->layout = objective_layout(o);
    u->k = objective_kernels(o);
    u->rule = (const slope_optimizer *)config->optimizer.plugin->description[p];
    u->schedule = (const slope_schedule *)config->schedule.choice.plugin->description[p];
    u->who = arena_printf(u->memory, "optimizer %s", u->rule->plugin.id);
    u->learning_rate = parameter_value(&u->rule->plugin, config->optimizer.config, "learning_rate", 1);
    u->total_steps = total_steps;
    u->steps_per_epoch = steps_per_epoch;
    if (!sane(u, why)) {
        updater_destroy(u);
        return NULL;
    }
    make_slots(u);
    make_slices(u);
    if (u->rule->scope == SLOPE_SCOPE_POPULATION)
        make_candidates(u);
    else
        u->gradient = allocate(u->layout->total, u->k->real_size);
    if (LATER_OPERATION(u->rule, solution))
        u->solution = allocate(u->layout->total, u->k->real_size);
    u->fused = u->rule->scope <= SLOPE_SCOPE_TENSOR && isnan(config->clip.norm) &&
               isnan(config->clip.value) && config->train.gradient == GRADIENT_ANALYTIC &&
               !LATER_OPERATION(u->rule, begin); /* which looks at the whole gradient */
    return u;
}

void updater_destroy(updater *u)
{
    if (!u) return;
    for (size_t i = 0; i < u->slot_count; i++) free(u->slot_blocks[i]);
    for (size_t i = 0; i < u->candidate_count; i++) free(u->candidates[i]);
    free(u->gradient);
    free(u->solution);
    arena_destroy(u->memory);
    free(u);
}

const named_array *updater_state(const updater *u, size_t *count)
{
    *count = u->slot_count;
    return u->state;
}

double updater_factor(const updater *u, uint64_t step)
{
    const uint64_t warmup = u->config->schedule.warmup_steps;
    if (step < warmup) return (double)(step + 1) / (double)warmup;
    return u->schedule->factor(&(slope_schedule_call){
        .size = sizeof(slope_schedule_call),
        .config = u->config->schedule.choice.config,
        .step = step - warmup,
        .total_steps = u->total_steps > warmup ? u->total_steps - warmup : 0,
        .steps_per_epoch = u->steps_per_epoch});
}

double updater_learning_rate(const updater *u, uint64_t step)
{
    return u->learning_rate * updater_factor(u, step);
}

/* ---- clipping ---------------------------------------------------------------------------------------- */

static void clamp_slice(void *argument, size_t first, size_t last)
{
    const updater *u = argument;
    for (size_t i = first; i < last; i++)
        u->k->clamp(u->slices[i].count, u->config->clip.value,
                    (char *)u->gradient + u->slices[i].first * u->k->real_size);
}

typedef struct scale_task {
    const updater *u;
    double factor;
} scale_task;

static void scale_slice(void *argument, size_t first, size_t last)
{
    const scale_task *t = argument;
    const updater *u = t->u;
    for (size_t i = first; i < last; i++)
        u->k->scale(u->slices[i].count, t->factor,
                    (char *)u->gradient + u->slices[i].first * u->k->real_size);
}

/* By value, then by the norm over all tensors (Pascanu, Mikolov and Bengio 2013): factor
 * min(1, limit / norm). */
static void clip(updater *u)
{
    const clip_config *c = &u->config->clip;
    if (!isnan(c->value)) parallel_for(u->slice_count, 1, clamp_slice, u);
    if (isnan(c->norm)) return;
    double squares = 0;
    for (size_t t = 0; t < u->layout->tensor_count; t++)
        for (size_t i = 0; i < u->layout->sizes[t]; i += SUM_BLOCK) {
            const size_t left = u->layout->sizes[t] - i;
            squares += u->k->sum_squares(left < SUM_BLOCK ? left : SUM_BLOCK,
                                         (char *)u->gradient +
                                             (u->layout->offsets[t] + i) * u->k->real_size);
        }
    const double norm = sqrt(squares);
    if (norm > c->norm)
        parallel_for(u->slice_count, 1, scale_slice, &(scale_task){u, c->norm / norm});
}

/* ---- a step ------------------------------------------------------------------------------------------- */

typedef struct update_task {
    updater *u;
    char *weights;
    uint64_t step;
    double learning_rate, loss;
    batch rows;
    atomic_bool failed;
    failure *why;
} update_task;

static slope_status elsewhere(const slope_host *host, const real *weights, double *loss,
                              real *gradient)
{
    const update_task *t = call_host_of(host)->context;
    *loss = objective_gradient(t->u->o, weights, t->rows, gradient);
    return SLOPE_OK;
}

/* What one call of the rule gets: elements [first, first + count), of that tensor. */
typedef struct rule_call {
    call_host host;
    slope_update update;
    void *few[32], **slots; /* slots: few, or its own memory where they are more */
} rule_call;

static void rule_call_begin(rule_call *c, const updater *u, const slice *s, char *weights)
{
    const size_t real_size = u->k->real_size;
    const bool enough = u->slot_count <= sizeof c->few / sizeof *c->few;
    c->slots = enough ? c->few : allocate(u->slot_count, sizeof *c->slots);
    for (size_t i = 0; i < u->slot_count; i++) {
        const size_t skip = u->extents[i] == SLOPE_PER_ELEMENT  ? s->first * real_size
                            : u->extents[i] == SLOPE_PER_TENSOR ? s->tensor * sizeof(double)
                                                                : 0;
        c->slots[i] = (char *)u->slots[i] + skip;
    }
    call_host_init(&c->host, u->config->train.precision, u->config->train.seed);
    c->update = (slope_update){.size = sizeof(slope_update),
                               .host = &c->host.host,
                               .config = u->config->optimizer.config,
                               .n = s->count,
                               .first = s->first,
                               .weights = weights + s->first * real_size,
                               .slots = c->slots};
}

static void rule_call_end(rule_call *c)
{
    if (c->slots != c->few) free(c->slots);
}

typedef slope_status (*rule_operation)(const slope_update *call);

static bool run_rule(update_task *t, rule_operation operation, const slice *s, failure *why)
{
    const updater *u = t->u;
    rule_call c;
    rule_call_begin(&c, u, s, t->weights);
    c.host.context = t;
    c.update.gradient = (char *)u->gradient + s->first * u->k->real_size;
    c.update.step = t->step + 1;
    c.update.learning_rate = t->learning_rate;
    c.update.loss = t->loss;
    c.update.objective = u->rule->scope == SLOPE_SCOPE_MODEL ? elsewhere : NULL;
    const bool good = operation(&c.update) == SLOPE_OK ||
                      call_host_failure(&c.host, STATUS_TRIALS_FAILED, u->who, why);
    rule_call_end(&c);
    return good;
}

static void update_slices(void *argument, size_t first, size_t last)
{
    update_task *t = argument;
    for (size_t i = first; i < last; i++) {
        const updater *u = t->u;
        const slice *s = &u->slices[i];
        char *gradient = (char *)u->gradient + s->first * u->k->real_size;
        failure why;
        if (u->fused)
            objective_finish_slice(u->o, t->weights, u->gradient, s->tensor,
                                   s->first - u->layout->offsets[s->tensor], s->count);
        const bool good = run_rule(t, u->rule->update, s, &why);
        if (u->fused) memset(gradient, 0, s->count * u->k->real_size); /* for the next step */
        if (good) continue;
        if (!atomic_exchange(&t->failed, true)) *t->why = why; /* the first one is told */
    }
}

static bool population_step(update_task *t)
{
    updater *u = t->u;
    call_host call;
    call_host_init(&call, u->config->train.precision, u->config->train.seed);
    slope_population p = {
        .size = sizeof p,
        .host = &call.host,
        .config = u->config->optimizer.config,
        .n = u->layout->total,
        .count = u->candidate_count,
        .candidates = (real *const *)u->candidates,
        .weights = t->weights,
        .slots = u->slots,
        .step = t->step + 1,
        .learning_rate = t->learning_rate,
    };
    if (u->rule->propose(&p) != SLOPE_OK)
        return call_host_failure(&call, STATUS_TRIALS_FAILED, u->who, t->why);
    objective_values(u->o, (const void *const *)u->candidates, u->candidate_count, t->rows,
                     u->losses);
    p.losses = u->losses;
    if (u->rule->select(&p) != SLOPE_OK)
        return call_host_failure(&call, STATUS_TRIALS_FAILED, u->who, t->why);
    t->loss = INFINITY;
    for (size_t i = 0; i < u->candidate_count; i++)
        if (u->losses[i] < t->loss) t->loss = u->losses[i];
    return true;
}

static double batch_gradient(updater *u, void *weights, batch rows)
{
    const train_config *t = &u->config->train;
    if (u->fused) return objective_accumulate(u->o, weights, rows, true, u->gradient);
    if (t->gradient == GRADIENT_ANALYTIC)
        return objective_gradient(u->o, weights, rows, u->gradient);
    const double h = !isnan(t->difference_step) ? t->difference_step
                     : t->precision == FLOAT64  ? 1e-5
                                                : 1e-2;
    return objective_gradient_numerical(u->o, weights, rows, t->difference, h, u->gradient);
}

bool updater_step(updater *u, uint64_t step, batch rows, void *weights, double *loss, failure *why)
{
    update_task t = {.u = u, .weights = weights, .step = step, .rows = rows, .why = why,
                     .learning_rate = updater_learning_rate(u, step)};
    bool good;
    if (u->rule->scope == SLOPE_SCOPE_POPULATION) {
        good = population_step(&t);
    } else {
        t.loss = batch_gradient(u, weights, rows);
        *loss = t.loss;
        if (!isfinite(t.loss)) return true; /* diverged: the caller sees the loss; no update */
        clip(u);
        const slice whole = {0, u->layout->total, 0};
        const rule_operation begin = LATER_OPERATION(u->rule, begin);
        if (u->rule->scope == SLOPE_SCOPE_MODEL) {
            good = run_rule(&t, u->rule->update, &whole, why);
        } else {
            good = !begin || run_rule(&t, begin, &whole, why);
            if (good) parallel_for(u->slice_count, 1, update_slices, &t);
            good = good && !t.failed;
        }
    }
    *loss = t.loss;
    return good;
}

/* ---- what the weights stand for ------------------------------------------------------------------------- */

typedef struct solution_task {
    updater *u;
    char *weights;
    uint64_t steps;
} solution_task;

static void solve_slices(void *argument, size_t first, size_t last)
{
    const solution_task *t = argument;
    const updater *u = t->u;
    for (size_t i = first; i < last; i++) {
        rule_call c;
        rule_call_begin(&c, u, &u->slices[i], t->weights);
        c.update.step = t->steps;
        u->rule->solution(&c.update, (char *)u->solution + u->slices[i].first * u->k->real_size);
        rule_call_end(&c);
    }
}

const void *updater_solution(updater *u, uint64_t steps, const void *weights)
{
    if (!u->solution) return weights;
    solution_task task = {u, (char *)(uintptr_t)weights, steps}; /* the rule leaves them as they are */
    parallel_for(u->slice_count, 1, solve_slices, &task);
    return u->solution;
}
