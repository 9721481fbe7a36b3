/* cli/lines.c: see lines.h. A signal that comes between looking whether there was one and waiting
 * for input would be slept over; so who wakes writes a byte into a pipe, which is waited for, too.
 */
#include "cli/lines.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wake[2] = {-1, -1};

bool lines_open(failure *why)
{
    if (pipe(wake) != 0)
        return failure_set(why, STATUS_ENVIRONMENT, "cannot make a pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(wake[i], F_SETFL, O_NONBLOCK);
        fcntl(wake[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

void lines_wake(void)
{
    const int before = errno;
    if (wake[1] >= 0 && write(wake[1], "", 1) < 0) errno = before; /* full: it wakes already */
    errno = before;
}

/* Until there is something to read; false: told to stop. */
static bool wait_for_input(bool (*stop)(void *), int (*idle)(void *), void *argument)
{
    struct pollfd both[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = wake[0], .events = POLLIN}};
    for (;;) {
        const int next = idle(argument);
        if (stop(argument)) return false;
        const int ready = poll(both, 2, next);
        if (stop(argument)) return false;
        if (ready > 0 && both[0].revents) return true;
        if (ready < 0 && errno != EINTR) return true; /* read() will say what is wrong */
    }
}

/* More of the input behind what there is. False: there is none. */
static bool read_more(lines *l)
{
    if (l->taken) memmove(l->text, l->text + l->taken, l->count - l->taken);
    l->count -= l->taken;
    l->taken = 0;
    if (l->room - l->count < 4096) {
        l->room = 2 * l->room + 65536;
        char *more = realloc(l->text, l->room);
        if (!more) out_of_memory(l->room);
        l->text = more;
    }
    const ssize_t got = read(STDIN_FILENO, l->text + l->count, l->room - l->count - 1);
    if (got < 0 && errno == EINTR) return true;
    if (got < 0) l->error = errno;
    if (got > 0) l->count += (size_t)got;
    return got > 0;
}

static const char *trim(lines *l, size_t first, size_t end, size_t *length)
{
    while (end > first && strchr(" \t\r\n", l->text[end - 1])) end--;
    *length = end - first;
    return l->text + first;
}

const char *lines_next(lines *l, size_t *length, bool (*stop)(void *), int (*idle)(void *),
                       void *argument)
{
    for (size_t looked = 0;;) {
        char *begin = l->text ? l->text + l->taken : NULL;
        char *end = begin ? memchr(begin + looked, '\n', l->count - l->taken - looked) : NULL;
        if (end) {
            const size_t first = l->taken;
            l->taken = (size_t)(end - l->text) + 1;
            return trim(l, first, l->taken, length);
        }
        looked = l->count - l->taken;
        if (!wait_for_input(stop, idle, argument)) return NULL;
        if (read_more(l)) continue;
        if (l->error || !looked) return NULL;
        const size_t first = l->taken; /* the last line has no end */
        l->taken = l->count;
        return trim(l, first, l->count, length);
    }
}
