/* kit/samplers.c: what every sampler must keep to: it places trials in the space that it is given,
 * each by itself, and as many as it says. Only the float32 half is tested, since the runner uses no
 * other: points do not depend on the precision of a run. */
#include "kit/private.h"

#include "slope/sampler.h"
#include "sweep/sampler.h"

enum { MOST_TRIALS = 300, MOST_DIMENSIONS = 6 };

typedef struct space {
    const char *what;
    size_t count;
    slope_dimension dimensions[MOST_DIMENSIONS];
} space;

#define ALWAYS SLOPE_NO_PARENT, 0

/* 36 points, with branches in branches; and one that only some samplers can fill. */
static const space of_lists = {
    "lists",
    5,
    {{"optimizer", 3, ALWAYS},
     {"optimizer.momentum", 2, 0, 1},
     {"train.batch_size", 4, ALWAYS},
     {"optimizer.memory", 5, 0, 2},
     {"optimizer.search", 2, 3, 4}},
};
static const space of_ranges = {
    "ranges",
    4,
    {{"optimizer.learning_rate", 0, ALWAYS},
     {"optimizer", 2, ALWAYS},
     {"optimizer.beta", 0, 1, 1},
     {"regularization.l2", 0, ALWAYS}},
};

/* ---- calls ----------------------------------------------------------------------------------- */

/* A sampler in one space, and what came of its trials. */
typedef struct work {
    call_host host;
    sampler sampler;
    uint64_t there;  /* trials that are looked at */
    buffer points;   /* there × dimensions */
    double *results; /* there */
} work;

static const slope_sampler *sampler_of(const subject *s)
{
    return (const slope_sampler *)s->about;
}

static slope_sampler_call call_of(const work *w, uint64_t first, size_t count, double *points)
{
    const sampler *s = &w->sampler;
    return (slope_sampler_call){.size = sizeof(slope_sampler_call),
                                .host = &w->host.host,
                                .config = s->config,
                                .seed = s->seed,
                                .wanted = s->wanted,
                                .dimension_count = s->dimension_count,
                                .dimension_size = sizeof *s->dimensions,
                                .dimensions = s->dimensions,
                                .finished_count = s->finished_count,
                                .finished_points = s->finished_points,
                                .finished_values = s->finished_values,
                                .first = first,
                                .count = count,
                                .points = points};
}

static double *point_of(const work *w, const buffer *points, uint64_t trial)
{
    return (double *)points->data + trial * w->sampler.dimension_count;
}

/* Places trials first … first + count - 1, into their place of `points`. What is written for a
 * dimension that is not there does not matter, and becomes 0. */
static void place(work *w, const buffer *points, uint64_t first, size_t count)
{
    const slope_sampler_call call = call_of(w, first, count, point_of(w, points, first));
    w->host.text[0] = '\0';
    if (w->sampler.about->sample(&call) != SLOPE_OK)
        kit_fail("trial %llu: it counted it, but does not place it: %s", (unsigned long long)first,
                 w->host.text);
    for (uint64_t t = first; t < first + count; ++t)
        for (size_t i = 0; i < call.dimension_count; ++i) {
            double *point = point_of(w, points, t);
            if (!slope_dimension_there(&call, point, i)) point[i] = 0;
        }
}

/* What a trial at this point might have come to. */
static double result_at(const work *w, const double *point)
{
    double sum = 0;
    for (size_t i = 0; i < w->sampler.dimension_count; ++i)
        sum += (point[i] - 0.3) * (point[i] - 0.3);
    return sum;
}

/* Makes ready for one space; false if it does not suit the sampler. */
static bool begin(const subject *s, const void *config, const space *in, work *w)
{
    enum { MANY = 64 };
    const uint64_t seed = s->seed + 7;
    *w = (work){.sampler = {.about = sampler_of(s),
                            .config = config,
                            .seed = seed,
                            .wanted = MANY,
                            .dimension_count = in->count,
                            .dimensions = in->dimensions}};
    call_host_init(&w->host, FLOAT32, seed);
    w->host.memory = s->memory;
    const slope_sampler_call call = call_of(w, 0, 0, NULL);
    if (sampler_of(s)->count(&call, &w->there) != SLOPE_OK) return false;
    if (w->there > MOST_TRIALS) w->there = MOST_TRIALS;
    const size_t numbers = (size_t)w->there * in->count;
    w->points = buffer_of(s->memory, numbers, sizeof(double));
    w->results = arena_alloc(s->memory, (size_t)w->there * sizeof *w->results);
    return true;
}

/* How many trials are placed at a time. */
static uint64_t round_of(const work *w)
{
    const uint64_t round = sampler_round(w->sampler.about, w->sampler.config);
    return round > 0 && round < w->there ? round : w->there;
}

