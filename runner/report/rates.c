/* report/rates.c: sensitivity to the learning rate (compare.h), as DeepOBS shows it (Schneider,
 * Balles and Hennig 2019, "DeepOBS: a deep learning optimizer benchmark suite", ICLR,
 * arXiv:1903.05499): the metric at the end of training over the learning rate, for each optimizer.
 * Where several trials share a rate, the best counts, and the median stands beside it. `slope plot`
 * draws the same as a picture. */
#include "report/compare.h"

#include "report/ranking.h"
#include "report/sheet.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One rate of one optimizer, or a bin of rates. */
typedef struct point {
    double rate;
    size_t trials, failed;
    summary scores;
} point;

typedef struct line {
    size_t optimizer, count;
    point *points; /* by rate */
    double best;   /* NAN: all failed */
} line;

/* For people, many rates are put into three bins for each power of ten. */
enum { MOST_RATES = 16, MOST_COLUMNS = 8 };

static double bin_of(double rate)
{
    static const double steps[] = {5, 2, 1};
    const double power = pow(10, floor(log10(rate) + 1e-9));
    for (size_t i = 0; i < 3; i++)
        if (rate >= steps[i] * power * (1 - 1e-9)) {
            char text[32];
            snprintf(text, sizeof text, "%.0e", steps[i] * power);
            return strtod(text, NULL);
        }
    return power;
}

static int by_rate(const void *one, const void *other)
{
    const entry *a = *(const entry *const *)one, *b = *(const entry *const *)other;
    if (a->rate != b->rate) return a->rate < b->rate ? -1 : 1;
    return a < b ? -1 : a > b;
}

static bool same_point(const entry *one, const entry *other, bool bins)
{
    return bins ? bin_of(one->rate) == bin_of(other->rate) : one->rate == other->rate;
}

static line make_line(const comparison *all, const problem *p, size_t first, size_t end, bool bins)
{
    const size_t most = end - first;
    const entry **sorted = arena_alloc(all->memory, most * sizeof *sorted);
    double *values = arena_alloc(all->memory, most * sizeof *values);
    size_t count = 0;
    for (size_t i = first; i < end; i++)
        if (all->entries[i].rate > 0) sorted[count++] = &all->entries[i];
    qsort(sorted, count, sizeof *sorted, by_rate);
    line l = {.optimizer = all->entries[first].optimizer,
              .points = arena_alloc(all->memory, count * sizeof(point)),
              .best = NAN};
    for (size_t from = 0, to; from < count; from = to) {
        point *at = &l.points[l.count++];
        *at = (point){.rate = bins ? bin_of(sorted[from]->rate) : sorted[from]->rate};
        for (to = from; to < count && same_point(sorted[from], sorted[to], bins); to++) {
            values[to - from] = sorted[to]->final;
            at->trials++;
            at->failed += sorted[to]->failed;
        }
        at->scores = summarize(values, to - from, p->metric);
        if (is_better(p->metric, at->scores.best, l.best)) l.best = at->scores.best;
    }
    return l;
}

static line *make_lines(const comparison *all, const problem *p, bool bins, size_t *count)
{
    line *lines = arena_alloc(all->memory, all->optimizer_count * sizeof *lines);
    *count = 0;
    for (size_t first = p->first, end; first < p->end; first = end) {
        end = comparison_end(all, first);
        const line l = make_line(all, p, first, end, bins);
        if (l.count) lines[(*count)++] = l;
    }
    return lines;
}

/* ---- near the best --------------------------------------------------------------------------- */

static double tolerance_of(const comparison *all, const char *metric)
{
    if (!isnan(all->options->within)) return all->options->within;
    return more_is_better(metric) ? 0.01 : 0.1;
}

static bool is_near(const comparison *all, const char *metric, double value, double best)
{
    const double within = tolerance_of(all, metric);
    if (isnan(value) || isnan(best)) return false;
    return more_is_better(metric) ? value >= best - within : value <= best + within * fabs(best);
}

static double share_near(const comparison *all, const problem *p, const line *l, double best)
{
    double near = 0;
    for (size_t i = 0; i < l->count; i++)
        if (is_near(all, p->metric, l->points[i].scores.best, best)) near++;
    return near / (double)l->count;
}

static double best_of(const problem *p, const line *lines, size_t count)
{
    double best = NAN;
    for (size_t i = 0; i < count; i++)
        if (is_better(p->metric, lines[i].best, best)) best = lines[i].best;
    return best;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void add_csv(const comparison *all, const problem *p, const line *lines, size_t count,
                    sheet *s)
{
    const double best = best_of(p, lines, count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lines[i].count; k++) {
            const point *at = &lines[i].points[k];
            sheet_text(s, p->name);
            sheet_text(s, all->optimizers[lines[i].optimizer]);
            sheet_number(s, "%g", at->rate);
            sheet_count(s, at->trials);
            sheet_count(s, at->failed);
            sheet_text(s, p->metric);
            sheet_score(s, p->metric, at->scores.best);
            sheet_score(s, p->metric, at->scores.median);
            sheet_count(s, is_near(all, p->metric, at->scores.best, lines[i].best));
            sheet_count(s, is_near(all, p->metric, at->scores.best, best));
        }
}

static sheet *make_csv(FILE *out)
{
    static const char *const names[] = {"problem",       "optimizer", "learning_rate", "trials",
                                        "failed",        "metric",    "best",          "median",
                                        "near_own_best", "near_best"};
    sheet *s = sheet_create(out, true);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) sheet_text_column(s, NULL, names[i]);
    return s;
}

