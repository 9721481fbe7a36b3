/* plot/curves.c: loss and accuracy over epochs or steps, one colour for each trial: solid on the
 * training rows, dashed on the validation rows. With many trials the best are coloured, the others
 * grey. */
#include "plot/plot_private.h"

#include "base/files.h"

#include <math.h>
#include <string.h>

/* What a picture of curves shows. */
typedef struct subject {
    const csv_rows *rows;
    const char *name, *title;   /* of the file; of the axis */
    const char *solid, *dashed; /* columns; dashed may be NULL */
    bool percent, logarithmic;
} subject;

/* Whether a column has two numbers for one trial somewhere, and their range over all: of accuracies
 * that after the start, of losses that within the bound. */
static bool has_curve(const subject *s, const char *column, double *least, double *greatest)
{
    bool any = false;
    const csv_rows *rows = s->rows;
    const double bound = column && !s->percent ? bound_of(rows, column) : INFINITY;
    for (size_t i = 0; column && i < rows->row_count; i++) {
        const double value = cell_number(rows, i, column);
        if (!isfinite(value) || fabs(value) > bound) continue;
        if (i && cell_trial(rows, i) == cell_trial(rows, i - 1)) any = true;
        if (s->percent && cell_number(rows, i, "step") == 0) continue;
        if (!(*least <= value)) *least = value;
        if (!(*greatest >= value)) *greatest = value;
    }
    return any;
}

/* Epochs say more than steps where they are not the same. */
static bool by_epochs(const csv_rows *rows)
{
    for (size_t i = 0; i < rows->row_count; i++)
        if (cell_number(rows, i, "epoch") != cell_number(rows, i, "step")) return true;
    return false;
}

static void write_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, " %.9g", value);
    else
        fputs(" ?", out);
}

/* How many trials are drawn, the best: more grey lines would tell nothing more. */
static size_t shown(const plotter *all)
{
    enum { MOST_SHOWN = 200 };
    return all->count < MOST_SHOWN ? all->count : MOST_SHOWN;
}

/* One block for each trial that is drawn: time, solid, dashed. */
static void write_data(const plotter *all, const subject *s, FILE *out, bool *there)
{
    const bool epochs = by_epochs(s->rows);
    const double factor = s->percent ? 100 : 1;
    size_t *trials = arena_alloc(all->memory, s->rows->row_count * sizeof *trials);
    for (size_t i = 0; i < s->rows->row_count; i++) trials[i] = cell_trial(s->rows, i);
    for (size_t n = 0; n < shown(all); n++) {
        const size_t t = all->order[n];
        fprintf(out, "$trial%zu << EOD\n", t);
        for (size_t i = 0; i < s->rows->row_count; i++) {
            if (trials[i] != t) continue;
            write_number(out, cell_number(s->rows, i, epochs ? "epoch" : "step"));
            write_number(out, factor * cell_number(s->rows, i, s->solid));
            write_number(out, s->dashed ? factor * cell_number(s->rows, i, s->dashed) : NAN);
            fputc('\n', out);
            there[t] = true;
        }
        fputs("EOD\n", out);
    }
}

static size_t longest_label(const plotter *all, size_t coloured)
{
    size_t longest = 0;
    for (size_t i = 0; i < coloured; i++) {
        const size_t length = strlen(all->labels[all->order[i]]);
        if (length > longest) longest = length;
    }
    return longest;
}

