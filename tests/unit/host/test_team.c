/* Loops that threads share: every piece is run once, whatever there are of pieces, threads and
 * regions; who sleeps is woken; what a loop or a region within another one is; subnormal numbers.
 *
 * What runs on other threads takes notes, and the test looks at them: cmocka's assertions are for
 * its own thread. */
#include "host/team.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const int team_sizes[] = {1, 2, 3, 7, 70 /* more than there are runs of pieces */};
enum { SIZES = sizeof team_sizes / sizeof *team_sizes };

/* ---- pieces ---------------------------------------------------------------------------------- */

enum { MOST = 1000 };

typedef struct piece_notes {
    size_t count, grain;
    atomic_int times[MOST]; /* that the number was in a piece */
    atomic_bool odd;        /* there was a piece that must not be, or on no thread of the team */
} piece_notes;

static void note_piece(void *argument, size_t first, size_t last)
{
    piece_notes *n = argument;
    const bool right = first < last && last <= n->count && first % n->grain == 0 &&
                       last - first <= n->grain && thread_index() >= 0 &&
                       thread_index() < threads_count();
    if (!right) atomic_store(&n->odd, true);
    for (size_t i = first; right && i < last; i++) atomic_fetch_add(&n->times[i], 1);
}

static void check_pieces(size_t count, size_t grain)
{
    piece_notes n = {.count = count, .grain = grain};
    parallel_for(count, grain, note_piece, &n);
    assert_false(n.odd);
    for (size_t i = 0; i < MOST; i++) assert_int_equal(n.times[i], i < count);
}

static void check_all_pieces(void *argument)
{
    static const size_t counts[] = {0, 1, 2, 3, 7, 8, 63, 100, MOST}, grains[] = {1, 3, 64};
    (void)argument;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t g = 0; g < sizeof grains / sizeof *grains; g++)
            check_pieces(counts[c], grains[g]);
}

static void test_each_piece_is_run_once(void **state)
{
    (void)state;
    for (int s = 0; s < SIZES; s++) {
        threads_set(team_sizes[s]);
        check_all_pieces(NULL); /* each loop in a region of its own */
        team_region(check_all_pieces, NULL);
    }
}

/* Pieces that take long: while the first one waits for all others, these are run. */
typedef struct long_notes {
    piece_notes pieces;
    atomic_size_t done;
} long_notes;

static void note_long_piece(void *argument, size_t first, size_t last)
{
    long_notes *n = argument;
    note_piece(&n->pieces, first, last);
    while (first == 0 && threads_count() > 1 && atomic_load(&n->done) + 1 < n->pieces.count)
        sched_yield();
    atomic_fetch_add(&n->done, 1);
}

static void check_long_pieces(void *argument)
{
    (void)argument;
    for (size_t count = 0; count < 40; count++) {
        long_notes n = {.pieces = {.count = count, .grain = 1}};
        parallel_for_uneven(count, note_long_piece, &n);
        assert_false(n.pieces.odd);
        for (size_t i = 0; i < MOST; i++) assert_int_equal(n.pieces.times[i], i < count);
    }
}

static void test_no_piece_waits_for_a_long_one(void **state)
{
    (void)state;
    for (int s = 0; s < SIZES; s++) {
        threads_set(team_sizes[s]);
        check_long_pieces(NULL);
        team_region(check_long_pieces, NULL);
    }
}

/* A loop right after the other, each of which reads what other pieces of the last one wrote. */
enum { LOOPS = 5000 };

typedef struct turns {
    int numbers[2][MOST];
    int loop;
} turns;

static void add_one(void *argument, size_t first, size_t last)
{
    turns *t = argument;
    const int *from = t->numbers[t->loop % 2];
    int *to = t->numbers[(t->loop + 1) % 2];
    for (size_t i = first; i < last; i++) to[i] = from[MOST - 1 - i] + 1;
}

static void add_one_often(void *argument)
{
    turns *t = argument;
    for (t->loop = 0; t->loop < LOOPS; t->loop++) parallel_for(MOST, MOST / 5, add_one, t);
}

static void test_a_loop_ends_before_the_next(void **state)
{
    (void)state;
    for (int s = 0; s < SIZES; s++) {
        turns t = {.loop = 0};
        threads_set(team_sizes[s]);
        team_region(add_one_often, &t);
        for (size_t i = 0; i < MOST; i++) assert_int_equal(t.numbers[LOOPS % 2][i], LOOPS);
    }
}

/* More pieces than a ticket can name. */
enum { MANY = (1 << 24) + 1000 };

typedef struct share {
    _Alignas(64) uint64_t pieces, sum;
} share;

static void sum_numbers(void *argument, size_t first, size_t last)
{
    share *s = (share *)argument + thread_index();
    s->pieces += last - first;
    s->sum += first;
}

