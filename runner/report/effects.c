/* report/effects.c: marginal effects (show.h): for each value of each factor, the trials that have
 * it, whatever else differs between them: how many, how many failed, and best and median of the
 * metric over those that did not fail.
 *
 * Scores of several problems have no median together. There each value has a rank in each problem,
 * by its best and by its median (1 is the best; equal ones share the mean of their ranks), and
 * people are shown the mean of these ranks over the problems in which the value was tried. */
#include "report/show.h"

#include "report/groups.h"
#include "report/sheet.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One value in one problem. */
typedef struct cell {
    size_t trials, failed; /* trials 0: not tried there */
    summary scores;
    double by_best, by_median; /* ranks */
} cell;

typedef struct effect {
    const factor *factor;
    value_groups groups;
    cell *cells;     /* of each contest one for each group */
    size_t compared; /* contests in which two values or more were tried */
} effect;

/* A value, or what stands for it, while they are sorted. */
typedef struct sorted {
    double merit, tie; /* smaller is better */
    const char *text;
    size_t group;
} sorted;

static int by_merit(const void *one, const void *other)
{
    const sorted *a = one, *b = other;
    if (a->merit != b->merit) return a->merit < b->merit ? -1 : 1;
    if (a->tie != b->tie) return a->tie < b->tie ? -1 : 1;
    return strcmp(a->text, b->text);
}

static cell *cell_of(const effect *e, size_t place, size_t group)
{
    return &e->cells[place * e->groups.count + group];
}

/* So that smaller is better, and what has no score comes last. */
static double merit_of(const char *metric, double score)
{
    if (isnan(score) || !metric) return INFINITY;
    return more_is_better(metric) ? -score : score;
}

/* ---- ranks ----------------------------------------------------------------------------------- */

static double merit_in(const contest *p, const cell *c, bool median)
{
    return merit_of(p->metric, median ? c->scores.median : c->scores.best);
}

/* Returns how many values were tried in the contest. */
static size_t rank(const effect *e, const contest *p, size_t place, bool median)
{
    sorted *all = allocate(e->groups.count + 1, sizeof *all);
    size_t count = 0;
    for (size_t g = 0; g < e->groups.count; g++)
        if (cell_of(e, place, g)->trials)
            all[count++] = (sorted){merit_in(p, cell_of(e, place, g), median), 0, "", g};
    qsort(all, count, sizeof *all, by_merit);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && all[end].merit == all[first].merit;) end++;
        const double shared = (double)(first + 1 + end) / 2;
        for (size_t i = first; i < end; i++) {
            cell *c = cell_of(e, place, all[i].group);
            *(median ? &c->by_median : &c->by_best) = shared;
        }
    }
    free(all);
    return count;
}

static effect measure(const contests *all, const factor *f)
{
    effect e = {.factor = f, .groups = groups_of(all->run, f)};
    e.cells = arena_alloc(all->run->memory, (all->count * e.groups.count + 1) * sizeof *e.cells);
    for (size_t p = 0; p < all->count; p++) {
        const contest *own = &all->list[p];
        for (size_t g = 0; g < e.groups.count; g++) {
            cell *c = cell_of(&e, p, g);
            c->scores = group_scores(all->run, &e.groups.list[g], own->metric, all->of, p,
                                     &c->trials, &c->failed);
        }
        rank(&e, own, p, false);
        e.compared += rank(&e, own, p, true) > 1;
    }
    return e;
}

/* Names have no order of their own: the best come first. `merit` and `tie` are of the groups. */
static const size_t *order_of(const effect *e, arena *a, const double *merit, const double *tie)
{
    size_t *order = arena_alloc(a, (e->groups.count + 1) * sizeof *order);
    sorted *all = allocate(e->groups.count + 1, sizeof *all);
    for (size_t g = 0; g < e->groups.count; g++)
        all[g] = (sorted){merit[g], tie ? tie[g] : 0, e->groups.list[g].first, g};
    if (!e->factor->numeric) qsort(all, e->groups.count, sizeof *all, by_merit);
    for (size_t g = 0; g < e->groups.count; g++) order[g] = all[g].group;
    free(all);
    return order;
}

