/* kit/pruners.c: what every pruner must keep to, at many rungs and for many tables of values. Only
 * the float32 half is tested, since the runner uses no other: decisions do not depend on the
 * precision of a run. */
#include "kit/private.h"

#include "slope/pruner.h"

enum { RUNGS = 4, NOT_WRITTEN = 2 };

/* ---- rungs ----------------------------------------------------------------------------------- */

static const uint64_t totals[] = {0, 1, 10, 12345, UINT64_C(1) << 40}, epochs[] = {1, 7, 469};

static uint64_t rung_at(const subject *s, const void *config, size_t rung, uint64_t total,
                        uint64_t per_epoch)
{
    call_host host;
    call_host_init(&host, FLOAT32, 0);
    host.memory = s->memory;
    return ((const slope_pruner *)s->about)
        ->rung(&(slope_pruner_call){.size = sizeof(slope_pruner_call),
                                    .host = &host.host,
                                    .config = config,
                                    .rung = rung,
                                    .total_steps = total,
                                    .steps_per_epoch = per_epoch});
}

/* Calls `look` for the first rungs of runs of several lengths. */
static void each_ladder(const subject *s, const void *config, void *argument,
                        void (*look)(void *argument, const uint64_t *rungs, size_t count))
{
    enum { MANY = 100 };
    uint64_t rungs[MANY];
    for (size_t t = 0; t < sizeof totals / sizeof *totals; ++t)
        for (size_t e = 0; e < sizeof epochs / sizeof *epochs; ++e) {
            for (size_t r = 0; r < MANY; ++r)
                rungs[r] = rung_at(s, config, r, totals[t], epochs[e]);
            look(argument, rungs, MANY);
        }
}

static void judge_ladder(void *argument, const uint64_t *rungs, size_t count)
{
    (void)argument;
    for (size_t r = 1; r < count; ++r) {
        if (rungs[r - 1] == 0 && rungs[r] != 0)
            kit_fail("there is a rung %zu, but none before it", r);
        if (rungs[r] != 0 && rungs[r] <= rungs[r - 1])
            kit_fail("rung %zu is at step %llu, the one before it at %llu", r,
                     (unsigned long long)rungs[r], (unsigned long long)rungs[r - 1]);
    }
}

static void ladders(const subject *s, const void *config)
{
    each_ladder(s, config, NULL, judge_ladder);
}

static void rungs_lie_one_after_the_other(subject *s)
{
    with_every_config(s, ladders);
}

/* ---- decisions ------------------------------------------------------------------------------- */

typedef enum content {
    DRAWN,      /* numbers that look random */
    EQUAL,      /* the same number everywhere */
    SOME_BLANK, /* drawn, but every third trial has no number at its last rung, nor before */
    ALL_BLANK,
} content;

typedef struct scene {
    size_t count, earlier_count, rung;
    buffer values, earlier;
    unsigned char *keep; /* count, of 0 and 1; NOT_WRITTEN before */
    buffer guarded;      /* in which they lie */
} scene;

static void fill(buffer *b, size_t rungs, content what, random_numbers *numbers)
{
    for (size_t i = 0; i < b->count; ++i) {
        const bool blank = what == ALL_BLANK || (what == SOME_BLANK && i / rungs % 3 == 1);
        const double drawn = draw(numbers);
        put(b, i, blank ? (double)NAN : what == EQUAL ? 0.5 : drawn);
    }
}

/* Lets the pruner decide. */
static void decide(const subject *s, const void *config, scene *now)
{
    call_host host;
    call_host_init(&host, FLOAT32, 0);
    host.memory = s->memory;
    const slope_pruner_call call = {.size = sizeof call,
                                    .host = &host.host,
                                    .config = config,
                                    .rung = now->rung,
                                    .count = now->count,
                                    .values = now->values.data,
                                    .earlier_count = now->earlier_count,
                                    .earlier = now->earlier.data,
                                    .keep = now->guarded.data};
    memset(now->guarded.data, NOT_WRITTEN, now->count);
    if (((const slope_pruner *)s->about)->decide(&call) != SLOPE_OK)
        kit_fail("%zu trials at rung %zu: it fails: %s", now->count, now->rung, host.text);
    now->keep = now->guarded.data;
}

/* Calls `look` after decisions about few and many trials, at several rungs. Those who came earlier
 * are left out if `alone`. */
