/* record/progress.c: see progress.h. */
#include "record/progress.h"

#include "base/arena.h"
#include "record/terminal.h"

#include <math.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_BETWEEN_DRAWINGS 0.1
#define SECONDS_BETWEEN_LINES    5.0

struct progress {
    bool quiet;
    bool rewrites;        /* a terminal */
    bool shown;           /* there is a line that progress_clear must remove */
    _Atomic double drawn; /* time of the last drawing */
    double created;
    /* When the trial began, or was first heard of, and how much of it was done by then (a resumed
     * trial begins in the middle): the rest is guessed from the speed since. */
    size_t trial;
    double began, fraction_then;
};

/* A line while it is put together. */
typedef struct line {
    char text[1024];
    size_t length;
} line;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- parts of a line ------------------------------------------------------------------------- */

static void add(line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const size_t room = sizeof l->text - l->length;
    const int length = vsnprintf(l->text + l->length, room, format, args);
    va_end(args);
    if (length > 0) l->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* "validation_accuracy" as people say it: "val acc". */
static void add_metric(line *l, const char *name, double value)
{
    if (isnan(value) || !name) return;
    const char *split = strncmp(name, "validation_", 11) == 0 ? "val "
                        : strncmp(name, "train_", 6) == 0     ? "train "
                        : strncmp(name, "test_", 5) == 0      ? "test "
                                                              : "";
    const char *last = strrchr(name, '_');
    const char *what = last && *split ? last + 1 : name;
    add(l, "  %s%s %.4f", split, strcmp(what, "accuracy") == 0 ? "acc" : what, value);
}

static void add_rate(line *l, double rows)
{
    if (!(rows > 0.0) || !isfinite(rows)) return;
    static const struct {
        double unit;
        const char *letter;
    } units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1.0, ""}};
    size_t u = 0;
    while (u < 3 && rows < units[u].unit) u++;
    const double value = rows / units[u].unit;
    add(l, "  %.*f%s rows/s", value < 10 && u < 3 ? 1 : 0, value, units[u].letter);
}

static void add_duration(line *l, double seconds)
{
    if (!(seconds >= 0.0) || seconds > 1e7) return;
    const long whole = lround(seconds);
    if (whole >= 3600)
        add(l, "  %ld:%02ld:%02ld left", whole / 3600, whole / 60 % 60, whole % 60);
    else
        add(l, "  %ld:%02ld left", whole / 60, whole % 60);
}

static void add_trial(line *l, const progress_state *s)
{
    if (s->trial_count > 1) add(l, "trial %zu/%zu ", s->trial, s->trial_count);
    add(l, "%s", s->label ? s->label : "");
}

/* Seconds that the trial still needs at the speed so far; NAN if that cannot be said. */
static double seconds_left(const progress *p, const progress_state *s)
{
    const double done = s->fraction - p->fraction_then;
    if (!(done > 0.0)) return NAN;
    return (now() - p->began) / done * (1.0 - s->fraction);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void rewrite(progress *p, line *l)
{
    terminal_clean(l->text);
    /* One column stays free: a full line would move some terminals to the next. */
    const size_t width = terminal_width(stderr);
    const size_t bytes = width ? terminal_fit(l->text, width - 1, NULL) : l->length;
    fprintf(stderr, "\r%.*s\033[K", (int)bytes, l->text);
    fflush(stderr);
    p->shown = true;
}

static void draw(progress *p, const progress_state *s)
{
    line l = {.length = 0};
    add_trial(&l, s);
    add(&l, "  epoch %.1f", s->epoch);
    if (s->epochs > 0.0) add(&l, "/%g", s->epochs);
    add_metric(&l, s->loss_name, s->loss);
    add_metric(&l, s->accuracy_name, s->accuracy);
    add_rate(&l, s->rows_per_second);
    add_duration(&l, seconds_left(p, s));
    if (!isnan(s->best_accuracy)) add(&l, "  best %.4f", s->best_accuracy);
    rewrite(p, &l);
}

static void print_plain(const progress_state *s)
{
    line l = {.length = 0};
    add_trial(&l, s);
    add(&l, "  step %llu  epoch %.4g", (unsigned long long)s->step, s->epoch);
    add_metric(&l, s->loss_name, s->loss);
    add_metric(&l, s->accuracy_name, s->accuracy);
    add_rate(&l, s->rows_per_second);
    terminal_clean(l.text);
    fprintf(stderr, "%s\n", l.text);
}

/* ---- the interface --------------------------------------------------------------------------- */

progress *progress_create(bool quiet)
{
    progress *p = allocate(1, sizeof *p);
    p->quiet = quiet;
    p->rewrites = terminal_is(stderr);
    p->created = now();
    p->drawn = p->rewrites ? -INFINITY : p->created;
    return p;
}

static void notice_trial(progress *p, const progress_state *s, double time)
{
    if (s->trial == p->trial) return;
    p->trial = s->trial;
    p->began = time;
    p->fraction_then = isnan(s->fraction) ? 0.0 : s->fraction;
}

void progress_update(progress *p, const progress_state *state)
{
    if (p->quiet || !p->rewrites) return;
    const double time = now();
    notice_trial(p, state, time);
    if (time - p->drawn < SECONDS_BETWEEN_DRAWINGS) return;
    p->drawn = time;
    draw(p, state);
}

void progress_evaluation(progress *p, const progress_state *state)
{
    if (p->quiet) return;
    if (!p->rewrites) {
        print_plain(state);
        return;
    }
    const double time = now();
    p->drawn = time;
    notice_trial(p, state, time);
    draw(p, state);
}

bool progress_is_due(const progress *p)
{
    if (!p || p->quiet) return false;
    return now() - p->drawn >= (p->rewrites ? SECONDS_BETWEEN_DRAWINGS : SECONDS_BETWEEN_LINES);
}

void progress_show_sweep(progress *p, const progress_sweep *s)
{
    line l = {.length = 0};
    const double time = now(), seconds = time - p->created;
    const double ran = (double)(s->done - s->done_before) + s->under_way;
    const double left = (double)(s->total - s->done) - s->under_way;
    p->drawn = time;
    add(&l, "%zu/%zu trials", s->done, s->total);
    if (ran > 0 && seconds > 0) {
        add(&l, ran / seconds >= 10 ? "  %.0f trials/s" : "  %.2g trials/s", ran / seconds);
        add_duration(&l, seconds / ran * left);
    }
    if (s->failures) add(&l, "  %zu failed", s->failures);
    if (!isnan(s->best)) add_metric(&l, s->best_name, s->best);
    if (!isnan(s->best)) add(&l, " (best)");
    if (p->rewrites) {
        rewrite(p, &l);
    } else {
        terminal_clean(l.text);
        fprintf(stderr, "%s\n", l.text);
    }
}

void progress_clear(progress *p)
{
    if (!p->shown) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
}

void progress_destroy(progress *p)
{
    if (!p) return;
    progress_clear(p);
    free(p);
}
