/* config/plain_sections.c: the sections that belong to the runner alone: train, evaluate, stop,
 * clip, regularization, checkpoint, record and model.init. Their tables are the definition of these
 * keys.
 */
#include "config/builder.h"

#include "base/text.h"
#include "config/bind_value.h"

#include <math.h>
#include <string.h>

/* Parameters that may be absent; the runner's tables need them often, plugins' rarely. */
#define OPTIONAL_NUMBER(struct_, field_, min_, open_, doc_) \
    { \
        .key = #field_, .type = SLOPE_NUMBER, .flags = SLOPE_OPTIONAL | (open_), \
        .offset = offsetof(struct_, field_), .min = (min_), .max = INFINITY, .doc = (doc_) \
    }
#define OPTIONAL_INTEGER(struct_, field_, min_, doc_) \
    { \
        .key = #field_, .type = SLOPE_INTEGER, .flags = SLOPE_OPTIONAL, \
        .offset = offsetof(struct_, field_), .min = (min_), .max = INFINITY, .doc = (doc_) \
    }

/* ---- shared ---------------------------------------------------------------------------------- */

const config_node *builder_section(builder *b, const section_rule *rule, const config_node *parent,
                                   const char *path)
{
    const config_node *node = section_mapping(b->memory, rule, config_get(parent, rule->key));
    if (!node || config_is_null(node)) return NULL;
    if (node->kind == CONFIG_MAPPING) return node;
    diagnostics_add(b->errors, STATUS_CONFIG, node->place, path,
                    "expected a mapping, or a single value for its '%s'", rule->first);
    return NULL;
}

config_place builder_place(const config_node *section, const char *key)
{
    const config_node *value = section ? config_find(section, key) : NULL;
    if (value) return value->place;
    return section ? section->place : (config_place){ORIGIN_DEFAULT, NULL, 0, 0};
}

config_node *builder_only(builder *b, const config_node *mapping, const bind_table *table)
{
    config_node *part = config_new_mapping(b->memory, mapping->place);
    for (size_t i = 0; i < mapping->count; i++)
        for (size_t j = 0; j < table->count; j++)
            if (strcmp(table->parameters[j].key, mapping->entries[i].key) == 0)
                config_set(b->memory, part, mapping->entries[i].key, mapping->entries[i].key_place,
                           mapping->entries[i].value);
    return part;
}

/* Binds trial[KEY] and records it there. `section` receives the mapping that was given, or NULL. */
static void *bind_plain(builder *b, const bind_table *table, const config_node *trial,
                        config_node *resolved, const config_node **section)
{
    const char *key = table->owner;
    *section = builder_section(b, section_find(key), trial, key);
    config_node *record = config_new_mapping(b->memory, builder_place(*section, ""));
    void *bound = bind_section(b->memory, table, *section, key, NULL, record, b->errors);
    if (record->count) config_set(b->memory, resolved, key, record->place, record);
    return bound;
}

/* ---- intervals ------------------------------------------------------------------------------- */

/* "100", "100 steps", "0.5 epochs", "30 seconds", "never" */
static bool parse_interval(arena *a, const char *text, interval *out)
{
    static const struct {
        const char *name;
        interval_unit unit;
    } units[] = {{"", UNIT_STEPS},         {"step", UNIT_STEPS},    {"steps", UNIT_STEPS},
                 {"epoch", UNIT_EPOCHS},   {"epochs", UNIT_EPOCHS}, {"second", UNIT_SECONDS},
                 {"seconds", UNIT_SECONDS}};
    *out = (interval){0, UNIT_STEPS};
    if (strcmp(text, "never") == 0) return true;
    text += strspn(text, " ");
    const size_t length = strcspn(text, " ");
    const char *unit = text + length + strspn(text + length, " ");
    if (!text_to_number(arena_strndup(a, text, length), &out->count)) return false;
    if (!(out->count > 0) || !isfinite(out->count)) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(units[i].name, unit) != 0) continue;
        out->unit = units[i].unit;
        return out->unit != UNIT_STEPS || out->count == floor(out->count);
    }
    return false;
}

static void read_interval(builder *b, const char *text, const config_node *section,
                          const char *path, const char *key, interval *out)
{
    if (!text || parse_interval(b->memory, text, out)) return;
    diagnostics_add(
        b->errors, STATUS_CONFIG, builder_place(section, key), path,
        "expected an interval such as 1 epoch, 100 steps, 30 seconds or never, got '%s'", text);
}

typedef struct every_fields {
    const char *every;
    bool train;
} every_fields;

static const slope_parameter evaluate_parameters[] = {
    SLOPE_PARAM_STRING(
        every_fields, every, "1 epoch",
        "between evaluations; there is always one before the first and after the last "
        "step"),
    SLOPE_PARAM_BOOL(every_fields, train, "true", "evaluate on the training rows, too"),
};
static const bind_table evaluate_table =
    RUNNER_TABLE(evaluate_parameters, every_fields, "evaluate");

