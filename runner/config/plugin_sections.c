/* config/plugin_sections.c: model, loss, optimizer and schedule: a plugin each, bound by its own
 * table, with the few keys beside it that are the runner's, and the rules that hold between them.
 */
#include "config/builder.h"

#include "config/bind_value.h"
#include "config/blame.h"
#include "host/description.h"
#include "host/services.h"

#include "slope/model.h"
#include "slope/optimizer.h"
#include "slope/schedule.h"

#include <math.h>
#include <string.h>

/* What runs where a file does not say. The only place that names plugins, as texts for people. */
static const struct {
    const char *section;
    slope_kind kind;
    const char *name;
} defaults[] = {
    {"model", SLOPE_KIND_MODEL, "linear"},         {"loss", SLOPE_KIND_LOSS, "softmax"},
    {"optimizer", SLOPE_KIND_OPTIMIZER, "sgd"},    {"schedule", SLOPE_KIND_SCHEDULE, "constant"},
    {"sweep.sampler", SLOPE_KIND_SAMPLER, "grid"}, {"sweep.pruner", SLOPE_KIND_PRUNER, ""},
};

const char *default_name(slope_kind kind)
{
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (defaults[i].kind == kind) return defaults[i].name;
    return "";
}

static const char *section_key(slope_kind kind)
{
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (defaults[i].kind == kind) return defaults[i].section;
    return "";
}

/* ---- binding --------------------------------------------------------------------------------- */

static void run_check(builder *b, const slope_plugin *half, const void *config,
                      const config_node *section, const char *path)
{
    call_host call;
    call_host_init(&call, FLOAT32, 0);
    call.memory = b->memory;
    if (half->check(&call.host, config) == SLOPE_OK) return;
    config_node *root = config_new_mapping(b->memory, builder_place(section, ""));
    if (section)
        config_set(b->memory, root, path, root->place, config_merge(b->memory, NULL, section));
    const blame found = config_blame(b->memory, root, path, &call);
    diagnostics_add_about(b->errors, ABOUT_RULE, found.place, found.path, "%s", found.text);
}

const void *builder_bind_plugin(builder *b, const slope_plugin *half, const config_node *section,
                                const char *path, const char *const *reserved, const char *advice,
                                config_node *resolved)
{
    const bind_table table = {
        .parameters = half->parameters,
        .count = half->parameter_count,
        .element_size = half->parameter_size,
        .config_size = half->config_size,
        .owner = arena_printf(b->memory, "%s %s", kind_name(half->kind), half->id),
        .advice = advice,
    };
    const size_t before = diagnostics_count(b->errors);
    const void *config =
        bind_section(b->memory, &table, section, path, reserved, resolved, b->errors);
    /* The rules between values make sense for valid values only. */
    if (half->check && diagnostics_count(b->errors) == before)
        run_check(b, half, config, section, path);
    return config;
}

/* The name that a section gives, or the default's, as a node. NULL after an error. */
static const config_node *find_name(builder *b, slope_kind kind, const config_node *section)
{
    const char *key = section_key(kind);
    const config_node *name = config_get(section, "name");
    if (!name || config_is_null(name)) {
        const config_place place = {ORIGIN_DEFAULT, NULL, 0, 0};
        return config_new_scalar(b->memory, place, default_name(kind), true);
    }
    if (name->kind == CONFIG_SCALAR) return name;
    diagnostics_add(b->errors, STATUS_CONFIG, name->place, arena_printf(b->memory, "%s.name", key),
                    "expected the name of a plugin of kind %s", kind_name(kind));
    return NULL;
}

/* Finds and binds what trial[KEY] asks for. `record` gets name and parameters. choice->plugin stays
 * NULL after an error. */
