/* host/team.c: see team.h.
 *
 * The pieces of a loop are dealt out in runs of neighbours, one run to each thread, always the same
 * ones: what a thread wrote in the last loop over the same matter is still in its cache. A run is
 * published in a 64-bit ticket: where it ends, and the next piece to be taken. To take pieces is to
 * swap the ticket for one that is higher by so many; the other facts about the loop may be read
 * after that, since the loop cannot end before these pieces are done. They lie beside the ticket,
 * and a thread that waits looks at the ticket of its own run: so one cache line, which changes
 * hands in a tenth of a microsecond, brings it all that it needs. Whoever is through with its own
 * run helps with the others', if these are late. A thread that comes late itself finds no piece
 * left and touches nothing. Pieces done are counted; the thread that runs the region goes on when
 * all are, whether or not every other thread has woken up.
 *
 * A swap waits until all that the thread has stored is in its cache: 50 ns, as long as a piece of a
 * microsecond can bear just once. So a thread takes half of what is left of a run, rounded up, then
 * half of the rest, down to one: guided self-scheduling (Polychronopoulos and Kuck 1987).
 *
 * To help costs, too: what the piece is about moves to the helper's cache and, with the next loop,
 * back; whose piece it was is late again then, and is helped again. So whoever is through waits a
 * little before it helps. (Two processors without a cache in common, where a line needs 0.2 us each
 * way: an update of 12 us took 20 as long as two of 29 pieces went to and fro.) */
#include "host/team.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { SPINS = 4000, GRACE = 8000 /* ns */, PIECE_BITS = 24, MOST_RUNS = 64 };
static const uint64_t PIECE_MASK = (1ull << PIECE_BITS) - 1;

typedef struct loop {
    size_t count, grain;
    void (*body)(void *argument, size_t first, size_t last);
    void *argument;
} loop;

typedef struct run {
    _Alignas(64) _Atomic uint64_t ticket; /* round << 48 | end << 24 | next */
    loop loop;                            /* written before the ticket, read after taking a piece */
    size_t offset;                        /* pieces of the loop before those that are dealt now */
} run;
_Static_assert(sizeof(run) == 64, "one cache line");

