/* record/terminal.h: what the terminal can do and how wide text is on it. Shared by table.c and
 * progress.c. Nothing here prints. */
#ifndef SLOPE_RECORD_TERMINAL_H
#define SLOPE_RECORD_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A terminal on which a line can be rewritten (TERM is neither empty nor "dumb"). */
bool terminal_is(FILE *stream);

/* The same, and colours are welcome (NO_COLOR is empty or not set). */
bool terminal_has_colour(FILE *stream);

/* Columns of the terminal; 0 if it is none or does not tell. */
size_t terminal_width(FILE *stream);

/* Whether the environment's locale says that text is UTF-8. */
bool terminal_is_utf8(void);

/* Bytes of the longest beginning of the UTF-8 text that is at most `limit` columns wide; `columns`
 * (or NULL) receives its width. Never cuts a character. A byte that is not UTF-8 counts as one
 * column. */
size_t terminal_fit(const char *text, size_t limit, size_t *columns);

/* Width of the whole text. */
size_t terminal_columns(const char *text);

/* Turns control characters into spaces, in place: names that come from files must not move the
 * cursor. */
void terminal_clean(char *text);

#endif
