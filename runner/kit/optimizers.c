/* kit/optimizers.c: what every update rule must keep to: it writes only where it may, remembers
 * only in its slots, can be cut into slices where it says so, and goes downhill. */
#include "kit/instance.h"

enum { STEPS = 6 };

static slope_scope scope_of(const subject *s)
{
    return ((const slope_optimizer *)s->about)->scope;
}

static instance *start(const subject *s, const void *config, uint64_t seed)
{
    instance *in = arena_alloc(s->memory, sizeof *in);
    instance_start(in, s, config, usual_problem(s), seed);
    return in;
}

static void steps(instance *in, int count)
{
    for (int k = 0; k < count; ++k) instance_step(in, NULL);
}

void exercise_optimizer(const subject *s, const void *config, trace *out)
{
    instance *in = start(s, config, 1 + s->seed);
    for (int k = 0; k < STEPS; ++k) {
        instance_step(in, NULL);
        const buffer solution = instance_solution(in, NULL);
        trace_buffer(out, &solution);
    }
    instance_trace(in, out);
}

/* ---- memory and state ------------------------------------------------------------------------ */

static void own_slice(const subject *s, const void *config)
{
    instance *in = start(s, config, 1);
    in->strict = true;
    for (int k = 0; k < STEPS; ++k) {
        instance_step(in, NULL);
        if (!instance_guards_whole(in)) kit_fail("it writes outside its slice");
        if (usual_problem(s) != &noise_problem) continue;
        const buffer expected = buffer_make(s, in->problem->n);
        in->problem->value(in->problem, in->step, &in->weights, (buffer *)(uintptr_t)&expected);
        if (!same_bits(&expected, &in->gradient)) kit_fail("it changes the gradient");
    }
}

static void writes_its_slice_only(subject *s)
{
    with_every_config(s, own_slice);
}

static void together(const subject *s, const void *config)
{
    instance *first = start(s, config, 1), *one = start(s, config, 1);
    instance *second = start(s, config, 2), *other = start(s, config, 2);
    steps(first, STEPS);
    steps(second, STEPS);
    for (int k = 0; k < STEPS; ++k) {
        steps(one, 1);
        steps(other, 1);
    }
    if (!instance_same(first, one) || !instance_same(second, other))
        kit_fail("an instance is disturbed by another: state must live in slots");
}

static void bears_company(subject *s)
{
    with_every_config(s, together);
}

static void resumed(const subject *s, const void *config)
{
    instance *through = start(s, config, 1), *killed = start(s, config, 1), *again;
    steps(through, 2 * STEPS);
    steps(killed, STEPS);
    again = arena_alloc(s->memory, sizeof *again);
    instance_restore(again, killed);
    steps(again, STEPS);
    if (!instance_same(through, again))
        kit_fail("weights and slots restored in other memory go on to another result: it "
                 "remembers something that no checkpoint holds");
}

static void survives_a_checkpoint(subject *s)
{
    with_every_config(s, resumed);
}

static void sliced(const subject *s, const void *config)
{
    const size_t cuts[] = {0, 1, 3, 16, 16, 33, usual_problem(s)->n};
    instance *whole = start(s, config, 1), *cut = start(s, config, 1);
    if (scope_of(s) != SLOPE_SCOPE_ELEMENT) kit_skip("its scope is not ELEMENT");
    for (int k = 0; k < STEPS; ++k) {
        instance_step(whole, NULL);
        instance_step(cut, cuts);
    }
    if (!instance_same(whole, cut))
        kit_fail("slices give other bits than one call: is its scope really ELEMENT?");
}

static void bears_slices(subject *s)
{
    with_every_config(s, sliced);
}

/* What is evaluated: the weights before the first step, finite after it, the same however it is
 * cut, and made without a trace. */
static void solved(const subject *s, const void *config)
{
    const size_t cuts[] = {0, 20, usual_problem(s)->n};
    instance *in = start(s, config, 1), before;
    if (LATER_OPERATION(in->rule, solution) == NULL) kit_skip("its solution is the weights");
    in->strict = true;
    for (int k = 0; k <= STEPS; ++k) {
        instance_restore(&before, in);
        const buffer whole = instance_solution(in, NULL);
        const buffer cut = scope_of(s) == SLOPE_SCOPE_ELEMENT ? instance_solution(in, cuts) : whole;
        if (!same_bits(&whole, &cut)) kit_fail("slices of the solution give other bits");
        if (!instance_same(&before, in)) kit_fail("solution changes the state");
        if (k == 0 && !same_bits(&whole, &in->weights))
            kit_fail("the solution before the first step is not the start");
        for (size_t i = 0; i < whole.count; ++i)
            if (!isfinite(get(&whole, i))) kit_fail("element %zu of the solution is not finite", i);
        instance_step(in, NULL);
    }
}

