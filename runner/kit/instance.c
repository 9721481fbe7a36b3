/* kit/instance.c: see instance.h. */
#include "kit/instance.h"

/* ---- problems -------------------------------------------------------------------------------- */

enum { ELEMENTS = 37 };

/* Without a minimum: what matters is that rules cannot tell it from a gradient. */
static double noise(const problem *p, uint64_t step, const buffer *w, buffer *gradient)
{
    random_numbers numbers = {step * 7919};
    (void)w;
    for (size_t i = 0; gradient != NULL && i < p->n; ++i) {
        const double g = draw(&numbers);
        put(gradient, i, g + (g < 0 ? -0.1 : 0.1));
    }
    return 1.0;
}

/* A quadratic whose minimum is elsewhere in each step, as batches have it. */
static double moving(const problem *p, uint64_t step, const buffer *w, buffer *gradient)
{
    random_numbers numbers = {step * 7919};
    double sum = 0;
    for (size_t i = 0; i < p->n; ++i) {
        const double off = get(w, i) - 1 - 0.1 * draw(&numbers);
        const double steep = 0.1 + 0.9 * (double)i / (double)p->n;
        sum += 0.5 * steep * off * off;
        if (gradient != NULL) put(gradient, i, steep * off);
    }
    return sum;
}

static double quadratic(const problem *p, uint64_t step, const buffer *w, buffer *gradient)
{
    double sum = 0;
    (void)step;
    for (size_t i = 0; i < p->n; ++i) {
        const double off = get(w, i) - 1, steep = 0.1 + 0.9 * (double)i / (double)(p->n - 1);
        sum += 0.5 * steep * off * off;
        if (gradient != NULL) put(gradient, i, steep * off);
    }
    return sum;
}

/* H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a function",
 * The Computer Journal 3, 1960: 100 (y - x²)² + (1 - x)². */
static double rosenbrock(const problem *p, uint64_t step, const buffer *w, buffer *gradient)
{
    const double x = get(w, 0), y = get(w, 1), off = y - x * x;
    (void)p, (void)step;
    if (gradient != NULL) {
        put(gradient, 0, -400 * x * off - 2 * (1 - x));
        put(gradient, 1, 200 * off);
    }
    return 100 * off * off + (1 - x) * (1 - x);
}

const problem noise_problem = {ELEMENTS, noise};
const problem moving_problem = {ELEMENTS, moving};
const problem quadratic_problem = {10, quadratic};
const problem rosenbrock_problem = {2, rosenbrock};

const problem *usual_problem(const subject *s)
{
    const slope_scope scope = ((const slope_optimizer *)s->about)->scope;
    return scope == SLOPE_SCOPE_MODEL || scope == SLOPE_SCOPE_POPULATION ? &moving_problem
                                                                         : &noise_problem;
}

/* ---- one run --------------------------------------------------------------------------------- */

static const slope_slot *slot_at(const slope_optimizer *rule, size_t i)
{
    return (const void *)((const unsigned char *)rule->slots + i * rule->slot_size);
}

static size_t copies_of(const instance *in, const slope_slot *slot)
{
    return (size_t)description_number(in->s->about, in->config, slot->copies_parameter,
                                      (double)slot->copies);
}

static void make_slots(instance *in)
{
    const slope_optimizer *rule = in->rule;
    for (size_t i = 0; i < rule->slot_count; ++i) in->copies += copies_of(in, slot_at(rule, i));
    in->slots = arena_alloc(in->s->memory, in->copies * sizeof *in->slots);
    in->sliced = arena_alloc(in->s->memory, in->copies * sizeof *in->sliced);
    size_t at = 0;
    for (size_t i = 0; i < rule->slot_count; ++i) {
        const slope_slot *slot = slot_at(rule, i);
        for (size_t k = copies_of(in, slot); k > 0; --k, ++at) {
            in->sliced[at] = slot->extent == SLOPE_PER_ELEMENT;
            in->slots[at] = in->sliced[at] ? buffer_make(in->s, in->problem->n)
                                           : buffer_of(in->s->memory, 1, sizeof(double));
        }
    }
}

