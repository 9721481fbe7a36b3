/* plot/classes.c: what a trained classifier does to each class: the confusion matrix, computed
 * again from the weights and the data, and, where rows are pictures and the model has one matrix of
 * classes × features, the weights of each class as a picture: its template. */
#include "plot/plot_private.h"

#include "base/files.h"
#include "engine/objective.h"
#include "record/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct subject {
    size_t trial;
    const trial_config *config;
    dataset *data;
    objective *o;
    char *weights; /* as the objective has them */
} subject;

/* ---- weights --------------------------------------------------------------------------------- */

static bool read_weights(subject *s, const char *path, failure *why)
{
    safetensors file;
    if (!safetensors_read(path, &file, why)) return false;
    const layout *l = objective_layout(s->o);
    const size_t size = objective_kernels(s->o)->real_size;
    s->weights = allocate(l->total, size);
    bool good = true;
    for (size_t i = 0; i < l->tensor_count && good; i++) {
        const named_array *found = safetensors_array(&file, l->tensors[i].name);
        size_t elements = 1;
        for (size_t d = 0; found && d < found->rank; d++) elements *= found->extents[d];
        if (!found || strcmp(found->type, size == 8 ? "F64" : "F32") != 0 ||
            elements != l->sizes[i])
            good = failure_set(why, STATUS_ENVIRONMENT, "'%s' has no fitting array '%s'", path,
                               l->tensors[i].name);
        else
            memcpy(s->weights + l->offsets[i] * size, found->data, elements * size);
    }
    safetensors_free(&file);
    return good;
}

/* ---- confusion ------------------------------------------------------------------------------- */

static const char *class_name(const plotter *all, const dataset *data, size_t c)
{
    return c < data->class_name_count ? data->class_names[c] : arena_printf(all->memory, "%zu", c);
}

static void write_class_ticks(const plotter *all, const dataset *data, FILE *script, char axis)
{
    fprintf(script, "set %ctics %s(", axis, axis == 'x' ? "rotate by 40 right " : "");
    for (size_t c = 0; c < data->classes; c++)
        fprintf(script, "%s%s %zu", c ? ", " : "", quoted(all->memory, class_name(all, data, c)),
                c);
    fputs(") noenhanced scale 0\n", script);
}

static void write_counts(const uint64_t *counts, size_t classes, FILE *out)
{
    fputs("$cells << EOD\n", out);
    for (size_t label = 0; label < classes; label++) {
        uint64_t rows = 0;
        for (size_t guess = 0; guess < classes; guess++) rows += counts[label * classes + guess];
        for (size_t guess = 0; guess < classes; guess++) {
            const uint64_t count = counts[label * classes + guess];
            fprintf(out, "%zu %zu %.6g %llu\n", guess, label,
                    rows ? 100 * (double)count / (double)rows : 0, (unsigned long long)count);
        }
    }
    fputs("EOD\n", out);
}

static bool draw_confusion(plotter *all, const subject *s, failure *why)
{
    enum { MOST_CLASSES = 40, MOST_NUMBERS = 16 };
    static const char *const names[] = {"training", "validation", "test"};
    const size_t n = s->data->classes;
    if (n < 2 || n > MOST_CLASSES) return true;
    int split = SLOPE_TEST;
    while (split > SLOPE_TRAIN && !s->data->splits[split].rows) split--;
    uint64_t *counts = arena_alloc(all->memory, n * n * sizeof *counts);
    if (!objective_confusion(s->o, s->weights, objective_split(s->o, (slope_split)split), counts))
        return true;
    picture p;
    picture_begin(&p, 720, 600);
    write_counts(counts, n, p.data);
    common_style(p.script);
    fprintf(p.script, "unset grid\nunset key\nset title %s noenhanced\n",
            quoted(all->memory,
                   arena_printf(all->memory, "%s (%s rows)", all->labels[s->trial], names[split])));
    fputs("set xlabel 'classified as'\nset ylabel 'class'\nset cblabel 'share of the class (%)'\n"
          "set palette defined (0 '#ffffff', 10 '#d6e6f2', 50 '#56a5d0', 100 '#00456e')\n"
          "set cbrange [0:100]\nset size ratio 1\nset border linewidth 0.5\n",
          p.script);
    fprintf(p.script, "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\n", (double)n - 0.5,
            (double)n - 0.5);
    write_class_ticks(all, s->data, p.script, 'x');
    write_class_ticks(all, s->data, p.script, 'y');
    fputs("plot $cells using 1:2:3 with image pixels", p.script);
    if (n <= MOST_NUMBERS)
        fputs(", $cells using 1:2:(sprintf('%d', $4)):($3 > 45 ? 0xffffff : 0x222222) with labels "
              "textcolor rgb variable font ',10'",
              p.script);
    fputc('\n', p.script);
    return picture_end(all, &p, "confusion", why);
}

/* ---- templates ------------------------------------------------------------------------------- */

/* The only matrix of the model, if it is outputs × features. */
static bool find_matrix(const subject *s, size_t *tensor, size_t *outputs)
{
    const layout *l = objective_layout(s->o);
    size_t matrices = 0;
    for (size_t i = 0; i < l->tensor_count; i++)
        if (l->tensors[i].rank >= 2) {
            *tensor = i;
            matrices++;
        }
    if (matrices != 1 || l->tensors[*tensor].extents[1] != s->data->features) return false;
    *outputs = l->tensors[*tensor].extents[0];
    return *outputs == s->data->classes;
}

static bool has_templates(const subject *s)
{
    size_t tensor = 0, outputs, side, planes;
    return find_matrix(s, &tensor, &outputs) && picture_shape(s->data->features, &side, &planes);
}

