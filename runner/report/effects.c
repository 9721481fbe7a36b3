/* report/effects.c: marginal effects (show.h): for each value of each factor, the trials that have
 * it, whatever else differs between them: how many, how many failed, and best and median of the
 * metric over those that did not fail.
 *
 * A number with many values, as from a range, is put into groups of about the same number of
 * trials, from the smallest values to the greatest (quantiles); trials with equal values are never
 * in two groups. */
#include "report/show.h"

#include "report/ranking.h"
#include "report/sheet.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_VALUES = 12, BINS = 8 };

typedef struct member {
    double number; /* 0 of text */
    const char *text;
    size_t row;
} member;

/* Trials that share a value, or the values of a bin. */
typedef struct group {
    const char *first, *last; /* the same text, but for a bin */
    size_t row;               /* one of its trials */
    size_t trials, failed;
    summary scores;
} group;

static int by_value(const void *one, const void *other)
{
    const member *a = one, *b = other;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    const int texts = strcmp(a->text, b->text);
    return texts ? texts : a->row < b->row ? -1 : a->row > b->row;
}

static bool same_value(const factor *f, const member *a, const member *b)
{
    return f->numeric ? a->number == b->number : strcmp(a->text, b->text) == 0;
}

/* The trials that have a value at all, sorted by it. */
static member *collect(const results *r, const factor *f, size_t *count)
{
    member *all = arena_alloc(r->memory, r->count * sizeof *all);
    *count = 0;
    for (size_t row = 0; row < r->count; row++) {
        const char *text = r->cells[row][f->column];
        if (!*text) continue;
        all[(*count)++] = (member){f->numeric ? number_of(text) : 0, text, row};
    }
    qsort(all, *count, sizeof *all, by_value);
    return all;
}

static group make_group(const results *r, const char *metric, const member *all, size_t count)
{
    const size_t column = results_column(r, metric);
    group g = {
        .first = all[0].text, .last = all[count - 1].text, .row = all[0].row, .trials = count};
    double *values = allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        const bool failed = results_failed(r, all[i].row);
        g.failed += failed;
        values[i] = failed ? (double)NAN : results_number(r, all[i].row, column);
    }
    g.scores = summarize(values, count, metric);
    free(values);
    return g;
}

static size_t count_values(const factor *f, const member *all, size_t count)
{
    size_t values = count > 0;
    for (size_t i = 1; i < count; i++) values += !same_value(f, &all[i - 1], &all[i]);
    return values;
}

/* Where the group ends that begins at `first`: with its value, or, in bins, with the value that
 * fills the bin. */
static size_t end_of_group(const factor *f, const member *all, size_t count, size_t first,
                           size_t bin)
{
    size_t end = first + 1;
    if (bin != SIZE_MAX) {
        const size_t full = (bin + 1) * count / BINS;
        if (full > end) end = full;
    }
    while (end < count && same_value(f, &all[end - 1], &all[end])) end++;
    return end;
}

static size_t make_groups(const results *r, const char *metric, const factor *f, group **groups,
                          bool *binned, size_t *values, size_t *trials)
{
    size_t count, made = 0;
    const member *all = collect(r, f, &count);
    *trials = count;
    *values = count_values(f, all, count);
    *binned = f->numeric && *values > MOST_VALUES;
    *groups = arena_alloc(r->memory, (*binned ? BINS : *values) * sizeof **groups);
    for (size_t first = 0, end, bin = 0; first < count; first = end, bin++) {
        while (*binned && bin + 1 < BINS && (bin + 1) * count / BINS <= first) bin++;
        end = end_of_group(f, all, count, first, *binned ? bin : SIZE_MAX);
        (*groups)[made++] = make_group(r, metric, all + first, end - first);
    }
    return made;
}

static int by_median(const void *one, const void *other, void *metric)
{
    const group *a = one, *b = other;
    if (is_better(metric, a->scores.median, b->scores.median)) return -1;
    if (is_better(metric, b->scores.median, a->scores.median)) return 1;
    return strcmp(a->first, b->first);
}

/* Names have no order of their own: the best median comes first. */
static void sort_by_median(group *groups, size_t count, const char *metric)
{
    qsort_r(groups, count, sizeof *groups, by_median, (void *)(uintptr_t)metric);
}

/* ---- printing -------------------------------------------------------------------------------- */

static void add_columns(sheet *s, const char *factor_name)
{
    sheet_text_column(s, NULL, "parameter");
    sheet_text_column(s, factor_name, "value");
    sheet_text_column(s, NULL, "to");
    sheet_number_column(s, "trials", "trials");
    sheet_number_column(s, "failed", "failed");
    sheet_number_column(s, "best", "best");
    sheet_number_column(s, "median", "median");
    sheet_text_column(s, NULL, "metric");
}

static void add_group(const results *r, sheet *s, const factor *f, const char *metric,
                      const group *g)
{
    const bool range = strcmp(g->first, g->last) != 0 && number_of(g->first) != number_of(g->last);
    sheet_text(s, f->name);
    if (range && !sheet_is_csv(s))
        sheet_text(
            s, arena_printf(r->memory, "%.4g to %.4g", number_of(g->first), number_of(g->last)));
    else
        sheet_text(s, sheet_is_csv(s) ? g->first : results_shown(r, g->row, f->column));
    sheet_text(s, range ? g->last : "");
    sheet_count(s, g->trials);
    sheet_count(s, g->failed);
    sheet_score(s, metric, g->scores.best);
    sheet_score(s, metric, g->scores.median);
    sheet_text(s, metric);
}

static void print_title(const factor *f, const char *metric, bool binned, size_t values,
                        size_t shown, FILE *out)
{
    fprintf(out, "\n%s: %s of the trials that share a value", f->name, metric);
    if (binned)
        fprintf(out, " (%zu values, in %zu groups of about as many trials)", values, shown);
    else if (shown < values)
        fprintf(out, " (%zu of %zu values)", shown, values);
    fputc('\n', out);
}

static void print_factor(const results *r, const factor *f, const char *metric, sheet *all,
                         FILE *out)
{
    group *groups;
    bool binned;
    size_t values, trials, best = 0;
    size_t count = make_groups(r, metric, f, &groups, &binned, &values, &trials);
    if (!all && (values < 2 || count == trials)) return; /* nothing to compare, or none to join */
    if (!f->numeric) sort_by_median(groups, count, metric);
    if (!all && count > MOST_VALUES) count = MOST_VALUES;
    sheet *s = all;
    if (!s) {
        print_title(f, metric, binned, values, count, out);
        s = sheet_create(out, false);
        add_columns(s, results_title(r, f->column));
    }
    for (size_t i = 0; i < count; i++) {
        add_group(r, s, f, metric, &groups[i]);
        if (is_better(metric, groups[i].scores.best, groups[best].scores.best)) best = i;
    }
    if (all) return;
    sheet_highlight(s, best);
    sheet_end(s);
}

void show_effects(const results *r, const char *metric, bool csv, FILE *out)
{
    const factor *factors;
    const size_t count = results_factors(r, &factors);
    sheet *all = csv ? sheet_create(out, true) : NULL;
    if (all) add_columns(all, "value");
    for (size_t i = 0; i < count; i++)
        if (!factors[i].seed) print_factor(r, &factors[i], metric, all, out);
    if (all) sheet_end(all);
}