void build_evaluate(builder *b, const config_node *trial, config_node *resolved,
                    evaluate_config *out)
{
    const config_node *section;
    const every_fields *f = bind_plain(b, &evaluate_table, trial, resolved, &section);
    out->train = f->train;
    read_interval(b, f->every, section, "evaluate.every", "every", &out->every);
}

static const slope_parameter checkpoint_parameters[] = {
    SLOPE_PARAM_STRING(every_fields, every, "never",
                       "between checkpoints, from which a killed run goes on"),
};
static const bind_table checkpoint_table =
    RUNNER_TABLE(checkpoint_parameters, every_fields, "checkpoint");

void build_checkpoint(builder *b, const config_node *trial, config_node *resolved, interval *out)
{
    const config_node *section;
    const every_fields *f = bind_plain(b, &checkpoint_table, trial, resolved, &section);
    read_interval(b, f->every, section, "checkpoint.every", "every", out);
}

typedef struct record_fields {
    const char *parameters, *batch_loss;
} record_fields;

static const slope_parameter record_parameters[] = {
    SLOPE_PARAM_STRING(record_fields, parameters, "never",
                       "between rows of paths.csv: objective and every parameter"),
    SLOPE_PARAM_STRING(record_fields, batch_loss, "never",
                       "between rows of batch_loss.csv: the objective on a step's batch"),
};
static const bind_table record_table = RUNNER_TABLE(record_parameters, record_fields, "record");

/* What is recorded is a function of the steps, so seconds cannot say when. */
static void read_record(builder *b, const char *text, const config_node *section, const char *key,
                        interval *out)
{
    const char *path = arena_printf(b->memory, "record.%s", key);
    read_interval(b, text, section, path, key, out);
    if (out->count > 0 && out->unit == UNIT_SECONDS)
        diagnostics_add(b->errors, STATUS_CONFIG, builder_place(section, key), path,
                        "expected steps or epochs, such as 10 steps, got '%s'", text);
}

void build_record(builder *b, const config_node *trial, config_node *resolved, record_config *out)
{
    const config_node *section;
    const record_fields *f = bind_plain(b, &record_table, trial, resolved, &section);
    read_record(b, f->parameters, section, "parameters", &out->parameters);
    read_record(b, f->batch_loss, section, "batch_loss", &out->batch_loss);
}

/* ---- train ----------------------------------------------------------------------------------- */

typedef struct train_fields {
    int64_t epochs, steps;
    double seconds;
    const char *batch_size;
    int64_t seed, precision, gradient, difference;
    double difference_step;
} train_fields;

static const char *const precisions[] = {"float32", "float64", NULL};
static const char *const gradients[] = {"analytic", "numerical", NULL};
static const char *const differences[] = {"central", "forward", NULL};

static const slope_parameter train_parameters[] = {
    OPTIONAL_INTEGER(train_fields, epochs, 1,
                     "limit in passes over the training rows; 10 if no limit is given"),
    OPTIONAL_INTEGER(train_fields, steps, 1, "limit in steps"),
    OPTIONAL_NUMBER(train_fields, seconds, 0, SLOPE_MIN_OPEN, "limit in seconds of training"),
    SLOPE_PARAM_STRING(train_fields, batch_size, "128", "rows per step, or full"),
    SLOPE_PARAM_INTEGER(train_fields, seed, "0", SLOPE_NOT_NEGATIVE,
                        "of initial weights, batch order and proposals"),
    SLOPE_PARAM_CHOICE(train_fields, precision, "float32", precisions,
                       "of all training arithmetic"),
    SLOPE_PARAM_CHOICE(train_fields, gradient, "analytic", gradients,
                       "by the chain rule, or by finite differences of the objective"),
    SLOPE_PARAM_CHOICE(train_fields, difference, "central", differences,
                       "which differences a numerical gradient takes"),
    OPTIONAL_NUMBER(train_fields, difference_step, 0, SLOPE_MIN_OPEN,
                    "step of numerical gradients; 1e-5 in float64, 1e-2 in float32"),
};
static const bind_table train_table = RUNNER_TABLE(train_parameters, train_fields, "train");

static void read_batch_size(builder *b, const char *text, const config_node *section,
                            train_config *out)
{
    out->batch_size = 0;
    if (!text || strcmp(text, "full") == 0) return;
    if (text_to_integer(text, &out->batch_size) && out->batch_size >= 1) return;
    diagnostics_add(b->errors, STATUS_CONFIG, builder_place(section, "batch_size"),
                    "train.batch_size", "expected an integer of at least 1, or full, got '%s'",
                    text);
}

