/* report/targets.c: steps, epochs and seconds to a target (compare.h).
 *
 * As in AlgoPerf (Dahl et al. 2023, "Benchmarking neural network training algorithms",
 * arXiv:2306.07179, sections 3 and 4): each optimizer is tuned by the trials that there are, what
 * counts is the first evaluation at which one of them meets the target, and with several seeds the
 * median over them. What the target is without --target: goals.c. */
#include "report/compare.h"

#include "report/ranking.h"
#include "report/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The best configuration of one optimizer on one problem. */
typedef struct line {
    size_t first, end; /* entries */
    size_t best;       /* the trial */
    double effort;     /* INFINITY: never */
    size_t reached;    /* trials that met the target */
} line;

const char *effort_name(effort by)
{
    return by == EFFORT_STEPS ? "steps" : by == EFFORT_EPOCHS ? "epochs" : "seconds";
}

static int by_effort(const void *one, const void *other)
{
    const line *a = one, *b = other;
    if (a->effort != b->effort) return a->effort < b->effort ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

static line *make_lines(const comparison *all, const problem *p, size_t *count)
{
    line *lines = arena_alloc(all->memory, all->optimizer_count * sizeof *lines);
    *count = 0;
    for (size_t first = p->first, end; first < p->end; first = end) {
        end = comparison_end(all, first);
        line l = {.first = first, .end = end};
        l.effort = best_effort(all, first, end, &l.best);
        for (size_t i = first; i < end; i++)
            if (isfinite(all->entries[i].curve.steps)) l.reached++;
        lines[(*count)++] = l;
    }
    qsort(lines, *count, sizeof *lines, by_effort);
    return lines;
}

static sheet *make_sheet(const comparison *all, bool csv, FILE *out)
{
    sheet *s = sheet_create(out, csv);
    sheet_text_column(s, NULL, "problem");
    sheet_text_column(s, "optimizer", "optimizer");
    sheet_text_column(s, NULL, "metric");
    sheet_number_column(s, NULL, "target");
    sheet_number_column(s, "trials", "trials");
    sheet_number_column(s, "reached", "reached");
    sheet_text_column(s, all->run_count > 1 ? "folder" : NULL, "folder");
    sheet_number_column(s, "trial", "trial");
    sheet_text_column(s, NULL, "hash");
    sheet_number_column(s, "learning rate", "learning_rate");
    sheet_number_column(s, "steps", "steps");
    sheet_number_column(s, "epochs", "epochs");
    sheet_number_column(s, "seconds", "seconds");
    sheet_number_column(s, "effort", "ratio");
    return s;
}

static double or_nothing(double value)
{
    return isfinite(value) ? value : (double)NAN;
}

static void add_line(const comparison *all, const problem *p, const line *l, double least, sheet *s)
{
    const entry *e = &all->entries[l->best];
    const bool there = isfinite(l->effort);
    sheet_text(s, p->name);
    sheet_text(s, all->optimizers[e->optimizer]);
    sheet_text(s, p->metric);
    sheet_number(s, "%g", p->target);
    sheet_count(s, l->end - l->first);
    sheet_count(s, l->reached);
    sheet_text(s, there ? e->run->folder : "");
    sheet_text(s, there ? results_named(e->run, e->row, "trial") : "");
    sheet_text(s, there ? results_named(e->run, e->row, "hash") : "");
    sheet_number(s, "%g", there ? e->rate : (double)NAN);
    sheet_number(s, "%.0f", there ? or_nothing(e->curve.steps) : (double)NAN);
    sheet_plain(s, there ? or_nothing(e->curve.epochs) : (double)NAN);
    sheet_number(s, "%.3f", there ? or_nothing(e->curve.seconds) : (double)NAN);
    sheet_number(s, "%.3g x", there ? effort_ratio(all, l->effort, least) : (double)NAN);
}

static void print_problem(const comparison *all, const problem *p, sheet *csv, FILE *out)
{
    if (!p->metric || isnan(p->target)) {
        if (!csv) fprintf(out, "\n%s: nothing that can be compared was measured\n", p->name);
        return;
    }
    size_t count;
    char value[32];
    const line *lines = make_lines(all, p, &count);
    sheet *s = csv;
    if (!s) {
        fprintf(out, "\n%s: %s to %s %s %s%s\n", p->name, effort_name(all->options->by), p->metric,
                more_is_better(p->metric) ? ">=" : "<=", score_text(value, p->metric, p->target),
                isnan(all->options->target) ? ", which half of the optimizers reach" : "");
        s = make_sheet(all, false, out);
    }
    for (size_t i = 0; i < count; i++) add_line(all, p, &lines[i], lines[0].effort, s);
    if (csv) return;
    if (count > 1) sheet_highlight(s, 0);
    sheet_end(s);
}

void compare_targets(const comparison *all, bool csv, FILE *out)
{
    sheet *s = csv ? make_sheet(all, true, out) : NULL;
    for (size_t p = 0; p < all->problem_count; p++) print_problem(all, &all->problems[p], s, out);
    if (s) sheet_end(s);
}
