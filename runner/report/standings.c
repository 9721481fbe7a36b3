/* report/standings.c: all optimizers on all problems in one table (compare.h): the effort to each
 * problem's target and the rate that was best, in the order of the performance profile's score. */
#include "report/compare.h"

#include "report/profile.h"
#include "report/ranking.h"
#include "report/sheet.h"

#include <math.h>

enum { MOST_PROBLEMS = 7 }; /* beside each other, for people */

static bool is_measured(const problem *p)
{
    return p->metric && !isnan(p->target);
}

/* ---- problems -------------------------------------------------------------------------------- */

/* Optimizers that were tried on the problem, and those that met the target. */
static size_t count_tried(const comparison *all, const problem *p, size_t *met)
{
    size_t tried = 0, best;
    *met = 0;
    for (size_t first = p->first, end; first < p->end; first = end) {
        end = comparison_end(all, first);
        if (isfinite(best_effort(all, first, end, &best))) ++*met;
        tried++;
    }
    return tried;
}

static void print_problems(const comparison *all, FILE *out)
{
    sheet *s = sheet_create(out, false);
    sheet_text_column(s, "problem", NULL);
    sheet_text_column(s, "metric", NULL);
    sheet_text_column(s, "target", NULL);
    sheet_text_column(s, "met by", NULL);
    for (size_t i = 0; i < all->problem_count; i++) {
        const problem *p = &all->problems[i];
        const bool measured = is_measured(p);
        size_t met;
        char value[32];
        const size_t tried = count_tried(all, p, &met);
        sheet_text(s, p->name);
        sheet_text(s, measured ? p->metric : "-");
        sheet_text(s, measured ? arena_printf(all->memory, "%s %s",
                                              more_is_better(p->metric) ? ">=" : "<=",
                                              score_text(value, p->metric, p->target))
                               : "-");
        sheet_text(s, arena_printf(all->memory, "%zu of %zu", met, tried));
    }
    sheet_end(s);
}

/* ---- one optimizer on one problem ------------------------------------------------------------ */

/* The trial that counts; NULL: not tried, or the target was not met. */
static const entry *best_entry(const comparison *all, const problem *p, size_t optimizer,
                               double *needed)
{
    for (size_t first = p->first, end; first < p->end; first = end) {
        end = comparison_end(all, first);
        if (all->entries[first].optimizer != optimizer) continue;
        size_t best;
        *needed = best_effort(all, first, end, &best);
        return isfinite(*needed) ? &all->entries[best] : NULL;
    }
    *needed = NAN;
    return NULL;
}

static const char *effort_format(effort by)
{
    return by == EFFORT_STEPS ? "%.0f" : by == EFFORT_EPOCHS ? "%.4g" : "%.3f";
}

/* "120 @ 0.0316"; "-": tried in vain; "": not tried */
static const char *cell_text(const comparison *all, const entry *best, double needed)
{
    char number[32];
    if (!best) return isnan(needed) ? "" : "-";
    snprintf(number, sizeof number, effort_format(all->options->by), needed);
    if (isnan(best->tuned)) return arena_printf(all->memory, "%s", number);
    return arena_printf(all->memory, "%s @ %.3g", number, best->tuned);
}

static void add_cells(const comparison *all, const problem *p, size_t optimizer, sheet *s)
{
    double needed = NAN;
    const entry *best = is_measured(p) ? best_entry(all, p, optimizer, &needed) : NULL;
    sheet_text(s, sheet_is_csv(s) ? "" : cell_text(all, best, needed));
    sheet_number(s, effort_format(all->options->by), best ? needed : (double)NAN);
    sheet_number(s, "%g", best ? best->tuned : (double)NAN);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void print_part(const comparison *all, const profile *profiles, size_t first, size_t end,
                       bool csv, FILE *out)
{
    sheet *s = sheet_create(out, csv);
    sheet_text_column(s, "optimizer", "optimizer");
    sheet_number_column(s, "score", "score");
    sheet_number_column(s, NULL, "solved");
    for (size_t p = first; p < end; p++) {
        const char *name = all->problems[p].name;
        sheet_number_column(s, name, NULL);
        sheet_number_column(
            s, NULL, arena_printf(all->memory, "%s %s", name, effort_name(all->options->by)));
        sheet_number_column(s, NULL, arena_printf(all->memory, "%s rate", name));
    }
    for (size_t i = 0; i < all->optimizer_count; i++) {
        sheet_text(s, all->optimizers[profiles[i].optimizer]);
        sheet_number(s, "%.3f", profiles[i].area);
        sheet_count(s, profiles[i].solved);
        for (size_t p = first; p < end; p++)
            add_cells(all, &all->problems[p], profiles[i].optimizer, s);
    }
    if (all->optimizer_count > 1) sheet_highlight(s, 0);
    sheet_end(s);
}

void compare_standings(const comparison *all, bool csv, FILE *out)
{
    size_t problems;
    const profile *profiles = profiles_of(all, &problems);
    if (csv) {
        print_part(all, profiles, 0, all->problem_count, true, out);
        return;
    }
    fputc('\n', out);
    print_problems(all, out);
    fprintf(out,
            "\n%s to the target @ the best rate (-: never met); score: area of the performance "
            "profile up to tau %d\n",
            effort_name(all->options->by), PROFILE_TAU);
    for (size_t first = 0; first < all->problem_count; first += MOST_PROBLEMS) {
        const size_t left = all->problem_count - first;
        print_part(all, profiles, first, first + (left < MOST_PROBLEMS ? left : MOST_PROBLEMS),
                   false, out);
    }
}
