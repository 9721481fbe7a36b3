/* report/seeds.c: configurations that ran with several seeds (show.h): mean, standard deviation (of
 * a sample), best and worst of the metric, the best mean first. Failed trials are counted and have
 * no score. */
#include "report/show.h"

#include "report/ranking.h"
#include "report/sheet.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct configuration {
    const contest *contest;
    size_t first; /* a row of it */
    size_t seeds, failed;
    summary scores;
    double merit; /* the mean, so that less is better; INFINITY without one */
} configuration;

static int by_mean(const void *one, const void *other)
{
    const configuration *a = one, *b = other;
    if (a->merit != b->merit) return a->merit < b->merit ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* Values of each configuration one after another: where[n] is where those of configuration n
 * begin. */
static configuration *collect(const contest *p, size_t *count)
{
    const results *r = p->rows;
    const char *metric = p->metric ? p->metric : "";
    const size_t *numbers = results_configurations(r, count);
    const size_t column = results_column(r, metric);
    configuration *all = arena_alloc(r->memory, *count * sizeof *all);
    size_t *where = arena_alloc(r->memory, (*count + 1) * sizeof *where);
    double *values = arena_alloc(r->memory, r->count * sizeof *values);
    for (size_t row = 0; row < r->count; row++) where[numbers[row] + 1]++;
    for (size_t n = 0; n < *count; n++) where[n + 1] += where[n];
    for (size_t row = 0; row < r->count; row++) {
        configuration *c = &all[numbers[row]];
        const bool failed = results_failed(r, row);
        if (!c->seeds) c->first = row;
        values[where[numbers[row]] + c->seeds++] =
            failed ? (double)NAN : results_number(r, row, column);
        c->failed += failed;
    }
    for (size_t n = 0; n < *count; n++) {
        all[n].contest = p;
        all[n].scores = summarize(values + where[n], all[n].seeds, metric);
        const double mean = all[n].scores.mean;
        all[n].merit = isnan(mean) ? (double)INFINITY : more_is_better(metric) ? -mean : mean;
    }
    return all;
}

static void add_columns(sheet *s, const contests *all, const factor *factors, size_t count)
{
    const results *r = all->run;
    sheet_text_column(s, all->count > 1 ? "problem" : NULL, "problem");
    sheet_text_column(s, show_labels(all) ? "label" : NULL, "label");
    for (size_t i = 0; i < count; i++)
        if (!factors[i].seed)
            sheet_text_column(s, results_title(r, factors[i].column), factors[i].name);
    sheet_number_column(s, "seeds", "seeds");
    sheet_number_column(s, "failed", "failed");
    sheet_number_column(s, "mean", "mean");
    sheet_number_column(s, "spread", "standard_deviation");
    sheet_number_column(s, "best", "best");
    sheet_number_column(s, "worst", "worst");
    sheet_text_column(s, NULL, "metric");
}

/* The spread of an accuracy is in percentage points. */
static void add_row(sheet *s, const factor *factors, size_t count, const configuration *c)
{
    const results *r = c->contest->rows;
    const char *metric = c->contest->metric ? c->contest->metric : "";
    sheet_text(s, results_short_label(r, c->first));
    for (size_t i = 0; i < count; i++) {
        if (factors[i].seed) continue;
        const size_t column = factors[i].column;
        sheet_text(s, sheet_is_csv(s) ? r->cells[c->first][column]
                                      : results_shown(r, c->first, column));
    }
    sheet_count(s, c->seeds);
    sheet_count(s, c->failed);
    sheet_score(s, metric, c->scores.mean);
    sheet_score(s, metric, c->scores.deviation);
    sheet_score(s, metric, c->scores.best);
    sheet_score(s, metric, c->scores.worst);
    sheet_text(s, metric);
}

static void add_contest(sheet *s, const contests *all, size_t p, const factor *factors,
                        size_t count, const show_options *options)
{
    size_t configurations;
    configuration *own = collect(&all->list[p], &configurations);
    const size_t shown = show_rows(all, options, configurations);
    qsort(own, configurations, sizeof *own, by_mean);
    for (size_t i = 0; i < shown; i++) {
        sheet_text(s, i && !options->csv ? "" : all->list[p].name);
        add_row(s, factors, count, &own[i]);
    }
}

bool show_seeds(const contests *all, const show_options *options, FILE *out)
{
    const factor *factors;
    const size_t factor_count = results_factors(all->run, &factors);
    const size_t shown = show_contests(all, options);
    size_t seeds = 0, configurations;
    for (size_t i = 0; i < factor_count; i++) seeds += factors[i].seed;
    if (!seeds) return false;
    (void)results_configurations(all->run, &configurations);
    if (options->table != SHOW_SEEDS && configurations == all->run->count)
        return false; /* each has one seed: the trials say it all */
    if (!options->csv)
        fprintf(out, "\nmean and standard deviation of %s over seeds", show_metric(all));
    if (!options->csv && all->count == 1)
        fprintf(out, ", %zu of %zu configurations", show_rows(all, options, configurations),
                configurations);
    if (!options->csv)
        fputs(all->count > 1 ? ", best configurations of each problem\n" : "\n", out);
    sheet *s = sheet_create(out, options->csv);
    add_columns(s, all, factors, factor_count);
    for (size_t p = 0; p < shown; p++) add_contest(s, all, p, factors, factor_count, options);
    if (all->count == 1 && sheet_rows(s) > 1) sheet_highlight(s, 0);
    sheet_end(s);
    return true;
}