static void solution_is_a_function_of_the_state(subject *s)
{
    with_every_config(s, solved);
}

/* ---- results --------------------------------------------------------------------------------- */

static void both(const subject *s, const void *config)
{
    subject other;
    if (!other_precision(s, &other)) return;
    /* Searches take decisions, which rounding may turn: they come as near as they can. */
    const double tolerance = usual_problem(s) == &noise_problem ? 2e-5 : 1e-3;
    instance *narrow = start(s, config, 1), *wide = start(&other, config, 1);
    for (size_t i = 0; i < wide->weights.count; ++i)
        put(&wide->weights, i, get(&narrow->weights, i));
    steps(narrow, STEPS);
    steps(wide, STEPS);
    for (size_t i = 0; i < narrow->weights.count; ++i)
        if (!close_to(get(&narrow->weights, i), get(&wide->weights, i), tolerance))
            kit_fail("weight %zu is %.9g in float32, %.9g in float64", i, get(&narrow->weights, i),
                     get(&wide->weights, i));
}

static void precisions_agree(subject *s)
{
    if (s->halves[FLOAT64] == NULL)
        kit_skip("it is compiled for float32 only (`slope compile` makes both)");
    with_every_config(s, both);
}

/* It may fail, and its weights may be lost, but it must come back. */
static void not_finite(const subject *s, const void *config)
{
    for (int kind = 0; kind < 3; ++kind) {
        instance *in = start(s, config, 1);
        steps(in, 2);
        instance_bad_step(in, kind);
        instance_bad_step(in, kind);
        const bool candidates = scope_of(s) == SLOPE_SCOPE_POPULATION;
        for (size_t i = 0; candidates && i < in->weights.count; ++i)
            if (!isfinite(get(&in->weights, i)))
                kit_fail("weight %zu is not finite when no candidate has a loss", i);
    }
}

static void survives_what_is_not_finite(subject *s)
{
    with_every_config(s, not_finite);
}

/* Value at the solution after so many steps from there. */
static double minimise(const subject *s, const void *config, const problem *p, const double *from,
                       int count, double *first)
{
    instance in;
    instance_start(&in, s, config, p, 1);
    for (size_t i = 0; i < p->n; ++i) put(&in.weights, i, from[i < 2 ? i : 1]);
    *first = p->value(p, 0, &in.weights, NULL);
    buffer ahead = buffer_make(s, p->n);
    for (int k = 0; k < count; ++k) {
        instance_step(&in, NULL);
        if (!isfinite(p->value(p, 0, &in.weights, &ahead))) return NAN;
        for (size_t i = 0; i < p->n; ++i)
            if (!isfinite(get(&ahead, i))) return NAN; /* another check asks how that is borne */
    }
    const buffer solution = instance_solution(&in, NULL);
    return p->value(p, 0, &solution, NULL);
}

static void downhill(const subject *s, const void *config)
{
    enum { COUNT = 1000 };
    const double corner[] = {-1.0, -0.5}, usual[] = {-1.2, 1.0};
    double first, last;
    if (s->p == FLOAT32 && s->halves[FLOAT64] != NULL) return;
    last = minimise(s, config, &quadratic_problem, corner, COUNT, &first);
    if (!isfinite(last)) kit_fail("it diverges on a convex quadratic, from its defaults");
    if (last >= first)
        kit_fail("it does not get lower on a convex quadratic in %d steps: %.4g, then %.4g", COUNT,
                 first, last);
    kit_note("%d steps: quadratic %.3g to %.3g", COUNT, first, last);
    last = minimise(s, config, &rosenbrock_problem, usual, COUNT, &first);
    if (isfinite(last))
        kit_note(", Rosenbrock %.3g to %.3g", first, last);
    else
        kit_note(", Rosenbrock: diverges");
}

static void goes_downhill(subject *s)
{
    with_defaults(s, downhill);
}

const kit_check optimizer_checks[] = {
    {"writes its slice only", writes_its_slice_only, STANDS_ALONE},
    {"two instances do not disturb each other", bears_company, COMPARES},
    {"survives a checkpoint", survives_a_checkpoint, COMPARES},
    {"slices give the bits of one call", bears_slices, COMPARES},
    {"solution is a function of the state", solution_is_a_function_of_the_state, STANDS_ALONE},
    {"survives what is not finite", survives_what_is_not_finite, STANDS_ALONE},
    {"precisions agree", precisions_agree, STANDS_ALONE},
    {"goes downhill", goes_downhill, STANDS_ALONE},
    {NULL, NULL, STANDS_ALONE},
};