static void bind_choice(builder *b, slope_kind kind, precision half_of, const config_node *section,
                        const char *const *reserved, config_node *record, plugin_choice *choice)
{
    const char *key = section_key(kind);
    const config_node *name = find_name(b, kind, section);
    *choice = (plugin_choice){NULL, NULL};
    if (!name) return;
    failure why;
    const host_plugin *plugin = registry_find(b->plugins, kind, name->text, &why);
    if (!plugin) {
        diagnostics_add(b->errors, why.status, name->place, key, "%s", why.text);
        return;
    }
    const slope_plugin *half = plugin->description[half_of];
    if (!half) {
        diagnostics_add(b->errors, STATUS_CONFIG, name->place, key,
                        "%s '%s' was compiled for float32 only: `slope compile` makes both of its "
                        "C file; or set train.precision to float32",
                        kind_name(kind), plugin->id);
        return;
    }
    config_set(b->memory, record, "name", name->place,
               config_new_scalar(b->memory, name->place, name->text, true));
    choice->plugin = plugin;
    choice->config = builder_bind_plugin(b, half, section, key, reserved, NULL, record);
}

/* Section, choice and record of a kind that has only its plugin's keys. */
static void build_choice(builder *b, slope_kind kind, const config_node *trial,
                         config_node *resolved, precision half_of, plugin_choice *choice)
{
    static const char *const reserved[] = {"name", NULL};
    const char *key = section_key(kind);
    const config_node *section = builder_section(b, section_find(key), trial, key);
    config_node *record = config_new_mapping(b->memory, builder_place(section, ""));
    bind_choice(b, kind, half_of, section, reserved, record, choice);
    config_set(b->memory, resolved, key, record->place, record);
}

void build_loss(builder *b, const config_node *trial, config_node *resolved, trial_config *out)
{
    build_choice(b, SLOPE_KIND_LOSS, trial, resolved, out->train.precision, &out->loss);
}

void build_optimizer(builder *b, const config_node *trial, config_node *resolved, trial_config *out)
{
    build_choice(b, SLOPE_KIND_OPTIMIZER, trial, resolved, out->train.precision, &out->optimizer);
}

void build_sweep_plugin(builder *b, slope_kind kind, const config_node *section,
                        config_node *resolved, plugin_choice *out)
{
    static const char *const reserved[] = {"name", NULL};
    bind_choice(b, kind, FLOAT32, section, reserved, resolved, out);
}

/* ---- model ----------------------------------------------------------------------------------- */

static const char *const distributions[] = {"zeros", "normal", "uniform", "he", "xavier", NULL};

enum { INIT_DISTRIBUTION, INIT_STD, INIT_LIMIT, INIT_PARAMETERS };

static const slope_parameter init_parameters[INIT_PARAMETERS] = {
    [INIT_DISTRIBUTION] = SLOPE_PARAM_CHOICE(init_config, distribution, "normal", distributions,
                                             "of the weights before the first step"),
    [INIT_STD] = SLOPE_PARAM_NUMBER(init_config, std, "0.01", SLOPE_POSITIVE,
                                    "standard deviation of distribution normal"),
    [INIT_LIMIT] = SLOPE_PARAM_NUMBER(init_config, limit, "0.01", SLOPE_POSITIVE,
                                      "distribution uniform draws from -limit to limit"),
};

void build_init(builder *b, const char *fallback, const config_node *model, config_node *resolved,
                init_config *out)
{
    slope_parameter parameters[INIT_PARAMETERS];
    memcpy(parameters, init_parameters, sizeof parameters);
    if (fallback) parameters[INIT_DISTRIBUTION].fallback = fallback;
    const bind_table table = RUNNER_TABLE(parameters, init_config, "model.init");
    const config_node *section = builder_section(b, &section_init, model, "model.init");
    config_node *all = config_new_mapping(b->memory, builder_place(section, ""));
    config_node *record = config_new_mapping(b->memory, all->place);
    *out = *(const init_config *)bind_section(b->memory, &table, section, "model.init", NULL, all,
                                              b->errors);
    /* std and limit mean something to one distribution each: elsewhere they are not recorded, and
     * to give them is a mistake. */
    const bool used[] = {true, out->distribution == INIT_NORMAL, out->distribution == INIT_UNIFORM};
    for (size_t i = 0; i < INIT_PARAMETERS; i++) {
        const char *key = parameters[i].key;
        const config_node *value = config_get(all, key);
        if (value && used[i])
            config_set(b->memory, record, key, value->place, config_merge(b->memory, NULL, value));
        else if (config_get(section, key) && !used[i])
            diagnostics_add_about(b->errors, ABOUT_RULE, builder_place(section, key),
                                  arena_printf(b->memory, "model.init.%s", key),
                                  "has no effect with distribution %s; %s",
                                  distributions[out->distribution], parameters[i].doc);
    }
    config_set(b->memory, resolved, section_init.key, record->place, record);
}

