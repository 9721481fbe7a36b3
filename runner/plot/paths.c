/* plot/paths.c: the paths of trials with two parameters over contour lines of their objective, and
 * the race: the same as an animation. The objective is evaluated anew on a grid, through the
 * engine. */
#include "plot/plot_private.h"

#include "base/files.h"
#include "engine/objective.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 161, LEVELS = 18 };

/* Where one trial was. */
typedef struct walk {
    size_t count;
    double *step, *x, *y;
} walk;

typedef struct surface {
    csv_rows rows;          /* of paths.csv */
    const char *name[2];    /* of the parameters */
    double low[2], high[2]; /* of the picture */
    double *values;         /* GRID × GRID, the second parameter outside */
    double least, greatest; /* of the finite values */
    double floor;           /* subtracted for logarithms; NAN: drawn as it is */
    walk *walks;            /* of each trial */
    double last;            /* greatest step */
} surface;

/* ---- paths ----------------------------------------------------------------------------------- */

static void read_walks(const plotter *all, surface *s)
{
    const size_t count = all->count;
    s->walks = arena_alloc(all->memory, count * sizeof *s->walks);
    for (size_t i = 0; i < s->rows.row_count; i++) {
        const size_t t = cell_trial(&s->rows, i);
        if (t < count) s->walks[t].count++;
    }
    for (size_t t = 0; t < count; t++) {
        walk *w = &s->walks[t];
        w->step = arena_alloc(all->memory, 3 * w->count * sizeof(double));
        w->x = w->step + w->count;
        w->y = w->x + w->count;
        w->count = 0;
    }
    for (size_t i = 0; i < s->rows.row_count; i++) {
        const size_t t = cell_trial(&s->rows, i);
        const double x = cell_number(&s->rows, i, s->name[0]),
                     y = cell_number(&s->rows, i, s->name[1]);
        if (t >= count || !isfinite(x) || !isfinite(y)) continue;
        walk *w = &s->walks[t];
        w->step[w->count] = cell_number(&s->rows, i, "step");
        w->x[w->count] = x;
        w->y[w->count] = y;
        s->last = fmax(s->last, w->step[w->count++]);
    }
}

/* Number of points that are not after that step. */
static size_t points_until(const walk *w, double step)
{
    size_t count = 0;
    while (count < w->count && w->step[count] <= step) count++;
    return count;
}

/* ---- the window ------------------------------------------------------------------------------ */

/* From `surface.domain`, else what the paths cover and a little more. */
static bool find_window(const plotter *all, surface *s)
{
    const slope_arrays *domain = &all->experiment->bases[0].surface.domain;
    for (int axis = 0; axis < 2; axis++) {
        s->low[axis] = s->high[axis] = NAN;
        for (size_t i = 0; i < s->rows.row_count; i++) {
            const double at = cell_number(&s->rows, i, s->name[axis]);
            if (!isfinite(at)) continue;
            s->low[axis] = fmin(s->low[axis], at);
            s->high[axis] = fmax(s->high[axis], at);
        }
        const double room = 0.15 * (s->high[axis] - s->low[axis]);
        s->low[axis] -= room > 0 ? room : 1;
        s->high[axis] += room > 0 ? room : 1;
        for (size_t i = 0; i < domain->count; i++)
            if (strcmp(domain->items[i].name, s->name[axis]) == 0) {
                s->low[axis] = domain->items[i].values[0];
                s->high[axis] = domain->items[i].values[1];
            }
    }
    return isfinite(s->low[0]) && isfinite(s->low[1]);
}

static double at_grid(const surface *s, int axis, size_t i)
{
    return s->low[axis] + (s->high[axis] - s->low[axis]) * (double)i / (GRID - 1);
}

/* A row of the grid at a time: the data are read once for it. */
static bool evaluate_grid(plotter *all, surface *s, failure *why)
{
    const trial_config *c = &all->experiment->bases[0];
    dataset *data = dataset_load(&c->dataset, why);
    if (!data) return false;
    objective *o = objective_create(c, data, 0, why);
    if (!o) {
        dataset_destroy(data);
        return false;
    }
    const layout *l = objective_layout(o);
    const kernels *k = objective_kernels(o);
    char *weights = allocate(GRID * l->total, k->real_size);
    const void *candidates[GRID];
    const size_t first = strcmp(l->tensors[0].name, s->name[0]) == 0 ? 0 : 1;
    s->values = arena_alloc(all->memory, GRID * GRID * sizeof *s->values);
    for (size_t j = 0; j < GRID; j++) {
        for (size_t i = 0; i < GRID; i++) {
            char *at = weights + i * l->total * k->real_size;
            const double x = at_grid(s, 0, i), y = at_grid(s, 1, j);
            k->from_double(1, &x, at + l->offsets[first] * k->real_size);
            k->from_double(1, &y, at + l->offsets[1 - first] * k->real_size);
            candidates[i] = at;
        }
        objective_values(o, candidates, GRID, objective_split(o, SLOPE_TRAIN),
                         s->values + j * GRID);
    }
    free(weights);
    objective_destroy(o);
    dataset_destroy(data);
    return true;
}

