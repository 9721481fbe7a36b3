/* config/sweep_section.c: the section `sweep`: its settings, sampler and pruner. The paths in it
 * are read by space_read.c; see sweep_config.h. */
#include "config/sweep_config.h"

#include "base/files.h"
#include "config/bind_value.h"
#include "config/builder.h"
#include "sweep/sampler.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SEEDS = 1000000 };

typedef struct sweep_fields {
    int64_t trials, seed, seeds, metric, fuse, keep_best, on_error, max_failures;
    double trial_seconds, seconds;
    const char *beside;
} sweep_fields;

static const char *const fuses[] = {"auto", "off", NULL};
static const char *const reactions[] = {"continue", "stop", NULL};

#define OPTIONAL(field_, type_, min_, flags_, doc_) \
    { \
        .key = #field_, .type = (type_), .flags = SLOPE_OPTIONAL | (flags_), \
        .offset = offsetof(sweep_fields, field_), .min = (min_), .max = INFINITY, .doc = (doc_) \
    }
static const slope_parameter parameters[] = {
    OPTIONAL(trials, SLOPE_INTEGER, 1, 0, "how many trials the sampler places"),
    SLOPE_PARAM_INTEGER(sweep_fields, seed, "0", SLOPE_NOT_NEGATIVE, "of the sampler"),
    SLOPE_PARAM_INTEGER(sweep_fields, seeds, "1", SLOPE_BETWEEN(1, MOST_SEEDS),
                        "each configuration with train.seed, train.seed + 1 and so on"),
    {.key = "metric",
     .type = SLOPE_CHOICE,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(sweep_fields, metric),
     .choices = metric_names,
     .doc = "what trials are compared by"},
    SLOPE_PARAM_CHOICE(sweep_fields, fuse, "auto", fuses, "train trials together that can be"),
    SLOPE_PARAM_INTEGER(sweep_fields, keep_best, "1", SLOPE_NOT_NEGATIVE,
                        "of how many of the best trials the weights are kept"),
    SLOPE_PARAM_CHOICE(sweep_fields, on_error, "continue", reactions, "after a trial that fails"),
    OPTIONAL(max_failures, SLOPE_INTEGER, 1, 0, "stop after so many trials that failed"),
    OPTIONAL(trial_seconds, SLOPE_NUMBER, 0, SLOPE_MIN_OPEN, "limit of each trial"),
    OPTIONAL(seconds, SLOPE_NUMBER, 0, SLOPE_MIN_OPEN, "limit of the whole sweep"),
    OPTIONAL(beside, SLOPE_STRING, 0, 0,
             "file beside which data sets are looked for; recorded configurations say so"),
};
static const bind_table table = RUNNER_TABLE(parameters, sweep_fields, "sweep");

static const section_rule sampler_rule = {"sampler", "name", true, NULL};
static const section_rule pruner_rule = {"pruner", "name", true, NULL};

/* Every key of the section that is no path; zip and exclude are the space's. */
static const char *const *setting_keys(builder *b)
{
    static const char *const others[] = {"sampler", "pruner", "zip", "exclude"};
    enum { OTHERS = sizeof others / sizeof *others };
    const char **keys = arena_alloc(b->memory, (OTHERS + table.count + 1) * sizeof *keys);
    memcpy(keys, others, sizeof others);
    for (size_t i = 0; i < table.count; i++) keys[OTHERS + i] = table.parameters[i].key;
    return keys;
}

static void bind_settings(builder *b, const config_node *section, config_node *record,
                          sweep_config *out)
{
    const sweep_fields *f = bind_section(b->memory, &table, builder_only(b, section, &table),
                                         "sweep", NULL, record, b->errors);
    const config_node *asked = config_get(section, "metric");
    const bool given = asked && !config_is_null(asked);
    out->trials = f->trials == SLOPE_ABSENT ? 0 : (uint64_t)f->trials;
    out->seed = (uint64_t)f->seed;
    out->seeds = (uint64_t)f->seeds;
    out->metric = given && f->metric >= 0 ? METRIC_TRAIN_LOSS + (metric)f->metric : METRIC_NONE;
    out->fuse = f->fuse == 0;
    out->keep_best = (uint64_t)f->keep_best;
    out->stop_on_error = f->on_error == 1;
    out->max_failures = f->max_failures;
    out->trial_seconds = f->trial_seconds;
    out->seconds = f->seconds;
}

/* A plugin of the sweep, if one is named or there is a default. */
static void bind_plugin(builder *b, slope_kind kind, const section_rule *rule,
                        const config_node *section, config_node *record, plugin_choice *out)
{
    const char *path = arena_printf(b->memory, "sweep.%s", rule->key);
    const config_node *own = builder_section(b, rule, section, path);
    if (!own && !*default_name(kind)) return;
    config_node *bound = config_new_mapping(b->memory, builder_place(own, ""));
    build_sweep_plugin(b, kind, own, bound, out);
    config_set(b->memory, record, rule->key, bound->place, bound);
}

