/* config/space.h: the space of a sweep: what is varied, cut into dimensions for a sampler.
 *
 *     optimizer.learning_rate: [0.01, 0.1, 1]        a list
 *     regularization.l2: {from: 1e-5, to: 1e-2, points: 4, scale: log}
 *     model.init.std: {log_uniform: [1e-3, 1]}       or uniform, int_uniform, choice
 *     schedule.warmup_steps: auto                    by the parameter's own table
 *     optimizer:                                     alternatives
 *       - {name: sgd, learning_rate: [0.1, 1]}
 *       - {name: adam, learning_rate: {from: 1e-4, to: 1e-1, points: 4, scale: log}}
 *     zip:                                           lists that go side by side
 *       - {train.batch_size: [32, 64], train.epochs: [5, 10]}
 *     exclude:                                       combinations left out
 *       - {optimizer.name: sgd, optimizer.learning_rate: 1}
 *
 * A list is always a list of values to try; a value that is itself a list stands in brackets of its
 * own (model.hidden: [[100], [100, 50]]). Names of plugins are swept under their whole path: the
 * list `optimizer: [sgd, adam]` sweeps optimizer.name.
 *
 * Numbers on a range are computed in long double and rounded to 12 significant digits, so that
 * 1e-3 is 1e-3 on every machine; the first and the last point are what the file says, letter for
 * letter. `scale: log` places them by equal factors. {from, to} without points is a range that a
 * sampler draws from, and so are the distributions; int_uniform takes both ends, too, and is a list
 * of its integers where these are at most 1000. `auto` takes bounds and scale of the parameter; one
 * on a logarithmic scale without finite bounds is drawn from its default / 1000 to its default *
 * 1000, inside its bounds. Where plugins are swept beside it, the first one's table counts.
 *
 * What the command line sets or sweeps, the file does not sweep (space_command.c). Of a section
 * with mistakes the rest is made into a space, too, so that all mistakes can be told at once: see
 * space_losses.
 *
 * Dimensions stand in the order of the file, those of an alternative after it; the rows of a
 * sampler that brings its own come last. */
#ifndef SLOPE_CONFIG_SPACE_H
#define SLOPE_CONFIG_SPACE_H

#include "config/tree.h"

#include <stdint.h>

#define SPACE_MOST_TRIALS 1000000000u /* a plan that would hold more is refused at once */

/* A path that is swept, as trials.csv heads its column, and where it is first swept. */
typedef struct space_column {
    const char *path;
    const config_place *key; /* of the path's last part */
} space_column;

/* One value of one column: what a choice sets. */
typedef struct space_setting {
    size_t column;
    const config_node *value;
    const config_place *key; /* where the path stands of which this is a value */
} space_setting;

typedef struct space_choice {
    size_t count;
    const space_setting *settings;
} space_choice;

typedef struct space_dimension {
    const char *path;       /* for messages, and for samplers */
    config_place place;     /* where its values stand */
    size_t parent;          /* SLOPE_NO_PARENT, or the dimension (before it) … */
    uint64_t parent_choice; /* … with the choice under which it is there */
    uint64_t choice_count;  /* 0: a range */
    const space_choice *choices;
    size_t column;            /* of a range: what it sets … */
    const config_place *key;  /* … and where its path stands */
    double low, high;         /* of a range */
    bool log, integer;        /* scale; integer: from low to high, both included */
    bool low_open, high_open; /* the ends themselves are no values */
} space_dimension;

/* A combination that is left out: all its conditions hold. */
typedef struct space_condition {
    size_t column;
    size_t count; /* one of these values, compared as YAML, numbers as numbers */
    const config_node *const *values;
} space_condition;
typedef struct space_exclusion {
    size_t count;
    const space_condition *conditions;
} space_exclusion;

/* What is wrong in a section, and was therefore left out of its space. A dimension that is lost
 * stays as one with a single choice that sets nothing, so that the others keep their numbers. */
typedef struct space_losses {
    size_t count;
    const char *const *paths; /* that would have been set */
    bool any;                 /* and others, of which nobody knows the paths */
    bool points;              /* nobody knows which points the sampler places … */
    bool combinations;        /* … or which of them are left out */
} space_losses;

typedef struct space {
    size_t count;
    const space_dimension *dimensions;
    size_t column_count; /* all paths that some choice or range sets, in order */
    const space_column *columns;
    size_t exclusion_count;
    const space_exclusion *exclusions;
    space_losses lost; /* nothing, where there is no mistake */
} space;

/* Whether a complaint about a trial may be there only because something was lost. */
bool space_explains(const space *s, const diagnostic *complaint);

/* Whether something that was lost has to do with one of these paths (ended by NULL): it is the
 * same, or below it or above. */
bool space_lost(const space *s, const char *const *paths);

/* Whether dimension `d` is there at the point (one number for each dimension, as in
 * slope/sampler.h). */
bool space_has(const space *s, const double *point, size_t d);

/* The value of a column at a point; NULL if nothing sets it there. A number on a range is made in
 * the arena. Thread: any. */
const config_node *space_value(const space *s, const double *point, size_t column, arena *a);

/* What the point sets in one section of an experiment, as the section's node, to be put over that
 * of a base; NULL if it sets nothing there. Thread: any. */
const config_node *space_section(const space *s, const double *point, const char *section,
                                 arena *a);

/* Whether `exclude` leaves the point out. `a` for scratch. */
bool space_excludes(const space *s, const double *point, arena *a);

/* The first value of everything, in the order of a grid, that is not excluded (looking at the first
 * thousand); and a range at its ends: dimension d at `place`, under the choices that it needs. */
double *space_first_point(const space *s, arena *a);
double *space_point_at(const space *s, size_t d, double place, arena *a);

/* The number at `place` (from 0 up to and without 1) of a range, as text. */
const char *space_number(const space_dimension *d, double place, arena *a);

/* path.key, or the key alone where the path is empty. */
const char *space_join(arena *a, const char *path, const char *key);

/* A value as YAML on one line: 0.1, adam, [100, 50]. */
const char *space_text(const config_node *value, arena *a);

#endif
