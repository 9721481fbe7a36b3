/* engine/updater.c: one step of an optimizer. See updater.h; making one is in updater_make.c. */
#include "engine/updater_private.h"

#include "host/description.h"
#include "host/services.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

double updater_factor(const updater *u, uint64_t step)
{
    const uint64_t warmup = u->config->schedule.warmup_steps;
    if (step < warmup) return (double)(step + 1) / (double)warmup;
    return u->schedule->factor(
        &(slope_schedule_call){.size = sizeof(slope_schedule_call),
                               .config = u->config->schedule.choice.config,
                               .step = step - warmup,
                               .total_steps = u->total_steps > warmup ? u->total_steps - warmup : 0,
                               .steps_per_epoch = u->steps_per_epoch});
}

double updater_learning_rate(const updater *u, uint64_t step)
{
    return u->learning_rate * updater_factor(u, step);
}

/* ---- clipping -------------------------------------------------------------------------------- */

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

/* ---- a step ---------------------------------------------------------------------------------- */

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

static slope_status elsewhere_on_all_rows(const slope_host *host, const real *weights, double *loss,
                                          real *gradient)
{
    const update_task *t = call_host_of(host)->context;
    *loss = objective_gradient(t->u->o, weights, objective_split(t->u->o, SLOPE_TRAIN), gradient);
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
    if (u->rule->scope == SLOPE_SCOPE_MODEL) {
        c.update.objective = elsewhere;
        c.update.full_objective = elsewhere_on_all_rows;
    }
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
    update_task t = {.u = u,
                     .weights = weights,
                     .step = step,
                     .rows = rows,
                     .why = why,
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
            /* few weights are not worth a second thread */
            const size_t grain = u->layout->total <= SLICE ? u->slice_count : 1;
            if (good) parallel_for(u->slice_count, grain, update_slices, &t);
            good = good && !t.failed;
        }
    }
    *loss = t.loss;
    return good;
}

/* ---- what the weights stand for -------------------------------------------------------------- */

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
    solution_task task = {u, (char *)(uintptr_t)weights,
                          steps}; /* the rule leaves them as they are */
    parallel_for(u->slice_count, 1, solve_slices, &task);
    return u->solution;
}
