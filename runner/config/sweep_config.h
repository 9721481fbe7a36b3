/* config/sweep_config.h: the section `sweep` of an experiment: many trials from one file.
 *
 * Every key that is not a setting is a path of an experiment (dotted, or mappings in one another)
 * with its values; space.h says how they are written. The settings:
 *
 *     sampler, trials, seed, seeds, pruner, metric, fuse, keep_best, on_error, max_failures,
 *     trial_seconds, seconds, zip, exclude
 *
 * What is read here has its type and its bounds. Which trials come of it is sweep/plan.h's matter.
 */
#ifndef SLOPE_CONFIG_SWEEP_CONFIG_H
#define SLOPE_CONFIG_SWEEP_CONFIG_H

#include "config/experiment.h"
#include "config/space.h"

typedef struct sweep_config {
    plugin_choice sampler; /* `sampler`; grid by default. Fits description[FLOAT32] */
    uint64_t trials;       /* how many the sampler places; 0: not given */
    uint64_t seed;         /* of the sampler; default 0 */
    uint64_t seeds;        /* each configuration with train.seed, train.seed + 1, …; default 1 */
    plugin_choice pruner;  /* plugin NULL: none */
    metric metric;         /* METRIC_NONE: chosen by the data, see plan_metric() */
    bool fuse;             /* `fuse: auto | off`; default auto */
    uint64_t keep_best;    /* of how many trials the weights stay; default 1. `keep: nothing` at the
                              top of the file keeps none, whatever this says */
    bool stop_on_error;    /* `on_error: continue | stop`; default continue */
    int64_t max_failures;  /* trials that may fail before the sweep ends; SLOPE_ABSENT: any */
    double trial_seconds;  /* limit of each trial; NAN: none */
    double seconds;        /* limit of the whole sweep; NAN: none */
    const space *space;    /* never NULL; may have no dimension (a sampler with a table) */
    const config_node *section; /* as it stands, with places */
} sweep_config;

#endif
