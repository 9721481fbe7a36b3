/* config/experiment.c: see experiment.h. From one tree to all trials and to the record of them. */
#include "config/experiment.h"

#include "base/files.h"
#include "config/bind_value.h"
#include "config/builder.h"
#include "config/sweep_config.h"

#include <string.h>

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
        if (strcmp(e->key, "experiment") != 0 && strcmp(e->key, "trials") != 0 &&
            strcmp(e->key, "sweep") != 0)
            config_set(b->memory, rest, e->key, e->key_place, e->value);
    }
    return rest;
}

/* Keys of a file that no table has, ended by NULL. */
static const char *const *keys_beside(builder *b)
{
    const char **keys = arena_alloc(b->memory, (TRIAL_SECTIONS + 3) * sizeof *keys);
    for (size_t i = 0; i < TRIAL_SECTIONS; i++)
        keys[i] = trial_section_key(trial_section_recorded(i));
    keys[TRIAL_SECTIONS] = "trials";
    keys[TRIAL_SECTIONS + 1] = "sweep";
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
    config_node *own = config_new_mapping(b->memory, merged->place);
    const top_fields *f = bind_section(
        b->memory, &trial_table, builder_only(b, merged, &trial_table), "", NULL, own, b->errors);
    out->label = f->label;
    out->keep_weights = f->keep == 0;
    const config_node *parts[TRIAL_SECTIONS];
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++) parts[s] = build_section(b, s, merged, out);
    /* label_trials() gives a label to those that have none. */
    const config_place made = {ORIGIN_DEFAULT, "trial", 0, 0};
    const config_node *label = config_get(own, "label");
    if (!label) label = config_new_scalar(b->memory, made, "", true);
    out->resolved = trial_record(b->memory, label, config_get(own, "keep"), parts, merged->place);
    build_check_together(b, merged, out, before);
}

/* ---- all trials ------------------------------------------------------------------------------ */

