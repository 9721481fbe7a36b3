/* sweep/plan.h: the list of trials that a file describes: bases × points of the sampler × seeds.
 *
 * Making a plan checks everything that can be checked before anything runs: every trial is built
 * once, every combination of data, model, loss, optimizer and precision is fitted to its data, and
 * the metric that the sweep is judged by must be measured. What remains of a trial is its point in
 * the space and its id, some 50 bytes; its configuration is built anew, from parts that trials
 * share, whenever it is asked for.
 *
 * Identity. A trial's id is the first 64 bits of a SHA-256 over its resolved sections, the bytes of
 * the plugins they name and the bytes of the data that it sees. Left out is what changes no number
 * of a trial: label, keep, checkpoint, record, surface, names that only tables show, and the folder
 * in which a file lies (its bytes count). So a trial has the same id in every sweep and alone, in
 * any order and on any machine. Of several trials with one id the first stays.
 *
 * Training, groups and files are not its business. */
#ifndef SLOPE_SWEEP_PLAN_H
#define SLOPE_SWEEP_PLAN_H

#include "config/sweep_config.h"
#include "data/dataset.h"

typedef struct plan plan;

/* `load`: read the data sets, fit the models to them and make final ids; without it, as for
 * `slope validate`, only what the files of the configuration tell is checked, and ids lack the
 * data. NULL with all that is wrong in `errors`: the complaint of a trial names its values ("trial
 * 17 (optimizer.learning_rate=-1): …"), stands at the value's place and is made once, however many
 * trials share it; after 20 the rest is counted. Where no trials can be made, since the sampler
 * fails or there are too many, wrong values are told by themselves. The experiment and its arena
 * must outlive the plan. Plugins are loaded here and by plan_extend(), so not in a parallel region.
 */
plan *plan_create(const experiment *e, bool load, diagnostics *errors);
void plan_destroy(plan *p); /* NULL is allowed */

/* What else is wrong with the sweep of a draft (experiment.h), so that it is told together with
 * what is in `errors` already; nothing that may only follow from that. */
void plan_check_draft(const experiment *e, bool load, diagnostics *errors);

size_t plan_count(const plan *p);      /* trials; grows by plan_extend() only */
size_t plan_duplicates(const plan *p); /* left out because an earlier trial is the same … */
size_t plan_excluded(const plan *p);   /* … or because `exclude` names them */

/* 16 hexadecimal digits and a zero byte, in `buffer`, which is returned. */
const char *plan_id(const plan *p, size_t trial, char buffer[17]);
size_t plan_find(const plan *p, const char *id); /* SIZE_MAX: there is none */

/* Trials with equal keys share data, model, precision, batches and the way of taking gradients, so
 * they may train together. */
uint64_t plan_fuse_key(const plan *p, size_t trial);

/* The trial's configuration, made in the arena but for parts that belong to the plan. Cannot fail.
 * Thread: any, each with its own arena, and not during plan_extend(). */
const trial_config *plan_trial(const plan *p, size_t trial, arena *a);

/* NULL where the plan was made without data. */
const dataset *plan_dataset(const plan *p, size_t trial);
size_t plan_dataset_count(const plan *p);
const dataset *plan_dataset_at(const plan *p, size_t i);

/* Every plugin that some trial uses, readers included, each once. */
size_t plan_plugin_count(const plan *p);
const host_plugin *plan_plugin_at(const plan *p, size_t i);

/* What is swept: dotted paths as in `sweep`, and "seed" last where sweep.seeds is above 1. The
 * value is YAML text; NULL: the trial has no such parameter, or has its base's. */
size_t plan_column_count(const plan *p);
const char *plan_column(const plan *p, size_t column);
const char *plan_value(const plan *p, size_t trial, size_t column, arena *a);

/* A word of a label: the value alone of a path that ends in .name, else "learning_rate=0.1", with
 * `name` for the path and few digits. */
const char *plan_label_word(const char *path, const char *name, const char *value, arena *a);

size_t plan_base(const plan *p, size_t trial); /* number of the base that it varies */

/* What the trial works on, where data set, model and loss, by their names, do not tell: the label
 * of its item of `trials`, if no other item has the same three with the same parameters, and the
 * label is given (in a sweep) or needed; "#N" for items that share such a problem, the N-th being
 * the first.
 * "": the names suffice. */
const char *plan_problem(const plan *p, size_t trial);

/* What trials are compared by: sweep.metric; where that is not given validation accuracy, r2 or
 * loss if all trials have validation rows, else the training loss. METRIC_NONE without data. */
metric plan_metric(const plan *p);

/* The next round of a sampler that looks at results: `values` (plan_count() of them, smaller is
 * better, NAN: the trial has none) are those of all trials so far. *added is 0 where there are no
 * more. False with the reason if the sampler fails or a new trial is wrong. */
bool plan_extend(plan *p, const double *values, size_t *added, failure *why);

/* A trial beside the list: somebody else's idea, who varies the first base by hand. */
typedef struct plan_single {
    const trial_config *config;
    const dataset *data; /* the plan's; NULL: it needs none */
    uint64_t id, fuse;   /* as of the trials in the list */
} plan_single;

/* The first base with `over` put over it as the command line is: a mapping of sections. Checked as
 * trials of the list are, but for the fitting, which trial_create() does; false with what is wrong
 * in `errors`. Made in the arena. Only for a plan without dimensions; loads plugins, and, for a
 * plan with data, data sets that the plan has not read yet and then keeps. */
bool plan_make_single(plan *p, const config_node *over, arena *a, plan_single *out,
                      diagnostics *errors);

/* Lets go of the data sets that only single trials use, but for the latest `most`. None of those
 * trials may be there any more. */
void plan_drop_datasets(plan *p, size_t most);

#endif
