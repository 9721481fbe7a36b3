/* config/builder.h: what the parts of experiment_create() share. Private to config/.
 *
 *     experiment.c       trials: merged, built, named, recorded
 *     plain_sections.c   train, evaluate, stop …: sections that need no plugin
 *     plugin_sections.c  model, loss, optimizer, schedule, and the rules between them
 *     dataset_section.c  dataset and its descriptors
 *     surface_section.c  surface: what is known about a function
 *     trial_labels.c     names for trials
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

/* ---- sections -------------------------------------------------------------------------------- */

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

/* Labels for those trials that have none (label NULL), and all of them unique. */
void label_trials(arena *a, trial_config *trials, size_t count);

#endif
