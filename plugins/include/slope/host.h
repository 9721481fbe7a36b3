/* slope/host.h: the services that the host gives to plugins.
 *
 * A `const slope_host *` comes with every call. It is valid until the call returns, belongs to that
 * call alone and must not be used from another thread (inside host->parallel_for the body uses the
 * services of kernels.h with the host it was given).
 *
 * What is not here: files (readers get a few helpers through reader.h), printing, time, global
 * state.
 */
#ifndef SLOPE_HOST_H
#define SLOPE_HOST_H

#include "plugin.h"

struct slope_kernels; /* kernels.h */

/* What a random number is for. Together with the run's seed, a stream and an index it is the whole
 * key of the number: nothing is drawn "next", so order and threads do not matter. */
typedef enum slope_purpose {
    SLOPE_FOR_INITIAL_WEIGHTS = 1,
    SLOPE_FOR_BATCH_ORDER = 2,
    SLOPE_FOR_CANDIDATES = 3, /* proposals of optimizers */
    SLOPE_FOR_DATA = 4,       /* synthetic data, splits */
    SLOPE_FOR_CHECK = 5,      /* entries picked by the gradient check */
    SLOPE_FOR_NOISE = 6,
    SLOPE_FOR_SAMPLES = 7, /* points of a sweep's space. */
} slope_purpose;

struct slope_host {
    uint32_t size; /* sizeof(slope_host) as the host's compiler saw it */

    /* The numeric core for the `real` of this call. Never NULL. */
    const struct slope_kernels *kernels;

    /* Records why the operation fails, like printf; returns SLOPE_ERROR so that a plugin writes
     *     return host->fail(host, "row %zu: label %d is negative", row, label);
     * Text: lower case, no full stop, `cannot open 'x': reason`. The host adds context outward. */
    slope_status (*fail)(const slope_host *host, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

    /* The same, about one parameter of this plugin, so that the host can point at its line. */
    slope_status (*fail_key)(const slope_host *host, const char *key, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

    /* Calls body(argument, first, last) so that the ranges [first, last) cover [0, count) once,
     * each at most `grain` long (the last may be shorter) and starting at a multiple of grain,
     * possibly at the same time on several threads. Returns when all are done. Results must not
     * depend on which thread runs what. Ranges should take about equally long: a thread may
     * take several at once. Inside a parallel call it runs in the caller. */
    void (*parallel_for)(const slope_host *host, size_t count, size_t grain,
                         void (*body)(void *argument, size_t first, size_t last), void *argument);

    /* out[i] = standard normal number of index first + i of (seed, purpose, stream), for i < count.
     * Philox 4x32-10 (Salmon et al. 2011) and Box-Muller (1958); the same bits on any machine, and
     * the float32 number is the float64 number rounded. */
    void (*normal)(const slope_host *host, slope_purpose purpose, uint64_t stream, uint64_t first,
                   size_t count, real *out);

    /* The same, uniform in [0, 1), with 53 random bits. */
    void (*uniform)(const slope_host *host, slope_purpose purpose, uint64_t stream, uint64_t first,
                    size_t count, double *out);

    /* Like fail_key, about one character of a text: `key` may go on into a mapping
     * ("expressions.f"), `offset` counts bytes of the text from 0. The host points at line and
     * column of the file. */
    slope_status (*fail_at)(const slope_host *host, const char *key, size_t offset,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));

    /* Memory, zeroed and aligned for any type, never NULL, that nobody has to free. Only in
     * `check` and the functions of samplers and pruners, where it lasts until the call returns, in
     * a model's `prepare`, where it lasts as long as what is prepared, and in a sampler's `table`,
     * where it lasts as long as the table. */
    void *(*allocate)(const slope_host *host, size_t bytes);

    /* Between the host and its own kernels; not for plugins. */
    void *rows;
};

#endif
