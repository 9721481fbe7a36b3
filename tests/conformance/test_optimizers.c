/* test_optimizers.c: what every update rule must keep to: it writes only where it may, remembers
 * only in its slots, and, where it says so, can be cut into slices. Whether it computes its formula
 * is the business of unit/plugins/test_optimizers.c. */
#include "conformance.h"

#include "host/description.h"
#include "slope/optimizer.h"

enum { ELEMENTS = 37, STEPS = 6, CANDIDATES = 5, MOST_COPIES = 64 };

/* One run of a rule: weights, gradient and state, each with guard zones. */
typedef struct instance {
    const subject *s;
    const slope_optimizer *rule;
    const void *config;
    call_host host;
    buffer weights, gradient;
    size_t copies;
    buffer slots[MOST_COPIES];
    bool real_slots[MOST_COPIES]; /* sliced with the weights; otherwise one double */
    random_numbers numbers;
    uint64_t step;
    double learning_rate;
} instance;

static const slope_slot *slot_at(const slope_optimizer *rule, size_t i)
{
    return (const void *)((const unsigned char *)rule->slots + i * rule->slot_size);
}

static double parameter_value(const slope_plugin *about, const void *config, const char *key,
                              double otherwise)
{
    for (size_t i = 0; key != NULL && i < about->parameter_count; ++i) {
        const slope_parameter *p = parameter_at(about->parameters, about->parameter_size, i);
        if (strcmp(p->key, key) != 0) continue;
        const unsigned char *field = (const unsigned char *)config + p->offset;
        if (p->type == SLOPE_NUMBER) return *(const double *)(const void *)field;
        if (p->type == SLOPE_INTEGER) return (double)*(const int64_t *)(const void *)field;
    }
    return otherwise;
}

static instance start(const subject *s, const void *config, uint64_t seed)
{
    instance in = {
        .s = s, .rule = (const slope_optimizer *)s->about, .config = config, .numbers = {seed}};
    call_host_init(&in.host, s->p, 1);
    in.weights = buffer_make(s, ELEMENTS);
    in.gradient = buffer_make(s, ELEMENTS);
    in.learning_rate = parameter_value(s->about, config, "learning_rate", 1.0);
    for (size_t i = 0; i < ELEMENTS; ++i) put(&in.weights, i, draw(&in.numbers));
    for (size_t i = 0; i < in.rule->slot_count; ++i) {
        const slope_slot *slot = slot_at(in.rule, i);
        const double copies =
            parameter_value(s->about, config, slot->copies_parameter, (double)slot->copies);
        for (size_t k = 0; k < (size_t)copies; ++k) {
            assert_true(in.copies < MOST_COPIES);
            const subject wide = {s->memory, s->plugin, FLOAT64, s->about};
            const bool is_real = slot->extent == SLOPE_PER_ELEMENT;
            in.real_slots[in.copies] = is_real;
            in.slots[in.copies++] = is_real ? buffer_make(s, ELEMENTS) : buffer_make(&wide, 1);
        }
    }
    return in;
}

static void check_guards(const instance *in)
{
    bool whole = guards_whole(&in->weights) && guards_whole(&in->gradient);
    for (size_t i = 0; i < in->copies; ++i) whole = whole && guards_whole(&in->slots[i]);
    if (!whole) fail_msg("it writes outside its slice");
}

/* A new gradient, between 0.1 and 1 in size, so that rounding has no sign to decide. */
static void next_gradient(instance *in)
{
    ++in->step;
    for (size_t i = 0; i < ELEMENTS; ++i) {
        const double g = draw(&in->numbers);
        put(&in->gradient, i, g + (g < 0 ? -0.1 : 0.1));
    }
}

typedef slope_status (*operation)(const slope_update *call);

/* Runs `update` or `begin` on a slice, or `solution` into `out`. */
static void run_slice(instance *in, operation run, buffer *out, size_t first, size_t end)
{
    void *slots[MOST_COPIES];
    for (size_t i = 0; i < in->copies; ++i)
        slots[i] = in->real_slots[i] ? from_element(&in->slots[i], first) : in->slots[i].data;
    const buffer given = buffer_copy(in->s, &in->gradient);
    const slope_update call = {.size = sizeof call,
                               .host = &in->host.host,
                               .config = in->config,
                               .n = end - first,
                               .first = first,
                               .weights = from_element(&in->weights, first),
                               .gradient = out ? NULL : from_element(&in->gradient, first),
                               .slots = slots,
                               .step = in->step,
                               .learning_rate = in->learning_rate,
                               .loss = 1.0};
    if (out != NULL)
        in->rule->solution(&call, from_element(out, first));
    else if (run(&call) != SLOPE_OK)
        fail_msg("it fails: %s", in->host.text);
    if (!same_bits(&given, &in->gradient)) fail_msg("it changes the gradient");
    check_guards(in);
}

