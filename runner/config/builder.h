/* config/builder.h: what the parts of experiment_create() share. For config/, and for
 * sweep/plan*.c, which builds more trials of the same sections.
 *
 *     experiment.c       trials: merged, built, named, recorded
 *     trial_sections.c   one section after another, by number
 *     plain_sections.c   train, evaluate, stop …: sections that need no plugin
 *     plugin_sections.c  model, loss, optimizer, schedule, and the rules between them
 *     dataset_section.c  dataset and its descriptors
 *     surface_section.c  surface: what is known about a function
 *     trial_labels.c     names for trials
 *     parameter_of.c     from a path to the parameter that it sets
 *     sweep_section.c    sweep: its settings
 *     space_*.c          the space of a sweep (space_build.h)
 *
 * Each function takes a trial's merged mapping, reports to b->errors, fills its part of the trial
 * as well as it can, and puts what it bound into `resolved` under its key. */
#ifndef SLOPE_CONFIG_BUILDER_H
#define SLOPE_CONFIG_BUILDER_H

#include "config/bind.h"
#include "config/experiment.h"
#include "config/overlay.h"

typedef struct builder {
    arena *memory;
    registry *plugins;
    diagnostics *errors;
    const char *config_path;

    /* The last data set: trials nearly always share it, and it costs files to look at. */
    const config_node *dataset_node;
    dataset_config dataset;
    const config_node *dataset_resolved;
} builder;

/* ---- shared ---------------------------------------------------------------------------------- */

/* The section of that rule in `parent` as a mapping; NULL if it is not given (or null, or, with an
 * error, something else). */
const config_node *builder_section(builder *b, const section_rule *rule, const config_node *parent,
                                   const char *path);

/* Where section.key stands, or the section, or nowhere. */
config_place builder_place(const config_node *section, const char *key);

/* The entries of `mapping` whose keys the table has. */
config_node *builder_only(builder *b, const config_node *mapping, const bind_table *table);

/* bind_table of a `static const slope_parameter table[]` of the runner. */
#define RUNNER_TABLE(table_, struct_, owner_) \
    { \
        .parameters = (table_), .count = sizeof(table_) / sizeof((table_)[0]), \
        .element_size = sizeof(slope_parameter), .config_size = sizeof(struct_), .owner = (owner_) \
    }

/* ---- a trial, section by section ------------------------------------------------------------- */

/* In the order in which they are built: the precision decides about plugins, the loss about
 * whether a data set is needed. */
typedef enum trial_section {
    SECTION_TRAIN,
    SECTION_LOSS,
    SECTION_DATASET,
    SECTION_MODEL,
    SECTION_REGULARIZATION,
    SECTION_OPTIMIZER,
    SECTION_SCHEDULE,
    SECTION_CLIP,
    SECTION_EVALUATE,
    SECTION_STOP,
    SECTION_CHECKPOINT,
    SECTION_RECORD,
    SECTION_SURFACE,
    TRIAL_SECTIONS
} trial_section;

const char *trial_section_key(trial_section s);
trial_section trial_section_of(const char *path);   /* of its first part; TRIAL_SECTIONS: none */
trial_section trial_section_recorded(size_t place); /* the place-th in the record */

/* Builds one section of a trial (after those before it) and returns its record, or NULL where there
 * is nothing to record. */
const config_node *build_section(builder *b, trial_section s, const config_node *trial,
                                 trial_config *out);
/* Copies what that section filled. */
void trial_section_copy(trial_section s, trial_config *to, const trial_config *from);

/* A whole trial's record of the records of its sections. `keep` may be NULL. */
const config_node *trial_record(arena *a, const config_node *label, const config_node *keep,
                                const config_node *const parts[TRIAL_SECTIONS], config_place place);

/* ---- sections -------------------------------------------------------------------------------- */

extern const char *const metric_names[]; /* from METRIC_TRAIN_LOSS on, ended by NULL */

void build_train(builder *b, const config_node *trial, config_node *resolved, train_config *out);
void build_evaluate(builder *b, const config_node *trial, config_node *resolved,
                    evaluate_config *out);