static const size_t *order_in(const effect *e, const contests *all, size_t place)
{
    arena *a = all->run->memory;
    double *merit = arena_alloc(a, (e->groups.count + 1) * sizeof *merit);
    for (size_t g = 0; g < e->groups.count; g++)
        merit[g] = merit_in(&all->list[place], cell_of(e, place, g), true);
    return order_of(e, a, merit, NULL);
}

/* ---- one problem ----------------------------------------------------------------------------- */

static void add_columns(sheet *s, const char *factor_name)
{
    sheet_text_column(s, NULL, "problem");
    sheet_text_column(s, NULL, "parameter");
    sheet_text_column(s, factor_name, "value");
    sheet_text_column(s, NULL, "to");
    sheet_number_column(s, "trials", "trials");
    sheet_number_column(s, "failed", "failed");
    sheet_number_column(s, "best", "best");
    sheet_number_column(s, "median", "median");
    sheet_text_column(s, NULL, "metric");
    sheet_number_column(s, NULL, "best_rank");
    sheet_number_column(s, NULL, "median_rank");
}

static void add_value(const contests *all, const effect *e, size_t place, size_t g, sheet *s)
{
    const value_group *own = &e->groups.list[g];
    const cell *c = cell_of(e, place, g);
    const char *metric = all->list[place].metric;
    sheet_text(s, all->list[place].name);
    sheet_text(s, e->factor->name);
    sheet_text(s, sheet_is_csv(s) ? own->first : group_text(all->run, e->factor, own));
    sheet_text(s, group_is_range(own) ? own->last : "");
    sheet_count(s, c->trials);
    sheet_count(s, c->failed);
    sheet_score(s, metric ? metric : "", c->scores.best);
    sheet_score(s, metric ? metric : "", c->scores.median);
    sheet_text(s, metric ? metric : "");
    sheet_plain(s, c->by_best);
    sheet_plain(s, c->by_median);
}

/* ": validation_accuracy of the trials that share a value (in 8 groups …)" */
static size_t print_title(const effect *e, const char *what, FILE *out)
{
    const size_t count = e->groups.count, shown = count < MOST_VALUES ? count : MOST_VALUES;
    fprintf(out, "\n%s: %s of the trials that share a value", e->factor->name, what);
    if (e->groups.binned)
        fprintf(out, " (%zu values, in %zu groups of about as many trials)", e->groups.values,
                count);
    else if (shown < count)
        fprintf(out, " (%zu of %zu values)", shown, count);
    fputc('\n', out);
    return shown;
}

static void print_scores(const contests *all, const effect *e, FILE *out)
{
    if (e->groups.values < 2 || e->groups.count == e->groups.trials)
        return; /* nothing to compare, or none to join */
    const char *metric = all->list[0].metric;
    const size_t shown = print_title(e, metric, out), *order = order_in(e, all, 0);
    size_t best = 0;
    sheet *s = sheet_create(out, false);
    add_columns(s, results_title(all->run, e->factor->column));
    for (size_t i = 0; i < shown; i++) {
        add_value(all, e, 0, order[i], s);
        if (is_better(metric, cell_of(e, 0, order[i])->scores.best,
                      cell_of(e, 0, order[best])->scores.best))
            best = i;
    }
    sheet_highlight(s, best);
    sheet_end(s);
}

/* ---- several problems ------------------------------------------------------------------------ */

/* A value over all problems in which it was tried beside others. */
typedef struct standing {
    size_t problems, best_on, trials, failed;
    double by_best, by_median; /* means of ranks; INFINITY: never compared */
} standing;