void build_model(builder *b, const config_node *trial, config_node *resolved, trial_config *out)
{
    static const char *const reserved[] = {"name", "init", NULL};
    const config_node *section = builder_section(b, section_find("model"), trial, "model");
    config_node *record = config_new_mapping(b->memory, builder_place(section, ""));
    bind_choice(b, SLOPE_KIND_MODEL, out->train.precision, section, reserved, record, &out->model);
    const char *distribution = NULL;
    if (out->model.plugin) {
        const slope_model *model =
            (const slope_model *)(const void *)out->model.plugin->description[out->train.precision];
        distribution = model->initialisation;
    }
    build_init(b, distribution, section, record, &out->init);
    config_set(b->memory, resolved, "model", record->place, record);
}

/* ---- schedule -------------------------------------------------------------------------------- */

typedef struct warmup_fields {
    int64_t warmup_steps;
} warmup_fields;

static const slope_parameter warmup_parameters[] = {
    SLOPE_PARAM_INTEGER(warmup_fields, warmup_steps, "0", SLOPE_NOT_NEGATIVE,
                        "steps in which the factor grows linearly, before the schedule begins"),
};
static const bind_table warmup_table = RUNNER_TABLE(warmup_parameters, warmup_fields, "schedule");

void build_schedule(builder *b, const config_node *trial, config_node *resolved, trial_config *out)
{
    static const char *const reserved[] = {"name", "warmup_steps", NULL};
    const config_node *section = builder_section(b, section_find("schedule"), trial, "schedule");
    config_node *record = config_new_mapping(b->memory, builder_place(section, ""));
    bind_choice(b, SLOPE_KIND_SCHEDULE, out->train.precision, section, reserved, record,
                &out->schedule.choice);
    const config_node *own = section ? builder_only(b, section, &warmup_table) : NULL;
    const warmup_fields *f =
        bind_section(b->memory, &warmup_table, own, "schedule", NULL, record, b->errors);
    out->schedule.warmup_steps = (uint64_t)f->warmup_steps;
    config_set(b->memory, resolved, "schedule", record->place, record);
}

/* ---- what keys mean ---------------------------------------------------------------------------
 */

const host_plugin *plugin_of_section(builder *b, const config_node *trial, const char *key)
{
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        if (strcmp(defaults[i].section, key) != 0) continue;
        const config_node *section =
            section_mapping(b->memory, section_find(key), config_get(trial, key));
        const config_node *name = config_get(section, "name");
        const bool named = name && name->kind == CONFIG_SCALAR && !config_is_null(name);
        failure why;
        return registry_find(b->plugins, defaults[i].kind, named ? name->text : defaults[i].name,
                             &why);
    }
    return NULL;
}

const bind_table *table_beside_plugin(const char *section)
{
    static const bind_table init = RUNNER_TABLE(init_parameters, init_config, "model.init");
    return strcmp(section, "schedule") == 0     ? &warmup_table
           : strcmp(section, "model.init") == 0 ? &init
                                                : NULL;
}

/* ---- together -------------------------------------------------------------------------------- */

static bool has_parameter(const slope_plugin *half, const char *key)
{
    for (size_t i = 0; i < half->parameter_count; i++)
        if (strcmp(parameter_at(half->parameters, half->parameter_size, i)->key, key) == 0)
            return true;
    return false;
}

