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

static void rule_call_begin(rule_call *c, const updater *u)
{
    const bool enough = u->slot_count <= sizeof c->few / sizeof *c->few;
    c->slots = enough ? c->few : allocate(u->slot_count, sizeof *c->slots);
    call_host_init(&c->host, u->config->train.precision, u->config->train.seed);
    c->update = (slope_update){.size = sizeof(slope_update),
                               .host = &c->host.host,
                               .config = u->config->optimizer.config,
                               .slots = c->slots};
}

static void rule_call_place(rule_call *c, const updater *u, const slice *s, char *weights)
{
    const size_t real_size = u->k->real_size;
    for (size_t i = 0; i < u->slot_count; i++) {
        const size_t skip = u->extents[i] == SLOPE_PER_ELEMENT  ? s->first * real_size
                            : u->extents[i] == SLOPE_PER_TENSOR ? s->tensor * sizeof(double)
                                                                : 0;
        c->slots[i] = (char *)u->slots[i] + skip;
    }
    c->update.n = s->count;
    c->update.first = s->first;
    c->update.weights = weights + s->first * real_size;
}

static void rule_call_end(rule_call *c)
{
    if (c->slots != c->few) free(c->slots);
}

typedef slope_status (*rule_operation)(const slope_update *call);

static void rule_call_for_step(rule_call *c, update_task *t)
{
    rule_call_begin(c, t->u);
    c->host.context = t;
    c->update.step = t->step + 1;
    c->update.learning_rate = t->learning_rate;
    c->update.loss = t->loss;
    if (t->u->rule->scope == SLOPE_SCOPE_MODEL) {
        c->update.objective = elsewhere;
        c->update.full_objective = elsewhere_on_all_rows;
    }
}

static bool run_rule(rule_call *c, const update_task *t, rule_operation operation, const slice *s,
                     failure *why)
{
    const updater *u = t->u;
    rule_call_place(c, u, s, t->weights);
    c->update.gradient = (char *)u->gradient + s->first * u->k->real_size;
    return operation(&c->update) == SLOPE_OK ||
           call_host_failure(&c->host, STATUS_TRIALS_FAILED, u->who, why);
}

static bool run_rule_on_all(update_task *t, rule_operation operation)
{
    const slice whole = {0, t->u->layout->total, 0};
    rule_call c;
    rule_call_for_step(&c, t);
    const bool good = run_rule(&c, t, operation, &whole, t->why);
    rule_call_end(&c);
    return good;
}

static void update_pieces(void *argument, size_t first, size_t last)
{
    update_task *t = argument;
    const updater *u = t->u;
    rule_call c;
    rule_call_for_step(&c, t);
    for (size_t i = u->pieces[first]; i < u->pieces[last]; i++) {
        const slice *s = &u->slices[i];
        char *gradient = (char *)u->gradient + s->first * u->k->real_size;
        failure why;
        if (u->fused)
            objective_finish_slice(u->o, t->weights, u->gradient, s->tensor,
                                   s->first - u->layout->offsets[s->tensor], s->count);
        const bool good = run_rule(&c, t, u->rule->update, s, &why);
        if (u->fused) memset(gradient, 0, s->count * u->k->real_size); /* for the next step */
        if (good) continue;
        if (!atomic_exchange(&t->failed, true)) *t->why = why; /* the first one is told */
    }
    rule_call_end(&c);
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

static double numerical_gradient(updater *u, void *weights, batch rows)
{
    const train_config *t = &u->config->train;
    const double h = !isnan(t->difference_step) ? t->difference_step
                     : t->precision == FLOAT64  ? 1e-5
                                                : 1e-2;
    return objective_gradient_numerical(u->o, weights, rows, t->difference, h, u->gradient);
}

bool updater_shares(const updater *u)
{
    return u->rule->scope != SLOPE_SCOPE_POPULATION &&
           u->config->train.gradient == GRADIENT_ANALYTIC;
}

void *updater_gradient(updater *u)
{
    /* a fused update leaves it cleared */
    if (!u->fused) memset(u->gradient, 0, u->layout->total * u->k->real_size);
    return u->gradient;
}

/* From the gradient of the objective on. */
static bool update(update_task *t)
{
    updater *u = t->u;
    clip(u);
    if (u->rule->scope == SLOPE_SCOPE_MODEL) return run_rule_on_all(t, u->rule->update);
    const rule_operation begin = LATER_OPERATION(u->rule, begin);
    if (begin && !run_rule_on_all(t, begin)) return false;
    /* few weights are not worth a second thread */
    const bool alone = u->layout->total <= SLICE || parallel_is_serial();
    const size_t grain = alone ? u->piece_count : 1;
    parallel_for(u->piece_count, grain, update_pieces, t);
    return !t->failed;
}

static update_task make_task(updater *u, uint64_t step, batch rows, void *weights, failure *why)
{
    return (update_task){.u = u,
                         .weights = weights,
                         .step = step,
                         .rows = rows,
                         .why = why,
                         .learning_rate = updater_learning_rate(u, step)};
}

bool updater_apply(updater *u, uint64_t step, batch rows, void *weights, double loss, failure *why)
{
    if (!isfinite(loss)) return true; /* diverged: the caller sees the loss; no update */
    update_task t = make_task(u, step, rows, weights, why);
    t.loss = loss;
    if (!u->fused) objective_finish(u->o, weights, u->gradient);
    return update(&t);
}

bool updater_step(updater *u, uint64_t step, batch rows, void *weights, double *loss, failure *why)
{
    if (updater_shares(u)) {
        *loss = objective_accumulate(u->o, weights, rows, u->fused, u->gradient);
        return updater_apply(u, step, rows, weights, *loss, why);
    }
    update_task t = make_task(u, step, rows, weights, why);
    bool good = true;
    if (u->rule->scope == SLOPE_SCOPE_POPULATION) {
        good = population_step(&t);
    } else {
        t.loss = numerical_gradient(u, weights, rows);
        if (isfinite(t.loss)) good = update(&t);
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
    rule_call c;
    rule_call_begin(&c, u);
    c.update.step = t->steps;
    for (size_t i = first; i < last; i++) {
        rule_call_place(&c, u, &u->slices[i], t->weights);
        u->rule->solution(&c.update, (char *)u->solution + u->slices[i].first * u->k->real_size);
    }
    rule_call_end(&c);
}

const void *updater_solution(updater *u, uint64_t steps, const void *weights)
{
    if (!u->solution) return weights;
    solution_task task = {u, (char *)(uintptr_t)weights,
                          steps}; /* the rule leaves them as they are */
    parallel_for(u->slice_count, 1, solve_slices, &task);
    return u->solution;
}
