/* record/terminal.c: see terminal.h. */
#include "record/terminal.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

bool terminal_is(FILE *stream)
{
    const char *kind = getenv("TERM");
    return isatty(fileno(stream)) && kind && *kind && strcmp(kind, "dumb") != 0;
}

bool terminal_has_colour(FILE *stream)
{
    const char *no = getenv("NO_COLOR"); /* https://no-color.org: any text that is not empty */
    return terminal_is(stream) && !(no && *no);
}

size_t terminal_width(FILE *stream)
{
    struct winsize size;
    if (!isatty(fileno(stream)) || ioctl(fileno(stream), TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

bool terminal_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE",
                                        "LANG"}; /* POSIX: the first one set */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
    }
    return false;
}

/* Widths of characters are the C library's, asked in a locale of our own: the program's locale
 * stays "C", in which numbers are printed alike everywhere. Made once, kept. 0 where there is none.
 */
static locale_t utf8_locale(void)
{
    static locale_t locale;
    static bool asked;
    if (!asked) locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    asked = true;
    return locale;
}

/* Bytes of the character at `text`, which is not at its end, and its width. */
static size_t next_character(const char *text, size_t *width)
{
    mbstate_t state = {0};
    wchar_t character;
    const size_t bytes = mbrtowc(&character, text, strlen(text), &state);
    *width = 1;
    if (bytes == (size_t)-1 || bytes == (size_t)-2 || bytes == 0) return 1;
    const int columns = wcwidth(character);
    if (columns >= 0) *width = (size_t)columns;
    return bytes;
}

size_t terminal_fit(const char *text, size_t limit, size_t *columns)
{
    const locale_t locale = utf8_locale();
    const locale_t earlier = locale ? uselocale(locale) : (locale_t)0;
    size_t bytes = 0, used = 0;
    while (text[bytes]) {
        size_t width;
        const size_t length = next_character(text + bytes, &width);
        if (width > limit - used) break;
        used += width;
        bytes += length;
    }
    if (locale) uselocale(earlier);
    if (columns) *columns = used;
    return bytes;
}

size_t terminal_columns(const char *text)
{
    size_t columns;
    terminal_fit(text, SIZE_MAX, &columns);
    return columns;
}

void terminal_clean(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) *text = ' ';
}
