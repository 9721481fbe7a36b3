/* host/services.h: what stands behind the `const slope_host *` that plugins receive.
 *
 * A call_host lives on the caller's stack for one call (or a row of calls on one thread). It holds
 * the text of the plugin's error; the caller turns that into a failure or a diagnostic. */
#ifndef SLOPE_HOST_SERVICES_H
#define SLOPE_HOST_SERVICES_H

#include "base/arena.h"
#include "base/failure.h"
#include "host/registry.h"
#include "host/team.h"
#include "kernels/kernels.h"

typedef struct call_host {
    slope_host host; /* first: plugins get its address */
    const kernels *kernels;
    uint64_t seed;
    char text[1024]; /* what fail() was told; "" if it was not called */
    char key[256];   /* what fail_key() or fail_at() was told; "" for fail() */
    size_t offset;   /* what fail_at() was told; SIZE_MAX for the others */
    arena *memory;   /* behind allocate(); set by the caller of operations that may use it */
    void *context; /* whatever the caller needs back in a callback such as slope_update.objective */
} call_host;

void call_host_init(call_host *call, precision p, uint64_t seed);

/* The call_host that a callback's `host` belongs to. */
call_host *call_host_of(const slope_host *host);

/* Turns what fail() recorded into a failure: "optimizer adam: text" with `who` in front. */
bool call_host_failure(const call_host *call, exit_status status, const char *who, failure *why);

#endif