/* The trials of `from` before `trial` have come to their results. */
static void finish(work *w, const work *from, uint64_t trial)
{
    if (w->sampler.about->round_parameter == NULL) return;
    w->sampler.finished_count = (size_t)trial;
    w->sampler.finished_points = from->points.data;
    w->sampler.finished_values = from->results;
}

/* Places all trials, round by round. `broken`: every other trial comes to nothing. */
static void place_all(work *w, bool broken)
{
    const uint64_t round = round_of(w);
    for (uint64_t first = 0; first < w->there; first += round) {
        const uint64_t left = w->there - first;
        finish(w, w, first);
        place(w, &w->points, first, (size_t)(left < round ? left : round));
        for (uint64_t t = first; t < first + round && t < w->there; ++t)
            w->results[t] =
                broken && t % 2 == 0 ? (double)NAN : result_at(w, point_of(w, &w->points, t));
    }
}

/* The rows of its table, as a space; NULL where they cannot be read, which one check is for. */
static const space *rows_space(const subject *s, const void *config, sampler_rows *rows)
{
    failure why;
    space *own = arena_alloc(s->memory, sizeof *own);
    if (!sampler_read_rows(s->memory, sampler_of(s), config, rows, &why)) return NULL;
    *own = (space){"the rows of its file", 1, {{"", rows->rows, ALWAYS}}};
    return own;
}

/* Calls `look` for each space that suits the sampler. How many do. */
static size_t in_each_space(const subject *s, const void *config, void *argument,
                            void (*look)(const subject *s, const space *in, work *w,
                                         void *argument))
{
    sampler_rows rows;
    size_t count = 0;
    const bool brings = sampler_has_rows(sampler_of(s));
    const space *all[] = {brings ? rows_space(s, config, &rows) : &of_lists,
                          brings ? NULL : &of_ranges};
    for (size_t i = 0; i < 2; ++i) {
        work w;
        if (all[i] == NULL || !begin(s, config, all[i], &w)) continue;
        look(s, all[i], &w, argument);
        ++count;
    }
    return count;
}

static void add_to_trace(const subject *s, const space *in, work *w, void *argument)
{
    (void)s, (void)in;
    place_all(w, false);
    trace_bytes(argument, &w->there, sizeof w->there);
    trace_buffer(argument, &w->points);
}

