/* report/comparison.c: see comparison.h. */
#include "report/comparison.h"

#include "base/text.h"
#include "report/problems.h"
#include "report/ranking.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- entries --------------------------------------------------------------------------------- */

/* Two problems that have one label get their whole names. */
static void tell_apart(comparison *all)
{
    for (size_t p = 0; p < all->problem_count; p++)
        for (size_t q = p + 1; q < all->problem_count; q++) {
            problem *const pair[] = {&all->problems[p], &all->problems[q]};
            if (strcmp(pair[0]->label, pair[1]->label) != 0) continue;
            for (size_t i = 0; i < 2; i++) {
                const entry *e = &all->entries[pair[i]->first];
                pair[i]->name = arena_printf(all->memory, "%s (%s)", pair[i]->label,
                                             problem_names(e->run, e->row));
            }
        }
}

/* Number of the name in a list with room for one more. */
static size_t number_in(const char **names, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0) return i;
    names[*count] = name;
    return (*count)++;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Of trials of one rule that have no learning rate: the first of its own parameters that is a
 * number and differs between them. `same` are entries of one run and one optimizer. */
static void find_tuned(entry *const *same, size_t count)
{
    static const char section[] = "optimizer.";
    const results *r = same[0]->run;
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++) {
        if (strncmp(r->columns[c], section, sizeof section - 1) != 0) continue;
        bool differs = false;
        for (size_t i = 1; i < count; i++)
            differs |= results_number(r, same[i]->row, c) != results_number(r, same[0]->row, c);
        if (!differs || isnan(results_number(r, same[0]->row, c))) continue;
        for (size_t i = 0; i < count; i++) same[i]->tuned = results_number(r, same[i]->row, c);
        return;
    }
}

static int by_run_and_optimizer(const void *one, const void *other)
{
    const entry *a = *(entry *const *)one, *b = *(entry *const *)other;
    if (a->optimizer != b->optimizer) return a->optimizer < b->optimizer ? -1 : 1;
    if (a->run != b->run) return a->run < b->run ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* entry.tuned, where there is no learning rate. */
static void find_all_tuned(comparison *all)
{
    entry **without = arena_alloc(all->memory, all->entry_count * sizeof *without);
    size_t count = 0;
    for (size_t i = 0; i < all->entry_count; i++) {
        entry *e = &all->entries[i];
        e->tuned = e->rate;
        if (isnan(e->rate)) without[count++] = e;
    }
    if (count) qsort(without, count, sizeof *without, by_run_and_optimizer);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count; end++)
            if (without[end]->run != without[first]->run ||
                without[end]->optimizer != without[first]->optimizer)
                break;
        find_tuned(without + first, end - first);
    }
}

static bool too_many(failure *why, const char *what)
{
    return failure_set(why, STATUS_CONFIG, "more than 1000 %s in one comparison", what);
}

enum { MOST_NAMES = 1000 };

static bool collect(comparison *all, failure *why)
{
    const char **problems = arena_alloc(all->memory, (MOST_NAMES + 1) * sizeof *problems);
    const char **optimizers = arena_alloc(all->memory, (MOST_NAMES + 1) * sizeof *optimizers);
    size_t configurations = 0, next = 0;
    for (size_t i = 0; i < all->run_count; i++) {
        const results *r = all->runs[i];
        size_t own;
        const size_t *numbers = results_configurations(r, &own);
        const size_t rate = results_column(r, "learning_rate");
        for (size_t row = 0; row < r->count; row++) {
            entry *e = &all->entries[next++];
            *e = (entry){.run = r, .row = row, .configuration = configurations + numbers[row]};
            e->problem = number_in(problems, &all->problem_count, problem_key(r, row));
            if (all->problem_count > MOST_NAMES) return too_many(why, "problems");
            number_in(optimizers, &all->optimizer_count, results_named(r, row, "optimizer"));
            if (all->optimizer_count > MOST_NAMES) return too_many(why, "optimizers");
            e->failed = results_failed(r, row);
            e->rate = results_number(r, row, rate);
        }
        configurations += own;
    }
    qsort(optimizers, all->optimizer_count, sizeof *optimizers, by_name);
    all->optimizers = optimizers;
    return true;
}

