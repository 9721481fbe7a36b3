/* config/experiment.h: a whole experiment, typed and validated: what the engine works from.
 *
 * Made from a tree (load.h) with the tables of the plugins (registry) and the runner's own tables,
 * which stand in plain_sections.c, plugin_sections.c and dataset_section.c and are the only
 * definition of the vocabulary. All errors of all trials are found at once. Nothing here opens
 * data, but files that parameters name are checked to be readable.
 *
 *     experiment, dataset, model, loss, regularization, optimizer, schedule, clip, train, evaluate,
 *     stop, checkpoint, record, surface, keep, label, trials, sweep
 *
 * A scalar where a section is expected sets the section's first key (overlay.h; model: linear is
 * model: {name: linear}; init: zeros is init: {distribution: zeros}).
 * `trials` is a list of mappings; each is deep-merged over the rest of the file and gives one
 * trial. A merge that changes a plugin's name drops the parameters of the earlier plugin.
 * `sweep` makes many trials of each of these bases: sweep_config.h says what it may hold, and
 * sweep/plan.h makes the trials. */
#ifndef SLOPE_CONFIG_EXPERIMENT_H
#define SLOPE_CONFIG_EXPERIMENT_H

#include "config/tree.h"
#include "host/registry.h"

/* A plugin with its parameters. The config struct fits description[precision of the trial]. */
typedef struct plugin_choice {
    const host_plugin *plugin;
    const void *config;
} plugin_choice;

typedef enum interval_unit { UNIT_STEPS = 1, UNIT_EPOCHS = 2, UNIT_SECONDS = 3 } interval_unit;

/* "100" or "100 steps", "1 epoch", "0.5 epochs" (at least one step), "30 seconds", "never"
 * (count 0). */
typedef struct interval {
    double count;
    interval_unit unit;
} interval;

/* dataset: in a file datasets/NAME.yaml or in place. If there is such a file, the other keys of the
 * mapping are put over it, and its own `name` is the reader's; with `in_place: true`, as recorded
 * configurations have it, or where there is no such file, `name` is the reader's. `known_as` is
 * what tables call it. Keys that only inform people: title, description, origin, licence. Every key
 * that is not listed here belongs to the reader; `validation: 0.1` is a fraction, a mapping there
 * is the reader's. Statistics come from the training rows only. */
typedef struct dataset_config {
    const char *label;      /* how tables name it: the descriptor's name, or the reader's */
    const char *descriptor; /* path of the descriptor file; NULL when in place */
    plugin_choice reader;
    uint64_t seed;          /* of splits and made-up data; default 0 */
    int64_t limit;          /* first rows of training data to keep; SLOPE_ABSENT: all */
    int64_t test_limit;     /* the same for the test split */
    double validation;      /* fraction (below 1) or rows (1 and more) taken from train, seeded
                               (`validation: 0.1`); NAN: no split unless the reader gives one */
    double test;            /* the same, only where the reader gives no test split (key
                               `test_fraction`) */
    double scale;           /* every feature is multiplied by it; default 1 */
    bool subtract_mean;     /* subtract the mean of each column (the mean image) */
    bool standardize;       /* subtract the mean, divide by the standard deviation; columns that
                               never change are only centred */
    const char *how_to_get; /* printed when a file is missing (`how_to_get`); or NULL */
    size_t checksum_count;  /* `sha256`: a mapping from file name (last part of a path) to digest,
                               64 lower-case hexadecimal digits */
    const char *const *checksum_names, *const *checksum_digests;
    size_t class_name_count; /* `class_names`: a list, class 0 first; 0: what the reader says */
    const char *const *class_names;
} dataset_config;

typedef enum init_distribution {
    INIT_ZEROS = 0,
    INIT_NORMAL = 1,  /* std (default 0.01) */
    INIT_UNIFORM = 2, /* between -limit and limit (default 0.01) */
    INIT_HE = 3,      /* normal, std = sqrt(2 / fan_in); He et al. 2015 */
    INIT_XAVIER = 4,  /* uniform, limit = sqrt(6 / (fan_in + fan_out)); Glorot and Bengio 2010 */
} init_distribution;

typedef struct init_config {
    int64_t distribution;
    double std, limit;
} init_config;

typedef struct regularization_config {
    double l2, l1; /* adds l2 · ΣW² and l1 · Σ|W| over the weights, not the biases */
} regularization_config;

typedef struct clip_config {
    double norm, value; /* NAN: not clipped. Value first, then norm, as a file may give both */
} clip_config;

typedef enum gradient_method { GRADIENT_ANALYTIC = 0, GRADIENT_NUMERICAL = 1 } gradient_method;
typedef enum difference_method { DIFFERENCE_CENTRAL = 0, DIFFERENCE_FORWARD = 1 } difference_method;

typedef struct train_config {
    /* The first limit reached ends the trial. No limit given: 10 epochs. */
    int64_t epochs, steps; /* SLOPE_ABSENT: no such limit */
    double seconds;        /* of training time; NAN: no such limit */
    int64_t batch_size;    /* 0 for `full`. Default 128 */
    uint64_t seed;         /* default 0 */
    precision precision;
    gradient_method gradient;
    difference_method difference; /* for numerical gradients; default central */
    double difference_step; /* h; default 1e-5 in float64, 1e-2 in float32 when absent (NAN) */
} train_config;

