/* pseudo_terminal.h: what the tests of table.h and progress.h share: a terminal without a screen.
 */
#ifndef SLOPE_TEST_PSEUDO_TERMINAL_H
#define SLOPE_TEST_PSEUDO_TERMINAL_H

#include <pty.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

typedef struct pseudo_terminal {
    int master; /* the person's end: read here what was shown */
    int slave;  /* the program's end */
} pseudo_terminal;

static pseudo_terminal pseudo_terminal_open(unsigned short columns)
{
    pseudo_terminal t;
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    struct termios raw;
    if (openpty(&t.master, &t.slave, NULL, NULL, &size) != 0) {
        print_message("skipped: this system has no pseudo-terminals (/dev/pts)\n");
        skip();
    }
    assert_int_equal(tcgetattr(t.slave, &raw), 0);
    cfmakeraw(&raw); /* line feeds stay line feeds */
    assert_int_equal(tcsetattr(t.slave, TCSANOW, &raw), 0);
    return t;
}

/* All that was written to the slave (in any number of pieces), and closes both ends. */
static void pseudo_terminal_read(pseudo_terminal t, char *text, size_t size)
{
    static const char end = '\1'; /* written last, so that reading knows where to stop */
    assert_int_equal(write(t.slave, &end, 1), 1);
    size_t length = 0;
    do {
        const ssize_t count = read(t.master, text + length, size - length);
        assert_true(count > 0);
        length += (size_t)count;
    } while (text[length - 1] != end);
    text[length - 1] = '\0';
    close(t.master);
    close(t.slave);
}

#endif
