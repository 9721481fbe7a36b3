/* report/profile.c: performance profiles (profile.h, compare.h; Dolan and Moré 2002, "Benchmarking
 * optimization software with performance profiles", Mathematical Programming 91).
 *
 * r(p, s) is the effort of optimizer s on problem p over that of the best optimizer there; rho(tau)
 * the fraction of problems with r <= tau. As in AlgoPerf (Dahl et al. 2023, section 4.4) optimizers
 * are ranked by the area below rho between tau = 1 and 4, as a fraction of what is possible. A
 * problem on which an optimizer did not meet the target, or was not tried, counts against it; one
 * on which nobody met it does not count. */
#include "report/profile.h"

#include "report/compare.h"
#include "report/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double profile_taus[PROFILE_TAUS] = {1, 1.5, 2, 4, 8, 16};

static int by_area(const void *one, const void *other)
{
    const profile *a = one, *b = other;
    if (a->area != b->area) return a->area > b->area ? -1 : 1;
    for (size_t t = PROFILE_TAUS; t--;)
        if (a->within[t] != b->within[t]) return a->within[t] > b->within[t] ? -1 : 1;
    return a->optimizer < b->optimizer ? -1 : a->optimizer > b->optimizer;
}

/* False: nobody met the target. */
static bool add_problem(const comparison *all, const problem *p, profile *profiles)
{
    double least = INFINITY;
    size_t best;
    for (size_t first = p->first, end; first < p->end; first = end) {
        end = comparison_end(all, first);
        least = fmin(least, best_effort(all, first, end, &best));
    }
    if (!isfinite(least)) return false;
    for (size_t first = p->first, end; first < p->end; first = end) {
        end = comparison_end(all, first);
        profile *at = &profiles[all->entries[first].optimizer];
        const double own = best_effort(all, first, end, &best);
        at->tried++;
        if (!isfinite(own)) continue;
        const double ratio = effort_ratio(all, own, least);
        at->solved++;
        for (size_t t = 0; t < PROFILE_TAUS; t++) at->within[t] += ratio <= profile_taus[t] ? 1 : 0;
        at->area += fmax(0, PROFILE_TAU - ratio) / (PROFILE_TAU - 1);
    }
    return true;
}

const profile *profiles_of(const comparison *all, size_t *problems)
{
    profile *profiles = arena_alloc(all->memory, all->optimizer_count * sizeof *profiles);
    *problems = 0;
    for (size_t i = 0; i < all->optimizer_count; i++) profiles[i] = (profile){.optimizer = i};
    for (size_t p = 0; p < all->problem_count; p++)
        if (all->problems[p].metric && !isnan(all->problems[p].target) &&
            add_problem(all, &all->problems[p], profiles))
            ++*problems;
    for (size_t i = 0; i < all->optimizer_count && *problems; i++) {
        profiles[i].area /= (double)*problems;
        for (size_t t = 0; t < PROFILE_TAUS; t++) profiles[i].within[t] /= (double)*problems;
    }
    qsort(profiles, all->optimizer_count, sizeof *profiles, by_area);
    return profiles;
}

static void print_profiles(const comparison *all, const profile *profiles, size_t problems,
                           bool csv, FILE *out)
{
    sheet *s = sheet_create(out, csv);
    sheet_text_column(s, "optimizer", "optimizer");
    sheet_number_column(s, NULL, "problems");
    sheet_number_column(s, "tried", "tried");
    sheet_number_column(s, "solved", "solved");
    for (size_t t = 0; t < PROFILE_TAUS; t++)
        sheet_number_column(s, arena_printf(all->memory, "tau %g", profile_taus[t]),
                            arena_printf(all->memory, "tau_%g", profile_taus[t]));
    sheet_number_column(s, "score", "score");
    for (size_t i = 0; i < all->optimizer_count; i++) {
        sheet_text(s, all->optimizers[profiles[i].optimizer]);
        sheet_count(s, problems);
        sheet_count(s, profiles[i].tried);
        sheet_count(s, profiles[i].solved);
        for (size_t t = 0; t < PROFILE_TAUS; t++) sheet_number(s, "%.2f", profiles[i].within[t]);
        sheet_number(s, "%.3f", profiles[i].area);
    }
    if (all->optimizer_count > 1) sheet_highlight(s, 0);
    sheet_end(s);
}

void compare_profile(const comparison *all, bool csv, FILE *out)
{
    size_t problems;
    const profile *profiles = profiles_of(all, &problems);
    if (!csv)
        fprintf(out,
                "\nperformance profile: fraction of %zu problem%s with at most tau times the least "
                "%s; score: area up to tau %d\n",
                problems, problems == 1 ? "" : "s", effort_name(all->options->by), PROFILE_TAU);
    print_profiles(all, profiles, problems, csv, out);
}
