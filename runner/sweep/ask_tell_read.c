/* sweep/ask_tell_read.c: one question: which trial it is about, and what is different in it. See
 * ask_tell_private.h. */
#include "sweep/ask_tell_private.h"

#include "config/overlay.h"

#include <math.h>
#include <string.h>

/* Keys of a question that are no paths. */
static const char *const own_keys[] = {"id", "until_step", "until_epoch", "resume", "prune"};
enum { OWN_KEYS = sizeof own_keys / sizeof *own_keys };

static bool is_own(const char *key)
{
    for (size_t i = 0; i < OWN_KEYS; i++)
        if (strcmp(own_keys[i], key) == 0) return true;
    return false;
}

/* ---- new trials ------------------------------------------------------------------------------ */

/* As texts of one line: "optimizer.x: unknown key; did you mean 'y'?". */
static const char *all_errors(arena *a, const diagnostics *errors)
{
    const char *text = "";
    for (size_t i = 0; i < diagnostics_count(errors); i++) {
        const diagnostic *d = diagnostics_at(errors, i);
        const char *place = "", *path = d->path ? arena_printf(a, "%s: ", d->path) : "";
        if (d->place.origin == ORIGIN_FILE && d->place.file && d->place.line > 0)
            place = arena_printf(a, "%s:%d:%d: ", d->place.file, d->place.line, d->place.column);
        text = arena_printf(a, "%s%s%s%s%s", text, i ? "; " : "", place, path, d->text);
    }
    return text;
}

/* Everything but the own keys, dotted paths taken apart; as on the command line the later wins. */
static const config_node *read_paths(arena *a, const json_t *asked, diagnostics *errors)
{
    /* As there, files are looked for from the current folder on. */
    const config_place place = {ORIGIN_COMMAND_LINE, NULL, 0, 0};
    const config_node *given = json_to_config(a, asked, place);
    config_node *all = config_new_mapping(a, place);
    for (size_t i = 0; i < given->count; i++) {
        const config_entry *e = &given->entries[i];
        if (is_own(e->key)) continue;
        if (config_path_is_valid(e->key))
            all = config_overlay(a, all, config_at_path(a, e->key, e->value), errors);
        else
            diagnostics_add(errors, STATUS_CONFIG, place, NULL, "'%s' is no path to a key", e->key);
    }
    return all;
}

static void read_new(ask_tell *s, const json_t *given, question *q, arena *a)
{
    if (q->until_step != UINT64_MAX || !isnan(q->until_epoch)) a = q->memory = arena_create();
    diagnostics *errors = diagnostics_create(a);
    const config_node *over = read_paths(a, given, errors);
    if (!diagnostics_count(errors)) plan_make_single(s->plan, over, a, &q->single, errors);
    if (diagnostics_count(errors))
        q->error = all_errors(a, errors);
    else if (s->record)
        q->asked = asked_values(a, experiment_with_files(a, s->experiment, over));
}

/* ---- trials that wait ------------------------------------------------------------------------ */

uint64_t ask_tell_until(const question *q, const trial *t)
{
    if (isnan(q->until_epoch)) return q->until_step;
    const double step = round(q->until_epoch * (double)trial_steps_per_epoch(t));
    return step < 1 ? 1 : step < 0x1p63 ? (uint64_t)step : UINT64_MAX;
}

/* What is told apart from the trial itself. */
static void take_waiting(question *q, const question *found)
{
    const question said = *q;
    *q = *found;
    q->id = said.id;
    q->error = NULL;
    q->prune = said.prune;
    q->until_step = said.until_step;
    q->until_epoch = said.until_epoch;
    q->settled = q->recalled = q->waits = false;
}

static void read_waiting(ask_tell *s, const json_t *given, question *q)
{
    const json_t *number = json_object_get(given, q->prune ? "prune" : "resume");
    size_t i = 0;
    while (i < s->waiting_count &&
           !(json_is_integer(number) && s->waiting[i].number == (size_t)json_integer_value(number)))
        i++;
    if (i == s->waiting_count) {
        q->error = "there is no such trial waiting";
        return;
    }
    take_waiting(q, &s->waiting[i]);
    s->waiting[i] = s->waiting[--s->waiting_count];
}

/* ---- any ------------------------------------------------------------------------------------- */

static const char *read_until(const json_t *asked, question *q)
{
    const json_t *step = json_object_get(asked, "until_step");
    const json_t *epoch = json_object_get(asked, "until_epoch");
    q->until_step = UINT64_MAX;
    q->until_epoch = NAN;
    if (step && epoch) return "until_step and until_epoch: give one of them";
    if (step && (!json_is_integer(step) || json_integer_value(step) < 1))
        return "until_step: expected a whole number from 1 on";
    if (epoch && (!json_is_number(epoch) || !(json_number_value(epoch) > 0)))
        return "until_epoch: expected a number above 0";
    if (step) q->until_step = (uint64_t)json_integer_value(step);
    if (epoch) q->until_epoch = json_number_value(epoch);
    return NULL;
}

/* One that resumes or prunes says nothing of what the trial is. */
static const char *check_alone(const json_t *asked, const question *q)
{
    json_t *object = json_incref((json_t *)(uintptr_t)asked); /* iterating changes nothing */
    const char *error = NULL;
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        if (!is_own(json_object_iter_key(at))) error = "a trial that waits stays as it is";
    json_decref(object);
    if (json_object_get(asked, "resume") && q->prune) error = "resume and prune: give one of them";
    return error;
}

void ask_tell_read(ask_tell *s, const json_t *asked, question *q, arena *a)
{
    *q = (question){.number = SIZE_MAX, .same = SIZE_MAX};
    if (!json_is_object(asked)) {
        q->error = "expected an object of paths and values, as in {\"optimizer.learning_rate\": "
                   "0.1}, or an array of such";
        return;
    }
    q->id = json_object_get(asked, "id");
    q->prune = json_object_get(asked, "prune") != NULL;
    const bool waits = q->prune || json_object_get(asked, "resume");
    q->error = read_until(asked, q);
    if (json_is_object(q->id) || json_is_array(q->id)) {
        q->id = NULL;
        q->error = "id: expected a text or a number";
    }
    if (waits && !q->error) q->error = check_alone(asked, q);
    if (q->error) return;
    if (waits)
        read_waiting(s, asked, q);
    else
        read_new(s, asked, q, a);
}
