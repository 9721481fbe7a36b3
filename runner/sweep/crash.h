/* sweep/crash.h: who was at work when the process crashed.
 *
 * A plugin runs in our process and can bring it down. While trials train, a handler of the signals
 * of a crash leaves a note in the run's folder: the trials under way on the thread, the signal and,
 * as far as the stack tells, the plugin. Whoever goes on with the run reads it, so that the culprit
 * is named, and not tried for ever. The process still ends by its signal, with its core dump.
 *
 * A process that is killed from outside (kill -9, no memory left) leaves no note: that is nobody's
 * fault here. */
#ifndef SLOPE_SWEEP_CRASH_H
#define SLOPE_SWEEP_CRASH_H

#include "base/arena.h"
#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

/* From now on crashes are noted in the file `path`; until crash_forget(). Once more after plugins
 * were loaded: only those that are there are known. */
void crash_watch(const char *path);
void crash_forget(void);

/* The trials at work on this thread: their ids, 16 characters each, one after the other, valid
 * until the next call. NULL: none any more. `sole`: other threads help with them. */
void crash_under_way(const char *ids, size_t count, bool sole);

typedef struct crash_note {
    size_t count;            /* trials that were under way; 0: there is no note */
    const char *const *ids;  /* theirs */
    const char *description; /* "the process crashed (SIGSEGV) in optimizer 'bad'" */
} crash_note;

/* Reads what an earlier process left; crash_read() takes it away, too. */
void crash_look(arena *a, const char *path, crash_note *note);
void crash_read(arena *a, const char *path, crash_note *note);

#endif
