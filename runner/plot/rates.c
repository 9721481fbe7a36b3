/* plot/rates.c: how the result depends on the learning rate: one line for each combination of data
 * set, model, loss and rule in which trials differ in it. Where several trials share a rate the
 * best counts. */
#include "plot/plot_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct point {
    const char *group;
    double rate, loss; /* loss NAN: diverged, or beyond the bound of bound_of() */
} point;

static int compare(const void *one, const void *other)
{
    const point *a = one, *b = other;
    const int groups = strcmp(a->group, b->group);
    if (groups) return groups;
    if (a->rate != b->rate) return a->rate < b->rate ? -1 : 1;
    if (isnan(a->loss) || isnan(b->loss)) return isnan(a->loss) - isnan(b->loss);
    return a->loss < b->loss ? -1 : a->loss > b->loss;
}

/* What tells groups from one another; the rule is always named. */
static const char *const group_columns[] = {"dataset", "model", "loss", "optimizer"};
enum { GROUP_COLUMNS = sizeof group_columns / sizeof *group_columns };

static void find_differing(const plotter *all, bool differs[GROUP_COLUMNS])
{
    for (size_t c = 0; c < GROUP_COLUMNS; c++) {
        differs[c] = c == GROUP_COLUMNS - 1;
        for (size_t i = 1; i < all->trials.row_count && !differs[c]; i++)
            differs[c] = strcmp(csv_cell(&all->trials, 0, group_columns[c]),
                                csv_cell(&all->trials, i, group_columns[c])) != 0;
    }
}

/* The words that differ between groups name them. */
static const char *group_name(const plotter *all, const bool differs[GROUP_COLUMNS], size_t row)
{
    const char *name = "";
    for (size_t c = 0; c < GROUP_COLUMNS; c++) {
        const char *own = csv_cell(&all->trials, row, group_columns[c]);
        if (differs[c]) name = arena_printf(all->memory, "%s%s%s", name, *name ? " " : "", own);
    }
    return name;
}

static size_t collect(const plotter *all, const char *column, point *points)
{
    size_t count = 0, kept = 0;
    const double bound = bound_of(&all->metrics, column);
    bool differs[GROUP_COLUMNS];
    find_differing(all, differs);
    for (size_t i = 0; i < all->trials.row_count; i++) {
        point p = {.group = group_name(all, differs, i),
                   .loss = NAN,
                   .rate = cell_number(&all->trials, i, "learning_rate")};
        if (strcmp(csv_cell(&all->trials, i, "status"), "diverged") != 0)
            p.loss = cell_number(&all->trials, i, column);
        if (fabs(p.loss) > bound) p.loss = NAN;
        if (p.rate > 0) points[count++] = p;
    }
    qsort(points, count, sizeof *points, compare);
    for (size_t i = 0; i < count; i++)
        if (!kept || strcmp(points[kept - 1].group, points[i].group) != 0 ||
            points[kept - 1].rate != points[i].rate)
            points[kept++] = points[i];
    return kept;
}

static size_t end_of_group(const point *points, size_t count, size_t first)
{
    size_t end = first + 1;
    while (end < count && strcmp(points[end].group, points[first].group) == 0) end++;
    return end;
}

static void write_groups(const plotter *all, const point *points, size_t count, double greatest,
                         picture *p)
{
    const char *comma = "plot";
    bool diverged = false;
    size_t line = 0;
    fputs("$diverged << EOD\n", p->data);
    for (size_t i = 0; i < count; i++)
        if (isnan(points[i].loss)) {
            fprintf(p->data, "%.9g %.9g\n", points[i].rate, greatest);
            diverged = true;
        }
    fputs("EOD\n", p->data);
    for (size_t first = 0, end; first < count; first = end) {
        end = end_of_group(points, count, first);
        if (end - first < 2) continue;
        fprintf(p->data, "$group%zu << EOD\n", line);
        for (size_t i = first; i < end; i++)
            if (!isnan(points[i].loss))
                fprintf(p->data, "%.9g %.9g\n", points[i].rate, points[i].loss);
        fputs("EOD\n", p->data);
        fprintf(p->script,
                "%s $group%zu using 1:2 with linespoints linecolor '%s' linewidth 1.6 "
                "pointtype %d pointsize 0.8 dashtype %s title %s",
                comma, line, line_colour(line), 5 + 2 * (int)(line % 5),
                line < LINE_COLOURS ? "1" : "4", quoted(all->memory, points[first].group));
        comma = ", \\\n    ";
        line++;
    }
    if (diverged)
        fprintf(p->script,
                "%s $diverged using 1:2 with points pointtype 2 pointsize 1.2 linewidth 2 "
                "linecolor '#000000' title 'diverged, or far above the start'",
                comma);
    fputc('\n', p->script);
}

bool plot_rates(plotter *all, failure *why)
{
    bool validated = false;
    for (size_t i = 0; i < all->trials.row_count; i++)
        validated = validated || !isnan(cell_number(&all->trials, i, "validation_loss"));
    const char *column = validated ? "validation_loss" : "train_objective";
    point *points = arena_alloc(all->memory, all->trials.row_count * sizeof *points);
    const size_t count = collect(all, column, points);
    double least = NAN, greatest = NAN, low = NAN, high = NAN;
    size_t widest = 0;
    for (size_t first = 0, end; first < count; first = end) {
        end = end_of_group(points, count, first);
        if (end - first > widest) widest = end - first;
        for (size_t i = first; i < end && end - first >= 2; i++) {
            low = fmin(low, points[i].rate);
            high = fmax(high, points[i].rate);
            least = fmin(least, points[i].loss);
            greatest = fmax(greatest, points[i].loss);
        }
    }
    if (widest < 2 || isnan(least)) return true;
    picture p;
    picture_begin(&p, 760, 490);
    common_style(p.script);
    fprintf(p.script, "set xlabel 'learning rate'\nset ylabel '%s'\n",
            validated ? "validation loss at the end" : "objective at the end");
    legend_below(p.script, 0);
    log_axis(p.script, 'x', low, high);
    if (least > 0 && greatest / least > 3) log_axis(p.script, 'y', least, greatest);
    write_groups(all, points, count, greatest, &p);
    return picture_end(all, &p, "learning_rate", why);
}
