/* sweep/plan.c: see plan.h. Makes trials of the sampler's points and keeps the list. The other
 * parts are named in plan_private.h. */
#include "base/memory.h"
#include "sweep/plan_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS_OF_SCRATCH = 64 };

static const space no_space;

void *plan_grown(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room) return list;
    const size_t wanted = *room ? 2 * *room : 16;
    void *more = realloc(list, wanted * size);
    if (!more) out_of_memory(wanted * size);
    *room = wanted;
    return more;
}

/* ---- making trials --------------------------------------------------------------------------- */

static void add_trial(plan *p, size_t sample, size_t base, uint64_t seed,
                      const part *const parts[TRIAL_SECTIONS])
{
    const uint64_t id = plan_make_id(parts);
    const size_t same = plan_look_up(p, id);
    if (same != SIZE_MAX) {
        p->copies = plan_grown(p->copies, p->copy_count, &p->copy_room, sizeof *p->copies);
        p->copies[p->copy_count++] = (copied){(uint32_t)sample, (uint32_t)same};
        return;
    }
    const size_t data = parts[SECTION_DATASET]->dataset;
    p->trials = plan_grown(p->trials, p->count, &p->room, sizeof *p->trials);
    p->trials[p->count] = (planned){.id = id,
                                    .fuse = plan_make_fuse_key(parts),
                                    .sample = (uint32_t)sample,
                                    .base = (uint32_t)base,
                                    .seed = (uint32_t)seed,
                                    .dataset = data == SIZE_MAX ? UINT32_MAX : (uint32_t)data};
    plan_enter(p, p->count);
    p->count++;
}

/* Builds, checks and lists one trial. `a` for scratch. */
static void consider(plan *p, size_t sample, size_t base, uint64_t seed, arena *a)
{
    const double *point = p->points + sample * p->space->count;
    const experiment *e = p->experiment;
    builder b = {.memory = a,
                 .plugins = e->plugins,
                 .errors = diagnostics_create(a),
                 .config_path = e->config_path};
    trial_config t;
    const part *parts[TRIAL_SECTIONS];
    plan_assemble(p, p, &b, base, point, seed, &t, parts);
    bool wrong = false;
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++) wrong |= parts[s]->wrong;
    if (!wrong) plan_check_trial(p, &b, &t, parts);
    if (wrong || diagnostics_count(b.errors))
        plan_complain(p, b.errors, base, point, seed, a);
    else
        add_trial(p, sample, base, seed, parts);
}

/* Trials of the samples from `first` on. */
static void make_trials(plan *p, size_t first)
{
    arena *a = arena_create();
    bool *excluded = allocate(p->samples - first, sizeof *excluded);
    for (size_t n = first; n < p->samples; n++) {
        excluded[n - first] = p->space->exclusion_count &&
                              space_excludes(p->space, p->points + n * p->space->count, a);
        p->excluded += excluded[n - first] ? p->experiment->base_count * p->seeds : 0;
    }
    size_t made = 0;
    for (size_t base = 0; base < p->experiment->base_count; base++)
        for (size_t n = first; n < p->samples; n++)
            for (uint64_t seed = 0; !excluded[n - first] && seed < p->seeds; seed++) {
                consider(p, n, base, seed, a);
                if (++made % TRIALS_OF_SCRATCH) continue;
                arena_destroy(a);
                a = arena_create();
            }
    free(excluded);
    arena_destroy(a);
    plan_end_complaints(p);
}

/* ---- creation -------------------------------------------------------------------------------- */

static void choose_metric(plan *p)
{
    const sweep_config *sweep = p->experiment->sweep;
    if (sweep && sweep->metric != METRIC_NONE)
        p->metric = sweep->metric;
    else if (!p->load)
        p->metric = METRIC_NONE;
    else if (!p->validated)
        p->metric = METRIC_TRAIN_LOSS;
    else
        p->metric = p->classes   ? METRIC_VALIDATION_ACCURACY
                    : p->numbers ? METRIC_VALIDATION_R2
                                 : METRIC_VALIDATION_LOSS;
}

/* A pruner, or a sampler that learns, needs something to go by. */
static void check_needs_metric(plan *p)
{
    const sweep_config *sweep = p->experiment->sweep;
    if (!sweep || !p->load || p->metric != METRIC_TRAIN_LOSS || p->trained) return;
    const bool learns = p->sampler.about && sampler_round(p->sampler.about, p->sampler.config);
    if (!sweep->pruner.plugin && !learns) return;
    const host_plugin *who = sweep->pruner.plugin ? sweep->pruner.plugin : sweep->sampler.plugin;
    const char *key = kind_name(who->kind);
    diagnostics_add(p->errors, STATUS_CONFIG, builder_place(sweep->section, key),
                    arena_printf(p->memory, "sweep.%s", key),
                    "%s %s goes by results, but without validation rows and with evaluate.train: "
                    "false there are none: hold some rows out (dataset.validation: 0.1)",
                    key, who->id);
}

/* Trials that cannot be made are not told of, but their values are. */
static void check_values_alone(plan *p)
{
    const experiment *e = p->experiment;
    builder b = {.memory = p->memory,
                 .plugins = e->plugins,
                 .errors = p->errors,
                 .config_path = e->config_path};
    space_check_values(&b, p->space, e->base_count, e->trees);
}

