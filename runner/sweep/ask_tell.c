/* sweep/ask_tell.c: see ask_tell.h. From a line to trials and back. */
#include "sweep/ask_tell_private.h"

#include "config/load.h"
#include "config/overlay.h"
#include "config/space.h"
#include "slope/sampler.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Data sets that questions bring in are kept for the next ones, but not for ever. */
enum { MOST_DATASETS = 4 };

/* ---- creation -------------------------------------------------------------------------------- */

/* `base` with what choice number `place` of dimension d sets, or the number there on a range, over
 * what the choices set under which it is there. */
static const config_node *put_choice(arena *a, const space *s, size_t d, double place,
                                     const config_node *base, diagnostics *errors)
{
    const space_dimension *at = &s->dimensions[d];
    if (at->parent != SLOPE_NO_PARENT)
        base = put_choice(a, s, at->parent, (double)at->parent_choice, base, errors);
    if (!at->choice_count) {
        config_node *value = config_new_scalar(a, at->place, space_number(at, place, a), false);
        return config_overlay(a, base, config_at_path(a, s->columns[at->column].path, value),
                              errors);
    }
    const space_choice *choice = &at->choices[(size_t)place];
    for (size_t i = 0; i < choice->count; i++) {
        const char *path = s->columns[choice->settings[i].column].path;
        config_node *value = config_merge(a, NULL, choice->settings[i].value);
        base = config_overlay(a, base, config_at_path(a, path, value), errors);
    }
    return base;
}

/* What the greeting offers must be fit for a question: every choice, and a range at its ends. */
static void check_space(const ask_tell *s, diagnostics *errors)
{
    const space *swept = s->experiment->sweep ? s->experiment->sweep->space : NULL;
    for (size_t d = 0; swept && d < swept->count; d++) {
        const space_dimension *at = &swept->dimensions[d];
        for (uint64_t i = 0; i < (at->choice_count ? at->choice_count : 2); i++) {
            const double place = at->choice_count ? (double)i : i ? 0x1.fffffffffffffp-1 : 0;
            arena *a = arena_create();
            diagnostics *found = diagnostics_create(a);
            plan_single unused;
            const config_node *over =
                put_choice(a, swept, d, place, config_new_mapping(a, at->place), found);
            plan_make_single(s->plan, over, a, &unused, found);
            for (size_t e = 0; e < diagnostics_count(found); e++) {
                const diagnostic *f = diagnostics_at(found, e);
                diagnostics_add(errors, f->status, at->place, f->path, "%s", f->text);
            }
            arena_destroy(a);
        }
    }
    plan_drop_datasets(s->plan, MOST_DATASETS);
}

ask_tell *ask_tell_create(const experiment *e, diagnostics *errors)
{
    const config_place nowhere = {ORIGIN_FILE, NULL, 0, 0};
    if (e->base_count > 1) {
        diagnostics_add(errors, STATUS_CONFIG, nowhere, "trials",
                        "the file has %zu, and questions vary one: leave them out with trials=null",
                        e->base_count);
        return NULL;
    }
    ask_tell *s = allocate(1, sizeof *s);
    *s = (ask_tell){.memory = arena_create(),
                    .experiment = e,
                    .fuse = !e->sweep || e->sweep->fuse,
                    .trial_seconds = e->sweep ? e->sweep->trial_seconds : NAN};
    const experiment *plain = asked_base(s->memory, e, errors);
    if (plain) s->plan = plan_create(plain, true, errors);
    if (s->plan) {
        s->metric = plan_metric(s->plan);
        check_space(s, errors);
    }
    if (s->plan && !diagnostics_count(errors)) return s;
    failure none;
    ask_tell_end(s, true, &none);
    return NULL;
}

bool ask_tell_open(ask_tell *s, const ask_tell_folder *folder, failure *why)
{
    s->record = recorder_create(folder, s->experiment, s->plan, why);
    if (s->record) s->next = recorder_next(s->record);
    return s->record != NULL;
}

const char *ask_tell_results(const ask_tell *s)
{
    return s->record ? recorder_folder(s->record) : NULL;
}

static void drop(question *q)
{
    trial_destroy(q->trial);
    free(q->points.list);
    arena_destroy(q->memory);
}

bool ask_tell_end(ask_tell *s, bool interrupted, failure *why)
{
    if (!s) return true;
    const bool good = recorder_close(s->record, interrupted, why);
    for (size_t i = 0; i < s->waiting_count; i++) drop(&s->waiting[i]);
    free(s->waiting);
    plan_destroy(s->plan);
    arena_destroy(s->memory);
    free(s);
    return good;
}

/* ---- a line ---------------------------------------------------------------------------------- */

/* What remains of a question once it is answered: a trial that waits, or nothing. */
static void put_away(ask_tell *s, question *q)
{
    if (!q->waits) {
        drop(q);
        return;
    }
    if (s->waiting_count == s->waiting_room) {
        s->waiting_room = s->waiting_room ? 2 * s->waiting_room : 16;
        question *grown = realloc(s->waiting, s->waiting_room * sizeof *grown);
        if (!grown) out_of_memory(s->waiting_room * sizeof *grown);
        s->waiting = grown;
    }
    s->waiting[s->waiting_count++] = *q;
}

static void write_answers(const ask_tell *s, question *all, size_t count, bool many, FILE *out)
{
    if (many) putc('[', out);
    for (size_t i = 0; i < count; i++) {
        question *q = &all[i];
        question said = q->same == SIZE_MAX ? *q : all[q->same];
        said.id = q->id;
        if (i) fputs(", ", out);
        ask_tell_write_answer(s, &said, out);
    }
    fputs(many ? "]\n" : "\n", out);
}

bool ask_tell_answer(ask_tell *s, const char *line, size_t length, bool (*interrupted)(void *),
                     FILE *out, failure *why)
{
    failure wrong;
    arena *a = arena_create();
    json_t *asked = json_read(line, length, &wrong);
    const bool many = json_is_array(asked);
    const size_t count = many ? json_array_size(asked) : 1;
    question *all = allocate(count, sizeof *all);
    if (!asked) *all = (question){.number = SIZE_MAX, .same = SIZE_MAX, .error = wrong.text};
    for (size_t i = 0; asked && i < count; i++)
        ask_tell_read(s, many ? json_array_get(asked, i) : asked, &all[i], a);
    bool good = !s->record || recorder_meet(s->record, why);
    if (good) {
        ask_tell_recall(s, all, count);
        ask_tell_train(s, all, count, interrupted, a);
        good = ask_tell_keep(s, all, count, why);
    }
    if (good) write_answers(s, all, count, many, out);
    for (size_t i = 0; i < count; i++) put_away(s, &all[i]);
    free(all);
    json_decref(asked);
    arena_destroy(a);
    if (!s->waiting_count) /* whose data are needed */
        plan_drop_datasets(s->plan, MOST_DATASETS);
    return good;
}

bool ask_tell_idle(ask_tell *s, bool *left, failure *why)
{
    *left = false;
    return !s->record || recorder_commit(s->record, false, left, why);
}
