/* config/experiment.c: see experiment.h. From one tree to all trials and to the record of them. */
#include "config/experiment.h"

#include "base/files.h"
#include "config/bind_value.h"
#include "config/builder.h"

#include <string.h>

/* Every key that a trial may have beside those of its own table, in the order of the record. */
static const char *const trial_sections[] = {
    "dataset", "model",    "loss", "regularization", "optimizer", "schedule", "clip",
    "train",   "evaluate", "stop", "checkpoint",     "record",    "surface",  NULL,
};

/* ---- keys that are no sections --------------------------------------------------------------- */

typedef struct top_fields {
    const char *experiment, *label;
    int64_t keep;
} top_fields;

static const char *const keeps[] = {"weights", "nothing", NULL};

static const slope_parameter top_parameters[] = {
    {.key = "experiment",
     .type = SLOPE_STRING,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(top_fields, experiment),
     .doc = "names the folder of the results; the file's stem when absent"},
    {.key = "label",
     .type = SLOPE_STRING,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(top_fields, label),
     .doc = "names a trial in tables; made of what differs when absent"},
    SLOPE_PARAM_CHOICE(top_fields, keep, "weights", keeps, "what stays of a trial beside its rows"),
};
static const bind_table top_table = RUNNER_TABLE(top_parameters, top_fields, "an experiment");
/* The same without `experiment`, which a trial has not. */
static const bind_table trial_table = {
    .parameters = top_parameters + 1,
    .count = sizeof top_parameters / sizeof *top_parameters - 1,
    .element_size = sizeof(slope_parameter),
    .config_size = sizeof(top_fields),
    .owner = "trial",
};

/* Everything but the keys that concern the experiment as a whole. */
static config_node *without_experiment(builder *b, const config_node *root)
{
    config_node *rest = config_new_mapping(b->memory, root->place);
    for (size_t i = 0; i < root->count; i++) {
        const config_entry *e = &root->entries[i];
        if (strcmp(e->key, "experiment") != 0 && strcmp(e->key, "trials") != 0)
            config_set(b->memory, rest, e->key, e->key_place, e->value);
    }
    return rest;
}

static const char *const *with_trials(builder *b)
{
    enum { COUNT = sizeof trial_sections / sizeof *trial_sections };
    const char **keys = arena_alloc(b->memory, (COUNT + 1) * sizeof *keys);
    keys[0] = "trials";
    memcpy(keys + 1, trial_sections, sizeof trial_sections);
    return keys;
}

/* The name becomes a folder's. */
static const char *read_name(builder *b, const config_node *root, const char *given)
{
    const char *name = given ? given : path_stem(b->memory, b->config_path);
    const bool bad = !*name || *name == '.' || strpbrk(name, "/\n\t\r") || strlen(name) > 200;
    if (bad)
        diagnostics_add(b->errors, STATUS_CONFIG, builder_place(root, "experiment"), "experiment",
                        "must serve as the name of a folder (no '/', no '.' in front), got '%s'",
                        name);
    return name;
}

/* ---- one trial ------------------------------------------------------------------------------- */

static void build_trial(builder *b, const config_node *merged, trial_config *out)
{
    const size_t before = diagnostics_count(b->errors);
    config_node *r = config_new_mapping(b->memory, merged->place);
    config_node *own = config_new_mapping(b->memory, merged->place);
    config_node *train = config_new_mapping(b->memory, merged->place);
    config_node *loss = config_new_mapping(b->memory, merged->place);
    const top_fields *f = bind_section(
        b->memory, &trial_table, builder_only(b, merged, &trial_table), "", NULL, own, b->errors);
    out->label = f->label;
    out->keep_weights = f->keep == 0;
    build_train(b, merged, train, &out->train); /* first: the precision decides about plugins */
    const config_node *label = config_get(own, "label"), *keep = config_get(own, "keep");
    /* The order of the record. label_trials() gives a label to those that have none. */
    const config_place made = {ORIGIN_DEFAULT, "trial", 0, 0};
    config_set(
        b->memory, r, "label", label ? label->place : made,
        config_new_scalar(b->memory, label ? label->place : made, f->label ? f->label : "", true));
    build_loss(b, merged, loss, out); /* before the data set: it says whether one is needed */
    build_dataset(b, merged, r, out);
    build_model(b, merged, r, out);
    config_set(b->memory, r, "loss", loss->entries[0].key_place, loss->entries[0].value);
    build_regularization(b, merged, r, &out->regularization);
    build_optimizer(b, merged, r, out);
    build_schedule(b, merged, r, out);
    build_clip(b, merged, r, &out->clip);
    config_set(b->memory, r, "train", train->entries[0].key_place, train->entries[0].value);
    build_evaluate(b, merged, r, &out->evaluate);
    build_stop(b, merged, r, &out->stop);
    build_checkpoint(b, merged, r, &out->checkpoint);
    build_record(b, merged, r, &out->record);
    build_surface(b, merged, r, &out->surface);
    if (keep) config_set(b->memory, r, "keep", keep->place, config_merge(b->memory, NULL, keep));
    build_check_together(b, merged, out, before);
    out->resolved = r;
}

/* ---- all trials ------------------------------------------------------------------------------ */

