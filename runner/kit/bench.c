/* kit/bench.c: see bench.h. */
#include "kit/bench.h"

#include "kit/private.h"

#include "slope/optimizer.h"

#include <stdlib.h>

enum { SLICE = 4096, TURNS = 21 };
static const double shortest = 2e-3; /* seconds of one turn, at least */

/* One rule at work on n weights. */
typedef struct worker {
    subject s;
    const slope_optimizer *rule;
    const void *config;
    call_host host;
    size_t n, copies, candidate_count;
    buffer weights, gradient, *slots, *candidates;
    bool *sliced;
    void **pointers, **candidate_pointers;
    double *losses;
    uint64_t step;
    double learning_rate, outside; /* outside: seconds spent in the objective */
    size_t repeats;                /* steps in a turn */
    double turns[TURNS];           /* seconds of one step */
    bool failed;
} worker;

/* ---- making a worker ------------------------------------------------------------------------- */

static const slope_slot *slot_at(const slope_optimizer *rule, size_t i)
{
    return (const void *)((const unsigned char *)rule->slots + i * rule->slot_size);
}

static size_t copies_of(const worker *w, size_t i)
{
    const slope_slot *slot = slot_at(w->rule, i);
    return (size_t)description_number(w->s.about, w->config, slot->copies_parameter,
                                      (double)slot->copies);
}

static void make_state(worker *w)
{
    arena *a = w->s.memory;
    for (size_t i = 0; i < w->rule->slot_count; ++i) w->copies += copies_of(w, i);
    w->slots = arena_alloc(a, w->copies * sizeof *w->slots);
    w->sliced = arena_alloc(a, w->copies * sizeof *w->sliced);
    w->pointers = arena_alloc(a, w->copies * sizeof *w->pointers);
    size_t at = 0;
    for (size_t i = 0; i < w->rule->slot_count; ++i)
        for (size_t k = copies_of(w, i); k > 0; --k, ++at) {
            w->sliced[at] = slot_at(w->rule, i)->extent == SLOPE_PER_ELEMENT;
            w->slots[at] =
                w->sliced[at] ? buffer_make(&w->s, w->n) : buffer_of(a, 1, sizeof(double));
        }
    if (w->rule->scope != SLOPE_SCOPE_POPULATION) return;
    w->candidate_count =
        (size_t)description_number(w->s.about, w->config, w->rule->count_parameter, 1);
    w->candidates = arena_alloc(a, w->candidate_count * sizeof *w->candidates);
    w->candidate_pointers = arena_alloc(a, w->candidate_count * sizeof(void *));
    w->losses = arena_alloc(a, w->candidate_count * sizeof *w->losses);
    for (size_t k = 0; k < w->candidate_count; ++k) {
        w->candidates[k] = buffer_make(&w->s, w->n);
        w->candidate_pointers[k] = w->candidates[k].data;
        w->losses[k] = 1 + 0.01 * (double)(k * 7 % w->candidate_count);
    }
}

static bool make_worker(worker *w, arena *a, const host_plugin *plugin, size_t n, precision p,
                        failure *why)
{
    *w = (worker){.n = n, .repeats = 1};
    w->s = (subject){.memory = a, .path = plugin->path, .p = p, .about = plugin->description[p]};
    if (w->s.about == NULL)
        return failure_set(why, STATUS_CONFIG, "'%s' was compiled for float32 only", plugin->id);
    w->rule = (const slope_optimizer *)w->s.about;
    w->config = usual_config(&w->s, why);
    if (w->config == NULL) return failure_context(why, "optimizer %s", plugin->id);
    call_host_init(&w->host, p, 1);
    w->host.context = w;
    w->weights = buffer_make(&w->s, n);
    w->gradient = buffer_make(&w->s, n);
    w->learning_rate = 1e-3 * description_number(w->s.about, w->config, "learning_rate", 1.0);
    random_numbers numbers = {n};
    for (size_t i = 0; i < n; ++i) {
        put(&w->weights, i, draw(&numbers));
        put(&w->gradient, i, draw(&numbers));
    }
    make_state(w);
    return true;
}

/* ---- one step
 * ------------------------------------------------------------------------------------ */

/* ½ Σ w² on the clock of nobody. */
static slope_status objective(const slope_host *host, const real *weights, double *loss,
                              real *gradient)
{
    worker *w = call_host_of(host)->context;
    const double start = kit_clock();
    *loss = 0.5 * host->kernels->sum_squares(host, w->n, weights);
    if (gradient != NULL) memcpy(gradient, weights, w->n * w->weights.size);
    w->outside += kit_clock() - start;
    return SLOPE_OK;
}

