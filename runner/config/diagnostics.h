/* config/diagnostics.h: the list of everything that is wrong with a configuration.
 *
 * Errors are collected, not thrown: the user sees all at once, in the order of the file. Each one
 * has a place, the path of the key, what was expected and, where there is one, the nearest valid
 * name. */
#ifndef SLOPE_CONFIG_DIAGNOSTICS_H
#define SLOPE_CONFIG_DIAGNOSTICS_H

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stdio.h>

/* Where a value comes from. */
typedef enum config_origin {
    ORIGIN_DEFAULT = 0,      /* a parameter table; file names the plugin or is NULL */
    ORIGIN_FILE = 1,         /* the file given, or one that it extends or includes */
    ORIGIN_COMMAND_LINE = 2, /* an override; line is its number among the overrides, from 1 */
} config_origin;

typedef struct config_place {
    config_origin origin;
    const char *file; /* as it should be printed */
    int line, column; /* from 1; 0 if unknown */
} config_place;

typedef struct diagnostics diagnostics;

diagnostics *diagnostics_create(arena *a);

/* status: CONFIG or ENVIRONMENT. path: dotted key, or NULL. */
void diagnostics_add(diagnostics *all, exit_status status, config_place place, const char *path,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What a complaint is about, for those who must know whether it follows from another. */
typedef enum diagnostic_about {
    ABOUT_VALUE = 0, /* what stands there */
    ABOUT_KEY,       /* a key that nobody knows */
    ABOUT_ABSENCE,   /* something that must be given and is not */
    ABOUT_RULE,      /* values that do not go together */
} diagnostic_about;

/* The same, status CONFIG, about something else than a value. */
void diagnostics_add_about(diagnostics *all, diagnostic_about about, config_place place,
                           const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

size_t diagnostics_count(const diagnostics *all);

/* The i-th that was added. */
typedef struct diagnostic {
    exit_status status;
    config_place place;
    const char *path; /* or NULL */
    const char *text;
    diagnostic_about about;
    size_t number; /* order of arrival */
} diagnostic;
const diagnostic *diagnostics_at(const diagnostics *all, size_t i);

/* Passes one on, with something in front of its text ("" for nothing). */
void diagnostics_pass(diagnostics *to, const diagnostic *d, const char *front);

/* Whether two places are the same. */
bool config_place_same(const config_place *one, const config_place *other);

/* CONFIG if any error is of that status, else ENVIRONMENT if there is one, else OK. */
exit_status diagnostics_status(const diagnostics *all);

/* One line each: `configs/a.yaml:7:19: optimizer.learning_rat: unknown key; did you mean
 * 'learning_rate'?`, sorted by file and line; for overrides `command line: optimizer.x: …`. */
void diagnostics_print(const diagnostics *all, FILE *out);

#endif
