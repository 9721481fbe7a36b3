/* plot/plot.h: pictures of a run, drawn with gnuplot from what the run's folder holds.
 *
 *     loss, accuracy, batch_loss   curves over epochs or steps
 *     learning_rate                final loss over learning rate, where trials differ in it
 *     confusion                    classes told from classes; the weights are applied to the data
 * again weights                      the weights of each class as pictures, where rows are pictures
 *     paths                        of two parameters, over contour lines of the objective
 *     race                         the same, moving (animate)
 *
 * What a run has nothing for is not drawn. Nothing here changes the run's own files. */
#ifndef SLOPE_PLOT_PLOT_H
#define SLOPE_PLOT_PLOT_H

#include "config/experiment.h"

typedef struct plot_options {
    const char *folder; /* of the run */
    const char *output; /* folder for pictures; NULL: `plots` in the run's folder */
    bool ascii;         /* curves on stdout instead; no files, no gnuplot */
    bool animate;       /* the race, too */
    bool quiet;         /* no list of what was drawn */
    int64_t trial;      /* whose classes are drawn; -1: the best */
} plot_options;

/* `e` is what the folder's config.yaml says. Prints the pictures' names to stdout. */
bool plot_run(const experiment *e, const plot_options *options, failure *why);

#endif
