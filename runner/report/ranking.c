/* report/ranking.c: see ranking.h. */
#include "report/ranking.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool contains_word(const char *column, const char *const *words)
{
    for (; *words; words++)
        if (strstr(column, *words)) return true;
    return false;
}

bool more_is_better(const char *column)
{
    static const char *const words[] = {"accuracy", "r2", NULL};
    return contains_word(column, words);
}

/* A result of training, which a trial that failed has not earned. */
static bool is_score(const char *column)
{
    static const char *const words[] = {"accuracy", "r2",        "_loss", "_mse",
                                        "_mae",     "objective", NULL};
    return contains_word(column, words);
}

bool is_better(const char *column, double one, double other)
{
    if (isnan(one) || isnan(other)) return !isnan(one) && isnan(other);
    return more_is_better(column) ? one > other : one < other;
}

/* ---- the metric ------------------------------------------------------------------------------ */

/* How many of the finished trials have the metric. */
static size_t count_finished(const results *r, size_t column, size_t *finished)
{
    size_t with = 0;
    *finished = 0;
    for (size_t row = 0; row < r->count; row++) {
        if (!results_finished(r, row)) continue;
        ++*finished;
        with += isnan(results_number(r, row, column)) ? 0 : 1;
    }
    return with;
}

const char *ranking_metric(const results *r)
{
    static const char *const metrics[] = {"validation_accuracy", "validation_r2",
                                          "validation_loss",     "train_loss",
                                          "train_objective",     NULL};
    if (r->metric && results_column(r, r->metric) != SIZE_MAX) return r->metric;
    const char *some = NULL;
    for (const char *const *metric = metrics; *metric; metric++) {
        size_t finished;
        const size_t column = results_column(r, *metric);
        const size_t with = count_finished(r, column, &finished);
        if (with && with == finished) return *metric;
        if (with && !some) some = *metric;
    }
    return some;
}

/* ---- order ----------------------------------------------------------------------------------- */

typedef struct place {
    int class;    /* 0 stands before 1 */
    double value; /* smaller stands first */
    const char *text;
    double trial;
    size_t row;
} place;

static int by_place(const void *one, const void *other)
{
    const place *a = one, *b = other;
    if (a->class != b->class) return a->class < b->class ? -1 : 1;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    const int texts = strcmp(a->text, b->text);
    if (texts) return texts;
    if (a->trial != b->trial) return a->trial < b->trial ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static int by_place_reversed(const void *one, const void *other)
{
    const place *a = one, *b = other;
    if (a->class != b->class) return a->class < b->class ? -1 : 1;
    if (a->value != b->value) return a->value > b->value ? -1 : 1;
    const int texts = strcmp(b->text, a->text);
    return texts ? texts : by_place(one, other);
}

static int class_of(const results *r, size_t row, bool score, bool there)
{
    enum { MISSING = 3 };
    if (!there) return MISSING;
    if (!score || results_finished(r, row)) return 0;
    return results_failed(r, row) ? 2 : 1;
}

static bool all_numbers(const results *r, size_t column)
{
    for (size_t row = 0; row < r->count; row++) {
        const char *text = results_text(r, row, column);
        if (*text && strcmp(text, "nan") != 0 && isnan(number_of(text))) return false;
    }
    return true;
}

const size_t *ranking_order(const results *r, const char *name, bool reverse)
{
    const size_t column = results_column(r, name), trial = results_column(r, "trial");
    const bool numbers = all_numbers(r, column), score = is_score(name);
    const double sign = more_is_better(name) ? -1 : 1;
    place *places = arena_alloc(r->memory, r->count * sizeof *places);
    for (size_t row = 0; row < r->count; row++) {
        const char *text = results_text(r, row, column);
        const double value = numbers ? number_of(text) : 0;
        const bool there = numbers ? !isnan(value) : *text;
        places[row] = (place){.class = class_of(r, row, score, there),
                              .value = there ? sign * value : 0,
                              .text = numbers ? "" : text,
                              .trial = results_number(r, row, trial),
                              .row = row};
    }
    qsort(places, r->count, sizeof *places, reverse ? by_place_reversed : by_place);
    size_t *order = arena_alloc(r->memory, r->count * sizeof *order);
    for (size_t i = 0; i < r->count; i++) order[i] = places[i].row;
    return order;
}

/* ---- groups of values ------------------------------------------------------------------------ */

static int by_value(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return a < b ? -1 : a > b;
}

summary summarize(double *values, size_t count, const char *column)
{
    summary s = {0, NAN, NAN, NAN, NAN, NAN};
    qsort(values, count, sizeof *values, by_value);
    while (s.count < count && !isnan(values[s.count])) s.count++;
    if (!s.count) return s;
    const size_t n = s.count;
    const bool more = more_is_better(column);
    s.best = values[more ? n - 1 : 0];
    s.worst = values[more ? 0 : n - 1];
    s.median = n % 2 ? values[n / 2] : 0.5 * values[n / 2 - 1] + 0.5 * values[n / 2];
    s.mean = 0;
    for (size_t i = 0; i < n; i++) s.mean += values[i] / (double)n;
    if (n < 2) return s;
    double squares = 0;
    for (size_t i = 0; i < n; i++) squares += (values[i] - s.mean) * (values[i] - s.mean);
    s.deviation = sqrt(squares / (double)(n - 1));
    return s;
}
