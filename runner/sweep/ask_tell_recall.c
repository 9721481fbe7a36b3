/* sweep/ask_tell_recall.c: what is on record already, and what is put there. See ask_tell.h for
 * what an asker is to see of it, ask_tell_private.h for what the words mean. */
#include "sweep/ask_tell_private.h"

#include "sweep/outcome.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- from the record ------------------------------------------------------------------------- */

static void answer_from(question *q, const recorded *found)
{
    recorded_take(found, &q->summary);
    q->settled = q->recalled = true;
    q->value = found->value;
    q->step = found->steps;
    q->epoch = found->epochs;
}

/* The step at which it is to wait. It takes a trial to know how long an epoch is. */
static uint64_t until_of(const question *q)
{
    failure why;
    if (isnan(q->until_epoch)) return q->until_step;
    trial *t = trial_create(q->single.config, q->single.data, &why);
    const uint64_t step = t ? ask_tell_until(q, t) : q->until_step; /* make() tells */
    trial_destroy(t);
    return step;
}

static void wait_on_record(question *q, const recorded *pause)
{
    answer_from(q, pause);
    q->waits = true;
    uint64_t *more = arena_alloc(q->memory, (q->pause_count + 1) * sizeof *more);
    if (q->pause_count) memcpy(more, q->pauses, q->pause_count * sizeof *more);
    more[q->pause_count++] = pause->steps;
    q->pauses = more;
    if (q->number == SIZE_MAX) q->number = pause->number;
}

/* How the trial ended, if that is what it was asked for now: pruned only where it was pruned. */
static const recorded *find_end(const ask_tell *s, const question *q, uint64_t until)
{
    const recorded *end = recorder_find(s->record, q->single.id);
    if (!end) return NULL;
    if (end->status == TRIAL_PRUNED) return q->prune && end->steps == q->step ? end : NULL;
    return !q->prune && end->steps <= until ? end : NULL;
}

/* The process crashed in it: that is its end, and it has no row yet. */
static void fail_crashed(question *q, const char *description)
{
    q->settled = true;
    q->summary = (trial_summary){.status = TRIAL_FAILED,
                                 .last = NO_TRIAL_POINT,
                                 .best_validation_accuracy = NAN,
                                 .best_validation_loss = NAN,
                                 .test = NO_EVALUATION};
    snprintf(q->summary.message, sizeof q->summary.message, "%s", description);
    q->value = NAN;
    q->step = 0;
    q->epoch = 0;
}

/* A trial that is there already as such goes on as it is. */
static void look_up(const ask_tell *s, question *q)
{
    if (q->error || q->trial) return;
    const char *crash = recorder_blames(s->record, q->single.id);
    const bool known = recorder_find(s->record, q->single.id) || recorder_has_pauses(s->record);
    if (crash) fail_crashed(q, crash);
    if (crash || !known) return;
    const uint64_t until = until_of(q);
    const recorded *end = find_end(s, q, until);
    if (end) {
        answer_from(q, end);
        if (q->number == SIZE_MAX) q->number = end->number;
        return;
    }
    const recorded *pause = q->prune || until == UINT64_MAX
                                ? NULL
                                : recorder_find_pause(s->record, q->single.id, until);
    if (pause && until > q->step) wait_on_record(q, pause);
}

/* Whether another trial that waits goes by that number: the same one, asked for twice. */
static bool is_taken(const ask_tell *s, const question *all, size_t i)
{
    for (size_t k = 0; k < s->waiting_count; k++)
        if (s->waiting[k].number == all[i].number) return true;
    for (size_t k = 0; k < i; k++)
        if (all[k].number == all[i].number) return true;
    return false;
}

/* Twice in one line, to the end both times. */
static void find_same(question *all, size_t i)
{
    question *q = &all[i];
    if (q->error || q->recalled || q->trial || q->memory) return;
    for (size_t k = 0; k < i; k++) {
        const question *before = &all[k];
        if (before->error || before->trial || before->memory || before->same != SIZE_MAX) continue;
        if (before->single.id == q->single.id) {
            q->same = k;
            q->settled = true;
            return;
        }
    }
}

/* ---- what is asked again while it waits ------------------------------------------------------ */

/* One that waits, in memory or on record, cannot be asked to wait where it stands. */
static void check_until(question *q)
{
    if (q->error || q->number == SIZE_MAX || q->prune) return;
    const uint64_t until = until_of(q);
    if (until > q->step) return;
    q->error =
        arena_printf(q->memory, "the trial is at step %llu already", (unsigned long long)q->step);
    q->waits = true;
}

void ask_tell_recall(ask_tell *s, question *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        question *q = &all[i];
        const bool waited = q->number != SIZE_MAX;
        if (waited) check_until(q);
        if (s->record) look_up(s, q);
        if (s->record) find_same(all, i);
        if (q->waits && !waited && is_taken(s, all, i)) q->number = SIZE_MAX;
        if (!q->error && q->number == SIZE_MAX && q->same == SIZE_MAX) q->number = s->next++;
    }
}

bool ask_tell_suspects(const ask_tell *s, const question *q)
{
    return s->record && recorder_suspects(s->record, q->single.id);
}

/* ---- to the record --------------------------------------------------------------------------- */

static bool is_to_be_kept(const ask_tell *s, const question *q)
{
    if (q->error || q->recalled || q->same != SIZE_MAX) return false;
    const trial_status status = q->summary.status;
    if (status == TRIAL_PAUSED)
        return !recorder_find_pause(s->record, q->single.id, q->step); /* or twice at once */
    if (!status_is_final(status)) return false;
    const recorded *there = recorder_find(s->record, q->single.id);
    return !there || (there->status == TRIAL_PRUNED && status != TRIAL_PRUNED);
}

static bool keep(ask_tell *s, question *q, failure *why)
{
    const recorded *pruned = recorder_find(s->record, q->single.id);
    const bool ended = q->summary.status != TRIAL_PAUSED;
    if (ended && pruned && pruned->number == q->number) q->number = s->next++; /* that row has it */
    return recorder_write(s->record,
                          &(record_of_trial){.id = q->single.id,
                                             .number = q->number,
                                             .asked = &q->asked,
                                             .config = q->single.config,
                                             .data = q->single.data,
                                             .summary = &q->summary,
                                             .began = q->began,
                                             .steps = q->step,
                                             .epochs = q->epoch,
                                             .value = q->value,
                                             .point_count = q->points.count,
                                             .points = q->points.list},
                          why);
}

bool ask_tell_keep(ask_tell *s, question *all, size_t count, failure *why)
{
    bool left;
    if (!s->record) return true;
    for (size_t i = 0; i < count; i++)
        if (is_to_be_kept(s, &all[i]) && !keep(s, &all[i], why)) return false;
    return recorder_commit(s->record, false, &left, why);
}
