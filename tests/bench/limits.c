/* bench/limits.c: what the machine can do at best: reading memory, and a dense float32 product.
 *
 *     bench_limits [THREADS]
 *
 * Prints one line of JSON. read_gbs: 10^9 bytes a second that all threads together read from a
 * buffer of half a gigabyte. product_gflops: 10^9 operations a second (a multiply-add counts as
 * two) of a product whose operands stay in the first-level cache, 64-row blocks against one panel
 * of columns as in any well-made matrix product. Both are the best of several rounds: a limit, not
 * an average. Compiled for the machine it is built on; nothing but the benchmarks uses it. */
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *aligned(size_t bytes)
{
    void *memory = aligned_alloc(64, bytes);
    if (!memory) {
        fputs("bench_limits: out of memory\n", stderr);
        exit(3);
    }
    return memory;
}

/* ---- reading
 * ----------------------------------------------------------------------------------------- */

typedef uint64_t words __attribute__((vector_size(64)));

static uint64_t read_all(const words *buffer, size_t count)
{
    words sums[8];
    memset(sums, 0, sizeof sums);
    for (size_t i = 0; i + 8 <= count; i += 8)
        for (size_t j = 0; j < 8; j++) sums[j] ^= buffer[i + j];
    uint64_t all = 0;
    for (size_t j = 0; j < 8; j++)
        for (size_t k = 0; k < 8; k++) all ^= sums[j][k];
    return all;
}

static double read_rate(void)
{
    enum { ROUNDS = 5 };
    const size_t bytes = (size_t)512 << 20;
    words *buffer = aligned(bytes);
    double best = 0;
    uint64_t keep = 0;
#pragma omp parallel
    {
        const size_t part = bytes / sizeof *buffer / (size_t)omp_get_num_threads();
        words *mine = buffer + (size_t)omp_get_thread_num() * part;
        memset(mine, 1, part * sizeof *mine);
    }
    for (int round = 0; round < ROUNDS; round++) {
        const double start = now();
#pragma omp parallel reduction(^ : keep)
        {
            const size_t part = bytes / sizeof *buffer / (size_t)omp_get_num_threads();
            keep ^= read_all(buffer + (size_t)omp_get_thread_num() * part, part);
        }
        const double rate = (double)bytes / (now() - start);
        best = rate > best ? rate : best;
    }
    free(buffer);
    if (keep == 1) fputs(" ", stderr); /* the sum must be wanted */
    return best;
}

/* ---- a product
 * -------------------------------------------------------------------------------------- */

#if defined(__AVX512F__)
enum { LANES = 16, ROWS = 8, VECTORS = 3 };
#elif defined(__AVX__)
enum { LANES = 8, ROWS = 4, VECTORS = 3 };
#else
enum { LANES = 4, ROWS = 4, VECTORS = 2 };
#endif
enum { DEPTH = 64, BLOCK = 64, REPEATS = 4000 };
typedef float lanes __attribute__((vector_size(LANES * 4)));

/* c[ROWS][VECTORS] += a[ROWS][DEPTH] · b[DEPTH][VECTORS] */
static void tile(const float *a, const lanes *b, lanes *c)
{
    lanes sum[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int m = 0; m < ROWS; m++)
        for (int n = 0; n < VECTORS; n++) sum[m][n] = c[m * VECTORS + n];
    for (int k = 0; k < DEPTH; k++)
#pragma GCC unroll 8
        for (int m = 0; m < ROWS; m++)
#pragma GCC unroll 3
            for (int n = 0; n < VECTORS; n++) sum[m][n] += a[m * DEPTH + k] * b[k * VECTORS + n];
#pragma GCC unroll 8
    for (int m = 0; m < ROWS; m++)
        for (int n = 0; n < VECTORS; n++) c[m * VECTORS + n] = sum[m][n];
}

static double multiply(void)
{
    float *a = aligned(sizeof(float) * BLOCK * DEPTH);
    lanes *b = aligned(sizeof(lanes) * DEPTH * VECTORS);
    lanes *c = aligned(sizeof(lanes) * BLOCK * VECTORS);
    for (int i = 0; i < BLOCK * DEPTH; i++) a[i] = 1e-3F * (float)(i % 7);
    memset(b, 0x3c, sizeof(lanes) * DEPTH * VECTORS);
    memset(c, 0, sizeof(lanes) * BLOCK * VECTORS);
#pragma omp barrier
    const double start = now();
    for (int r = 0; r < REPEATS; r++) {
        for (int m = 0; m < BLOCK; m += ROWS) tile(a + m * DEPTH, b, c + m * VECTORS);
        __asm__ volatile("" ::"r"(c) : "memory");
    }
    const double seconds = now() - start;
    free(a);
    free(b);
    free(c);
    return 2.0 * REPEATS * BLOCK * DEPTH * VECTORS * LANES / seconds;
}

static double product_rate(void)
{
    enum { ROUNDS = 5 };
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double rate = 0;
#pragma omp parallel reduction(+ : rate)
        rate += multiply();
        best = rate > best ? rate : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    if (argc > 1) omp_set_num_threads(atoi(argv[1]));
    printf("{\"threads\": %d, \"read_gbs\": %.2f, \"product_gflops\": %.1f}\n",
           omp_get_max_threads(), read_rate() / 1e9, product_rate() / 1e9);
    return 0;
}