/* The default schedule is the one that changes nothing. */
static bool changes_rate(builder *b, const schedule_config *schedule)
{
    failure why;
    return schedule->warmup_steps > 0 ||
           schedule->choice.plugin != registry_find(b->plugins, SLOPE_KIND_SCHEDULE,
                                                    default_name(SLOPE_KIND_SCHEDULE), &why);
}

static bool is_set(const config_node *trial, const char *path)
{
    const config_node *node = config_find(trial, path);
    return node && !config_is_null(node);
}

static void check_schedule(builder *b, const config_node *trial, const trial_config *t)
{
    const config_node *section = builder_section(b, section_find("schedule"), trial, "schedule");
    const host_plugin *schedule = t->schedule.choice.plugin, *optimizer = t->optimizer.plugin;
    const slope_schedule *half =
        (const slope_schedule *)(const void *)schedule->description[t->train.precision];
    const char *what = t->schedule.warmup_steps > 0 ? "warmup_steps" : "name";
    const config_place place = builder_place(section, what);
    if (changes_rate(b, &t->schedule) &&
        !has_parameter(optimizer->description[t->train.precision], "learning_rate"))
        diagnostics_add_about(
            b->errors, ABOUT_RULE, place, arena_printf(b->memory, "schedule.%s", what),
            "schedules multiply the learning_rate, and optimizer '%s' has none: leave "
            "the schedule out",
            optimizer->id);
    /* a number that is set wrongly has an error of its own */
    const bool counts = t->train.epochs != SLOPE_ABSENT || t->train.steps != SLOPE_ABSENT ||
                        is_set(trial, "train.epochs") || is_set(trial, "train.steps");
    if (half->needs_total && !counts)
        diagnostics_add_about(b->errors, ABOUT_RULE, builder_place(section, "name"),
                              "schedule.name",
                              "schedule '%s' must know the number of steps: set train.epochs or "
                              "train.steps beside train.seconds",
                              schedule->id);
}

static void check_clip(builder *b, const config_node *trial, const trial_config *t)
{
    const slope_optimizer *half =
        (const slope_optimizer *)(const void *)t->optimizer.plugin->description[t->train.precision];
    const bool clipped = !isnan(t->clip.norm) || !isnan(t->clip.value);
    if (half->scope != SLOPE_SCOPE_POPULATION || !clipped) return;
    const config_node *section = builder_section(b, section_find("clip"), trial, "clip");
    diagnostics_add_about(
        b->errors, ABOUT_RULE, builder_place(section, ""), "clip",
        "optimizer '%s' works without gradients, so there is nothing to clip: leave it "
        "out",
        t->optimizer.plugin->id);
}

/* Without data there is nothing to wait for: what the model prepares can be tried at once. */
static void check_preparation(builder *b, const config_node *trial, const trial_config *t)
{
    const slope_model *half =
        (const slope_model *)(const void *)t->model.plugin->description[t->train.precision];
    slope_status (*prepare)(slope_model_prepare *) = LATER_OPERATION(half, prepare);
    const config_node *dataset = config_get(trial, "dataset");
    if (!prepare || (dataset && !config_is_null(dataset))) return;
    call_host call;
    call_host_init(&call, t->train.precision, t->train.seed);
    call.memory = b->memory;
    slope_model_prepare p = {.size = sizeof p, .host = &call.host, .config = t->model.config};
    if (prepare(&p) == SLOPE_OK) return;
    const blame found = config_blame(b->memory, trial, "model", &call);
    diagnostics_add_about(b->errors, ABOUT_RULE, found.place, found.path, "%s", found.text);
}

/* `before`: errors that there were when the trial was begun; a wrong trial is not tried. */
void build_check_together(builder *b, const config_node *trial, const trial_config *built,
                          size_t before)
{
    if (built->model.plugin && diagnostics_count(b->errors) == before)
        check_preparation(b, trial, built);
    if (built->schedule.choice.plugin && built->optimizer.plugin) check_schedule(b, trial, built);
    if (built->optimizer.plugin) check_clip(b, trial, built);
}