static void begin_step(instance *in)
{
    next_gradient(in);
    const operation begin = LATER_OPERATION(in->rule, begin);
    const buffer before = buffer_copy(in->s, &in->weights);
    if (begin != NULL) run_slice(in, begin, NULL, 0, ELEMENTS);
    if (!same_bits(&before, &in->weights)) fail_msg("its begin moves the weights");
}

static void step_whole(instance *in)
{
    begin_step(in);
    run_slice(in, in->rule->update, NULL, 0, ELEMENTS);
}

static void step_in_slices(instance *in)
{
    const size_t cuts[] = {0, 1, 3, 16, 16, 33, ELEMENTS};
    begin_step(in);
    for (size_t i = sizeof cuts / sizeof *cuts - 1; i > 0; --i)
        if (cuts[i] > cuts[i - 1]) run_slice(in, in->rule->update, NULL, cuts[i - 1], cuts[i]);
}

static bool same_instance(const instance *one, const instance *other)
{
    bool same = same_bits(&one->weights, &other->weights);
    for (size_t i = 0; i < one->copies; ++i)
        same = same && same_bits(&one->slots[i], &other->slots[i]);
    return same;
}

/* What is evaluated: the weights before the first step, finite after it, the same however it is cut,
 * and made without a trace. */
static void solution_is_a_function_of_the_state(const subject *s, const void *config)
{
    instance in = start(s, config, 1);
    if (LATER_OPERATION(in.rule, solution) == NULL) return;
    for (int k = 0; k <= STEPS; ++k) {
        buffer whole = buffer_make(s, ELEMENTS), cut = buffer_make(s, ELEMENTS);
        const instance before = in;
        const buffer weights = buffer_copy(s, &in.weights);
        run_slice(&in, NULL, &whole, 0, ELEMENTS);
        run_slice(&in, NULL, &cut, 20, ELEMENTS);
        run_slice(&in, NULL, &cut, 0, 20);
        if (!guards_whole(&whole) || !guards_whole(&cut)) fail_msg("solution writes outside");
        if (!same_bits(&whole, &cut)) fail_msg("slices of the solution give other bits");
        if (!same_instance(&before, &in) || !same_bits(&weights, &in.weights))
            fail_msg("solution changes the state");
        if (k == 0 && !same_bits(&whole, &weights))
            fail_msg("the solution before the first step is not the start");
        for (size_t i = 0; i < ELEMENTS; ++i)
            if (!isfinite(get(&whole, i))) fail_msg("solution %zu is not finite", i);
        step_whole(&in);
    }
}

/* ---- rules that use the gradient
 * -------------------------------------------------------------------- */

static void moves_and_stays_finite(const instance *in, const instance *before)
{
    if (same_bits(&in->weights, &before->weights)) fail_msg("it never moves the weights");
    for (size_t i = 0; i < ELEMENTS; ++i)
        if (!isfinite(get(&in->weights, i))) fail_msg("weight %zu is no longer finite", i);
}

static void precisions_agree(const subject *s, const void *config, const instance *narrow)
{
    const subject other = {s->memory, s->plugin, FLOAT64, s->plugin->description[FLOAT64]};
    if (s->p == FLOAT64 || other.about == NULL) return;
    instance wide = start(&other, config, 1);
    for (int k = 0; k < STEPS; ++k) step_whole(&wide);
    for (size_t i = 0; i < ELEMENTS; ++i)
        if (!close_to(get(&narrow->weights, i), get(&wide.weights, i), 2e-5))
            fail_msg("weight %zu is %.9g in float32, %.9g in float64", i, get(&narrow->weights, i),
                     get(&wide.weights, i));
}