/* ---- for people ------------------------------------------------------------------------------ */

static int by_number(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    return a < b ? -1 : a > b;
}

/* All rates of the lines, each once. */
static double *rates_of(const comparison *all, const line *lines, size_t count, size_t *rate_count)
{
    size_t total = 0, kept = 0;
    for (size_t i = 0; i < count; i++) total += lines[i].count;
    double *rates = arena_alloc(all->memory, total * sizeof *rates);
    total = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lines[i].count; k++) rates[total++] = lines[i].points[k].rate;
    qsort(rates, total, sizeof *rates, by_number);
    for (size_t i = 0; i < total; i++)
        if (!kept || rates[kept - 1] != rates[i]) rates[kept++] = rates[i];
    *rate_count = kept;
    return rates;
}

static const point *point_at(const line *l, double rate)
{
    for (size_t k = 0; k < l->count; k++)
        if (l->points[k].rate == rate) return &l->points[k];
    return NULL;
}

/* Rates below each other, optimizers side by side, as many as fit into a page. */
static void print_matrix(const comparison *all, const problem *p, const line *lines, size_t count,
                         FILE *out)
{
    size_t rate_count;
    const double *rates = rates_of(all, lines, count, &rate_count);
    sheet *s = sheet_create(out, false);
    sheet_number_column(s, "learning rate", NULL);
    for (size_t i = 0; i < count; i++)
        sheet_number_column(s, all->optimizers[lines[i].optimizer], NULL);
    for (size_t r = 0; r < rate_count; r++) {
        sheet_number(s, "%.4g", rates[r]);
        for (size_t i = 0; i < count; i++) {
            char text[32];
            const point *at = point_at(&lines[i], rates[r]);
            const bool failed = at && isnan(at->scores.best) && at->failed;
            sheet_text(s, !at      ? ""
                          : failed ? "failed"
                                   : score_text(text, p->metric, at->scores.best));
        }
    }
    sheet_end(s);
}

static void print_shares(const comparison *all, const problem *p, const line *lines, size_t count,
                         FILE *out)
{
    const double best = best_of(p, lines, count);
    const bool more = more_is_better(p->metric);
    const double within = tolerance_of(all, p->metric);
    fprintf(out, "near: within %g%s of the best\n", more ? within : 100 * within, more ? "" : " %");
    sheet *s = sheet_create(out, false);
    sheet_text_column(s, "optimizer", "");
    sheet_number_column(s, "rates", "");
    sheet_number_column(s, "best", "");
    sheet_number_column(s, "at rate", "");
    sheet_number_column(s, "near its own best", "");
    sheet_number_column(s, "near the best of all", "");
    for (size_t i = 0; i < count; i++) {
        double rate = NAN;
        for (size_t k = lines[i].count; k--;)
            if (lines[i].points[k].scores.best == lines[i].best) rate = lines[i].points[k].rate;
        sheet_text(s, all->optimizers[lines[i].optimizer]);
        sheet_count(s, lines[i].count);
        sheet_score(s, p->metric, lines[i].best);
        sheet_number(s, "%.4g", rate);
        sheet_number(s, "%.0f %%", 100 * share_near(all, p, &lines[i], lines[i].best));
        sheet_number(s, "%.0f %%", 100 * share_near(all, p, &lines[i], best));
    }
    sheet_end(s);
}

static void print_problem(const comparison *all, const problem *p, FILE *out)
{
    size_t count, rate_count;
    const line *lines = make_lines(all, p, false, &count);
    if (!count) return;
    rates_of(all, lines, count, &rate_count);
    fprintf(out, "\n%s: %s at the end, over the learning rate%s\n", p->name, p->metric,
            rate_count > MOST_RATES ? " (rates from the one shown up to the next)" : "");
    size_t shown;
    const line *binned = make_lines(all, p, rate_count > MOST_RATES, &shown);
    for (size_t i = 0; i < shown; i += MOST_COLUMNS)
        print_matrix(all, p, binned + i, shown - i < MOST_COLUMNS ? shown - i : MOST_COLUMNS, out);
    print_shares(all, p, lines, count, out);
}

void compare_rates(const comparison *all, bool csv, FILE *out)
{
    sheet *s = csv ? make_csv(out) : NULL;
    for (size_t i = 0; i < all->problem_count; i++) {
        const problem *p = &all->problems[i];
        size_t count;
        if (!p->metric) continue;
        if (csv) {
            const line *lines = make_lines(all, p, false, &count);
            add_csv(all, p, lines, count, s);
        } else {
            print_problem(all, p, out);
        }
    }
    if (s) sheet_end(s);
}
