/* base/failure.c: see failure.h. */
#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool failure_set(failure *why, exit_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    why->status = status;
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return false;
}

bool failure_context(failure *why, const char *format, ...)
{
    char text[sizeof why->text];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof text - sizeof ": ") {
        char *end = stpcpy(text + length, ": ");
        const size_t room = sizeof text - 1 - (size_t)(end - text); /* what is too long is cut */
        const size_t rest = strnlen(why->text, room);
        memcpy(end, why->text, rest);
        end[rest] = 0;
    }
    memcpy(why->text, text, sizeof text);
    return false;
}