static void test_very_many_pieces(void **state)
{
    (void)state;
    share shares[3] = {{0}};
    threads_set(3);
    parallel_for(MANY, 1, sum_numbers, shares);
    assert_int_equal(shares[0].pieces + shares[1].pieces + shares[2].pieces, MANY);
    assert_int_equal(shares[0].sum + shares[1].sum + shares[2].sum,
                     (uint64_t)MANY * (MANY - 1) / 2);
}

/* ---- sleep ----------------------------------------------------------------------------------- */

typedef struct meeting {
    atomic_int present;
    atomic_bool missed;
} meeting;

/* Waits until both pieces have begun: so two threads are at work. */
static void meet(void *argument, size_t first, size_t last)
{
    enum { PATIENCE = 60 }; /* seconds */
    meeting *m = argument;
    const time_t start = time(NULL);
    (void)first, (void)last;
    atomic_fetch_add(&m->present, 1);
    while (atomic_load(&m->present) < 2 && !atomic_load(&m->missed)) {
        if (time(NULL) - start > PATIENCE) atomic_store(&m->missed, true);
        sched_yield();
    }
}

static void meet_after_sleep(void *argument)
{
    atomic_bool *missed = argument;
    for (int i = 0; i < 20 && !*missed; i++) {
        meeting m = {0};
        nanosleep(&(struct timespec){.tv_nsec = i * 1000000}, NULL);
        parallel_for(2, 1, meet, &m);
        if (m.missed) atomic_store(missed, true);
    }
}

static void test_sleepers_are_woken(void **state)
{
    (void)state;
    atomic_bool missed = false;
    threads_set(2);
    team_region(meet_after_sleep, &missed);
    assert_false(missed);
}

/* ---- one within another ---------------------------------------------------------------------- */

typedef struct inner_notes {
    atomic_int pieces, elsewhere, shared;
} inner_notes;

typedef struct inner {
    inner_notes *notes;
    int thread; /* that the outer piece is on */
} inner;

static void note_inner(void *argument, size_t first, size_t last)
{
    const inner *i = argument;
    (void)first, (void)last;
    atomic_fetch_add(&i->notes->pieces, 1);
    if (thread_index() != i->thread) atomic_fetch_add(&i->notes->elsewhere, 1);
}

static void loop_in_loop(void *argument, size_t first, size_t last)
{
    inner i = {argument, thread_index()};
    (void)first, (void)last;
    if (!parallel_is_serial()) atomic_fetch_add(&i.notes->shared, 1);
    parallel_for(5, 1, note_inner, &i);
}

static void region_in_region(void *argument)
{
    parallel_for(6, 1, loop_in_loop, argument);
}

static void outer_region(void *argument)
{
    team_region(region_in_region, argument);
    parallel_for(6, 1, loop_in_loop, argument); /* the team is still there */
}

static void test_inner_loops_stay_where_they_are(void **state)
{
    (void)state;
    inner_notes notes = {0};
    threads_set(3);
    assert_false(parallel_is_serial());
    team_region(outer_region, &notes);
    assert_int_equal(notes.pieces, 2 * 6 * 5);
    assert_int_equal(notes.elsewhere, 0);
    assert_int_equal(notes.shared, 0);
    threads_set(1);
    assert_true(parallel_is_serial());
}

/* ---- subnormal numbers ----------------------------------------------------------------------- */

static bool halves_are_flushed(void)
{
    volatile float least = 0x1p-126f, half = least * 0.5f;
    return half == 0;
}

static void note_flushed(void *argument, size_t first, size_t last)
{
    (void)first, (void)last;
    if (!halves_are_flushed()) atomic_fetch_add((atomic_int *)argument, 1);
}

static void loop_of_flushed(void *argument)
{
    meeting m = {0};
    parallel_for(2, 1, meet, &m); /* so that both threads are there */
    parallel_for(100, 1, note_flushed, argument);
    note_flushed(argument, 0, 1);
}

static void test_a_region_takes_subnormals_for_zero(void **state)
{
    (void)state;
    atomic_int kept = 0;
    threads_set(2);
    assert_false(halves_are_flushed());
    team_region(loop_of_flushed, &kept);
    assert_int_equal(kept, 0);
    assert_false(halves_are_flushed());
    parallel_for(100, 1, note_flushed, &kept);
    assert_int_equal(kept, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_piece_is_run_once),
        cmocka_unit_test(test_no_piece_waits_for_a_long_one),
        cmocka_unit_test(test_a_loop_ends_before_the_next),
        cmocka_unit_test(test_very_many_pieces),
        cmocka_unit_test(test_sleepers_are_woken),
        cmocka_unit_test(test_inner_loops_stay_where_they_are),
        cmocka_unit_test(test_a_region_takes_subnormals_for_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