/* The section with 10 epochs in it if it sets no limit. */
static const config_node *with_limit(builder *b, const config_node *section)
{
    static const char *const limits[] = {"epochs", "steps", "seconds"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const config_node *limit = config_get(section, limits[i]);
        if (limit && !config_is_null(limit)) return section;
    }
    const config_place place = {ORIGIN_DEFAULT, train_table.owner, 0, 0};
    config_node *fallback = config_new_mapping(b->memory, place);
    config_set(b->memory, fallback, "epochs", place,
               config_new_scalar(b->memory, place, "10", false));
    return section ? config_merge(b->memory, section, fallback) : fallback;
}

void build_train(builder *b, const config_node *trial, config_node *resolved, train_config *out)
{
    const config_node *given = builder_section(b, section_find("train"), trial, "train");
    const config_node *section = with_limit(b, given);
    config_node *record = config_new_mapping(b->memory, builder_place(given, ""));
    const train_fields *f =
        bind_section(b->memory, &train_table, section, "train", NULL, record, b->errors);
    *out = (train_config){
        .epochs = f->epochs,
        .steps = f->steps,
        .seconds = f->seconds,
        .seed = (uint64_t)f->seed,
        .precision = (precision)f->precision,
        .gradient = (gradient_method)f->gradient,
        .difference = (difference_method)f->difference,
        .difference_step = f->difference_step,
    };
    read_batch_size(b, f->batch_size, section, out);
    config_set(b->memory, resolved, "train", record->place, record);
}

/* ---- stop ------------------------------------------------------------------------------------ */

/* In the order of enum metric. */
const char *const metric_names[] = {
    "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "train_mse",
    "train_mae",  "train_r2",       "validation_mse",  "validation_mae",      "validation_r2",
    NULL};

const char *metric_name(metric m)
{
    return m == METRIC_NONE ? "none" : metric_names[m - METRIC_TRAIN_LOSS];
}

bool metric_is_score(metric m)
{
    return m == METRIC_TRAIN_ACCURACY || m == METRIC_VALIDATION_ACCURACY || m == METRIC_TRAIN_R2 ||
           m == METRIC_VALIDATION_R2;
}

static const slope_parameter stop_parameters[] = {
    SLOPE_PARAM_CHOICE(stop_config, metric, "validation_loss", metric_names, "what is watched"),
    {.key = "target",
     .type = SLOPE_NUMBER,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(stop_config, target),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "stop when the metric reaches this"},
    OPTIONAL_INTEGER(stop_config, patience, 1,
                     "stop after so many evaluations without improvement"),
    SLOPE_PARAM_NUMBER(stop_config, min_delta, "0", SLOPE_NOT_NEGATIVE,
                       "least change that counts as an improvement"),
};
static const bind_table stop_table = RUNNER_TABLE(stop_parameters, stop_config, "stop");

void build_stop(builder *b, const config_node *trial, config_node *resolved, stop_config *out)
{
    const config_node *section;
    *out = *(const stop_config *)bind_plain(b, &stop_table, trial, resolved, &section);
    out->metric += METRIC_TRAIN_LOSS; /* the choices have no METRIC_NONE */
}

/* ---- clip and regularization ----------------------------------------------------------------- */

static const slope_parameter clip_parameters[] = {
    OPTIONAL_NUMBER(clip_config, norm, 0, SLOPE_MIN_OPEN,
                    "greatest Euclidean norm of the whole gradient"),
    OPTIONAL_NUMBER(clip_config, value, 0, SLOPE_MIN_OPEN,
                    "greatest absolute value of each entry; applied before norm"),
};
static const bind_table clip_table = RUNNER_TABLE(clip_parameters, clip_config, "clip");

void build_clip(builder *b, const config_node *trial, config_node *resolved, clip_config *out)
{
    const config_node *section;
    *out = *(const clip_config *)bind_plain(b, &clip_table, trial, resolved, &section);
}

static const slope_parameter regularization_parameters[] = {
    SLOPE_PARAM_NUMBER(regularization_config, l2, "0", SLOPE_NOT_NEGATIVE,
                       "adds l2 times the sum of squares of the weights"),
    SLOPE_PARAM_NUMBER(regularization_config, l1, "0", SLOPE_NOT_NEGATIVE,
                       "adds l1 times the sum of absolute values of the weights"),
};
static const bind_table regularization_table =
    RUNNER_TABLE(regularization_parameters, regularization_config, "regularization");

void build_regularization(builder *b, const config_node *trial, config_node *resolved,
                          regularization_config *out)
{
    const config_node *section;
    *out = *(const regularization_config *)bind_plain(b, &regularization_table, trial, resolved,
                                                      &section);
}

/* ---- tables ---------------------------------------------------------------------------------- */

const bind_table *plain_table(const char *section)
{
    static const bind_table *const tables[] = {
        &train_table,          &evaluate_table,   &stop_table,  &clip_table,
        &regularization_table, &checkpoint_table, &record_table};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i]->owner, section) == 0) return tables[i];
    return NULL;
}