typedef struct evaluate_config {
    interval every; /* default 1 epoch */
    bool train;     /* evaluate on the training rows, too; default true */
} evaluate_config;

typedef enum metric {
    METRIC_NONE = 0,
    METRIC_TRAIN_LOSS,
    METRIC_TRAIN_ACCURACY,
    METRIC_VALIDATION_LOSS,
    METRIC_VALIDATION_ACCURACY,
    METRIC_TRAIN_MSE,
    METRIC_TRAIN_MAE,
    METRIC_TRAIN_R2,
    METRIC_VALIDATION_MSE,
    METRIC_VALIDATION_MAE,
    METRIC_VALIDATION_R2,
} metric;

typedef struct stop_config {
    int64_t metric;   /* validation_loss by default; the others by name as above in lower case */
    double target;    /* stop when reached; NAN: none */
    int64_t patience; /* evaluations without improvement; SLOPE_ABSENT: none */
    double min_delta; /* what counts as an improvement; default 0 */
} stop_config;

typedef struct schedule_config {
    plugin_choice choice;  /* constant by default */
    uint64_t warmup_steps; /* linear: factor (t + 1) / warmup_steps for t < warmup_steps */
} schedule_config;

/* What is written down while a trial runs, beside its evaluations. In steps or epochs; 0: never. */
typedef struct record_config {
    interval parameters; /* every parameter, and the objective: paths.csv */
    interval batch_loss; /* the objective on the batch of a step: batch_loss.csv */
} record_config;

/* What is known about a function that is minimised without data (`surface`): for tables, pictures
 * and tests. Changes nothing of a trial. Names are those of the model's tensors. */
typedef struct surface_config {
    slope_arrays domain;  /* of each parameter: least and greatest value of the picture */
    slope_arrays minimum; /* of each parameter: its value, or its values at several minima */
    double value;         /* of the function at its minima; NAN: not given */
    double tolerance;     /* distance from a minimum that counts as there */
} surface_config;

typedef struct trial_config {
    const char *label; /* for tables: given, or made of what differs between trials */
    dataset_config dataset;
    plugin_choice model, loss, optimizer; /* linear, softmax and sgd by default */
    init_config init;
    schedule_config schedule;
    regularization_config regularization;
    clip_config clip;
    train_config train;
    evaluate_config evaluate;
    stop_config stop;
    interval checkpoint; /* `checkpoint: {every: …}`; default never */
    record_config record;
    surface_config surface;
    bool keep_weights;           /* `keep: weights | nothing`; default weights */
    const config_node *resolved; /* the whole trial, defaults included, with origins */
} trial_config;

struct sweep_config; /* sweep_config.h */

typedef struct experiment {
    const char *name;  /* `experiment`, default: the file's stem */
    size_t base_count; /* at least 1 */
    /* The trials that stand in the file, one for each item of `trials`. Without a sweep they are
     * the trials that run. With one, each has the first value of everything that is swept (of a
     * range its beginning), or is as the file gives it where these make no trial: one to look at.
     */
    const trial_config *bases;
    const struct sweep_config *sweep; /* NULL: the file has none */
    const config_node *resolved; /* whole file, defaults included; runs again as it is, from any
                                    folder. Sections that are the same in all bases stand once, the
                                    others whole in each item of `trials`; sections that are swept
                                    hold what the file gives, since defaults follow the choice */

    /* Of each base: its label where one is given, or what tells it from the other bases, or "". */
    const char *const *labels;

    /* For sweep/plan.c, which builds trials of the same material. */
    const config_node *const *trees; /* of each base: everything but `trials` and `sweep`, merged */
    const char *config_path;
    registry *plugins;
} experiment;

/* NULL if anything is wrong, with all errors in `errors`. `config_path` serves to find data set
 * descriptors: NAME.yaml in the folder `datasets` beside the file, beside its parent folder, in the
 * current folder, in <program>/../share/slope/datasets. */
const experiment *experiment_create(arena *a, const config_node *tree, const char *config_path,
                                    registry *plugins, diagnostics *errors);

/* The same, but never NULL. With errors it is a draft: what is left when everything wrong is taken
 * out, in which plan_check_draft() finds what else is wrong. For nothing else: it has no record,
 * and its bases may be wrong. */
const experiment *experiment_draft(arena *a, const config_node *tree, const char *config_path,
                                   registry *plugins, diagnostics *errors);

/* Its first base as it was given, without defaults, with its sweep: what questions are put over
 * (sweep/asked.h), to be read again from any folder. In the arena. */
const config_node *experiment_given(arena *a, const experiment *e);

/* What is put over it, with the files of its data set by their absolute names. */
const config_node *experiment_with_files(arena *a, const experiment *e, const config_node *over);

const char *metric_name(metric m); /* "validation_loss"; METRIC_NONE: "none" */

/* Of accuracy and r2 more is better, of everything else less. */
bool metric_is_score(metric m);

#endif