static const char *id_of(const entry *e)
{
    return results_named(e->run, e->row, "hash");
}

static int by_id(const void *one, const void *other)
{
    const entry *a = *(entry *const *)one, *b = *(entry *const *)other;
    const int ids = strcmp(id_of(a), id_of(b));
    return ids ? ids : a < b ? -1 : a > b;
}

/* A trial that stands in several folders (of shards, and what they were merged into) is one trial:
 * it has the same bits in all of them. The first one stays. */
static void drop_copies(comparison *all)
{
    if (all->run_count < 2) return;
    entry **sorted = arena_alloc(all->memory, all->entry_count * sizeof *sorted);
    bool *copy = arena_alloc(all->memory, all->entry_count * sizeof *copy);
    for (size_t i = 0; i < all->entry_count; i++) sorted[i] = &all->entries[i];
    qsort(sorted, all->entry_count, sizeof *sorted, by_id);
    for (size_t i = 1; i < all->entry_count; i++) {
        const char *id = id_of(sorted[i]);
        copy[sorted[i] - all->entries] = *id && strcmp(id, id_of(sorted[i - 1])) == 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < all->entry_count; i++)
        if (!copy[i]) all->entries[kept++] = all->entries[i];
    all->copy_count = all->entry_count - kept;
    all->entry_count = kept;
}