static slope_update make_call(worker *w, size_t first, size_t count)
{
    for (size_t i = 0; i < w->copies; ++i)
        w->pointers[i] = w->sliced[i] ? from_element(&w->slots[i], first) : w->slots[i].data;
    return (slope_update){.size = sizeof(slope_update),
                          .host = &w->host.host,
                          .config = w->config,
                          .n = count,
                          .first = first,
                          .weights = from_element(&w->weights, first),
                          .gradient = from_element(&w->gradient, first),
                          .slots = w->pointers,
                          .step = w->step,
                          .learning_rate = w->learning_rate,
                          .loss = 1.0,
                          .objective = w->rule->scope == SLOPE_SCOPE_MODEL ? objective : NULL};
}

static bool population_step(worker *w)
{
    const slope_update shared = make_call(w, 0, w->n);
    slope_population call = {.size = sizeof call,
                             .host = shared.host,
                             .config = w->config,
                             .n = w->n,
                             .count = w->candidate_count,
                             .candidates = w->candidate_pointers,
                             .weights = w->weights.data,
                             .slots = shared.slots,
                             .step = w->step,
                             .learning_rate = w->learning_rate};
    if (w->rule->propose(&call) != SLOPE_OK) return false;
    call.losses = w->losses;
    return w->rule->select(&call) == SLOPE_OK;
}

/* As the runner does it, but on one thread. */
static bool step(worker *w)
{
    slope_status (*begin)(const slope_update *) = LATER_OPERATION(w->rule, begin);
    const size_t slice = w->rule->scope == SLOPE_SCOPE_ELEMENT ? SLICE : w->n;
    ++w->step;
    if (w->rule->scope == SLOPE_SCOPE_POPULATION) return population_step(w);
    if (begin != NULL) {
        const slope_update whole = make_call(w, 0, w->n);
        if (begin(&whole) != SLOPE_OK) return false;
    }
    for (size_t first = 0; first < w->n; first += slice) {
        const slope_update call = make_call(w, first, w->n - first < slice ? w->n - first : slice);
        if (w->rule->update(&call) != SLOPE_OK) return false;
    }
    return true;
}

/* ---- taking turns
 * --------------------------------------------------------------------------------- */

static double take_turn(worker *w)
{
    const double start = kit_clock();
    w->outside = 0;
    for (size_t i = 0; i < w->repeats && !w->failed; ++i) w->failed = !step(w);
    return (kit_clock() - start - w->outside) / (double)w->repeats;
}

typedef struct contest {
    worker *workers;
    size_t count;
} contest;

/* (In a region, as in a run: there subnormal numbers count as zero.) */
static void compete(void *argument)
{
    const contest *c = argument;
    for (size_t i = 0; i < c->count; ++i) {
        worker *w = &c->workers[i];
        while (!w->failed && take_turn(w) * (double)w->repeats < shortest) w->repeats *= 2;
    }
    for (size_t turn = 0; turn < TURNS; ++turn)
        for (size_t i = 0; i < c->count; ++i) c->workers[i].turns[turn] = take_turn(&c->workers[i]);
}

static int compare(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static bool run_size(bench_rule *rules, size_t rule_count, const size_t *sizes, size_t at,
                     precision p, failure *why)
{
    arena *a = arena_create();
    const contest c = {arena_alloc(a, rule_count * sizeof(worker)), rule_count};
    bool good = true;
    for (size_t i = 0; good && i < rule_count; ++i)
        good = make_worker(&c.workers[i], a, rules[i].plugin, sizes[at], p, why);
    if (good) team_region(compete, (void *)(uintptr_t)&c);
    for (size_t i = 0; good && i < rule_count; ++i) {
        worker *w = &c.workers[i];
        size_t state = 0;
        for (size_t k = 0; k < w->copies; ++k) state += w->sliced[k] ? w->weights.size : 0;
        rules[i].memory = (double)state;
        qsort(w->turns, TURNS, sizeof *w->turns, compare);
        rules[i].seconds[at] = w->turns[TURNS / 2];
        if (w->failed)
            good = failure_set(why, STATUS_TRIALS_FAILED, "optimizer %s fails: %s",
                               rules[i].plugin->id, w->host.text);
    }
    arena_destroy(a);
    return good;
}

bool bench_run(arena *a, bench_rule *rules, size_t rule_count, const size_t *sizes,
               size_t size_count, precision p, failure *why)
{
    threads_set(1);
    for (size_t i = 0; i < rule_count; ++i)
        rules[i].seconds = arena_alloc(a, size_count * sizeof *rules[i].seconds);
    for (size_t i = 0; i < size_count; ++i)
        if (!run_size(rules, rule_count, sizes, i, p, why)) return false;
    return true;
}