void build_stop(builder *b, const config_node *trial, config_node *resolved, stop_config *out);
void build_clip(builder *b, const config_node *trial, config_node *resolved, clip_config *out);
void build_regularization(builder *b, const config_node *trial, config_node *resolved,
                          regularization_config *out);
void build_checkpoint(builder *b, const config_node *trial, config_node *resolved, interval *out);
void build_record(builder *b, const config_node *trial, config_node *resolved, record_config *out);
void build_surface(builder *b, const config_node *trial, config_node *resolved,
                   surface_config *out);
void build_init(builder *b, const char *fallback, const config_node *model, config_node *resolved,
                init_config *out);

void build_model(builder *b, const config_node *trial, config_node *resolved, trial_config *out);
void build_loss(builder *b, const config_node *trial, config_node *resolved, trial_config *out);
void build_optimizer(builder *b, const config_node *trial, config_node *resolved,
                     trial_config *out);
void build_schedule(builder *b, const config_node *trial, config_node *resolved, trial_config *out);
/* What one plugin needs of another or of the limits; only when all of them are there. */
void build_check_together(builder *b, const config_node *trial, const trial_config *built,
                          size_t before);

/* After build_loss(): a loss that needs no labels also needs no data set. */
void build_dataset(builder *b, const config_node *trial, config_node *resolved, trial_config *out);

/* Binds `section` (NULL: nothing given) for the plugin and runs its check. `half` is its
 * description of the right precision. Everything goes to `resolved`, which has `name` already. */
const void *builder_bind_plugin(builder *b, const slope_plugin *half, const config_node *section,
                                const char *path, const char *const *reserved, const char *advice,
                                config_node *resolved);

/* ---- what keys mean ---------------------------------------------------------------------------
 */

/* The parameter behind a dotted path, by the plugins that the (merged) trial names; NULL if there
 * is none, or what the trial names is not there. */
const slope_parameter *builder_parameter(builder *b, const config_node *trial, const char *path);

/* Its sources: tables of the runner's sections (of keys beside a plugin's: schedule, model.init),
 * the plugin that a section names, the reader of a data set. NULL if there is none. */
const bind_table *plain_table(const char *section);
const bind_table *table_beside_plugin(const char *section);
const bind_table *dataset_table(void);
const host_plugin *plugin_of_section(builder *b, const config_node *trial, const char *key);
const host_plugin *reader_of_dataset(builder *b, const config_node *section);

/* The plugin of a kind that runs where a file names none; "" if that kind has none. */
const char *default_name(slope_kind kind);

/* ---- sweeps ---------------------------------------------------------------------------------- */

struct space;
struct sampler_rows;

/* root.sweep over these bases, or NULL where there is none; with what of it goes into the record.
 * Where something is wrong with it: what is left. */
const struct sweep_config *build_sweep(builder *b, const config_node *root, size_t base_count,
                                       const config_node *const *bases, config_node **record);

/* The file beside which descriptors are looked for: config_path, if sweep.beside names no other. */
const char *sweep_beside(const config_node *root, const char *config_path);

/* Binds sweep.sampler or sweep.pruner (NULL: the default). */
void build_sweep_plugin(builder *b, slope_kind kind, const config_node *section,
                        config_node *resolved, plugin_choice *out);

/* A base with what a point of the space sets. */
const config_node *build_point(builder *b, const config_node *base, const struct space *s,
                               const double *point);

/* The space of a sweep's section. `settings` (ended by NULL) are keys that are no paths; `rows`
 * those of the sampler, or NULL. Everything that stays of the section goes to `record`. */
struct space *build_space(builder *b, const config_node *section, const char *const *settings,
                          const struct sampler_rows *rows, size_t base_count,
                          const config_node *const *bases, config_node *record);

/* Reports values of a space that are wrong whatever they are combined with: each is tried with the
 * first of everything else. For sweeps whose trials cannot be made. */
void space_check_values(builder *b, const struct space *s, size_t base_count,
                        const config_node *const *bases);

/* Labels for those trials that have none (label NULL), and all of them unique. */
void label_trials(arena *a, trial_config *trials, size_t count);

/* experiment_given.c: the node at `path` of the tree, with relative names of files made absolute.
 */
const config_node *builder_with_files(builder *b, const config_node *tree, const config_node *node,
                                      const char *path);

#endif