/* Only whether all keys exist: values are bound once the item is merged over the rest. */
static void check_item_keys(builder *b, const config_node *item, size_t index)
{
    const char *keys[sizeof trial_sections / sizeof *trial_sections + 2];
    size_t count = 0;
    while (trial_sections[count]) {
        keys[count] = trial_sections[count];
        count++;
    }
    for (size_t i = 0; i < trial_table.count; i++) keys[count++] = trial_table.parameters[i].key;
    keys[count] = NULL;
    const bind_table nothing = {.element_size = sizeof(slope_parameter), .owner = "a trial"};
    bind_section(b->memory, &nothing, item, arena_printf(b->memory, "trials.%zu", index), keys,
                 NULL, b->errors);
}

static const config_node *list_of_trials(builder *b, const config_node *root)
{
    const config_node *list = config_get(root, "trials");
    if (!list || config_is_null(list)) return NULL;
    if (list->kind == CONFIG_SEQUENCE && list->count > 0) return list;
    const bool addressed =
        list->kind == CONFIG_MAPPING && list->place.origin == ORIGIN_COMMAND_LINE;
    diagnostics_add(b->errors, STATUS_CONFIG, list->place, "trials",
                    addressed ? "the file has no list of trials"
                              : "expected a list with at least one mapping (- optimizer: adam)");
    return NULL;
}

static void build_trials(builder *b, const config_node *root, experiment *all)
{
    const config_node *rest = without_experiment(b, root);
    const config_node *list = list_of_trials(b, root);
    all->base_count = list ? list->count : 1;
    trial_config *trials = arena_alloc(b->memory, all->base_count * sizeof *trials);
    const config_node **trees = arena_alloc(b->memory, all->base_count * sizeof *trees);
    trees[0] = rest;
    if (!list) build_trial(b, rest, &trials[0]);
    for (size_t i = 0; list && i < list->count; i++) {
        const config_node *item = list->items[i];
        if (item->kind != CONFIG_MAPPING) {
            diagnostics_add(b->errors, STATUS_CONFIG, item->place,
                            arena_printf(b->memory, "trials.%zu", i),
                            "expected a mapping, as in `- optimizer: adam`");
            continue;
        }
        check_item_keys(b, item, i);
        trees[i] = config_overlay(b->memory, rest, item, b->errors);
        build_trial(b, trees[i], &trials[i]);
    }
    all->bases = trials;
    all->trees = trees;
    if (diagnostics_count(b->errors)) return;
    label_trials(b->memory, trials, all->base_count);
    for (size_t i = 0; i < all->base_count; i++) {
        config_node *r = config_merge(b->memory, NULL, trials[i].resolved);
        const config_place place = config_get(r, "label")->place;
        config_set(b->memory, r, "label", place,
                   config_new_scalar(b->memory, place, trials[i].label, true));
    }
}

/* ---- the record ------------------------------------------------------------------------------ */

static bool same_in_all(const experiment *all, const char *key)
{
    const config_node *first = config_get(all->bases[0].resolved, key);
    for (size_t t = 1; t < all->base_count; t++)
        if (!config_same(first, config_get(all->bases[t].resolved, key), false)) return false;
    return true;
}

/* What all trials share stands once; the rest stands whole in each trial that has it. */
static void record_key(builder *b, const experiment *all, const char *key, config_node *whole,
                       config_node *trials)
{
    const bool shared = same_in_all(all, key);
    for (size_t t = 0; t < (shared ? 1 : all->base_count); t++) {
        const config_node *own = config_get(all->bases[t].resolved, key);
        if (own)
            config_set(b->memory, shared ? whole : trials->items[t], key, own->place,
                       config_merge(b->memory, NULL, own));
    }
}

static const config_node *record(builder *b, const config_node *root, const experiment *all)
{
    const config_node *given = config_get(root, "experiment");
    const config_place place = given ? given->place : (config_place){ORIGIN_DEFAULT, NULL, 0, 0};
    config_node *whole = config_new_mapping(b->memory, root->place);
    config_node *trials = config_new_sequence(b->memory, root->place);
    config_set(b->memory, whole, "experiment", place,
               config_new_scalar(b->memory, place, all->name, true));
    for (size_t t = 0; t < all->base_count; t++)
        config_append(b->memory, trials, config_new_mapping(b->memory, root->place));
    record_key(b, all, "label", whole, trials);
    for (const char *const *key = trial_sections; *key; key++)
        record_key(b, all, *key, whole, trials);
    record_key(b, all, "keep", whole, trials);
    if (all->base_count > 1) config_set(b->memory, whole, "trials", root->place, trials);
    return whole;
}

/* ---- entry ----------------------------------------------------------------------------------- */

const experiment *experiment_create(arena *a, const config_node *tree, const char *config_path,
                                    registry *plugins, diagnostics *errors)
{
    builder b = {.memory = a, .plugins = plugins, .errors = errors, .config_path = config_path};
    experiment *all = arena_alloc(a, sizeof *all);
    *all = (experiment){.config_path = config_path, .plugins = plugins};
    const size_t before = diagnostics_count(errors);
    const top_fields *f = bind_section(a, &top_table, tree, "", with_trials(&b), NULL, errors);
    all->name = read_name(&b, tree, f->experiment);
    build_trials(&b, tree, all);
    if (diagnostics_count(errors) > before) return NULL;
    all->resolved = record(&b, tree, all);
    return all;
}
