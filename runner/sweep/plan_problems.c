/* sweep/plan_problems.c: what tables call the problem that a trial works on, where the names of its
 * data set, model and loss do not tell it from the others. See plan.h.
 *
 * Items of `trials` whose data set, model and loss are the same, parameters included, are attempts
 * at one problem, however they train; the initialisation belongs to the attempt. */
#include "sweep/plan_private.h"

#include <stdlib.h>
#include <string.h>

/* A base by what it works on. */
typedef struct worked {
    const trial_config *config; /* has the names */
    uint64_t problem;           /* digest of the parameters, too */
    size_t base;
} worked;

static int by_names(const worked *a, const worked *b)
{
    const int data = strcmp(a->config->dataset.label, b->config->dataset.label);
    if (data) return data;
    const int model = strcmp(a->config->model.plugin->id, b->config->model.plugin->id);
    return model ? model : strcmp(a->config->loss.plugin->id, b->config->loss.plugin->id);
}

static int by_problem(const void *one, const void *other)
{
    const worked *a = one, *b = other;
    const int names = by_names(a, b);
    if (names) return names;
    if (a->problem != b->problem) return a->problem < b->problem ? -1 : 1;
    return a->base < b->base ? -1 : a->base > b->base;
}

/* The bases of one problem; `clear`: no other problem has its names. */
static void name_problem(plan *p, const worked *own, size_t count, bool clear)
{
    const experiment *e = p->experiment;
    /* Without a sweep the record of a run gives all labels, and a resumed run must say the same. */
    const bool given = e->sweep && config_get(e->trees[own->base], "label");
    const char *name = "";
    if (count == 1 && (given || !clear))
        name = e->labels[own->base];
    else if (!clear)
        name = arena_printf(p->memory, "#%zu", own->base + 1);
    for (size_t i = 0; i < count; i++) p->problems[own[i].base] = name;
}

void plan_name_problems(plan *p)
{
    const size_t count = p->experiment->base_count;
    p->problems = arena_alloc(p->memory, count * sizeof *p->problems);
    p->problems[0] = "";
    if (count == 1) return;
    worked *all = allocate(count, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const trial_config *c = &p->experiment->bases[i];
        all[i] = (worked){c, plan_digest_problem(c), i};
    }
    qsort(all, count, sizeof *all, by_problem);
    for (size_t first = 0, end; first < count; first = end) {
        end = first;
        while (end < count && by_names(&all[first], &all[end]) == 0) end++;
        const bool clear = all[first].problem == all[end - 1].problem;
        for (size_t from = first, to; from < end; from = to) {
            to = from;
            while (to < end && all[to].problem == all[from].problem) to++;
            name_problem(p, &all[from], to - from, clear);
        }
    }
    free(all);
}

const char *plan_problem(const plan *p, size_t trial)
{
    return p->problems[p->trials[trial].base];
}