void exercise_sampler(const subject *s, const void *config, trace *out)
{
    in_each_space(s, config, out, add_to_trace);
    sampler_rows rows;
    if (!sampler_has_rows(sampler_of(s)) || rows_space(s, config, &rows) == NULL) return;
    for (size_t i = 0; i < rows.rows * rows.columns; ++i)
        if (rows.cells[i] != NULL) trace_bytes(out, rows.cells[i], strlen(rows.cells[i]) + 1);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void nothing(const subject *s, const space *in, work *w, void *argument)
{
    (void)s, (void)argument;
    if (w->there == 0) kit_fail("%s: it finds no trial in them, and does not fail", in->what);
}

static void suits(const subject *s, const void *config)
{
    work w;
    sampler_rows rows;
    const bool brings = sampler_has_rows(sampler_of(s));
    if (in_each_space(s, config, NULL, nothing) > 0) return;
    const space *in = brings ? rows_space(s, config, &rows) : &of_lists;
    if (in == NULL) return;
    begin(s, config, in, &w);
    if (w.host.text[0] == '\0')
        kit_fail("it refuses %s without a reason: use host->fail()", in->what);
    kit_fail("it suits %s: %s", brings ? "not its own rows" : "neither lists nor ranges",
             w.host.text);
}

static void suits_a_space(subject *s)
{
    with_every_config(s, suits);
}

static void look_at_writes(const subject *s, const space *in, work *w, void *argument)
{
    (void)s, (void)argument;
    for (size_t i = 0; i < w->points.count; ++i) put(&w->points, i, NAN);
    place_all(w, false);
    if (!guards_whole(&w->points)) kit_fail("%s: it writes outside its points", in->what);
    for (size_t i = 0; i < w->points.count; ++i)
        if (isnan(get(&w->points, i)))
            kit_fail("%s: trial %zu: it writes nothing for '%s'", in->what, i / in->count,
                     in->dimensions[i % in->count].path);
}

static void writes(const subject *s, const void *config)
{
    in_each_space(s, config, NULL, look_at_writes);
}

static void writes_its_points_only(subject *s)
{
    with_every_config(s, writes);
}

static void judge_point(const work *w, const space *in, uint64_t trial)
{
    const slope_sampler_call call = call_of(w, 0, 0, NULL);
    const double *point = point_of(w, &w->points, trial);
    for (size_t i = 0; i < in->count; ++i) {
        const slope_dimension *d = &in->dimensions[i];
        if (!slope_dimension_there(&call, point, i)) continue;
        const double end = d->choices > 0 ? (double)d->choices : 1;
        const bool whole = d->choices == 0 || point[i] == floor(point[i]);
        if (!(point[i] >= 0 && point[i] < end && whole))
            kit_fail("%s: trial %llu: %.17g is no %s of '%s'", in->what, (unsigned long long)trial,
                     point[i], d->choices > 0 ? "choice" : "place in the range", d->path);
    }
}

static void look_at_places(const subject *s, const space *in, work *w, void *argument)
{
    const bool *broken = argument;
    (void)s;
    place_all(w, *broken);
    for (uint64_t t = 0; t < w->there; ++t) judge_point(w, in, t);
}

static void inside(const subject *s, const void *config)
{
    bool broken = false;
    in_each_space(s, config, &broken, look_at_places);
}

static void stays_inside_the_space(subject *s)
{
    with_every_config(s, inside);
}

/* One by one and backwards, what was placed many at a time. */
static void look_at_pieces(const subject *s, const space *in, work *w, void *argument)
{
    (void)argument;
    place_all(w, false);
    work other = *w;
    other.points = buffer_of(s->memory, w->points.count, sizeof(double));
    const uint64_t round = round_of(w);
    for (uint64_t t = w->there; t-- > 0;) {
        finish(&other, w, t / round * round);
        place(&other, &other.points, t, 1);
    }
    if (!same_bits(&w->points, &other.points))
        kit_fail("%s: a trial lies elsewhere when it is asked for alone: let it depend on its "
                 "number, which begins at call->first",
                 in->what);
}

static void pieces(const subject *s, const void *config)
{
    in_each_space(s, config, NULL, look_at_pieces);
}

static void places_each_trial_by_itself(subject *s)
{
    with_every_config(s, pieces);
}

static void look_for_twins(const subject *s, const space *in, work *w, void *argument)
{
    (void)s, (void)argument;
    if (w->there == MOST_TRIALS) return; /* may well have more */
    place_all(w, false);
    const size_t bytes = in->count * sizeof(double);
    for (uint64_t t = 0; t < w->there; ++t)
        for (uint64_t u = 0; u < t; ++u)
            if (memcmp(point_of(w, &w->points, t), point_of(w, &w->points, u), bytes) == 0)
                kit_fail("%s: it counts %llu trials, but %llu and %llu are the same", in->what,
                         (unsigned long long)w->there, (unsigned long long)u,
                         (unsigned long long)t);
}

static void twins(const subject *s, const void *config)
{
    if (sampler_of(s)->needs_count) kit_skip("it has no end of its own");
    in_each_space(s, config, NULL, look_for_twins);
}

static void counts_what_there_is(subject *s)
{
    with_every_config(s, twins);
}

static void whole_rows(const subject *s, const void *config)
{
    failure why;
    sampler_rows rows;
    if (!sampler_has_rows(sampler_of(s))) kit_skip("it brings no rows");
    if (!sampler_read_rows(s->memory, sampler_of(s), config, &rows, &why)) kit_fail("%s", why.text);
    kit_note("%zu rows, %zu columns", rows.rows, rows.columns);
}

static void brings_whole_rows(subject *s)
{
    with_defaults(s, whole_rows);
}

static void failed_trials(const subject *s, const void *config)
{
    bool broken = true;
    if (sampler_of(s)->round_parameter == NULL) kit_skip("it does not look at results");
    in_each_space(s, config, &broken, look_at_places);
}

static double mean_result(const work *w, uint64_t first, uint64_t count)
{
    double sum = 0;
    for (uint64_t t = first; t < first + count; ++t) sum += w->results[t];
    return sum / (double)count;
}

/* A figure for those who look at results: whether it helps. */
static void note_progress(const subject *s, const space *in, work *w, void *argument)
{
    const char **comma = argument;
    const uint64_t round = round_of(w);
    (void)s;
    place_all(w, false);
    kit_note("%s%s: mean result %.3g in the first round, %.3g in the last", *comma, in->what,
             mean_result(w, 0, round), mean_result(w, w->there - round, round));
    *comma = "; ";
}

static void progress(const subject *s, const void *config)
{
    const char *comma = "";
    in_each_space(s, config, &comma, note_progress);
}

static void bears_trials_that_failed(subject *s)
{
    with_every_config(s, failed_trials);
    with_defaults(s, progress);
}

const kit_check sampler_checks[] = {
    {"suits a space", suits_a_space, STANDS_ALONE},
    {"writes its points only", writes_its_points_only, STANDS_ALONE},
    {"stays inside the space", stays_inside_the_space, STANDS_ALONE},
    {"places each trial by itself", places_each_trial_by_itself, COMPARES},
    {"counts what there is", counts_what_there_is, STANDS_ALONE},
    {"brings whole rows", brings_whole_rows, STANDS_ALONE},
    {"bears trials that failed", bears_trials_that_failed, STANDS_ALONE},
    {NULL, NULL, STANDS_ALONE},
};