static standing stand(const contests *all, const effect *e, size_t g)
{
    standing s = {0};
    for (size_t p = 0; p < all->count; p++) {
        const cell *c = cell_of(e, p, g);
        size_t tried = 0;
        bool best = c->scores.count > 0;
        for (size_t k = 0; k < e->groups.count; k++) {
            const cell *other = cell_of(e, p, k);
            tried += other->trials > 0;
            best = best && !(other->trials && other->by_best < c->by_best);
        }
        s.trials += c->trials;
        s.failed += c->failed;
        if (!c->trials || tried < 2) continue;
        s.problems++;
        s.best_on += best;
        s.by_best += c->by_best;
        s.by_median += c->by_median;
    }
    s.by_best = s.problems ? s.by_best / (double)s.problems : (double)INFINITY;
    s.by_median = s.problems ? s.by_median / (double)s.problems : (double)INFINITY;
    return s;
}

static sheet *rank_sheet(const contests *all, const effect *e, FILE *out)
{
    sheet *s = sheet_create(out, false);
    sheet_text_column(s, results_title(all->run, e->factor->column), NULL);
    sheet_number_column(s, "trials", NULL);
    sheet_number_column(s, "failed", NULL);
    sheet_number_column(s, "best on", NULL);
    sheet_number_column(s, "rank of best", NULL);
    sheet_number_column(s, "rank of median", NULL);
    return s;
}

static void print_ranks(const contests *all, const effect *e, FILE *out)
{
    if (!e->compared) return;
    arena *a = all->run->memory;
    standing *own = arena_alloc(a, (e->groups.count + 1) * sizeof *own);
    double *merit = arena_alloc(a, (e->groups.count + 1) * sizeof *merit),
           *tie = arena_alloc(a, (e->groups.count + 1) * sizeof *tie);
    for (size_t g = 0; g < e->groups.count; g++) {
        own[g] = stand(all, e, g);
        merit[g] = own[g].by_median;
        tie[g] = own[g].by_best;
    }
    const size_t *order = order_of(e, a, merit, tie);
    const size_t shown =
        print_title(e, arena_printf(a, "mean rank over problems, of best and median"), out);
    size_t best = 0;
    sheet *s = rank_sheet(all, e, out);
    for (size_t i = 0; i < shown; i++) {
        const standing *one = &own[order[i]];
        sheet_text(s, group_text(all->run, e->factor, &e->groups.list[order[i]]));
        sheet_count(s, one->trials);
        sheet_count(s, one->failed);
        sheet_text(s, arena_printf(a, "%zu of %zu", one->best_on, one->problems));
        sheet_number(s, "%.1f", one->by_best);
        sheet_number(s, "%.1f", one->by_median);
        if (one->by_median < own[order[best]].by_median) best = i;
    }
    sheet_highlight(s, best);
    sheet_end(s);
}

/* ---- entry ----------------------------------------------------------------------------------- */

static void print_csv(const contests *all, const effect *effects, size_t count, FILE *out)
{
    sheet *s = sheet_create(out, true);
    add_columns(s, NULL);
    for (size_t p = 0; p < all->count; p++)
        for (size_t i = 0; i < count; i++) {
            if (all->count > 1 && !effects[i].compared) continue; /* what the problems differ in */
            const size_t *order = order_in(&effects[i], all, p);
            for (size_t g = 0; g < effects[i].groups.count; g++)
                if (cell_of(&effects[i], p, order[g])->trials)
                    add_value(all, &effects[i], p, order[g], s);
        }
    sheet_end(s);
}

void show_effects(const contests *all, bool csv, FILE *out)
{
    const factor *factors;
    const size_t count = results_factors(all->run, &factors);
    effect *effects = arena_alloc(all->run->memory, (count + 1) * sizeof *effects);
    size_t made = 0;
    for (size_t i = 0; i < count; i++)
        if (!factors[i].seed) effects[made++] = measure(all, &factors[i]);
    if (csv) print_csv(all, effects, made, out);
    for (size_t i = 0; !csv && i < made; i++) {
        if (all->count > 1)
            print_ranks(all, &effects[i], out);
        else
            print_scores(all, &effects[i], out);
    }
}