static void gradient_rule(const subject *s, const void *config)
{
    const instance before = start(s, config, 1);
    instance alone = start(s, config, 1);
    for (int k = 0; k < STEPS; ++k) step_whole(&alone);
    moves_and_stays_finite(&alone, &before);

    instance one = start(s, config, 1), other = start(s, config, 2);
    for (int k = 0; k < STEPS; ++k) {
        step_whole(&one);
        step_whole(&other);
    }
    if (!same_instance(&alone, &one))
        fail_msg("an instance is disturbed by another: state must live in slots");

    instance sliced = start(s, config, 1);
    if (alone.rule->scope == SLOPE_SCOPE_ELEMENT) {
        for (int k = 0; k < STEPS; ++k) step_in_slices(&sliced);
        if (!same_instance(&alone, &sliced)) fail_msg("slices give other bits than one call");
    }
    precisions_agree(s, config, &alone);
    solution_is_a_function_of_the_state(s, config);
}

/* ---- rules that propose candidates
 * ------------------------------------------------------------------ */

/* One step: the objective is the sum of squares, or nan for all candidates if `useless`. */
static void population_step(instance *in, bool useless)
{
    const subject *s = in->s;
    const size_t count =
        (size_t)parameter_value(s->about, in->config, in->rule->count_parameter, 1);
    buffer *all = arena_alloc(s->memory, count * sizeof *all);
    void **candidates = arena_alloc(s->memory, count * sizeof *candidates), *slots[MOST_COPIES];
    double *losses = arena_alloc(s->memory, count * sizeof *losses);
    for (size_t i = 0; i < in->copies; ++i) slots[i] = in->slots[i].data;
    for (size_t k = 0; k < count; ++k) {
        all[k] = buffer_make(s, ELEMENTS);
        candidates[k] = all[k].data;
    }
    slope_population call = {.size = sizeof call,
                             .host = &in->host.host,
                             .config = in->config,
                             .n = ELEMENTS,
                             .count = count,
                             .candidates = candidates,
                             .weights = in->weights.data,
                             .slots = slots,
                             .step = ++in->step,
                             .learning_rate = in->learning_rate};
    const buffer before = buffer_copy(s, &in->weights);
    if (in->rule->propose(&call) != SLOPE_OK) fail_msg("it proposes nothing: %s", in->host.text);
    if (!same_bits(&before, &in->weights))
        fail_msg("it moves the weights before it is told losses");
    for (size_t k = 0; k < count; ++k) {
        losses[k] = useless ? NAN : 0;
        for (size_t i = 0; i < ELEMENTS; ++i) {
            const double w = get(&all[k], i);
            if (!isfinite(w)) fail_msg("candidate %zu: element %zu is not finite", k, i);
            losses[k] += w * w;
        }
    }
    call.losses = losses;
    if (in->rule->select(&call) != SLOPE_OK) fail_msg("it selects nothing: %s", in->host.text);
    check_guards(in);
    for (size_t k = 0; k < count; ++k)
        if (!guards_whole(&all[k])) fail_msg("it writes outside candidate %zu", k);
}

static void population_rule(const subject *s, const void *config)
{
    const instance before = start(s, config, 1);
    instance alone = start(s, config, 1), one = start(s, config, 1), other = start(s, config, 2);
    for (int k = 0; k < STEPS; ++k) {
        population_step(&alone, false);
        population_step(&one, false);
        population_step(&other, false);
    }
    moves_and_stays_finite(&alone, &before);
    if (!same_instance(&alone, &one))
        fail_msg("an instance is disturbed by another: state must live in slots");
    instance lost = start(s, config, 1);
    for (int k = 0; k < STEPS; ++k) population_step(&lost, true);
    for (size_t i = 0; i < ELEMENTS; ++i)
        if (!isfinite(get(&lost.weights, i)))
            fail_msg("weight %zu is not finite when no candidate has a loss", i);
}

static void one_config(const subject *s, const void *config)
{
    const slope_optimizer *rule = (const slope_optimizer *)s->about;
    if (rule->scope == SLOPE_SCOPE_POPULATION)
        population_rule(s, config);
    else if (rule->scope != SLOPE_SCOPE_MODEL) /* those need the host's objective: tested by runs */
        gradient_rule(s, config);
}

static void every_optimizer(void **state)
{
    with_every_config(*state, one_config);
}

int main(int argc, char **argv)
{
    return conformance_run(argc, argv, SLOPE_KIND_OPTIMIZER, every_optimizer);
}
