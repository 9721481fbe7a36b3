/* report/one_trial.c: see one_trial.h. */
#include "report/one_trial.h"

#include "base/text.h"
#include "report/ranking.h"
#include "sweep/asked.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The row of the trial with this number or, where `by_id`, whose id begins so. */
static size_t find_row(const results *r, const char *wanted, bool by_id, size_t *matches)
{
    const size_t column = results_column(r, by_id ? "hash" : "trial");
    size_t found = SIZE_MAX;
    *matches = 0;
    for (size_t row = 0; row < r->count && column != SIZE_MAX; row++) {
        const char *text = r->cells[row][column];
        if (by_id ? strncmp(text, wanted, strlen(wanted)) != 0 : strcmp(text, wanted) != 0)
            continue;
        if (!*matches) found = row;
        ++*matches;
    }
    return found;
}

/* Digits are a number, unless there are as many of them as tables show of an id. */
static bool is_id(const char *wanted)
{
    enum { SHOWN = 8 };
    int64_t value;
    return strlen(wanted) >= SHOWN || !text_to_integer(wanted, &value);
}

static bool find_number(const results *r, const char *wanted, size_t count, size_t *number,
                        failure *why)
{
    int64_t value;
    size_t matches;
    const bool by_id = is_id(wanted);
    if (!by_id && text_to_integer(wanted, &value) && value >= 0 && (uint64_t)value < count) {
        *number = (size_t)value;
        return true;
    }
    const size_t row = by_id ? find_row(r, wanted, true, &matches) : SIZE_MAX;
    if (!by_id || !matches || !*wanted)
        return failure_set(why, STATUS_CONFIG,
                           "'%s' has no trial '%s': its numbers go from 0 to %zu, and no id begins "
                           "so (`slope show %s --all` lists them)",
                           r->folder, wanted, count - 1, r->folder);
    if (matches > 1)
        return failure_set(why, STATUS_CONFIG,
                           "the ids of %zu trials of '%s' begin with '%s'; write more of it",
                           matches, r->folder, wanted);
    if (!text_to_integer(results_named(r, row, "trial"), &value) || value < 0 ||
        (uint64_t)value >= count)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "trial '%s' in trials.csv of '%s' is none of config.yaml",
                           results_named(r, row, "trial"), r->folder);
    *number = (size_t)value;
    return true;
}

static const char *yaml_of(const results *r, const experiment *e, const config_node *trial,
                           size_t number)
{
    enum { LONGEST = 150 }; /* a name becomes a folder's, which may not be much longer */
    arena *a = r->memory;
    config_node *root = config_new_mapping(a, trial->place);
    config_set(a, root, "experiment", trial->place,
               config_new_scalar(a, trial->place,
                                 strlen(e->name) > LONGEST
                                     ? e->name
                                     : arena_printf(a, "%s_trial_%zu", e->name, number),
                                 true));
    for (size_t i = 0; i < trial->count; i++)
        config_set(a, root, trial->entries[i].key, trial->entries[i].key_place,
                   trial->entries[i].value);
    char text[24];
    size_t matches;
    snprintf(text, sizeof text, "%zu", number);
    const size_t row = find_row(r, text, false, &matches);
    return arena_printf(
        a, "# trial %zu%s%s of %s; `slope run` on this file gives the same bits\n%s", number,
        row == SIZE_MAX ? "" : ", id ", row == SIZE_MAX ? "" : results_named(r, row, "hash"),
        e->name, config_to_yaml(a, root, false));
}

/* What the sampler is told of the trials so far: smaller is better. */
static double *values_of(const results *r, size_t count)
{
    const char *name = ranking_metric(r);
    const size_t trial = results_column(r, "trial");
    const size_t column = name ? results_column(r, name) : SIZE_MAX;
    double *values = arena_alloc(r->memory, count * sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = NAN;
    for (size_t row = 0; row < r->count; row++) {
        const double number = results_number(r, row, trial);
        if (!(number >= 0 && number < (double)count) || results_failed(r, row)) continue;
        const double value = results_number(r, row, column);
        values[(size_t)number] = name && more_is_better(name) ? -value : value;
    }
    return values;
}

/* Rounds until the plan holds all that the run has planned; a run cannot have done more. */
static bool extend(const results *r, plan *trials, failure *why)
{
    for (size_t added = 1; added && plan_count(trials) < r->planned;)
        if (!plan_extend(trials, values_of(r, plan_count(trials)), &added, why)) return false;
    return true;
}

/* Of a row of a folder of slope ask-tell; it has the label of its row. */
static const config_node *asked_trial(const results *r, plan *base, size_t row, failure *why)
{
    arena *a = r->memory;
    plan_single made;
    diagnostics *errors = diagnostics_create(a);
    const config_place place = {ORIGIN_COMMAND_LINE, NULL, 0, 0};
    const config_node *over = asked_tree(a, place, r->swept_count, r->columns + r->first_swept,
                                         r->cells[row] + r->first_swept, errors);
    if (diagnostics_count(errors) || !plan_make_single(base, over, a, &made, errors)) {
        failure_set(why, STATUS_CONFIG, "the row of trial %s in trials.csv of '%s': %s",
                    results_named(r, row, "trial"), r->folder, diagnostics_at(errors, 0)->text);
        return NULL;
    }
    const config_node *label = config_new_scalar(a, place, results_named(r, row, "label"), true);
    return config_merge(a, made.config->resolved,
                        config_at_path(a, "label", config_merge(a, NULL, label)));
}

const char *one_asked_yaml(const results *r, const experiment *e, plan *base, const char *wanted,
                           failure *why)
{
    size_t matches;
    int64_t number;
    const size_t row = find_row(r, wanted, is_id(wanted), &matches);
    if (!*wanted) matches = 0;
    if (matches > 1)
        failure_set(why, STATUS_CONFIG,
                    "the ids of %zu trials of '%s' begin with '%s'; write more of it", matches,
                    r->folder, wanted);
    if (!matches)
        failure_set(why, STATUS_CONFIG,
                    "'%s' has no trial '%s': none that ended has this number, and no id begins so "
                    "(`slope show %s --all` lists them)",
                    r->folder, wanted, r->folder);
    if (matches != 1) return NULL;
    const config_node *trial = asked_trial(r, base, row, why);
    if (!trial || !text_to_integer(results_named(r, row, "trial"), &number)) return NULL;
    return yaml_of(r, e, trial, (size_t)number);
}

const char *one_trial_yaml(const results *r, const experiment *e, plan *trials, const char *wanted,
                           failure *why)
{
    size_t number = 0;
    if (!extend(r, trials, why) || !find_number(r, wanted, plan_count(trials), &number, why))
        return NULL;
    return yaml_of(r, e, plan_trial(trials, number, r->memory)->resolved, number);
}