static double weight_at(const subject *s, size_t index)
{
    double value;
    const kernels *k = objective_kernels(s->o);
    k->to_double(1, s->weights + index * k->real_size, &value);
    return value;
}

/* Grey: weights as they are. Colour: of each class, from its least weight to its greatest, 0 to
 * 255. */
static double write_template(const subject *s, size_t tensor, size_t c, size_t side, size_t planes,
                             FILE *out)
{
    const size_t first = objective_layout(s->o)->offsets[tensor] + c * s->data->features;
    const size_t plane = side * side;
    double least = INFINITY, greatest = -INFINITY;
    for (size_t i = 0; i < planes * plane; i++) {
        const double w = weight_at(s, first + i);
        least = fmin(least, w);
        greatest = fmax(greatest, w);
    }
    const double scale = greatest > least ? 255 / (greatest - least) : 0;
    fprintf(out, "$class%zu << EOD\n", c);
    for (size_t i = 0; i < plane; i++) {
        fprintf(out, "%zu %zu", i % side, i / side);
        for (size_t q = 0; q < planes; q++) {
            const double w = weight_at(s, first + q * plane + i);
            fprintf(out, " %.6g", planes == 1 ? w : scale * (w - least));
        }
        fputc('\n', out);
    }
    fputs("EOD\n", out);
    return fmax(fabs(least), fabs(greatest));
}

static bool draw_templates(plotter *all, const subject *s, failure *why)
{
    enum { ACROSS = 5, MOST_CLASSES = 20, CELL = 150 };
    size_t tensor = 0, outputs, side, planes;
    if (!find_matrix(s, &tensor, &outputs) || outputs > MOST_CLASSES ||
        !picture_shape(s->data->features, &side, &planes))
        return true;
    const size_t down = (outputs + ACROSS - 1) / ACROSS;
    picture p;
    picture_begin(&p, ACROSS * CELL + (planes == 1 ? 110 : 20), (int)(down * (CELL + 24) + 30));
    double greatest = 0;
    for (size_t c = 0; c < outputs; c++)
        greatest = fmax(greatest, write_template(s, tensor, c, side, planes, p.data));
    const double right = (double)(ACROSS * CELL) / p.width;
    common_style(p.script);
    fprintf(p.script,
            "unset grid\nunset key\nunset border\nunset xtics\nunset ytics\n"
            "set lmargin 0\nset rmargin 0\nset tmargin 0\nset bmargin 0\n"
            "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\nset size ratio 1\n"
            "set palette defined (-1 '#0072B2', -0.5 '#8fbfdd', 0 '#ffffff', "
            "0.5 '#eeb088', 1 '#D55E00')\nset cbrange [%.6g:%.6g]\nset multiplot\n",
            (double)side - 0.5, (double)side - 0.5, -greatest, greatest);
    for (size_t c = 0; c < outputs; c++) {
        const double x = right * (double)(c % ACROSS) / ACROSS;
        const double y = 1 - (double)(c / ACROSS + 1) / (double)down;
        fprintf(p.script,
                "set origin %.5f,%.5f\nset size %.5f,%.5f\n"
                "set label 1 %s at graph 0.5,1.07 center noenhanced\n",
                x + 0.05 * right / ACROSS, y + 0.04 / (double)down, 0.9 * right / ACROSS,
                0.84 / (double)down, quoted(all->memory, class_name(all, s->data, c)));
        if (planes == 1 && c == 0)
            fprintf(p.script,
                    "set colorbox user origin %.5f,0.15 size 0.02,0.7\nset cblabel "
                    "'weight'\n",
                    right + 0.01);
        else
            fputs("unset colorbox\n", p.script);
        fprintf(p.script, "plot $class%zu using 1:2:3%s\n", c,
                planes == 1 ? " with image pixels" : ":4:5 with rgbimage pixels");
    }
    fputs("unset multiplot\nunset label 1\n", p.script);
    return picture_end(all, &p, "weights", why);
}

/* ---- entry ----------------------------------------------------------------------------------- */

/* False with why->status OK: the trial left no weights, or has no classes. */
static bool open_subject(const plotter *all, size_t trial, subject *s, failure *why)
{
    const char *path = path_join(all->memory, all->options->folder,
                                 arena_printf(all->memory, "weights/%zu.safetensors", trial));
    *s = (subject){.trial = trial};
    why->status = STATUS_OK;
    if (!all->plan || !file_exists(path)) return false;
    s->config = plan_trial(all->plan, trial, all->memory);
    s->data = dataset_load(&s->config->dataset, why);
    if (!s->data || s->data->classes < 2 || !s->data->features) return false;
    s->o = objective_create(s->config, s->data, 0, why);
    return s->o && read_weights(s, path, why);
}

static void close_subject(subject *s)
{
    free(s->weights);
    objective_destroy(s->o);
    dataset_destroy(s->data);
}

/* Best first; each picture shows the first trial that it can, or the one asked for. */
bool plot_classes(plotter *all, failure *why)
{
    enum { MOST_TRIED = 20 };
    const bool asked = all->options->trial >= 0;
    const size_t count = asked ? 1 : all->count;
    bool confusion = false, templates = false, good = true;
    for (size_t i = 0; i < count && i < MOST_TRIED && good && !(confusion && templates); i++) {
        subject s;
        const size_t trial = asked ? (size_t)all->options->trial : all->order[i];
        if (open_subject(all, trial, &s, why)) {
            if (!confusion) good = draw_confusion(all, &s, why);
            confusion = true;
            if (good && !templates && has_templates(&s)) {
                templates = true;
                good = draw_templates(all, &s, why);
            }
        } else {
            good = why->status == STATUS_OK;
        }
        close_subject(&s);
    }
    return good;
}