/* Grey first, so that colours lie above. */
static void write_lines(const plotter *all, const subject *s, const bool *there, size_t coloured,
                        FILE *out)
{
    const size_t count = all->count;
    const bool single = count == 1;
    const char *comma = "plot";
    for (size_t i = coloured; i < shown(all); i++) {
        if (!there[all->order[i]]) continue;
        fprintf(out, "%s $trial%zu using 1:2 with lines linecolor '#cccccc' linewidth 0.8 %s",
                comma, all->order[i], i == coloured ? "title 'other trials'" : "notitle");
        comma = ", \\\n    ";
    }
    for (size_t i = 0; i < coloured; i++) {
        const size_t t = all->order[i];
        if (!there[t]) continue;
        const char *colour = line_colour(i), *marks = i < LINE_COLOURS ? "lines" : "linespoints";
        const char *marked = i < LINE_COLOURS ? "" : " pointtype 6 pointsize 0.7";
        fprintf(out, "%s $trial%zu using 1:2 with %s linecolor '%s' linewidth 1.7%s title %s",
                comma, t, marks, colour, marked,
                single && s->dashed ? "'training'" : quoted(all->memory, all->labels[t]));
        comma = ", \\\n    ";
        if (s->dashed)
            fprintf(out,
                    "%s $trial%zu using 1:3 with %s linecolor '%s' linewidth 1.7%s "
                    "dashtype 2 title %s",
                    comma, t, marks, single ? line_colour(1) : colour, marked,
                    single ? "'validation'" : "''");
    }
    if (!single && s->dashed)
        fprintf(out,
                "%s NaN with lines linecolor '#666666' linewidth 1.8 title 'solid: training', "
                "NaN with lines linecolor '#666666' linewidth 1.8 dashtype 2 "
                "title 'dashed: validation'",
                comma);
    fputc('\n', out);
}

static bool draw_subject(plotter *all, subject s, failure *why)
{
    double least = NAN, greatest = NAN;
    const bool solid = has_curve(&s, s.solid, &least, &greatest);
    const bool dashed = has_curve(&s, s.dashed, &least, &greatest);
    if (!solid && !dashed) return true;
    if (!solid) { /* no evaluation on the training rows */
        s.solid = s.dashed;
        s.dashed = NULL;
        s.title = arena_printf(all->memory, "validation %s", s.title);
    } else if (!dashed) {
        s.dashed = NULL;
    }
    const size_t count = all->count;
    const size_t coloured = count <= MOST_LINES ? count : LINE_COLOURS;
    picture p;
    picture_begin(&p, 760, 0);
    bool *there = arena_alloc(all->memory, count * sizeof *there);
    write_data(all, &s, p.data, there);
    common_style(p.script);
    fprintf(p.script, "set xlabel '%s'\nset ylabel '%s%s'\n",
            by_epochs(s.rows) ? "epochs" : "steps", s.title, s.percent ? " (%)" : "");
    const size_t columns = legend_below(p.script, longest_label(all, coloured));
    p.height = (int)(410 + 19 * ((coloured + 3 + columns) / columns));
    fputs("set clip two\n", p.script);
    if (s.percent)
        fprintf(p.script, "set yrange [%g:%g]\n", fmin(95, 5 * floor(20 * least)),
                fmin(100, 5 * ceil(20 * greatest + 0.01)));
    else if (s.logarithmic && least > 0 && greatest / least > 4)
        log_axis(p.script, 'y', least, greatest);
    else if (greatest > least)
        fprintf(p.script, "set yrange [%.9g:%.9g]\n", least - 0.04 * (greatest - least),
                greatest + 0.04 * (greatest - least));
    write_lines(all, &s, there, coloured, p.script);
    return picture_end(all, &p, s.name, why);
}

bool plot_curves(plotter *all, failure *why)
{
    const subject loss = {&all->metrics,     "loss", "loss", "train_loss",
                          "validation_loss", false,  true};
    const subject accuracy = {&all->metrics,         "accuracy", "accuracy", "train_accuracy",
                              "validation_accuracy", true,       false};
    return draw_subject(all, loss, why) && draw_subject(all, accuracy, why);
}

bool plot_batch_loss(plotter *all, failure *why)
{
    csv_rows rows;
    const char *path = path_join(all->memory, all->options->folder, "batch_loss.csv");
    if (!file_exists(path)) return true;
    if (!csv_read(all->memory, path, &rows, why)) return false;
    return draw_subject(
        all,
        (subject){&rows, "batch_loss", "objective on the batch", "batch_loss", NULL, false, true},
        why);
}