static int by_problem(const void *one, const void *other)
{
    const entry *a = one, *b = other;
    if (a->problem != b->problem) return a->problem < b->problem ? -1 : 1;
    if (a->optimizer != b->optimizer) return a->optimizer < b->optimizer ? -1 : 1;
    if (a->configuration != b->configuration) return a->configuration < b->configuration ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static void sort_entries(comparison *all)
{
    for (size_t i = 0; i < all->entry_count; i++) {
        entry *e = &all->entries[i];
        e->optimizer = number_in(all->optimizers, &all->optimizer_count,
                                 results_named(e->run, e->row, "optimizer"));
    }
    qsort(all->entries, all->entry_count, sizeof *all->entries, by_problem);
    all->problems = arena_alloc(all->memory, all->problem_count * sizeof *all->problems);
    for (size_t p = 0, first = 0; p < all->problem_count; p++) {
        size_t end = first;
        while (end < all->entry_count && all->entries[end].problem == p) end++;
        const char *label = problem_name(all->entries[first].run, all->entries[first].row);
        all->problems[p] =
            (problem){.name = label, .label = label, .target = NAN, .first = first, .end = end};
        first = end;
    }
    tell_apart(all);
}

size_t comparison_end(const comparison *all, size_t first)
{
    size_t end = first + 1;
    while (end < all->entry_count && all->entries[end].problem == all->entries[first].problem &&
           all->entries[end].optimizer == all->entries[first].optimizer)
        end++;
    return end;
}

/* ---- metrics --------------------------------------------------------------------------------- */

static double value_of(const entry *e, const char *metric)
{
    return number_of(results_named(e->run, e->row, metric));
}

/* As ranking_metric() does for a run. */
static const char *choose_metric(const comparison *all, const problem *p)
{
    static const char *const metrics[] = {"validation_accuracy", "validation_r2",
                                          "validation_loss",     "train_loss",
                                          "train_objective",     NULL};
    const char *some = NULL;
    for (const char *const *metric = metrics; *metric; metric++) {
        size_t finished = 0, with = 0;
        for (size_t i = p->first; i < p->end; i++) {
            const entry *e = &all->entries[i];
            if (!results_finished(e->run, e->row)) continue;
            finished++;
            if (!isnan(value_of(e, *metric))) with++;
        }
        if (with && with == finished) return *metric;
        if (with && !some) some = *metric;
    }
    return some;
}

static bool find_metrics(comparison *all, failure *why)
{
    size_t measured = 0;
    for (size_t p = 0; p < all->problem_count; p++) {
        problem *at = &all->problems[p];
        const char *asked = all->options->metric;
        if (!asked) asked = all->entries[at->first].run->metric;
        const char *metric = asked ? asked : choose_metric(all, at);
        for (size_t i = at->first; metric && i < at->end; i++) {
            entry *e = &all->entries[i];
            e->final = e->failed ? (double)NAN : value_of(e, metric);
            if (!isnan(e->final)) at->metric = metric;
        }
        measured += at->metric != NULL;
    }
    if (measured) return true;
    if (all->options->metric)
        return failure_set(why, STATUS_TRIALS_FAILED, "no trial that finished has a value of '%s'",
                           all->options->metric);
    return failure_set(why, STATUS_TRIALS_FAILED, "no trial has finished");
}

static bool known_metric(const results *r, const char *metric, failure *why)
{
    if (!metric || results_column(r, metric) != SIZE_MAX) return true;
    const char *nearest = text_nearest(metric, r->columns, r->column_count);
    return failure_set(why, STATUS_CONFIG, "trials.csv of '%s' has no column '%s'%s%s%s", r->folder,
                       metric, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                       nearest ? "'?" : "");
}

/* ---- effort ---------------------------------------------------------------------------------- */

static double effort_of(const comparison *all, const entry *e)
{
    const effort by = all->options->by;
    return by == EFFORT_STEPS    ? e->curve.steps
           : by == EFFORT_EPOCHS ? e->curve.epochs
                                 : e->curve.seconds;
}

double configuration_effort(const comparison *all, size_t first, size_t end, size_t *entry_index)
{
    const size_t needed = (end - first + 1) / 2;
    double least = INFINITY;
    *entry_index = first;
    for (size_t i = first; i < end; i++) {
        const double own = effort_of(all, &all->entries[i]);
        size_t there = 0;
        for (size_t k = first; k < end; k++) there += effort_of(all, &all->entries[k]) <= own;
        if (there < needed || !(own < least)) continue;
        least = own;
        *entry_index = i;
    }
    return least;
}

double best_effort(const comparison *all, size_t first, size_t end, size_t *best)
{
    double least = INFINITY;
    *best = first;
    for (size_t from = first, to; from < end; from = to) {
        to = from + 1;
        while (to < end && all->entries[to].configuration == all->entries[from].configuration) to++;
        size_t index;
        const double own = configuration_effort(all, from, to, &index);
        if (!(own < least)) continue;
        least = own;
        *best = index;
    }
    return least;
}

double effort_ratio(const comparison *all, double own, double least)
{
    static const double smallest[] = {
        [EFFORT_STEPS] = 1, [EFFORT_EPOCHS] = 1e-3, [EFFORT_SECONDS] = 1e-3};
    const double unit = smallest[all->options->by];
    return fmax(own, unit) / fmax(least, unit);
}

/* ---- entry ----------------------------------------------------------------------------------- */

const comparison *comparison_read(arena *a, size_t count, char *const *folders,
                                  const comparison_options *options, failure *why)
{
    comparison *all = arena_alloc(a, sizeof *all);
    const results **runs = arena_alloc(a, count * sizeof *runs);
    *all = (comparison){.memory = a, .options = options, .run_count = count, .runs = runs};
    for (size_t i = 0; i < count; i++) {
        runs[i] = results_read(a, folders[i], why);
        if (!runs[i]) return NULL;
        if (runs[i]->count && !known_metric(runs[i], options->metric, why)) return NULL;
        all->entry_count += runs[i]->count;
    }
    if (!all->entry_count) {
        failure_set(why, STATUS_TRIALS_FAILED, "no trial has ended yet");
        return NULL;
    }
    all->entries = arena_alloc(a, all->entry_count * sizeof *all->entries);
    if (!collect(all, why)) return NULL;
    drop_copies(all);
    sort_entries(all);
    find_all_tuned(all);
    if (!find_metrics(all, why)) return NULL;
    if (options->curves && !comparison_find_targets(all, why)) return NULL;
    return all;
}
