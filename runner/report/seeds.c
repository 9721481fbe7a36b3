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
static configuration *collect(const results *r, const char *metric, size_t *count)
{
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
        all[n].scores = summarize(values + where[n], all[n].seeds, metric);
        const double mean = all[n].scores.mean;
        all[n].merit = isnan(mean) ? (double)INFINITY : more_is_better(metric) ? -mean : mean;
    }
    return all;
}

static void add_columns(sheet *s, const results *r, const factor *factors, size_t count)
{
    sheet_text_column(s, show_labels(r) ? "label" : NULL, "label");
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
static void add_row(sheet *s, const results *r, const factor *factors, size_t count,
                    const configuration *c, const char *metric)
{
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

bool show_seeds(const results *r, const char *metric, const show_options *options, FILE *out)
{
    const factor *factors;
    const size_t factor_count = results_factors(r, &factors);
    size_t count, seeds = 0;
    for (size_t i = 0; i < factor_count; i++) seeds += factors[i].seed;
    if (!seeds) return false;
    configuration *all = collect(r, metric, &count);
    qsort(all, count, sizeof *all, by_mean);
    const size_t shown = count < options->top ? count : options->top;
    if (!options->csv)
        fprintf(out, "\nmean and standard deviation of %s over seeds, %zu of %zu configurations\n",
                metric, shown, count);
    sheet *s = sheet_create(out, options->csv);
    add_columns(s, r, factors, factor_count);
    for (size_t i = 0; i < shown; i++) add_row(s, r, factors, factor_count, &all[i], metric);
    if (shown > 1) sheet_highlight(s, 0);
    sheet_end(s);
    return true;
}
