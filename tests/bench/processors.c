/* bench/processors.c: whether the processors of this machine are processors right now.
 *
 *     bench_processors
 *
 * Under a host that others use, too, two processors may be two threads of one core for a while:
 * then two threads are as fast as one, whatever the program. To each line of input this answers
 * with a line of JSON: {"share": 0.98}: all processors multiply and add in registers at once, for
 * less than a millisecond; what counts is the speed of the slowest, and of the fastest that was
 * ever seen. Nothing but the benchmarks uses it. */
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHAINS = 10, LANES = 16, REPEATS = 1 << 19, FIRST_BURSTS = 20, MOST = 1024 };

typedef float lanes __attribute__((vector_size(LANES * 4)));

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of independent chains of multiply-adds, enough to keep the units of a core busy. */
static double burst(void)
{
    lanes chain[CHAINS], factor = {0};
    for (int i = 0; i < CHAINS; i++) chain[i] = factor + (float)i;
    factor += 0.5f;
    const double start = now();
    for (int r = 0; r < REPEATS; r++) {
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++) chain[i] = chain[i] * factor + factor;
    }
    const double seconds = now() - start;
    lanes sum = {0};
    for (int i = 0; i < CHAINS; i++) sum += chain[i];
    if (sum[0] == 0.125f) fputs(" ", stderr); /* the sum must be wanted */
    return seconds;
}

static void stay_on(size_t processor)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    sched_setaffinity(0, sizeof one, &one);
}

static int list_processors(size_t *list)
{
    cpu_set_t all;
    int count = 0;
    sched_getaffinity(0, sizeof all, &all);
    for (size_t p = 0; p < CPU_SETSIZE && count < MOST; p++)
        if (CPU_ISSET(p, &all)) list[count++] = p;
    return count;
}

static double slowest(int count, const size_t *list)
{
    double most = 0;
#pragma omp parallel num_threads(count) reduction(max : most)
    {
        stay_on(list[omp_get_thread_num()]);
        burst(); /* a processor that slept takes a while to be at its full speed */
#pragma omp barrier
        most = burst();
    }
    return most;
}

int main(void)
{
    size_t list[MOST];
    const int count = list_processors(list);
    char line[80];
    double best = 1e9;
    for (int p = 0; p < count; p++) {
        stay_on(list[p]);
        for (int i = 0; i < FIRST_BURSTS; i++) {
            const double seconds = burst();
            best = seconds < best ? seconds : best;
        }
    }
    puts("{\"what\": \"bursts\"}");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        const double most = slowest(count, list);
        best = most < best ? most : best;
        printf("{\"share\": %.3f}\n", best / most);
        fflush(stdout);
    }
    return 0;
}
