/* lockstep_company.h: trials that are run alone and then together, and what becomes of them
 * compared bit by bit. For the tests of engine/lockstep.h; no test itself. */
#ifndef SLOPE_TESTS_LOCKSTEP_COMPANY_H
#define SLOPE_TESTS_LOCKSTEP_COMPANY_H

#include "engine_fixture.h"

#include "engine/lockstep.h"
#include "engine/together.h"
#include "engine/trial_private.h"

enum { MOST = 64 };

/* ---- what became of a trial ------------------------------------------------------------------ */

typedef struct outcome {
    trial_status status;
    char message[200];
    uint64_t step, best_step;
    double numbers[32];
    size_t bytes;
    char *state; /* weights, then the optimizer's state */
} outcome;

static size_t note_evaluation(double *numbers, const evaluation *e)
{
    const double all[] = {e->loss, e->accuracy, e->mse, e->mae, e->r2};
    memcpy(numbers, all, sizeof all);
    return sizeof all / sizeof *all;
}

static outcome note(const trial *t)
{
    const trial_summary *s = trial_result(t);
    const size_t real_size = objective_kernels(t->objective)->real_size;
    outcome o = {.status = s->status, .step = trial_step(t), .best_step = s->best_step};
    snprintf(o.message, sizeof o.message, "%.199s", s->message);
    size_t n = note_evaluation(o.numbers, &s->last.train), count;
    n += note_evaluation(o.numbers + n, &s->last.validation);
    n += note_evaluation(o.numbers + n, &s->test);
    o.numbers[n++] = s->last.train_objective;
    o.numbers[n++] = s->last.learning_rate;
    o.numbers[n++] = s->best_validation_loss;
    const named_array *state = updater_state(t->updater, &count);
    o.bytes = trial_layout(t)->total * real_size;
    for (size_t i = 0; i < count; i++)
        o.bytes += state[i].extents[0] * (strcmp(state[i].type, "F64") == 0 ? 8 : 4);
    char *to = o.state = allocate(o.bytes, 1);
    memcpy(to, t->weights, trial_layout(t)->total * real_size);
    to += trial_layout(t)->total * real_size;
    for (size_t i = 0; i < count; i++) {
        const size_t bytes = state[i].extents[0] * (strcmp(state[i].type, "F64") == 0 ? 8 : 4);
        memcpy(to, state[i].data, bytes);
        to += bytes;
    }
    return o;
}

static void assert_same(const char *what, size_t number, const outcome *one, const outcome *other)
{
    if (one->status != other->status || strcmp(one->message, other->message) != 0)
        fail_msg("%s, trial %zu: alone %s (%s), together %s (%s)", what, number,
                 trial_status_name(one->status), one->message, trial_status_name(other->status),
                 other->message);
    if (one->step != other->step || one->best_step != other->best_step)
        fail_msg("%s, trial %zu: alone ends at step %llu, together at %llu", what, number,
                 (unsigned long long)one->step, (unsigned long long)other->step);
    if (memcmp(one->numbers, other->numbers, sizeof one->numbers) != 0)
        fail_msg("%s, trial %zu: other metrics: %.17g, %.17g", what, number, one->numbers[0],
                 other->numbers[0]);
    if (one->bytes != other->bytes || memcmp(one->state, other->state, one->bytes) != 0)
        fail_msg("%s, trial %zu: other weights or state", what, number);
}

/* ---- groups of trials ------------------------------------------------------------------------ */

typedef struct company {
    fixture *f;
    size_t count;
    trial *trials[MOST];
    outcome alone[MOST];
} company;

static const trial_watch nobody;

static void make_trials(company *c)
{
    failure why;
    for (size_t i = 0; i < c->count; i++) {
        c->trials[i] = trial_create(&c->f->trials[i], &c->f->data, &why);
        if (!c->trials[i]) fail_msg("trial %zu: %s", i, why.text);
        trial_set_number(c->trials[i], i);
    }
}

static void drop_trials(company *c)
{
    for (size_t i = 0; i < c->count; i++) trial_destroy(c->trials[i]);
}

/* Each trial of the fixture, alone on one thread. */
static company company_of(fixture *f)
{
    company c = {.f = f, .count = f->trial_count};
    failure why;
    assert_true(c.count <= MOST);
    threads_set(1);
    make_trials(&c);
    for (size_t i = 0; i < c.count; i++) {
        assert_true(lockstep_fits(c.trials[0], c.trials[i]));
        assert_true(trial_run(c.trials[i], &nobody, &why));
        c.alone[i] = note(c.trials[i]);
    }
    drop_trials(&c);
    return c;
}

static void company_end(company *c)
{
    for (size_t i = 0; i < c->count; i++) free(c->alone[i].state);
    fixture_destroy(c->f);
    threads_set(2);
}

static void compare(const company *c, const char *what)
{
    for (size_t i = 0; i < c->count; i++) {
        outcome o = note(c->trials[i]);
        assert_same(what, i, &c->alone[i], &o);
        free(o.state);
    }
}

typedef struct halves {
    company *c;
    size_t length;
    bool good;
} halves;

static void run_half(void *argument, size_t first, size_t last)
{
    halves *h = argument;
    failure why;
    if (!lockstep_run(h->c->trials + first, last - first, &nobody, &why)) h->good = false;
}

/* Together in one group, and in two groups side by side, on several numbers of threads, with
 * SLOPE_MODEL_MANY and without. */
static void run_together(company *c, const char *what)
{
    for (int threads = 1; threads <= 3; threads++)
        for (int many = 0; many < 2; many++)
            for (int side_by_side = 0; side_by_side < 2; side_by_side++) {
                if (side_by_side && many == (threads == 2)) continue; /* some of these will do */
                threads_set(threads);
                together_use_many(many);
                make_trials(c);
                halves h = {c, side_by_side ? (c->count + 1) / 2 : c->count, true};
                if (side_by_side)
                    parallel_for(c->count, h.length, run_half, &h);
                else
                    run_half(&h, 0, c->count);
                assert_true(h.good);
                compare(c, what);
                drop_trials(c);
            }
    together_use_many(true);
}

/* Rows 0, 3, 6 … are the validation split, rows 1, 5, 9 … the test split. */
static fixture *with_splits(fixture *f)
{
    static const struct {
        slope_split split;
        uint32_t first, step;
    } splits[] = {{SLOPE_VALIDATION, 0, 3}, {SLOPE_TEST, 1, 4}};
    for (size_t s = 0; s < 2; s++) {
        const size_t rows = (f->rows - splits[s].first + splits[s].step - 1) / splits[s].step;
        uint32_t *index = arena_alloc(f->memory, rows * sizeof *index);
        for (size_t i = 0; i < rows; i++) index[i] = splits[s].first + (uint32_t)i * splits[s].step;
        f->data.splits[splits[s].split] =
            (dataset_split){.table = &f->table, .rows = rows, .index = index};
    }
    return f;
}

#endif
