/* sweep/run_refuse.c: what does not belong together, and what it is that differs: a run that is to
 * go on after its configuration, plugins or data changed, values that were taken away, folders of
 * different sweeps. See run_private.h. */
#include "sweep/run_private.h"

#include "base/files.h"
#include "config/changes.h"
#include "config/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Limits and ways that change no number: a run that came to its limit may go on with another. */
static const char *const may_change[] = {
    "checkpoint",         "sweep.fuse", "sweep.seconds", "sweep.trial_seconds", "sweep.on_error",
    "sweep.max_failures", NULL};

static const char *plural(size_t count)
{
    return count == 1 ? "is" : "are";
}

/* Lists of changes end their last line, messages do not. */
static bool refuse(failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(failure *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    why->status = STATUS_CONFIG;
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    const size_t length = strlen(why->text);
    if (length && why->text[length - 1] == '\n') why->text[length - 1] = '\0';
    return false;
}

/* config.yaml of a folder as it stands there, or NULL. */
static const config_node *config_in(arena *a, const char *folder)
{
    return config_load_file(a, path_join(a, folder, "config.yaml"), diagnostics_create(a));
}

/* With which configuration the run in a folder began. Older folders have none but the one that may
 * have been edited. */
static const config_node *config_of(arena *a, const char *folder)
{
    const config_node *kept = manifest_config(a, folder);
    return kept ? kept : config_in(a, folder);
}

/* What differs between the run in a folder and this one. */
static const char *differences(run *r, const char *folder)
{
    arena *a = r->memory;
    const ingredients now = run_ingredients(r);
    const config_node *before = config_of(a, folder);
    const char *config = before ? config_changes(a, before, r->experiment->resolved, NULL) : "";
    return arena_printf(a, "%s%s", config, manifest_changes(a, folder, &now));
}

bool run_is_unchanged(run *r, failure *why)
{
    arena *a = r->memory;
    const char *folder = r->folder.path;
    const ingredients now = run_ingredients(r);
    const config_node *before = manifest_config(a, folder), *there = config_in(a, folder);
    /* A file that nobody touched may mean something else to another version of the program: then
     * the ids of its trials differ, too. */
    const bool edited = before && there && !config_same(before, there, false);
    const char *config =
        edited ? config_changes(a, before, r->experiment->resolved, may_change) : "";
    const char *others = manifest_changes(a, folder, &now);
    if (*config)
        return refuse(why,
                      "cannot resume '%s': its config.yaml was edited%s; put back what was "
                      "there, or start a new run (slope run FILE --extend DIR adds values):\n"
                      "%s%s",
                      folder, *others ? ", and a plugin or data file changed" : "", config, others);
    return !*others || refuse(why,
                              "cannot resume '%s': it was run with another plugin or data "
                              "file; put back what was there, or start a new run:\n%s",
                              folder, others);
}

bool run_knows_all(run *r, const trials_read *read, failure *why)
{
    if (!read->unknown) return true;
    const char *changes = differences(r, r->folder.path);
    return refuse(why,
                  "cannot resume '%s': %zu of its trials (the first is %s) %s not of this "
                  "experiment any more. %s%s",
                  r->folder.path, read->unknown, read->foreign, plural(read->unknown),
                  *changes ? "Changed since:\n" : "Its config.yaml was changed since", changes);
}

bool run_may_extend(run *r, const trials_read *read, failure *why)
{
    if (r->sweep->pruner.plugin)
        return refuse(why,
                      "cannot extend '%s': pruner %s compares all trials with each other, so "
                      "more trials would have changed what became of those that are done; "
                      "start a new run",
                      r->folder.path, r->sweep->pruner.plugin->id);
    if (!read->unknown) return true;
    const char *changes = differences(r, r->folder.path);
    return refuse(why,
                  "cannot extend '%s': %zu of its trials (the first is %s) %s not in the "
                  "space of '%s'; values may be added, not taken away, and plugins and data "
                  "must be the same%s%s",
                  r->folder.path, read->unknown, read->foreign, plural(read->unknown),
                  r->experiment->name, *changes ? ". What differs:\n" : "", changes);
}

bool run_may_merge(run *r, const trials_read *read, const char *folder, const char *first,
                   failure *why)
{
    if (!read->unknown) return true;
    const char *changes = differences(r, folder);
    if (folder == first)
        return refuse(why,
                      "cannot merge '%s': %zu of its trials (the first is %s) %s not of its "
                      "config.yaml, plugins and data any more%s%s",
                      folder, read->unknown, read->foreign, plural(read->unknown),
                      *changes ? ". Changed since:\n" : "", changes);
    return refuse(
        why,
        "cannot merge '%s' with '%s': %zu of its trials (the first is %s) %s not of "
        "the same experiment, plugins and data%s%s",
        folder, first, read->unknown, read->foreign, plural(read->unknown),
        *changes ? arena_printf(r->memory, ". What differs ('%s' -> '%s'):\n", folder, first) : "",
        changes);
}