/* Valleys are seen on a logarithmic scale over the minimum; a saddle has none. */
static void find_scale(const plotter *all, surface *s)
{
    s->least = s->greatest = NAN;
    for (size_t i = 0; i < GRID * GRID; i++) {
        if (!isfinite(s->values[i])) continue;
        s->least = fmin(s->least, s->values[i]);
        s->greatest = fmax(s->greatest, s->values[i]);
    }
    const surface_config *known = &all->experiment->bases[0].surface;
    s->floor = NAN;
    if (!isnan(known->value)) s->floor = fmin(known->value, s->least);
    if (isnan(s->floor)) return;
    const double top = s->greatest - s->floor; /* at most six decades below the top */
    double *v = s->values;
    s->least = INFINITY;
    for (size_t i = 0; i < GRID * GRID; i++) {
        v[i] = log10(fmax(v[i] - s->floor, 1e-6 * top));
        s->least = fmin(s->least, v[i]);
    }
    s->greatest = log10(top);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void write_grid(const surface *s, FILE *out)
{
    fputs("$grid << EOD\n", out);
    for (size_t j = 0; j < GRID; j++) {
        for (size_t i = 0; i < GRID; i++) {
            const double value = s->values[j * GRID + i];
            fprintf(out, "%.9g %.9g ", at_grid(s, 0, i), at_grid(s, 1, j));
            if (isfinite(value))
                fprintf(out, "%.6g\n", value);
            else
                fputs("NaN\n", out);
        }
        fputc('\n', out);
    }
    fputs("EOD\n"
          "set contour base\nunset surface\nset view map\nunset key\nset cntrparam linear\n",
          out);
    fprintf(out, "set cntrparam levels incremental %.9g,%.9g,%.9g\n",
            s->least + (s->greatest - s->least) / (2 * LEVELS), (s->greatest - s->least) / LEVELS,
            s->greatest);
    fputs("set table $contours\nsplot $grid using 1:2:3\nunset table\nunset contour\nset surface\n",
          out);
}

static void write_paths(const plotter *all, const surface *s, FILE *out)
{
    for (size_t t = 0; t < all->count; t++) {
        const walk *w = &s->walks[t];
        fprintf(out, "$path%zu << EOD\n", t);
        for (size_t i = 0; i < w->count; i++) fprintf(out, "%.9g %.9g\n", w->x[i], w->y[i]);
        fputs("EOD\n", out);
    }
    fputs("$start << EOD\n", out);
    for (size_t t = 0; t < all->count; t++)
        if (s->walks[t].count) fprintf(out, "%.9g %.9g\n", s->walks[t].x[0], s->walks[t].y[0]);
    fputs("EOD\n", out);
    const slope_arrays *minimum = &all->experiment->bases[0].surface.minimum;
    fputs("$minima << EOD\n", out);
    for (size_t m = 0; minimum->count == 2 && m < minimum->items[0].count; m++) {
        const size_t first = strcmp(minimum->items[0].name, s->name[0]) == 0 ? 0 : 1;
        fprintf(out, "%.9g %.9g\n", minimum->items[first].values[m],
                minimum->items[1 - first].values[m]);
    }
    fputs("EOD\n", out);
}

static void write_style(const plotter *all, const surface *s, FILE *script)
{
    common_style(script);
    fprintf(script, "unset grid\nset xlabel %s noenhanced\nset ylabel %s noenhanced\n",
            quoted(all->memory, s->name[0]), quoted(all->memory, s->name[1]));
    fprintf(script, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\nset border 15\n", s->low[0],
            s->high[0], s->low[1], s->high[1]);
    fputs("set palette defined (0 '#b9c9d8', 1 '#ffffff')\nset key outside right top Left reverse "
          "samplen 1.5 width 3 noenhanced\nset clip two\n",
          script);
    fprintf(script, "set cbrange [%.9g:%.9g]\n", s->least, s->greatest);
    fputs("unset colorbox\n", script);
}

/* Of many trials the first in the file are coloured, the others grey: the author chose their order.
 */
static size_t coloured(const plotter *all)
{
    const size_t count = all->count;
    return count <= MOST_LINES ? count : LINE_COLOURS;
}

static void write_others(const plotter *all, const surface *s, double until, FILE *script)
{
    const char *title = "title 'other trials'";
    for (size_t t = coloured(all); t < all->count; t++) {
        const size_t points = points_until(&s->walks[t], until);
        if (!points) continue;
        fprintf(script,
                ", \\\n    $path%zu every ::0::%zu using 1:2 with lines linecolor '#b0b0b0' "
                "linewidth 0.7 %s",
                t, points - 1, title);
        title = "notitle";
    }
}

/* Everything up to a step: lines, then where each trial is, above all lines. */
static void write_plot(const plotter *all, const surface *s, double until, FILE *script)
{
    const size_t count = coloured(all);
    fputs("plot $grid using 1:2:3 with image notitle, \\\n"
          "    $contours using 1:2 with lines linecolor '#9aa7b3' linewidth 0.6 notitle",
          script);
    if (all->experiment->bases[0].surface.minimum.count)
        fputs(", \\\n    $minima using 1:2 with points pointtype 3 pointsize 1.4 linewidth 1.5 "
              "linecolor '#000000' title 'minimum'",
              script);
    write_others(all, s, until, script);
    for (size_t t = 0; t < count; t++) {
        const size_t points = points_until(&s->walks[t], until);
        if (!points) continue;
        fprintf(script,
                ", \\\n    $path%zu every ::0::%zu using 1:2 with lines linecolor '%s' "
                "linewidth 1.7 dashtype %s title %s",
                t, points - 1, line_colour(t), t < LINE_COLOURS ? "1" : "'-'",
                quoted(all->memory, all->labels[t]));
    }
    for (size_t t = 0; t < count; t++) {
        const size_t points = points_until(&s->walks[t], until);
        if (points)
            fprintf(script,
                    ", \\\n    $path%zu every ::%zu::%zu using 1:2 with points pointtype %d "
                    "pointsize 0.9 linecolor '%s' notitle",
                    t, points - 1, points - 1, t < LINE_COLOURS ? 7 : 5, line_colour(t));
    }
    fputs(
        ", \\\n    $start using 1:2 with points pointtype 6 pointsize 1.3 linewidth 1.5 linecolor "
        "'#000000' title 'start'\n",
        script);
}

static bool draw_paths(plotter *all, const surface *s, failure *why)
{
    picture p;
    picture_begin(&p, 820, 560);
    write_grid(s, p.data);
    write_paths(all, s, p.data);
    write_style(all, s, p.script);
    write_plot(all, s, s->last, p.script);
    return picture_end(all, &p, "paths", why);
}

/* The first steps are large and the last ones small: frames are nearer to each other at the start.
 */
static bool draw_race(plotter *all, const surface *s, failure *why)
{
    enum { FRAMES = 60, STILL = 15 };
    picture p;
    picture_begin(&p, 720, 480);
    write_grid(s, p.data);
    write_paths(all, s, p.data);
    write_style(all, s, p.script);
    double before = -1;
    for (int frame = 0; frame <= FRAMES; frame++) {
        const double step = floor(s->last * pow((double)frame / FRAMES, 2));
        if (step == before && frame < FRAMES) continue;
        before = step;
        fprintf(p.script, "set title 'after %.0f steps'\n", step);
        for (int turn = 0; turn < (frame == FRAMES ? STILL : 1); turn++)
            write_plot(all, s, step, p.script);
    }
    return picture_end_animated(all, &p, "race", why);
}

static bool two_parameters(plotter *all, surface *s)
{
    enum { FIRST = 3 };
    if (s->rows.column_count != FIRST + 2 || !s->rows.row_count) return false;
    s->name[0] = s->rows.columns[FIRST];
    s->name[1] = s->rows.columns[FIRST + 1];
    read_walks(all, s);
    return find_window(all, s);
}

bool plot_paths(plotter *all, failure *why)
{
    surface s = {0};
    const char *path = path_join(all->memory, all->options->folder, "paths.csv");
    if (!file_exists(path)) return true;
    if (!csv_read(all->memory, path, &s.rows, why)) return false;
    if (!two_parameters(all, &s)) return true;
    if (!evaluate_grid(all, &s, why)) return false;
    find_scale(all, &s);
    return draw_paths(all, &s, why) && (!all->options->animate || draw_race(all, &s, why));
}