static const sampler_rows *rows_of(builder *b, const config_node *section,
                                   const plugin_choice *chosen)
{
    if (!chosen->plugin) return NULL;
    const slope_sampler *about =
        (const slope_sampler *)(const void *)chosen->plugin->description[FLOAT32];
    failure why;
    if (!sampler_has_rows(about)) return NULL;
    sampler_rows *rows = arena_alloc(b->memory, sizeof *rows);
    if (sampler_read_rows(b->memory, about, chosen->config, rows, &why)) return rows;
    diagnostics_add(b->errors, why.status, builder_place(section, "sampler"), "sweep.sampler", "%s",
                    why.text);
    return NULL;
}

/* Whether something was said about one of these paths (ended by NULL) since then. */
static bool complained(const builder *b, size_t since, const char *const *paths)
{
    for (size_t i = since; i < diagnostics_count(b->errors); i++)
        for (const char *const *p = paths; *p; p++) {
            const char *path = diagnostics_at(b->errors, i)->path;
            const size_t length = strlen(*p);
            if (path && strncmp(path, *p, length) == 0 && strchr(".", path[length])) return true;
        }
    return false;
}

static bool sweeps(const space *s, const char *path)
{
    for (size_t i = 0; i < s->column_count; i++)
        if (strcmp(s->columns[i].path, path) == 0) return true;
    return false;
}

/* Data sets that go by name are found again from wherever the record lies. */
static void record_place(builder *b, const sweep_config *sweep, config_node *record)
{
    if (!sweeps(sweep->space, "dataset.name") || config_get(record, "beside")) return;
    char *absolute = realpath(b->config_path, NULL);
    const config_place made = {ORIGIN_DEFAULT, "a record", 0, 0};
    config_set(b->memory, record, "beside", made,
               config_new_scalar(b->memory, made, absolute ? absolute : b->config_path, true));
    free(absolute);
}

const char *sweep_beside(const config_node *root, const char *config_path)
{
    const config_node *beside = config_get(config_get(root, "sweep"), "beside");
    return beside && beside->kind == CONFIG_SCALAR && !config_is_null(beside) ? beside->text
                                                                              : config_path;
}

/* Settings without which nobody knows which points there are; a sampler that is not known might
 * also have brought rows with paths of their own. */
static const char *const placing[] = {"sweep.sampler", "sweep.trials", "sweep.seed", NULL};
static const char *const placing_rows[] = {"sweep.sampler", NULL};

static sweep_config *build(builder *b, const config_node *section, size_t base_count,
                           const config_node *const *bases, config_node **record)
{
    const size_t before = diagnostics_count(b->errors);
    sweep_config *out = arena_alloc(b->memory, sizeof *out);
    config_node *settings = config_new_mapping(b->memory, section->place);
    config_node *plugins = config_new_mapping(b->memory, section->place);
    *record = config_new_mapping(b->memory, section->place);
    out->section = section;
    bind_settings(b, section, settings, out);
    const size_t bound = diagnostics_count(b->errors);
    bind_plugin(b, SLOPE_KIND_SAMPLER, &sampler_rule, section, plugins, &out->sampler);
    const bool known = diagnostics_count(b->errors) == bound;
    bind_plugin(b, SLOPE_KIND_PRUNER, &pruner_rule, section, plugins, &out->pruner);
    const sampler_rows *rows = known ? rows_of(b, section, &out->sampler) : NULL;
    const bool placed = !complained(b, before, placing);
    space *made = build_space(b, section, setting_keys(b), rows, base_count, bases, *record);
    made->lost.points |= !placed;
    made->lost.any |= complained(b, before, placing_rows);
    out->space = made;
    record_place(b, out, settings);
    if (out->seeds > 1 && sweeps(out->space, "train.seed"))
        diagnostics_add(b->errors, STATUS_CONFIG, builder_place(section, "seeds"), "sweep.seeds",
                        "train.seed is swept already: leave one of the two out");
    *record = config_merge(b->memory, *record, config_merge(b->memory, settings, plugins));
    return out;
}

const sweep_config *build_sweep(builder *b, const config_node *root, size_t base_count,
                                const config_node *const *bases, config_node **record)
{
    const config_node *section = config_get(root, "sweep");
    if (!section || config_is_null(section)) return NULL;
    if (section->kind == CONFIG_MAPPING) return build(b, section, base_count, bases, record);
    diagnostics_add(b->errors, STATUS_CONFIG, section->place, "sweep",
                    "expected a mapping from paths to values, as in {optimizer.learning_rate: "
                    "[0.01, 0.1]}");
    return NULL;
}
