/* base/failure.h: how a function of the runner says why it failed.
 *
 * A function that can fail for one reason returns bool and takes a `failure *`, which the caller
 * owns: return failure_set(why, STATUS_ENVIRONMENT, "cannot open '%s': %s", path, strerror(errno));
 * Context is added going outward with failure_context(). Functions that can find many errors at
 * once (configuration) report to diagnostics (config/diagnostics.h) instead. Text: lower case, no
 * full stop. */
#ifndef SLOPE_BASE_FAILURE_H
#define SLOPE_BASE_FAILURE_H

#include <stdbool.h>

/* Exit status of the program, and kind of a failure. */
typedef enum exit_status {
    STATUS_OK = 0,
    STATUS_TRIALS_FAILED = 1, /* some trials failed or diverged; a check found something */
    STATUS_CONFIG = 2,        /* bad configuration or usage */
    STATUS_ENVIRONMENT = 3,   /* file missing, disk full, plugin unloadable, out of memory */
    STATUS_AGAIN = 75,        /* asked to stop by SIGTERM or SIGUSR1: run me again */
    STATUS_INTERRUPTED = 130,
} exit_status;

typedef struct failure {
    exit_status status;
    char text[2048];
} failure;

/* Both return false, always. */
bool failure_set(failure *why, exit_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "context: " before the text there is. */
bool failure_context(failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
