"""crash_plugin: an update rule that brings the process down if it is told to. Not a test."""
import os
import subprocess

from slope_cli import SOURCE

# For a program that a sanitizer watches: the crash is ours.
LEAVE_IT = "handle_segv=0:handle_abort=0:handle_sigbus=0"
PLUGIN_OPTIONS = {"ASAN_OPTIONS": f"{LEAVE_IT}:detect_stack_use_after_return=0",
                  "TSAN_OPTIONS": f"{LEAVE_IT}:ignore_noninstrumented_modules=1"}
# Plain gradient descent that crashes in its fifth step if told to.
PLUGIN = r"""
#include <slope/optimizer.h>
#include <stdlib.h>
#include <string.h>

#ifdef OTHER
#define VERSION "1.1"
#else
#define VERSION "1.0"
#endif

typedef struct config {
    double learning_rate;
    int64_t crash;
} config;

static const char *const ways[] = {"never", "null", "abort", "in_memcpy", "stack", "fail", NULL};
static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.1", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_CHOICE(config, crash, "never", ways, "how to crash"),
};

static int deeper(volatile char *above)
{
    volatile char room[4096];
    room[0] = above[0];
    return deeper(room) + room[0];
}

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    real *w = call->weights;
    void *volatile nowhere = NULL;
    volatile char zero = 0;
    if (call->step == 5 && c->crash == 1) *(volatile int *)nowhere = 1;
    if (call->step == 5 && c->crash == 2) abort();
    void *(*volatile copy)(void *, const void *, size_t) = memcpy;
    if (call->step == 5 && c->crash == 3) copy(nowhere, w, call->n * sizeof *w);
    if (call->step == 5 && c->crash == 4) deeper(&zero);
    if (call->step == 5 && c->crash == 5) return call->host->fail(call->host, "told to fail");
    for (size_t i = 0; i < call->n; i++) w[i] -= (real)call->learning_rate * call->gradient[i];
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "wild", .version = VERSION,
               .summary = "crashes if told to", .description = "w <- w - learning_rate * g",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    .update = update,
};
"""


def build_wild(case, *options):
    """plugins/optimizers/wild.so in the folder of the test; -DOTHER makes another build of it."""
    case.write("plugins/optimizers/wild.c", PLUGIN)
    folder = case.folder / "plugins" / "optimizers"
    subprocess.run([os.environ["SLOPE_CC"], "-O1", "-ffp-contract=off", "-shared", "-fPIC",
                    "-Wno-infinite-recursion", "-Wno-unknown-warning-option", *options,
                    "-I", SOURCE / "plugins" / "include", "wild.c", "-o", "wild.so"],
                   cwd=folder, check=True)
    (folder / "wild.c").unlink()
