/* report/goals.c: the target of each problem (comparison.h).
 *
 * Without one that is given, it is what half of the optimizers reach with their best trial: the
 * median over optimizers, so that neither the weakest rule nor the luckiest trial sets it.
 * (AlgoPerf takes what tuned baselines reach: Dahl et al. 2023, arXiv:2306.07179, section 4.2; here
 * every rule that takes part is one.) On easy problems half of them go to the last bit; so the
 * target is never nearer to the best value of all than 1e-4 of the way from the start to it, which
 * is the test of convergence of More and Wild (2009, "Benchmarking derivative-free optimization
 * algorithms", SIAM Journal on Optimization 20) with tau = 1e-4. */
#include "report/comparison.h"

#include "report/ranking.h"

#include <math.h>
#include <stdlib.h>

static const double TAU = 1e-4;

/* All curves of all runs; entries of problems that were not measured ask for nothing. */
static bool read_curves(comparison *all, failure *why)
{
    for (size_t i = 0; i < all->run_count; i++) {
        const results *r = all->runs[i];
        curve *curves = arena_alloc(all->memory, r->count * sizeof *curves);
        for (size_t k = 0; k < all->entry_count; k++) {
            const entry *e = &all->entries[k];
            if (e->run != r) continue;
            const problem *p = &all->problems[e->problem];
            curves[e->row] = (curve){.metric = p->metric, .target = p->target};
        }
        if (r->count && !curves_read(r, curves, why)) return false;
        for (size_t k = 0; k < all->entry_count; k++)
            if (all->entries[k].run == r) all->entries[k].curve = curves[all->entries[k].row];
    }
    return true;
}

static int by_value(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    return a < b ? -1 : a > b;
}

/* What the trials start from: the median of their first evaluations. */
static double start_of(const comparison *all, const problem *p)
{
    double *values = arena_alloc(all->memory, (p->end - p->first) * sizeof *values);
    size_t count = 0;
    for (size_t i = p->first; i < p->end; i++)
        if (!isnan(all->entries[i].curve.first)) values[count++] = all->entries[i].curve.first;
    return summarize(values, count, p->metric).median;
}

/* The best of each optimizer, ascending. One that has no value at all has no say. */
static double *bests_of(const comparison *all, const problem *p, size_t *count)
{
    double *bests = arena_alloc(all->memory, all->optimizer_count * sizeof *bests);
    *count = 0;
    for (size_t first = p->first, end; first < p->end; first = end) {
        end = comparison_end(all, first);
        double best = NAN;
        for (size_t i = first; i < end; i++)
            if (is_better(p->metric, all->entries[i].curve.best, best))
                best = all->entries[i].curve.best;
        if (!isnan(best)) bests[(*count)++] = best;
    }
    qsort(bests, *count, sizeof *bests, by_value);
    return bests;
}

static double common_target(const comparison *all, const problem *p)
{
    size_t count;
    const double *bests = bests_of(all, p, &count);
    if (!count) return NAN;
    const bool more = more_is_better(p->metric);
    const double best = bests[more ? count - 1 : 0];
    const double median = bests[more ? count - 1 - count / 2 : count / 2];
    const double near = best + TAU * (start_of(all, p) - best);
    return is_better(p->metric, median, near) ? near : median;
}

bool comparison_find_targets(comparison *all, failure *why)
{
    const double given = all->options->target;
    for (size_t p = 0; p < all->problem_count; p++) all->problems[p].target = given;
    if (!isnan(given)) return read_curves(all, why);
    if (!read_curves(all, why)) return false;
    for (size_t p = 0; p < all->problem_count; p++)
        if (all->problems[p].metric)
            all->problems[p].target = common_target(all, &all->problems[p]);
    return read_curves(all, why);
}
