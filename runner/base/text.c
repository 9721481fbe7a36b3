/* base/text.c: see text.h. The grammar of numbers is YAML 1.2.2, section 10.3.2 (core schema). */
#include "base/text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0) return true;
    return false;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_decimal(const char *text)
{
    if (*text == '-' || *text == '+') text++;
    const char *start = text;
    while (is_digit(*text)) text++;
    size_t digits = (size_t)(text - start);
    if (*text == '.') {
        start = ++text;
        while (is_digit(*text)) text++;
        digits += (size_t)(text - start);
    }
    if (digits == 0) return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '-' || *text == '+') text++;
        if (!is_digit(*text)) return false;
        while (is_digit(*text)) text++;
    }
    return *text == '\0';
}

/* strtod and printf write the decimal point of the thread's locale. glibc keeps one object for the
 * whole "C" locale, so asking for it each time allocates nothing. */
static double parse_decimal(const char *text)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const double value = strtod_l(text, NULL, plain);
    freelocale(plain);
    return value;
}

bool text_to_number(const char *text, double *value)
{
    static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
    static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
    if (is_one_of(text, nans)) return *value = (double)NAN, true;
    const bool sign = *text == '-' || *text == '+';
    if (is_one_of(text + sign, infinities)) {
        *value = *text == '-' ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    if (is_decimal(text)) {
        const double number = parse_decimal(text);
        if (!isfinite(number)) return false;
        *value = number;
        return true;
    }
    int64_t whole;
    if (!text_to_integer(text, &whole)) return false; /* hexadecimal and octal */
    *value = (double)whole;
    return true;
}

bool text_to_integer(const char *text, int64_t *value)
{
    const char *digits = text + (*text == '-' || *text == '+');
    const char *allowed = "0123456789";
    int base = 10;
    if (text[0] == '0' && text[1] == 'x') {
        allowed = "0123456789abcdefABCDEF", base = 16, digits = text + 2;
    } else if (text[0] == '0' && text[1] == 'o') {
        allowed = "01234567", base = 8, digits = text + 2;
    }
    if (*digits == '\0' || digits[strspn(digits, allowed)] != '\0') return false;
    errno = 0;
    const long long parsed = strtoll(base == 10 ? text : digits, NULL, base);
    if (errno == ERANGE) return false;
    *value = parsed;
    return true;
}

bool text_to_bool(const char *text, bool *value)
{
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};
    if (is_one_of(text, yes)) return *value = true, true;
    if (is_one_of(text, no)) return *value = false, true;
    return false;
}

bool text_is_null(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    return is_one_of(text, nulls);
}

/* Any decimal of at most 15 digits survives the way through a normal double (DBL_DIG), so 15 digits
 * without trailing zeros are the shortest text if they read back at all; 17 always do. Subnormal
 * numbers hold fewer digits than that, so for them every length is tried. */
char *text_from_number(char *buffer, double value)
{
    if (isnan(value)) return strcpy(buffer, "nan");
    if (isinf(value)) return strcpy(buffer, value < 0 ? "-inf" : "inf");
    char text[48];
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const locale_t before = uselocale(plain);
    for (int digits = fpclassify(value) == FP_SUBNORMAL ? 1 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    uselocale(before);
    freelocale(plain);
    return strcpy(buffer, text);
}

/* Damerau-Levenshtein distance with adjacent transpositions (optimal string alignment). Lengths are
 * below 64. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][64];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++) last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
            now[j] = best;
        }
        size_t *oldest = before;
        before = last, last = now, now = oldest;
    }
    return last[b_length];
}

const char *text_nearest(const char *name, const char *const *names, size_t count)
{
    const size_t length = strlen(name);
    if (length == 0 || length >= 64) return NULL;
    size_t best = length / 3 > 0 ? length / 3 : 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        const size_t other = strlen(names[i]);
        if (other >= 64 || other == 0) continue;
        const size_t d = distance(name, length, names[i], other);
        if (d < best || (d == best && !nearest)) best = d, nearest = names[i];
    }
    return nearest;
}
