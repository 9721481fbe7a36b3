/* sweep/plan_check.c: whether the trials of a plan can run: data that load, models that fit them, a
 * metric that is measured; and how what is wrong is told. See plan_private.h. */
#include "sweep/plan_private.h"

#include "engine/trial.h"
#include "slope/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COMPLAINTS = 20 };

/* ---- sets of hashes -------------------------------------------------------------------------- */

bool hash_set_add(hash_set *set, uint64_t item)
{
    if (!item) item = 1;
    if (2 * (set->count + 1) > set->room) {
        hash_set grown = {.room = set->room ? 2 * set->room : 64};
        grown.items = allocate(grown.room, sizeof *grown.items);
        for (size_t i = 0; i < set->room; i++)
            if (set->items[i]) hash_set_add(&grown, set->items[i]);
        free(set->items);
        *set = grown;
    }
    size_t slot = (size_t)((item * 0x9E3779B97F4A7C15u) >> 32) & (set->room - 1);
    while (set->items[slot] && set->items[slot] != item) slot = (slot + 1) & (set->room - 1);
    if (set->items[slot]) return false;
    set->items[slot] = item;
    set->count++;
    return true;
}

/* FNV-1a */
static uint64_t mix(uint64_t hash, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++) hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}
static const uint64_t mix_start = 0xcbf29ce484222325u;

/* ---- data ------------------------------------------------------------------------------------ */

size_t plan_load_dataset(plan *p, builder *b, const part *of)
{
    const dataset_config *config = &of->config.dataset;
    if (!p->load || !config->reader.plugin) return SIZE_MAX;
    for (size_t i = 0; i < p->dataset_count; i++)
        if (dataset_same(p->dataset_configs[i], config)) return p->datasets[i] ? i : SIZE_MAX;
    size_t room = p->dataset_room;
    p->datasets = plan_grown(p->datasets, p->dataset_count, &room, sizeof *p->datasets);
    p->dataset_configs = plan_grown(p->dataset_configs, p->dataset_count, &p->dataset_room,
                                    sizeof *p->dataset_configs);
    failure why;
    dataset *read = dataset_load(config, &why);
    if (!read) diagnostics_add(b->errors, why.status, (config_place){0}, NULL, "%s", why.text);
    p->datasets[p->dataset_count] = read;
    p->dataset_configs[p->dataset_count] = config;
    p->dataset_count++;
    return read ? p->dataset_count - 1 : SIZE_MAX;
}

/* ---- rules between sections ------------------------------------------------------------------ */

/* All that build_check_together() looks at. */
static uint64_t together_of(const trial_config *t, const part *const parts[TRIAL_SECTIONS])
{
    const void *const plugins[] = {t->schedule.choice.plugin, t->optimizer.plugin};
    const bool facts[] = {t->schedule.warmup_steps > 0,
                          t->train.epochs == SLOPE_ABSENT,
                          t->train.steps == SLOPE_ABSENT,
                          isnan(t->clip.norm),
                          isnan(t->clip.value),
                          t->train.precision == FLOAT64,
                          parts[SECTION_DATASET]->merged == NULL};
    uint64_t hash = mix(mix_start, plugins, sizeof plugins);
    hash = mix(hash, facts, sizeof facts);
    return mix(hash, parts[SECTION_MODEL]->digest, DIGEST_BYTES);
}

void plan_check_rules(builder *b, const trial_config *t, const part *const parts[TRIAL_SECTIONS])
{
    config_node *merged = config_new_mapping(b->memory, (config_place){0});
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++)
        if (parts[s]->merged)
            config_set(b->memory, merged, trial_section_key(s), parts[s]->merged->place,
                       config_merge(b->memory, NULL, parts[s]->merged));
    build_check_together(b, merged, t, diagnostics_count(b->errors));
}

/* ---- the metric ------------------------------------------------------------------------------ */

static bool is_of_classes(metric m)
{
    return m == METRIC_TRAIN_ACCURACY || m == METRIC_VALIDATION_ACCURACY;
}

static bool is_loss(metric m)
{
    return m == METRIC_TRAIN_LOSS || m == METRIC_VALIDATION_LOSS;
}

/* Notes what there is to measure, and whether the metric that is asked for is among it. */
static void check_metric(plan *p, builder *b, const trial_config *t, const dataset *data)
{
    const sweep_config *sweep = p->experiment->sweep;
    const slope_plugin *half = t->loss.plugin->description[t->train.precision];
    const slope_target target = ((const slope_loss *)(const void *)half)->target;
    const bool validated = !data || data->splits[SLOPE_VALIDATION].rows > 0;
    p->trained &= t->evaluate.train;
    p->validated &= validated;
    p->classes &= target == SLOPE_CLASS;
    p->numbers &= target == SLOPE_VALUES;
    if (!sweep || sweep->metric == METRIC_NONE) return;
    const metric m = sweep->metric;
    const config_place place = builder_place(sweep->section, "metric");
    const bool of_validation = strncmp(metric_name(m), "validation_", 11) == 0;
    if (!is_loss(m) && (is_of_classes(m) ? target != SLOPE_CLASS : target != SLOPE_VALUES))
        diagnostics_add(b->errors, STATUS_CONFIG, place, "sweep.metric",
                        "loss %s has no %s; compare by %s", t->loss.plugin->id, metric_name(m),
                        target == SLOPE_VALUES  ? "a loss, mse, mae or r2"
                        : target == SLOPE_CLASS ? "a loss or an accuracy"
                                                : "train_loss");
    else if (of_validation && !validated)
        diagnostics_add(b->errors, STATUS_CONFIG, place, "sweep.metric",
                        "data set '%s' has no validation rows for %s; give it some "
                        "(dataset.validation: 0.1) or compare by another",
                        data->label, metric_name(m));
    else if (!of_validation && !t->evaluate.train)
        diagnostics_add(b->errors, STATUS_CONFIG, place, "sweep.metric",
                        "%s is not measured with evaluate.train: false", metric_name(m));
}