static struct team {
    run runs[MOST_RUNS];             /* thread i's is i % run_count */
    _Alignas(64) atomic_size_t done; /* pieces, of all loops */
    _Alignas(64) atomic_int sleepers;
    /* what seldom changes */
    _Alignas(64) atomic_bool quit;
    atomic_bool spin;        /* there is a processor for every thread */
    atomic_size_t run_count; /* changes only where there is no other thread */
    pthread_mutex_t mutex;
    pthread_cond_t work;
    /* of the thread that runs the region */
    _Alignas(64) uint64_t round; /* of the loop published last */
    size_t dealt;                /* pieces, of all loops */
} team = {.mutex = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

static int wanted_threads;   /* 0: not set */
static bool region_open;     /* written only while there is one thread */
static atomic_bool flushing; /* the region, if there is one, runs without subnormal numbers */
static _Thread_local bool in_loop;
static _Thread_local int my_index;

void threads_set(int count)
{
    wanted_threads = count < 1 ? 1 : count;
}

int threads_count(void)
{
    const int count = wanted_threads ? wanted_threads : omp_get_max_threads();
    return count < MOST_THREADS ? count : MOST_THREADS;
}

int thread_index(void)
{
    return my_index;
}

static void pause_processor(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static size_t pieces_left(uint64_t ticket)
{
    return (size_t)((ticket >> PIECE_BITS & PIECE_MASK) - (ticket & PIECE_MASK));
}

/* Pieces [from, from + count) of a loop. */
static void run_some(const loop *l, size_t from, size_t count)
{
    in_loop = true;
    for (size_t first = from * l->grain; count > 0; count--, first += l->grain)
        l->body(l->argument, first, l->count - first < l->grain ? l->count : first + l->grain);
    in_loop = false;
}

/* Takes and runs pieces of a run until there is none left; how many these were. */
static size_t work_on(run *r)
{
    size_t pieces = 0, left;
    uint64_t ticket = atomic_load_explicit(&r->ticket, memory_order_acquire);
    while ((left = pieces_left(ticket)) > 0) {
        const size_t taken = (left + 1) / 2;
        if (!atomic_compare_exchange_weak_explicit(&r->ticket, &ticket, ticket + taken,
                                                   memory_order_acq_rel, memory_order_acquire))
            continue;
        run_some(&r->loop, r->offset + (size_t)(ticket & PIECE_MASK), taken);
        pieces += taken;
        ticket = atomic_load_explicit(&r->ticket, memory_order_acquire);
    }
    return pieces;
}

static size_t run_count(void)
{
    return atomic_load_explicit(&team.run_count, memory_order_relaxed);
}

static run *own_run(void)
{
    return &team.runs[(size_t)my_index % run_count()];
}

/* Whether there is nothing left but the `pieces` that the thread that runs the region has done. To
 * look costs it less than to ask each run. */
static bool all_others_done(size_t pieces)
{
    return my_index == 0 &&
           atomic_load_explicit(&team.done, memory_order_relaxed) + pieces == team.dealt;
}

/* Of the loop of which the thread's own run was published last. */
static uint64_t round_seen(void)
{
    return atomic_load(&own_run()->ticket) >> 2 * PIECE_BITS;
}

/* Whether there is nothing that the thread has not seen: it has worked on `round`. (Of which the
 * ticket keeps 16 bits: whoever was away for just 65,536 loops misses one, which others do.) */
static bool idle(uint64_t round)
{
    return round_seen() == round && !atomic_load(&team.quit);
}

static bool spinning(void)
{
    return atomic_load_explicit(&team.spin, memory_order_relaxed);
}

static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Waits until the others are through, too: false; or are late: true. `pieces` are those that the
 * thread has done of the loop called `round` and not told. */
static bool others_are_late(size_t pieces, uint64_t round)
{
    if (!spinning()) return true;
    const int64_t end = nanoseconds() + GRACE;
    do {
        if (my_index == 0 ? all_others_done(pieces) : !idle(round)) return false;
        pause_processor();
    } while (nanoseconds() < end);
    return true;
}

static void tell_done(size_t pieces)
{
    if (pieces) atomic_fetch_add_explicit(&team.done, pieces, memory_order_release);
}

/* The thread's own run first. What is done is told twice at most: that changes hands between
 * processors. The thread that runs the region, who alone waits for it, tells it in the end. */
static void work(void)
{
    const size_t runs = run_count();
    const uint64_t round = round_seen();
    size_t pieces = work_on(own_run());
    if (my_index > 0) {
        tell_done(pieces);
        pieces = 0;
    }
    if (others_are_late(pieces, round))
        for (size_t i = 1; i < runs && !all_others_done(pieces); i++)
            pieces += work_on(&team.runs[((size_t)my_index + i) % runs]);
    tell_done(pieces);
}

/* ---- subnormal numbers ----------------------------------------------------------------------- */

#if defined(__x86_64__)
typedef unsigned int float_mode;

static float_mode float_mode_now(void)
{
    return __builtin_ia32_stmxcsr();
}

static void flush_subnormals(void)
{
    __builtin_ia32_ldmxcsr(float_mode_now() | 0x8040); /* flush to zero, and denormals are zero */
}

static void restore_mode(float_mode before)
{
    __builtin_ia32_ldmxcsr(before);
}
#elif defined(__aarch64__)
typedef uint64_t float_mode;

static float_mode float_mode_now(void)
{
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}

static void flush_subnormals(void)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(float_mode_now() | 1u << 24)); /* FZ */
}

static void restore_mode(float_mode before)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
#error "how does this processor flush subnormal numbers?"
#endif

/* ---- the other threads ----------------------------------------------------------------------- */

static void wait_for_work(uint64_t round)
{
    for (int i = 0; spinning() && i < SPINS; i++) {
        if (!idle(round)) return;
        pause_processor();
    }
    for (int i = 0; i < 16; i++) {
        if (!idle(round)) return;
        sched_yield();
    }
    pthread_mutex_lock(&team.mutex);
    atomic_fetch_add(&team.sleepers, 1); /* before looking again: whoever publishes looks after */
    while (idle(round)) pthread_cond_wait(&team.work, &team.mutex);
    atomic_fetch_sub(&team.sleepers, 1);
    pthread_mutex_unlock(&team.mutex);
}