/* Counts before it reads: a space that is too large is told at once. */
static void fill(plan *p)
{
    failure why;
    const space_losses *lost = &p->space->lost;
    if (lost->points || !plan_count_points(p) || lost->combinations) {
        check_values_alone(p);
        return;
    }
    plan_find_dependences(p);
    if (!plan_place(p, plan_next_round(p), &why)) {
        diagnostics_add(p->errors, why.status, (config_place){0}, "sweep.sampler", "%s", why.text);
        check_values_alone(p);
        return;
    }
    make_trials(p, 0);
    choose_metric(p);
    if (p->partial) return; /* what is not there yet may make up for what follows */
    check_needs_metric(p);
    if (!p->count && !p->wrong)
        diagnostics_add(p->errors, STATUS_CONFIG, p->experiment->sweep->section->place, "sweep",
                        "exclude leaves no trial of it");
}

static plan *create(const experiment *e, bool load, bool partial, diagnostics *errors)
{
    plan *p = allocate(1, sizeof *p);
    *p = (plan){.memory = arena_create(),
                .experiment = e,
                .space = e->sweep ? e->sweep->space : &no_space,
                .seeds = e->sweep ? e->sweep->seeds : 1,
                .load = load,
                .partial = partial,
                .errors = errors,
                .trained = true,
                .validated = true,
                .classes = true,
                .numbers = true};
    plan_note_complaints(p);
    fill(p);
    return p;
}

plan *plan_create(const experiment *e, bool load, diagnostics *errors)
{
    const size_t before = diagnostics_count(errors);
    plan *p = create(e, load, false, errors);
    if (diagnostics_count(errors) == before) {
        plan_name_problems(p);
        return p;
    }
    plan_destroy(p);
    return NULL;
}

void plan_check_draft(const experiment *e, bool load, diagnostics *errors)
{
    if (e->sweep) plan_destroy(create(e, load, true, errors));
}

void plan_destroy(plan *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->dataset_count; i++) dataset_destroy(p->datasets[i]);
    plan_free_parts(p);
    free(p->datasets);
    free(p->dataset_configs);
    free(p->plugins);
    free(p->points);
    free(p->trials);
    free(p->index);
    free(p->copies);
    free(p->checked.items);
    free(p->complaints.items);
    arena_destroy(p->memory);
    free(p);
}

/* ---- the next round -------------------------------------------------------------------------- */

/* Of each sample: the mean over its trials, that is over seeds and bases. */
static double *values_of_samples(const plan *p, const double *values)
{
    double *sums = allocate(p->samples, sizeof *sums);
    size_t *counts = allocate(p->samples, sizeof *counts);
    for (size_t i = 0; i < p->count + p->copy_count; i++) {
        const bool copy = i >= p->count;
        const size_t trial = copy ? p->copies[i - p->count].trial : i;
        const size_t sample = copy ? p->copies[i - p->count].sample : p->trials[i].sample;
        if (isnan(values[trial])) continue;
        sums[sample] += values[trial];
        counts[sample]++;
    }
    for (size_t i = 0; i < p->samples; i++)
        sums[i] = counts[i] ? sums[i] / (double)counts[i] : (double)NAN;
    free(counts);
    return sums;
}

static bool first_error(const diagnostics *errors, failure *why)
{
    const diagnostic *d = diagnostics_at(errors, 0);
    return failure_set(why, d->status, "%s%s%s", d->path ? d->path : "", d->path ? ": " : "",
                       d->text);
}

bool plan_extend(plan *p, const double *values, size_t *added, failure *why)
{
    const size_t samples = p->samples, before = p->count;
    const uint64_t round = plan_next_round(p);
    *added = 0;
    if (!round) return true;
    double *finished = values_of_samples(p, values);
    double *points = allocate(samples * p->space->count, sizeof *points);
    memcpy(points, p->points, samples * p->space->count * sizeof *points);
    p->sampler.finished_count = samples;
    p->sampler.finished_points = points;
    p->sampler.finished_values = finished;
    const bool good = plan_place(p, round, why);
    p->sampler.finished_count = 0;
    p->sampler.finished_points = p->sampler.finished_values = NULL;
    free(points);
    free(finished);
    if (!good) return false;
    p->errors = diagnostics_create(p->memory);
    make_trials(p, samples);
    *added = p->count - before;
    if (diagnostics_count(p->errors)) return first_error(p->errors, why);
    /* A round of nothing but trials that there were: the next one may have others. */
    return *added || plan_extend(p, values, added, why);
}

/* ---- what is asked --------------------------------------------------------------------------- */

size_t plan_count(const plan *p)
{
    return p->count;
}

size_t plan_duplicates(const plan *p)
{
    return p->copy_count;
}

size_t plan_excluded(const plan *p)
{
    return p->excluded;
}

const char *plan_id(const plan *p, size_t trial, char buffer[17])
{
    snprintf(buffer, 17, "%016llx", (unsigned long long)p->trials[trial].id);
    return buffer;
}

size_t plan_find(const plan *p, const char *id)
{
    if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16) return SIZE_MAX;
    return plan_look_up(p, strtoull(id, NULL, 16));
}

uint64_t plan_fuse_key(const plan *p, size_t trial)
{
    return p->trials[trial].fuse;
}

size_t plan_base(const plan *p, size_t trial)
{
    return p->trials[trial].base;
}

metric plan_metric(const plan *p)
{
    return p->metric;
}

const dataset *plan_dataset(const plan *p, size_t trial)
{
    const uint32_t number = p->trials[trial].dataset;
    return number == UINT32_MAX ? NULL : p->datasets[number];
}

size_t plan_dataset_count(const plan *p)
{
    return p->dataset_count;
}

const dataset *plan_dataset_at(const plan *p, size_t i)
{
    return p->datasets[i];
}

size_t plan_plugin_count(const plan *p)
{
    return p->plugin_count;
}

const host_plugin *plan_plugin_at(const plan *p, size_t i)
{
    return p->plugins[i].plugin;
}