/* ---- fitting --------------------------------------------------------------------------------- */

static uint64_t fit_of(const trial_config *t, const part *const parts[TRIAL_SECTIONS])
{
    uint64_t hash = mix(mix_start, &parts[SECTION_DATASET]->dataset, sizeof(size_t));
    const int64_t numbers[] = {t->train.precision, t->train.gradient, 1};
    hash = mix(hash, parts[SECTION_MODEL]->digest, DIGEST_BYTES);
    hash = mix(hash, parts[SECTION_LOSS]->digest, DIGEST_BYTES);
    hash = mix(hash, parts[SECTION_STOP]->digest, DIGEST_BYTES);
    hash = mix(hash, parts[SECTION_EVALUATE]->digest, DIGEST_BYTES);
    hash = mix(hash, &t->optimizer.plugin, sizeof t->optimizer.plugin);
    return mix(hash, numbers, sizeof numbers);
}

/* A trial is made once and thrown away, so that what does not fit is found before the start. */
static void try_trial(builder *b, const trial_config *t, const part *const parts[TRIAL_SECTIONS],
                      const dataset *data)
{
    failure why;
    trial_config whole = *t;
    const config_node *resolved[TRIAL_SECTIONS];
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++) resolved[s] = parts[s]->resolved;
    const config_node *label = config_new_scalar(b->memory, (config_place){0}, "", true);
    whole.label = "";
    whole.resolved = trial_record(b->memory, label, NULL, resolved, (config_place){0});
    trial *made = trial_create(&whole, data, &why);
    if (!made) diagnostics_add(b->errors, why.status, (config_place){0}, NULL, "%s", why.text);
    trial_destroy(made);
}

/* What decides about rules of other sections, and about fitting: where a value of these was lost,
 * what is wrong may only follow from that. */
static const char *const of_rules[] = {"dataset",     "optimizer.name",  "train.epochs",
                                       "train.steps", "train.precision", NULL};
static const char *const of_fit[] = {
    "dataset",        "model",           "loss", "stop", "evaluate", "optimizer.name",
    "train.gradient", "train.precision", NULL,
};

void plan_check_trial(plan *p, builder *b, const trial_config *t,
                      const part *const parts[TRIAL_SECTIONS])
{
    const size_t before = diagnostics_count(b->errors);
    const size_t number = parts[SECTION_DATASET]->dataset;
    const dataset *data = number == SIZE_MAX ? NULL : p->datasets[number];
    if (!space_lost(p->space, of_rules) && hash_set_add(&p->checked, together_of(t, parts)))
        plan_check_rules(b, t, parts);
    if (diagnostics_count(b->errors) > before || space_lost(p->space, of_fit) ||
        !hash_set_add(&p->checked, fit_of(t, parts)))
        return;
    if (data) try_trial(b, t, parts, data);
    if (diagnostics_count(b->errors) == before) check_metric(p, b, t, data);
}

/* ---- complaints ------------------------------------------------------------------------------ */

static bool is_new(plan *p, const diagnostic *d)
{
    const int place[] = {(int)d->place.origin, d->place.line, d->place.column};
    uint64_t hash = mix(mix_start, place, sizeof place);
    if (d->place.file) hash = mix(hash, d->place.file, strlen(d->place.file) + 1);
    if (d->path) hash = mix(hash, d->path, strlen(d->path) + 1);
    return hash_set_add(&p->complaints, mix(hash, d->text, strlen(d->text)));
}

void plan_note_complaints(plan *p)
{
    for (size_t i = 0; i < diagnostics_count(p->errors); i++)
        is_new(p, diagnostics_at(p->errors, i));
}

void plan_complain(plan *p, const diagnostics *found, size_t base, const double *point,
                   uint64_t seed, arena *a)
{
    const size_t number = p->count + p->wrong++;
    const char *front = NULL;
    for (size_t i = 0; i < diagnostics_count(found); i++) {
        const diagnostic *d = diagnostics_at(found, i);
        if (p->told >= MOST_COMPLAINTS || space_explains(p->space, d) || !is_new(p, d)) continue;
        if (!front) {
            const char *values = plan_values(p, base, point, seed, a);
            front = p->partial ? arena_printf(a, "trial (%s): ", values)
                               : arena_printf(a, "trial %zu (%s): ", number, values);
        }
        diagnostics_pass(p->errors, d, front);
        p->told++;
    }
}

void plan_end_complaints(plan *p)
{
    if (p->partial && p->told >= MOST_COMPLAINTS)
        diagnostics_add(p->errors, STATUS_CONFIG, (config_place){0}, "sweep",
                        "more trials may be wrong");
    if (!p->partial && p->wrong > p->told)
        diagnostics_add(p->errors, STATUS_CONFIG, (config_place){0}, "sweep",
                        "%zu of %zu trials are wrong", p->wrong, p->wrong + p->count);
}
