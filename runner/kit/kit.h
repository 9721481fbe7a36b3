/* kit/kit.h: the conformance kit: does a plugin keep to the contract?
 *
 * What the loader can see from a description it has refused already; here the plugin's functions
 * are run. Every check runs in a process of its own with a time limit, so that a plugin that
 * crashes, hangs, exits or prints fails one check and leaves the others and the kit alone. Whether
 * a rule computes the formula that it names is not asked here: that takes a second implementation.
 *
 * The caller must not have started threads before. */
#ifndef SLOPE_KIT_KIT_H
#define SLOPE_KIT_KIT_H

#include "base/arena.h"
#include "base/failure.h"

#include <stdio.h>

typedef enum kit_outcome { KIT_OK, KIT_FAILED, KIT_SKIPPED } kit_outcome;

typedef struct kit_result {
    const char *check; /* "slices give the bits of one call" */
    kit_outcome outcome;
    const char *text;   /* why it failed or was skipped; figures of one that is ok; or "" */
    const char *output; /* what it printed, cut after some lines; or "" */
    double seconds;
} kit_result;

typedef struct kit_report {
    const char *path;
    const char *name; /* "optimizer adam"; the file's stem if it cannot be loaded */
    size_t count, failed, skipped;
    const kit_result *results;
} kit_report;

/* Called as each check ends. */
typedef void (*kit_listener)(void *argument, const kit_report *report, const kit_result *result);

typedef struct kit_options {
    size_t override_count; /* key=value: parameters of the plugin, for all checks */
    const char *const *overrides;
    unsigned time_limit; /* seconds for one check */
    kit_listener listener;
    void *argument;
} kit_options;

/* Runs all checks on one file. False if they cannot be run: no such file (status ENVIRONMENT), or a
 * parameter that the plugin does not take (status CONFIG). */
bool kit_test(arena *a, const char *path, const kit_options *options, kit_report *report,
              failure *why);

/* The reports as JUnit XML, for whatever collects test results. */
bool kit_write_junit(const char *path, const kit_report *reports, size_t count, failure *why);

#endif
