/* sweep/recorded.c: see recorded.h. */
#include "sweep/recorded.h"

#include "base/files.h"
#include "record/csv_scan.h"
#include "sweep/outcome.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ------------------------------------------------------------------------------- */

static size_t place_of(const recorded_table *t, uint64_t id, uint64_t step)
{
    uint64_t hash = t->by_step ? (id ^ step * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u : id;
    hash ^= hash >> 32;
    size_t at = (size_t)hash & (t->index_room - 1);
    for (; t->index[at]; at = (at + 1) & (t->index_room - 1)) {
        const recorded *r = &t->list[t->index[at] - 1];
        if (r->id == id && (!t->by_step || r->steps == step)) break;
    }
    return at;
}

static void grow(recorded_table *t)
{
    t->room = t->room ? 2 * t->room : 64;
    recorded *more = allocate(t->room, sizeof *more);
    if (t->count) memcpy(more, t->list, t->count * sizeof *more);
    free(t->list);
    free(t->index);
    t->list = more;
    t->index_room = 2 * t->room;
    t->index = allocate(t->index_room, sizeof *t->index);
    for (size_t i = 0; i < t->count; i++)
        t->index[place_of(t, more[i].id, more[i].steps)] = (uint32_t)i + 1;
}

void recorded_add(recorded_table *t, const recorded *r)
{
    if (t->count == t->room) grow(t);
    const size_t at = place_of(t, r->id, r->steps);
    if (!t->index[at]) t->index[at] = (uint32_t)++t->count;
    t->list[t->index[at] - 1] = *r;
}

const recorded *recorded_find(const recorded_table *t, uint64_t id, uint64_t step)
{
    if (!t->count) return NULL;
    const uint32_t found = t->index[place_of(t, id, step)];
    return found ? &t->list[found - 1] : NULL;
}

void recorded_free(recorded_table *t)
{
    free(t->list);
    free(t->index);
}

/* ---- from a file ----------------------------------------------------------------------------- */

static const struct {
    const char *column;
    size_t offset;
} numbers[] = {
    {"epochs", offsetof(recorded, epochs)},
    {"train_loss", offsetof(recorded, last.train.loss)},
    {"train_accuracy", offsetof(recorded, last.train.accuracy)},
    {"train_mse", offsetof(recorded, last.train.mse)},
    {"train_mae", offsetof(recorded, last.train.mae)},
    {"train_r2", offsetof(recorded, last.train.r2)},
    {"train_objective", offsetof(recorded, last.train_objective)},
    {"validation_loss", offsetof(recorded, last.validation.loss)},
    {"validation_accuracy", offsetof(recorded, last.validation.accuracy)},
    {"validation_mse", offsetof(recorded, last.validation.mse)},
    {"validation_mae", offsetof(recorded, last.validation.mae)},
    {"validation_r2", offsetof(recorded, last.validation.r2)},
    {"best_validation_loss", offsetof(recorded, best_validation_loss)},
    {"best_validation_accuracy", offsetof(recorded, best_validation_accuracy)},
    {"test_loss", offsetof(recorded, test.loss)},
    {"test_accuracy", offsetof(recorded, test.accuracy)},
    {"test_mse", offsetof(recorded, test.mse)},
    {"test_mae", offsetof(recorded, test.mae)},
    {"test_r2", offsetof(recorded, test.r2)},
    {"train_seconds", offsetof(recorded, last.train_seconds)},
    {"evaluate_seconds", offsetof(recorded, last.evaluate_seconds)},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* Where the columns stand; `value` may be none of them. */
typedef struct places {
    size_t trial, hash, status, message, steps, best_step, value, numbers[NUMBERS];
} places;

static bool find_places(const csv_scan *file, metric which, places *p)
{
    *p = (places){.trial = csv_scan_find(file, "trial"),
                  .hash = csv_scan_find(file, "hash"),
                  .status = csv_scan_find(file, "status"),
                  .message = csv_scan_find(file, "message"),
                  .steps = csv_scan_find(file, "steps"),
                  .best_step = csv_scan_find(file, "best_step"),
                  .value = csv_scan_find(file, metric_name(which))};
    const size_t needed[] = {p->trial, p->hash, p->status, p->message, p->steps, p->best_step};
    bool good = true;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) good &= needed[i] != SIZE_MAX;
    for (size_t i = 0; i < NUMBERS; i++) {
        p->numbers[i] = csv_scan_find(file, numbers[i].column);
        good &= p->numbers[i] != SIZE_MAX;
    }
    return good;
}

static double number_in(const char *text)
{
    return *text ? strtod(text, NULL) : NAN;
}

static bool read_row(const char *const *cells, const places *p, arena *a,
                     bool (*wanted)(trial_status), recorded *r)
{
    char *end;
    *r = (recorded){.id = strtoull(cells[p->hash], &end, 16),
                    .number = strtoull(cells[p->trial], NULL, 10),
                    .message = "",
                    .steps = strtoull(cells[p->steps], NULL, 10),
                    .best_step = strtoull(cells[p->best_step], NULL, 10),
                    .value = p->value == SIZE_MAX ? NAN : number_in(cells[p->value])};
    if (*end || !status_from_name(cells[p->status], &r->status) || !wanted(r->status)) return false;
    if (*cells[p->message]) r->message = arena_strdup(a, cells[p->message]);
    for (size_t i = 0; i < NUMBERS; i++)
        *(double *)(void *)((char *)r + numbers[i].offset) = number_in(cells[p->numbers[i]]);
    if (r->status == TRIAL_DIVERGED || r->status == TRIAL_FAILED) r->value = NAN;
    r->last.step = r->steps;
    r->last.epoch = r->epochs;
    return true;
}

bool recorded_read(recorded_table *t, arena *a, const char *path, metric which,
                   bool (*wanted)(trial_status), failure *why)
{
    if (!file_exists(path)) return true;
    csv_scan *file = csv_scan_open(path, why);
    if (!file) return false;
    places p;
    const bool known = find_places(file, which, &p);
    for (const char *const *cells; known && (cells = csv_scan_next(file)) != NULL;) {
        recorded r;
        if (read_row(cells, &p, a, wanted, &r)) recorded_add(t, &r);
    }
    if (!csv_scan_close(file, why)) return false;
    return known ||
           failure_set(why, STATUS_ENVIRONMENT,
                       "the columns of '%s' are not those that this version of slope writes", path);
}

/* ---- from a trial, and back ------------------------------------------------------------------ */

void recorded_put(recorded *r, const trial_summary *s)
{
    r->status = s->status;
    r->best_step = s->best_step;
    r->last = s->last;
    r->best_validation_accuracy = s->best_validation_accuracy;
    r->best_validation_loss = s->best_validation_loss;
    r->test = s->test;
}

void recorded_take(const recorded *r, trial_summary *s)
{
    *s = (trial_summary){.status = r->status,
                         .last = r->last,
                         .best_validation_accuracy = r->best_validation_accuracy,
                         .best_validation_loss = r->best_validation_loss,
                         .best_step = r->best_step,
                         .test = r->test};
    snprintf(s->message, sizeof s->message, "%s", r->message);
}