void instance_start(instance *in, const subject *s, const void *config, const problem *p,
                    uint64_t seed)
{
    *in = (instance){
        .s = s, .rule = (const slope_optimizer *)s->about, .config = config, .problem = p};
    call_host_init(&in->host, s->p, 1);
    in->host.context = in;
    in->weights = buffer_make(s, p->n);
    in->gradient = buffer_make(s, p->n);
    in->value = buffer_of(s->memory, 1, sizeof(double));
    in->learning_rate = description_number(s->about, config, "learning_rate", 1.0);
    random_numbers numbers = {seed};
    for (size_t i = 0; i < p->n; ++i) put(&in->weights, i, draw(&numbers));
    make_slots(in);
}

/* What rules of scope MODEL ask. */
static slope_status objective(const slope_host *host, const real *weights, double *loss,
                              real *gradient)
{
    instance *in = call_host_of(host)->context;
    const size_t bytes = in->weights.count * in->weights.size;
    const buffer w = buffer_make(in->s, in->problem->n);
    buffer g = buffer_make(in->s, in->problem->n);
    memcpy(w.data, weights, bytes);
    *loss = in->problem->value(in->problem, in->step, &w, &g);
    if (gradient != NULL) memcpy(gradient, g.data, bytes);
    return SLOPE_OK;
}

/* All rows are one more batch, that of no step. */
static slope_status full_objective(const slope_host *host, const real *weights, double *loss,
                                   real *gradient)
{
    instance *in = call_host_of(host)->context;
    const uint64_t step = in->step;
    in->step = 0;
    const slope_status status = objective(host, weights, loss, gradient);
    in->step = step;
    return status;
}

static slope_update make_call(instance *in, size_t first, size_t end)
{
    void **slots = arena_alloc(in->s->memory, in->copies * sizeof *slots);
    for (size_t i = 0; i < in->copies; ++i)
        slots[i] = in->sliced[i] ? from_element(&in->slots[i], first) : in->slots[i].data;
    return (slope_update){.size = sizeof(slope_update),
                          .host = &in->host.host,
                          .config = in->config,
                          .n = end - first,
                          .first = first,
                          .weights = from_element(&in->weights, first),
                          .gradient = from_element(&in->gradient, first),
                          .slots = slots,
                          .step = in->step,
                          .learning_rate = in->learning_rate,
                          .loss = get(&in->value, 0),
                          .objective = in->rule->scope == SLOPE_SCOPE_MODEL ? objective : NULL,
                          .full_objective =
                              in->rule->scope == SLOPE_SCOPE_MODEL ? full_objective : NULL};
}

/* False if the rule says that it failed. */
static bool update(instance *in, const size_t *cuts)
{
    const size_t whole[] = {0, in->problem->n};
    slope_status (*begin)(const slope_update *) = LATER_OPERATION(in->rule, begin);
    if (cuts == NULL) cuts = whole;
    const slope_update all = make_call(in, 0, in->problem->n);
    const buffer before = buffer_copy(in->s, &in->weights);
    if (begin != NULL && begin(&all) != SLOPE_OK) return false;
    if (in->strict && !same_bits(&before, &in->weights)) kit_fail("its begin moves the weights");
    size_t count = 0;
    while (cuts[count] < in->problem->n) ++count;
    for (size_t i = count; i > 0; --i) { /* from the last slice to the first: the order is free */
        if (cuts[i - 1] == cuts[i]) continue;
        const slope_update call = make_call(in, cuts[i - 1], cuts[i]);
        if (in->rule->update(&call) != SLOPE_OK) return false;
    }
    return true;
}

