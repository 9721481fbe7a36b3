/* sweep/asked.h: what a question of another program sets, as trials.csv has it: a dotted path and a
 * value for each thing that is different from the file; and from there back to a configuration. */
#ifndef SLOPE_SWEEP_ASKED_H
#define SLOPE_SWEEP_ASKED_H

#include "config/experiment.h"

typedef struct asked_value {
    const char *path; /* "optimizer.learning_rate" */
    const char *text; /* YAML: 0.1, adam, [32, 16], "1" of a text that looks like something else */
} asked_value;

typedef struct asked_set {
    size_t count;
    const asked_value *values; /* no path twice */
} asked_set;

/* What questions vary: the file without its space, since what is swept is the asker's to say; the
 * settings of the sweep stay. NULL with all that is wrong in `errors`. */
const experiment *asked_base(arena *a, const experiment *e, diagnostics *errors);

/* Of a mapping of sections. A section written as one value is the key that it stands for. */
asked_set asked_values(arena *a, const config_node *over);

/* The mapping again, with all nodes at `place`. NULL or "": nothing is set there. */
config_node *asked_tree(arena *a, config_place place, size_t count, const char *const *paths,
                        const char *const *texts, diagnostics *errors);

/* "adam learning_rate=0.1"; `base` where nothing is asked for. */
const char *asked_label(arena *a, const char *base, const asked_set *what);

#endif
