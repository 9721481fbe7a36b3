/* base/text.h: small things about names and numbers in text. */
#ifndef SLOPE_BASE_TEXT_H
#define SLOPE_BASE_TEXT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* YAML 1.2 core schema, whole text: 1e-3, .5, -7, .inf, .nan (numbers); 12, -3, 0x1F, 0o17
 * (integers); true, false (in the core schema's spellings). False if the text is something else or
 * does not fit. Independent of the locale. */
bool text_to_number(const char *text, double *value);
bool text_to_integer(const char *text, int64_t *value);
bool text_to_bool(const char *text, bool *value);
bool text_is_null(const char *text); /* "", ~, null, Null, NULL */

/* Shortest decimal text that reads back as the same number: "0.1", "1e-05", "nan", "inf", "-inf".
 * buffer has at least 32 bytes; returns it. Independent of the locale. */
char *text_from_number(char *buffer, double value);

/* The name nearest to `name` (Damerau-Levenshtein, at most a third of its length and at least 1
 * off), or NULL. */
const char *text_nearest(const char *name, const char *const *names, size_t count);

#endif
