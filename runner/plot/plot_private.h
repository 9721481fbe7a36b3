/* plot/plot_private.h: what the parts of the plotter share. For nobody else.
 *
 *     plot.c      which pictures there are; reading the run
 *     gnuplot.c   scripts, and handing them to gnuplot
 *     curves.c    loss and accuracy over time
 *     rates.c     sensitivity to the learning rate
 *     classes.c   confusion matrix and weights as pictures
 *     paths.c     paths over contour lines, and the race
 *     ascii.c     curves on a terminal */
#ifndef SLOPE_PLOT_PLOT_PRIVATE_H
#define SLOPE_PLOT_PLOT_PRIVATE_H

#include "plot/plot.h"
#include "record/csv_read.h"
#include "sweep/plan.h"

#include <stdio.h>

typedef struct plotter {
    arena *memory;
    const experiment *experiment;
    plan *plan;   /* of the trials; made without reading data. NULL where another program asked for
                     them (slope ask-tell), which leaves no weights either */
    size_t count; /* of trials */
    const plot_options *options;
    const char *folder; /* for the pictures */
    csv_rows trials, metrics;
    const char **labels; /* of each trial, for people */
    size_t *order;       /* trials, best first */
} plotter;

/* ---- gnuplot.c ------------------------------------------------------------------------------- */

/* A picture under way. `script` takes gnuplot's commands; what is written there is run once for
 * each kind of file. Data blocks ($name << EOD) go to `data`, which is run first. */
typedef struct picture {
    FILE *data, *script;
    char *data_text, *script_text;
    size_t data_size, script_size;
    int width, height; /* in pixels of the SVG; the PNG has twice as many */
} picture;

void picture_begin(picture *p, int width, int height);
/* Draws NAME.svg and NAME.png, prints the names. */
bool picture_end(plotter *all, picture *p, const char *name, failure *why);
/* The same as NAME.gif: the script plots the frames. */
bool picture_end_animated(plotter *all, picture *p, const char *name, failure *why);
void picture_drop(picture *p);

/* Text as gnuplot reads it back: single quotes, no control characters. */
char *quoted(arena *a, const char *text);

/* A colour (Okabe and Ito 2008: told apart by colour-blind people, too) and a dash for the n-th
 * line. */
const char *line_colour(size_t n);
enum { LINE_COLOURS = 7, MOST_LINES = 14 };

/* Ranges and ticks of a logarithmic axis ('x' or 'y'), readable over less than a decade, too. */
void log_axis(FILE *script, char axis, double least, double greatest);

/* Grid, border and fonts that all pictures share. */
void common_style(FILE *script);
/* The legend below the picture, in as many columns as labels that long leave room for. Returns
 * that. */
size_t legend_below(FILE *script, size_t longest);

/* ---- shared ---------------------------------------------------------------------------------- */

/* NAN for an empty cell. */
double cell_number(const csv_rows *rows, size_t row, const char *column);
size_t cell_trial(const csv_rows *rows, size_t row); /* SIZE_MAX if it is none */

/* Ten times the greatest absolute value at the start of a trial: what is beyond has no place in a
 * picture of the others. INFINITY where all start at 0. */
double bound_of(const csv_rows *rows, const char *column);

/* Pixels of a row of the data, if rows are pictures: square, of one or three planes. */
bool picture_shape(size_t features, size_t *side, size_t *planes);

/* ---- pictures: each draws nothing where the run has nothing for it --------------------------- */

bool plot_curves(plotter *all, failure *why);
bool plot_batch_loss(plotter *all, failure *why);
bool plot_rates(plotter *all, failure *why);
bool plot_classes(plotter *all, failure *why);
bool plot_paths(plotter *all, failure *why);
void plot_ascii(const plotter *all);

#endif