/* Once what they wait for is stored: a mere load of `sleepers` might overtake that store. */
static void wake(void)
{
    if (atomic_fetch_add(&team.sleepers, 0) == 0) return;
    pthread_mutex_lock(&team.mutex);
    pthread_cond_broadcast(&team.work);
    pthread_mutex_unlock(&team.mutex);
}

static void serve(void)
{
    const float_mode before = float_mode_now();
    if (atomic_load(&flushing)) flush_subnormals();
    while (!atomic_load(&team.quit)) {
        const uint64_t round = round_seen();
        work();
        wait_for_work(round);
    }
    restore_mode(before);
}

/* ---- the thread that runs the region --------------------------------------------------------- */

static int processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static void open_region(void (*body)(void *argument), void *argument)
{
    const int count = threads_count();
    atomic_store(&team.quit, false);
    atomic_store(&team.spin, count <= processors());
    atomic_store(&team.run_count, (size_t)(count < MOST_RUNS ? count : MOST_RUNS));
    region_open = true;
#pragma omp parallel num_threads(count)
    {
        my_index = omp_get_thread_num();
        if (my_index == 0) {
            body(argument);
            atomic_store(&team.quit, true);
            wake();
        } else {
            serve();
        }
    }
    region_open = false;
}

void team_region(void (*body)(void *argument), void *argument)
{
    if (region_open || in_loop) {
        body(argument);
        return;
    }
    atomic_store(&flushing, true);
    const float_mode before = float_mode_now();
    flush_subnormals();
    if (threads_count() == 1)
        body(argument);
    else
        open_region(body, argument);
    restore_mode(before);
    atomic_store(&flushing, false);
}

static void publish(const loop *l, size_t pieces, size_t offset)
{
    const size_t runs = run_count();
    team.round++;
    team.dealt += pieces;
    for (size_t i = 0; i < runs; i++) {
        run *r = &team.runs[i];
        r->loop = *l;
        r->offset = offset;
        atomic_store_explicit(&r->ticket,
                              team.round << 2 * PIECE_BITS |
                                  (uint64_t)(pieces * (i + 1) / runs) << PIECE_BITS |
                                  (uint64_t)(pieces * i / runs),
                              memory_order_release);
    }
    wake();
}

static void wait_for_others(void)
{
    for (int i = 0; atomic_load_explicit(&team.done, memory_order_acquire) != team.dealt; i++) {
        if (spinning() && i < SPINS)
            pause_processor();
        else
            sched_yield();
    }
}

static void run_loop(void *argument)
{
    const loop *l = argument;
    const size_t pieces = (l->count + l->grain - 1) / l->grain;
    for (size_t offset = 0; offset < pieces; offset += PIECE_MASK) {
        publish(l, pieces - offset < PIECE_MASK ? pieces - offset : PIECE_MASK, offset);
        work();
        wait_for_others();
    }
}

int parallel_is_serial(void)
{
    return in_loop || threads_count() == 1;
}

void parallel_for(size_t count, size_t grain,
                  void (*body)(void *argument, size_t first, size_t last), void *argument)
{
    if (grain < 1) grain = 1;
    if (count <= grain || parallel_is_serial()) {
        for (size_t i = 0; i < count; i += grain)
            body(argument, i, count - i < grain ? count : i + grain);
        return;
    }
    loop l = {count, grain, body, argument};
    if (region_open)
        run_loop(&l);
    else
        open_region(run_loop, &l);
}

/* ---- pieces of any length -------------------------------------------------------------------- */

typedef struct queue {
    size_t count;
    void (*body)(void *argument, size_t first, size_t last);
    void *argument;
    atomic_size_t next;
} queue;

static void serve_queue(void *argument, size_t first, size_t last)
{
    queue *q = argument;
    (void)first, (void)last; /* whoever comes takes what there is */
    for (size_t i; (i = atomic_fetch_add(&q->next, 1)) < q->count;) q->body(q->argument, i, i + 1);
}

void parallel_for_uneven(size_t count, void (*body)(void *argument, size_t first, size_t last),
                         void *argument)
{
    queue q = {count, body, argument, 0};
    const size_t threads = (size_t)threads_count();
    parallel_for(threads < count ? threads : count, 1, serve_queue, &q);
}
