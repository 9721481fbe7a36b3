/* host/services.c: see services.h. */
#include "host/services.h"

#include "host/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void host_parallel_for(const slope_host *host, size_t count, size_t grain,
                              void (*body)(void *argument, size_t first, size_t last),
                              void *argument)
{
    (void)host;
    parallel_for(count, grain, body, argument);
}

call_host *call_host_of(const slope_host *host)
{
    return (call_host *)(uintptr_t)host; /* host is the first member of a call_host that we made */
}

static slope_status record(call_host *call, const char *key, size_t offset, const char *format,
                           va_list args)
{
    call->offset = offset;
    snprintf(call->key, sizeof call->key, "%s", key);
    vsnprintf(call->text, sizeof call->text, format, args);
    return SLOPE_ERROR;
}

static slope_status host_fail(const slope_host *host, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const slope_status status = record(call_host_of(host), "", SIZE_MAX, format, args);
    va_end(args);
    return status;
}

static slope_status host_fail_key(const slope_host *host, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const slope_status status = record(call_host_of(host), key, SIZE_MAX, format, args);
    va_end(args);
    return status;
}

static slope_status host_fail_at(const slope_host *host, const char *key, size_t offset,
                                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const slope_status status = record(call_host_of(host), key, offset, format, args);
    va_end(args);
    return status;
}

static void *host_allocate(const slope_host *host, size_t bytes)
{
    arena *memory = call_host_of(host)->memory;
    return memory ? arena_alloc(memory, bytes) : NULL;
}

typedef struct normal_call {
    const kernels *kernels;
    random_key key;
    uint64_t first;
    char *out;
} normal_call;

static void normal_piece(void *argument, size_t first, size_t last)
{
    enum { BLOCK = 512 };
    const normal_call *c = argument;
    double block[BLOCK];
    for (size_t i = first; i < last; i += BLOCK) {
        const size_t n = last - i < BLOCK ? last - i : BLOCK;
        random_normal(c->key, c->first + i, n, block);
        c->kernels->from_double(n, block, c->out + i * c->kernels->real_size);
    }
}

static void host_normal(const slope_host *host, slope_purpose purpose, uint64_t stream,
                        uint64_t first, size_t count, real *out)
{
    enum { PIECE = 4096 }; /* some ten microseconds: worth another thread */
    const call_host *call = call_host_of(host);
    normal_call c = {call->kernels, {call->seed, purpose, stream}, first, (char *)out};
    parallel_for(count, PIECE, normal_piece, &c);
}

static void host_uniform(const slope_host *host, slope_purpose purpose, uint64_t stream,
                         uint64_t first, size_t count, double *out)
{
    random_uniform((random_key){call_host_of(host)->seed, purpose, stream}, first, count, out);
}

void call_host_init(call_host *call, precision p, uint64_t seed)
{
    /* the texts are left as they are but for their ends: this runs for every chunk and slice */
    call->kernels = kernels_for_bits(p == FLOAT64 ? 64 : 32);
    call->seed = seed;
    call->text[0] = call->key[0] = '\0';
    call->offset = SIZE_MAX;
    call->memory = NULL;
    call->context = NULL;
    call->host = (slope_host){
        .size = sizeof(slope_host),
        .kernels = &call->kernels->plugin,
        .fail = host_fail,
        .fail_key = host_fail_key,
        .parallel_for = host_parallel_for,
        .normal = host_normal,
        .uniform = host_uniform,
        .fail_at = host_fail_at,
        .allocate = host_allocate,
        .rows = NULL,
    };
}

bool call_host_failure(const call_host *call, exit_status status, const char *who, failure *why)
{
    const char *text = call->text[0] ? call->text : "failed without saying why";
    if (call->key[0]) return failure_set(why, status, "%s: %s: %s", who, call->key, text);
    return failure_set(why, status, "%s: %s", who, text);
}