/* Candidates are judged by the problem, or all by `judgement` if that is not finite. */
static bool population_step(instance *in, double judgement)
{
    const subject *s = in->s;
    const size_t n = in->problem->n,
                 count =
                     (size_t)description_number(s->about, in->config, in->rule->count_parameter, 1);
    buffer *all = arena_alloc(s->memory, count * sizeof *all);
    void **candidates = arena_alloc(s->memory, count * sizeof *candidates);
    double *losses = arena_alloc(s->memory, count * sizeof *losses);
    for (size_t k = 0; k < count; ++k) {
        all[k] = buffer_make(s, n);
        candidates[k] = all[k].data;
    }
    const slope_update shared = make_call(in, 0, n);
    slope_population call = {.size = sizeof call,
                             .host = shared.host,
                             .config = in->config,
                             .n = n,
                             .count = count,
                             .candidates = candidates,
                             .weights = in->weights.data,
                             .slots = shared.slots,
                             .step = in->step,
                             .learning_rate = in->learning_rate};
    const buffer before = buffer_copy(s, &in->weights);
    if (in->rule->propose(&call) != SLOPE_OK) return false;
    if (in->strict && !same_bits(&before, &in->weights))
        kit_fail("it moves the weights before it is told losses");
    for (size_t k = 0; k < count; ++k) {
        for (size_t i = 0; i < n; ++i)
            if (in->strict && !isfinite(get(&all[k], i)))
                kit_fail("candidate %zu: element %zu is not finite", k, i);
        losses[k] = isfinite(judgement) ? in->problem->value(in->problem, in->step, &all[k], NULL)
                                        : judgement;
    }
    call.losses = losses;
    if (in->rule->select(&call) != SLOPE_OK) return false;
    for (size_t k = 0; k < count; ++k)
        if (in->strict && !guards_whole(&all[k])) kit_fail("it writes outside candidate %zu", k);
    return true;
}

void instance_step(instance *in, const size_t *cuts)
{
    ++in->step;
    in->host.text[0] = '\0';
    bool good;
    if (in->rule->scope == SLOPE_SCOPE_POPULATION) {
        good = population_step(in, 0);
    } else {
        put(&in->value, 0, in->problem->value(in->problem, in->step, &in->weights, &in->gradient));
        good = update(in, cuts);
    }
    if (!good && in->host.text[0] == '\0') kit_fail("it fails without a reason");
    if (!good) kit_fail("it fails in step %llu: %s", (unsigned long long)in->step, in->host.text);
}

void instance_bad_step(instance *in, int kind)
{
    const double bad = kind == 0 ? (double)NAN : kind == 1 ? (double)INFINITY : -(double)INFINITY;
    ++in->step;
    if (in->rule->scope == SLOPE_SCOPE_POPULATION) {
        population_step(in, bad);
        return;
    }
    in->problem->value(in->problem, in->step, &in->weights, &in->gradient);
    put(&in->value, 0, bad);
    for (size_t i = 0; i < in->problem->n; i += 2) put(&in->gradient, i, bad);
    update(in, NULL); /* it may well say that this cannot be */
}

buffer instance_solution(instance *in, const size_t *cuts)
{
    void (*solution)(const slope_update *, real *) = LATER_OPERATION(in->rule, solution);
    const size_t whole[] = {0, in->problem->n};
    if (solution == NULL) return in->weights;
    if (cuts == NULL) cuts = whole;
    const buffer out = buffer_make(in->s, in->problem->n);
    for (size_t i = 0; cuts[i] < in->problem->n; ++i) {
        slope_update call = make_call(in, cuts[i], cuts[i + 1]);
        call.gradient = NULL;
        if (call.n > 0) solution(&call, from_element(&out, cuts[i]));
    }
    if (in->strict && !guards_whole(&out)) kit_fail("its solution is written outside its slice");
    return out;
}

void instance_restore(instance *to, const instance *from)
{
    *to = *from;
    to->host.context = to;
    to->host.host = from->host.host;
    to->weights = buffer_copy(from->s, &from->weights);
    to->gradient = buffer_make(from->s, from->problem->n);
    to->slots = arena_alloc(from->s->memory, from->copies * sizeof *to->slots);
    for (size_t i = 0; i < from->copies; ++i) to->slots[i] = buffer_copy(from->s, &from->slots[i]);
}

bool instance_same(const instance *one, const instance *other)
{
    bool same = same_bits(&one->weights, &other->weights);
    for (size_t i = 0; i < one->copies; ++i)
        same = same && same_bits(&one->slots[i], &other->slots[i]);
    return same;
}

void instance_trace(const instance *in, trace *out)
{
    trace_buffer(out, &in->weights);
    for (size_t i = 0; i < in->copies; ++i) trace_buffer(out, &in->slots[i]);
}

bool instance_guards_whole(const instance *in)
{
    bool whole = guards_whole(&in->weights) && guards_whole(&in->gradient);
    for (size_t i = 0; i < in->copies; ++i) whole = whole && guards_whole(&in->slots[i]);
    return whole;
}