/* Only whether all keys exist: values are bound once the item is merged over the rest. */
static void check_item_keys(builder *b, const config_node *item, size_t index)
{
    const char *keys[TRIAL_SECTIONS + sizeof top_parameters / sizeof *top_parameters];
    size_t count = 0;
    for (; count < TRIAL_SECTIONS; count++)
        keys[count] = trial_section_key(trial_section_recorded(count));
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

/* The trees of all bases: the items of `trials` over the rest of the file. */
static void merge_bases(builder *b, const config_node *root, experiment *all)
{
    const config_node *rest = without_experiment(b, root);
    const config_node *list = list_of_trials(b, root);
    all->base_count = list ? list->count : 1;
    const config_node **trees = arena_alloc(b->memory, all->base_count * sizeof *trees);
    trees[0] = rest;
    for (size_t i = 0; list && i < list->count; i++) {
        const config_node *item = list->items[i];
        trees[i] = rest;
        if (item->kind == CONFIG_MAPPING) {
            check_item_keys(b, item, i);
            trees[i] = config_overlay(b->memory, rest, item, b->errors);
        } else {
            diagnostics_add(b->errors, STATUS_CONFIG, item->place,
                            arena_printf(b->memory, "trials.%zu", i),
                            "expected a mapping, as in `- optimizer: adam`");
        }
    }
    all->trees = trees;
}

static bool is_among(const diagnostics *all, const diagnostic *d)
{
    for (size_t i = 0; i < diagnostics_count(all); i++) {
        const diagnostic *other = diagnostics_at(all, i);
        if (config_place_same(&other->place, &d->place) && strcmp(other->text, d->text) == 0)
            return true;
    }
    return false;
}

/* Passes errors on, but for those that only follow from what was wrong with the space. `only`:
 * those at that place; `also`: those that are there, too. */
static size_t copy_errors(builder *b, const diagnostics *found, const space *s,
                          const config_place *only, const diagnostics *also)
{
    size_t count = 0;
    for (size_t i = 0; i < diagnostics_count(found); i++) {
        const diagnostic *d = diagnostics_at(found, i);
        if ((only && !config_place_same(only, &d->place)) || (also && !is_among(also, d)) ||
            space_explains(s, d))
            continue;
        diagnostics_pass(b->errors, d, "");
        count++;
    }
    return count;
}

/* A range is right if its ends are: what is drawn from it need not come near them. */
static void try_ranges(builder *b, const experiment *all, const space *s)
{
    static const double ends[] = {0, 0x1.fffffffffffffp-1};
    builder own = *b;
    for (size_t d = 0; d < s->count; d++)
        for (size_t end = 0; !s->dimensions[d].choice_count && end < 2; end++) {
            const double *point = space_point_at(s, d, ends[end], b->memory);
            trial_config unused = {0};
            own.errors = diagnostics_create(b->memory);
            build_trial(&own, build_point(&own, all->trees[0], s, point), &unused);
            copy_errors(b, own.errors, s, &s->dimensions[d].place, NULL);
        }
}

static void label_bases(builder *b, experiment *all, trial_config *bases)
{
    const char **labels = arena_alloc(b->memory, all->base_count * sizeof *labels);
    for (size_t i = 0; i < all->base_count; i++) labels[i] = bases[i].label;
    label_trials(b->memory, bases, all->base_count);
    for (size_t i = 0; i < all->base_count; i++) {
        if (!labels[i]) labels[i] = all->base_count > 1 ? bases[i].label : "";
        config_node *r = config_merge(b->memory, NULL, bases[i].resolved);
        const config_place place = config_get(r, "label")->place;
        config_set(b->memory, r, "label", place,
                   config_new_scalar(b->memory, place, bases[i].label, true));
    }
    all->labels = labels;
}

/* A base with the first value of everything that is swept. If these values do not make a trial, the
 * base as the file gives it, if that does. What is wrong with both is told here; what with the
 * values, the plan tells better. */
static void build_swept_base(builder *b, const config_node *tree, const space *s,
                             const double *first, trial_config *out)
{
    builder own = *b;
    own.errors = diagnostics_create(b->memory);
    build_trial(&own, build_point(&own, tree, s, first), out);
    if (!diagnostics_count(own.errors)) return;
    const diagnostics *found = own.errors;
    trial_config plain = {0};
    own = *b; /* which has seen no data set, so that its errors are told again */
    own.errors = diagnostics_create(b->memory);
    build_trial(&own, tree, &plain);
    if (!diagnostics_count(own.errors)) {
        *out = plain;
        return;
    }
    if (!copy_errors(b, found, s, NULL, own.errors)) copy_errors(b, found, s, NULL, NULL);
}

static void build_bases(builder *b, experiment *all)
{
    const space *s = all->sweep ? all->sweep->space : NULL;
    const double *first = s ? space_first_point(s, b->memory) : NULL;
    trial_config *bases = arena_alloc(b->memory, all->base_count * sizeof *bases);
    for (size_t i = 0; i < all->base_count; i++) {
        if (s)
            build_swept_base(b, all->trees[i], s, first, &bases[i]);
        else
            build_trial(b, all->trees[i], &bases[i]);
    }
    all->bases = bases;
    if (s) try_ranges(b, all, s);
    label_bases(b, all, bases);
}

/* ---- the record ------------------------------------------------------------------------------ */

/* A section as it is recorded: resolved; but where it is swept only what was given, since what is
 * put over it decides about defaults. A data set stays resolved as long as it is the same one. */
static const config_node *recorded(builder *b, const experiment *all, size_t base, const char *key)
{
    const space *s = all->sweep ? all->sweep->space : NULL;
    const bool data = strcmp(key, "dataset") == 0;
    bool swept = false;
    for (size_t c = 0; s && c < s->column_count; c++) {
        const char *path = s->columns[c].path;
        const size_t length = strlen(key);
        const bool below = strncmp(path, key, length) == 0 && strchr(".", path[length]);
        swept |= below && (!data || strcmp(path, "dataset.name") == 0 || !path[length]);
    }
    if (strcmp(key, "label") == 0 && s && !config_get(all->trees[base], key)) return NULL;
    if (!swept) return config_get(all->bases[base].resolved, key);
    const config_node *given = config_get(all->trees[base], key);
    return given && data ? builder_with_files(b, all->trees[base], given, key) : given;
}

/* What all trials share stands once; the rest stands whole in each trial that has it. */
static void record_key(builder *b, const experiment *all, const char *key, config_node *whole,
                       config_node *trials)
{
    const config_node *first = recorded(b, all, 0, key);
    bool shared = true;
    for (size_t t = 1; t < all->base_count; t++)
        shared &= config_same(first, recorded(b, all, t, key), false);
    for (size_t t = 0; t < (shared ? 1 : all->base_count); t++) {
        const config_node *own = recorded(b, all, t, key);
        if (own)
            config_set(b->memory, shared ? whole : trials->items[t], key, own->place,
                       config_merge(b->memory, NULL, own));
    }
}

static const config_node *record(builder *b, const config_node *root, const experiment *all,
                                 config_node *sweep)
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
    for (size_t i = 0; i < TRIAL_SECTIONS; i++)
        record_key(b, all, trial_section_key(trial_section_recorded(i)), whole, trials);
    record_key(b, all, "keep", whole, trials);
    if (all->base_count > 1) config_set(b->memory, whole, "trials", root->place, trials);
    if (sweep) config_set(b->memory, whole, "sweep", sweep->place, sweep);
    return whole;
}

/* ---- entry ----------------------------------------------------------------------------------- */

const experiment *experiment_draft(arena *a, const config_node *tree, const char *config_path,
                                   registry *plugins, diagnostics *errors)
{
    config_path = sweep_beside(tree, config_path);
    builder b = {.memory = a, .plugins = plugins, .errors = errors, .config_path = config_path};
    config_node *sweep = NULL;
    experiment *all = arena_alloc(a, sizeof *all);
    *all = (experiment){.config_path = config_path, .plugins = plugins};
    const size_t before = diagnostics_count(errors);
    const top_fields *f = bind_section(a, &top_table, tree, "", keys_beside(&b), NULL, errors);
    all->name = read_name(&b, tree, f->experiment);
    merge_bases(&b, tree, all);
    all->sweep = build_sweep(&b, tree, all->base_count, all->trees, &sweep);
    build_bases(&b, all);
    if (diagnostics_count(errors) == before) all->resolved = record(&b, tree, all, sweep);
    return all;
}

const experiment *experiment_create(arena *a, const config_node *tree, const char *config_path,
                                    registry *plugins, diagnostics *errors)
{
    const size_t before = diagnostics_count(errors);
    const experiment *all = experiment_draft(a, tree, config_path, plugins, errors);
    return diagnostics_count(errors) == before ? all : NULL;
}