static void each_scene(const subject *s, const void *config, content what, bool alone,
                       void *argument, void (*look)(void *argument, const scene *now))
{
    static const size_t counts[] = {1, 2, 3, 10, 27}, earlier[] = {0, 7, 12};
    random_numbers numbers = {s->seed + 1};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; ++c)
        for (size_t e = 0; e < (alone ? 1 : sizeof earlier / sizeof *earlier); ++e)
            for (size_t r = 0; r < RUNGS; ++r) {
                scene now = {counts[c], earlier[e], r, .keep = NULL};
                now.values = buffer_of(s->memory, counts[c] * (r + 1), sizeof(double));
                now.earlier = buffer_of(s->memory, earlier[e] * (r + 1), sizeof(double));
                now.guarded = buffer_of(s->memory, counts[c], 1);
                fill(&now.values, r + 1, what, &numbers);
                fill(&now.earlier, r + 1, what == ALL_BLANK ? DRAWN : what, &numbers);
                decide(s, config, &now);
                look(argument, &now);
            }
}

static void add_ladder(void *argument, const uint64_t *rungs, size_t count)
{
    trace_bytes(argument, rungs, count * sizeof *rungs);
}

static void add_decisions(void *argument, const scene *now)
{
    trace_bytes(argument, now->keep, now->count);
}

void exercise_pruner(const subject *s, const void *config, trace *out)
{
    each_ladder(s, config, out, add_ladder);
    each_scene(s, config, DRAWN, false, out, add_decisions);
}

static void judge_writes(void *argument, const scene *now)
{
    (void)argument;
    if (!guards_whole(&now->guarded)) kit_fail("it writes outside its decisions");
    for (size_t i = 0; i < now->count; ++i)
        if (now->keep[i] > 1)
            kit_fail("trial %zu of %zu at rung %zu: it does not decide", i, now->count, now->rung);
}

static void writes(const subject *s, const void *config)
{
    each_scene(s, config, DRAWN, false, NULL, judge_writes);
}

static void decides_for_each(subject *s)
{
    with_every_config(s, writes);
}

static void judge_survivors(void *argument, const scene *now)
{
    for (size_t i = 0; i < now->count; ++i)
        if (now->keep[i] == 1) return;
    kit_fail("%zu trials at rung %zu, %s: it ends them all", now->count, now->rung,
             (const char *)argument);
}

static void survivors(const subject *s, const void *config)
{
    static char drawn[] = "values drawn", equal[] = "values equal", none[] = "values nan";
    each_scene(s, config, DRAWN, true, drawn, judge_survivors);
    each_scene(s, config, EQUAL, true, equal, judge_survivors);
    each_scene(s, config, ALL_BLANK, true, none, judge_survivors);
}

static void keeps_at_least_one(subject *s)
{
    with_every_config(s, survivors);
}

/* Whether trial i was better than k at every rung. */
static bool better(const scene *now, size_t i, size_t k)
{
    const size_t rungs = now->rung + 1;
    for (size_t r = 0; r < rungs; ++r)
        if (!(get(&now->values, i * rungs + r) < get(&now->values, k * rungs + r))) return false;
    return true;
}

static void judge_fairness(void *argument, const scene *now)
{
    (void)argument;
    for (size_t i = 0; i < now->count; ++i)
        for (size_t k = 0; k < now->count; ++k)
            if (now->keep[i] == 0 && now->keep[k] == 1 && better(now, i, k))
                kit_fail("%zu trials at rung %zu: %zu was better than %zu at every rung, and goes "
                         "in its place: smaller is better",
                         now->count, now->rung, i, k);
}

static void fairness(const subject *s, const void *config)
{
    each_scene(s, config, DRAWN, false, NULL, judge_fairness);
}

static void keeps_the_better_of_two(subject *s)
{
    with_every_config(s, fairness);
}

static void judge_blanks(void *argument, const scene *now)
{
    const size_t rungs = now->rung + 1;
    (void)argument;
    for (size_t i = 0; i < now->count; ++i)
        for (size_t k = 0; k < now->count; ++k)
            if (now->keep[i] == 0 && now->keep[k] == 1 && !isnan(get(&now->values, i * rungs)) &&
                isnan(get(&now->values, k * rungs)))
                kit_fail("%zu trials at rung %zu: %zu has no number and stays, %zu has one and "
                         "goes: nan is the worst",
                         now->count, now->rung, k, i);
}

static void blanks(const subject *s, const void *config)
{
    each_scene(s, config, SOME_BLANK, false, NULL, judge_blanks);
}

static void takes_nan_for_the_worst(subject *s)
{
    with_every_config(s, blanks);
}

const kit_check pruner_checks[] = {
    {"rungs lie one after the other", rungs_lie_one_after_the_other, STANDS_ALONE},
    {"decides for each trial and no other", decides_for_each, STANDS_ALONE},
    {"keeps at least one", keeps_at_least_one, STANDS_ALONE},
    {"keeps the better of two", keeps_the_better_of_two, STANDS_ALONE},
    {"takes nan for the worst", takes_nan_for_the_worst, STANDS_ALONE},
    {NULL, NULL, STANDS_ALONE},
};
