/* cli/lines.h: lines from standard input, for a program that must also hear signals and do
 * something now and then while nobody asks. */
#ifndef SLOPE_CLI_LINES_H
#define SLOPE_CLI_LINES_H

#include "base/failure.h"

#include <stddef.h>

typedef struct lines {
    char *text; /* what was read and not yet given out begins at `taken` */
    size_t taken, count, room;
    int error; /* errno of a read that failed, or 0 */
} lines;

/* The next line without its end and the blanks before that, valid until the next call; NULL where
 * the input ends, or `stop` says so. `idle` is called at first and then as often as it asks for:
 * it returns milliseconds until the next call, or -1 for never. A signal handler must call
 * lines_wake(), or nobody looks at `stop` while nothing comes in. */
const char *lines_next(lines *l, size_t *length, bool (*stop)(void *), int (*idle)(void *),
                       void *argument);

/* Safe in a signal handler. Before lines_open() it does nothing. */
void lines_wake(void);
bool lines_open(failure *why); /* once */

#endif
