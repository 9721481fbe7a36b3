/* record/manifest.c: manifest.yaml, the provenance of a run: with what program, plugins, data and
 * machine the numbers beside it were made. See run_folder.h.
 *
 * It is built as a tree and written by config/tree.h, so that it is YAML whatever the names hold.
 */
#include "record/run_folder.h"

#include "base/digests.h"
#include "base/files.h"
#include "base/text.h"
#include "config/load.h"
#include "record/build_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static const char *const status_names[] = {"running", "finished", "interrupted", "failed"};
enum { STATUSES = sizeof status_names / sizeof *status_names };

static const config_place nowhere; /* a manifest does not come from a file */

/* ---- building the tree ----------------------------------------------------------------------- */

static void put(arena *a, config_node *mapping, const char *key, config_node *value)
{
    config_set(a, mapping, key, nowhere, value);
}

/* Text stays text when it is read back: quoted where it looks like something else. */
static void put_text(arena *a, config_node *mapping, const char *key, const char *text)
{
    double number;
    int64_t integer;
    bool truth;
    const bool quoted = text_to_number(text, &number) || text_to_integer(text, &integer) ||
                        text_to_bool(text, &truth) || text_is_null(text);
    put(a, mapping, key, config_new_scalar(a, nowhere, text, quoted));
}

static void put_integer(arena *a, config_node *mapping, const char *key, long long value)
{
    put(a, mapping, key, config_new_scalar(a, nowhere, arena_printf(a, "%lld", value), false));
}

/* ---- what was used --------------------------------------------------------------------------- */

static bool put_plugin(arena *a, config_node *list, const host_plugin *plugin, failure *why)
{
    char digest[65];
    if (!digest_of_file(plugin->path, digest, why)) return false;
    config_node *entry = config_new_mapping(a, nowhere);
    put_text(a, entry, "kind", kind_name(plugin->kind));
    put_text(a, entry, "name", plugin->id);
    put_text(a, entry, "version", plugin->description[FLOAT32]->version);
    put_text(a, entry, "file", plugin->path);
    put_text(a, entry, "sha256", digest);
    config_append(a, list, entry);
    return true;
}

static bool put_plugins(arena *a, config_node *manifest, const ingredients *used, failure *why)
{
    config_node *list = config_new_sequence(a, nowhere);
    put(a, manifest, "plugins", list);
    for (size_t i = 0; i < used->plugin_count; i++)
        if (!put_plugin(a, list, used->plugins[i], why)) return false;
    return true;
}

static void put_data(arena *a, config_node *manifest, const ingredients *used)
{
    config_node *list = config_new_sequence(a, nowhere);
    for (size_t d = 0; d < used->dataset_count; d++) {
        const dataset *data = used->datasets[d];
        for (size_t f = 0; f < data->file_count; f++) {
            config_node *entry = config_new_mapping(a, nowhere);
            put_text(a, entry, "dataset", data->label);
            put_text(a, entry, "file", data->files[f]);
            put_text(a, entry, "sha256", data->digests[f]);
            if (data->cache) put_text(a, entry, "cache", data->cache);
            config_append(a, list, entry);
        }
    }
    put(a, manifest, "data", list);
}

/* Those of the list before that the new one does not have: `name`, and where it is given `other`,
 * tell entries apart. */
static void keep_others(arena *a, config_node *list, const config_node *before, const char *name,
                        const char *other)
{
    const size_t count = list->count;
    for (size_t i = 0; before && i < before->count; i++) {
        bool there = false;
        for (size_t k = 0; k < count; k++)
            there |= config_same(config_get(before->items[i], name),
                                 config_get(list->items[k], name), false) &&
                     config_same(config_get(before->items[i], other),
                                 config_get(list->items[k], other), false);
        if (!there) config_append(a, list, before->items[i]);
    }
}

static void keep_used(arena *a, config_node *manifest, const char *path)
{
    if (!file_exists(path)) return;
    const config_node *before = config_load_file(a, path, diagnostics_create(a));
    static const char *const lists[][3] = {{"plugins", "name", "kind"},
                                           {"data", "file", "dataset"}};
    for (size_t i = 0; i < 2; i++)
        keep_others(a, (config_node *)(uintptr_t)config_get(manifest, lists[i][0]),
                    config_get(before, lists[i][0]), lists[i][1], lists[i][2]);
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* The name that the processor gives itself, or the architecture where Linux does not tell it. */
static const char *cpu_name(arena *a, const struct utsname *system)
{
    const char *name = system->machine;
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[512];
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        line[strcspn(line, "\n")] = '\0';
        name = arena_strdup(a, colon + 1 + strspn(colon + 1, " "));
        break;
    }
    if (file) fclose(file);
    return name;
}

static void put_machine(arena *a, config_node *manifest, const provenance *p)
{
    struct utsname system = {.nodename = "unknown", .machine = "unknown"};
    (void)uname(&system); /* fails only for a bad address */
    config_node *machine = config_new_mapping(a, nowhere);
    put_text(a, machine, "host", system.nodename);
    put_text(a, machine, "system", arena_printf(a, "%s %s", system.sysname, system.release));
    put_text(a, machine, "cpu", cpu_name(a, &system));
    put_integer(a, machine, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
    put_integer(a, machine, "threads", p->threads);
    put_text(a, machine, "instruction_set", p->isa);
    put(a, manifest, "machine", machine);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_program(arena *a, config_node *manifest)
{
    config_node *program = config_new_mapping(a, nowhere);
    put_text(a, program, "version", build_facts.version);
    put_text(a, program, "git", build_facts.git);
    put_text(a, program, "compiler", build_facts.compiler);
    put_text(a, program, "flags", build_facts.flags);
    put(a, manifest, "slope", program);
}

static void put_times(arena *a, config_node *manifest, const provenance *p)
{
    char now[40];
    const time_t seconds = time(NULL);
    struct tm utc;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    put_text(a, manifest, "started", p->started);
    put_text(a, manifest, "written", now);
    put(a, manifest, "seconds",
        config_new_scalar(a, nowhere, arena_printf(a, "%.3f", p->seconds), false));
    put_integer(a, manifest, "resumes", p->resumes);
}

bool manifest_write(const run_folder *folder, const provenance *p, failure *why)
{
    arena *a = arena_create();
    config_node *manifest = config_new_mapping(a, nowhere);
    put_text(a, manifest, "status", status_names[p->status]);
    put_text(a, manifest, "experiment", p->experiment);
    put_integer(a, manifest, "trials", (long long)p->trial_count);
    if (p->shard_count)
        put_text(a, manifest, "shard", arena_printf(a, "%zu/%zu", p->shard_index, p->shard_count));
    if (p->asked) put_text(a, manifest, "asked_by", "another program, through slope ask-tell");
    put_text(a, manifest, "command", p->command);
    put_times(a, manifest, p);
    put_program(a, manifest);
    put_machine(a, manifest, p);
    bool good = put_plugins(a, manifest, &p->ingredients, why);
    if (good) {
        const char *path = path_join(a, folder->path, "manifest.yaml");
        put_data(a, manifest, &p->ingredients);
        if (p->asked) keep_used(a, manifest, path);
        if (p->config) put(a, manifest, "config", config_merge(a, NULL, p->config));
        const char *text = config_to_yaml(a, manifest, false);
        const bool begins = p->status == RUN_RUNNING && p->resumes == 0;
        good = begins ? file_write_unflushed(path, text, strlen(text), why)
                      : file_write(path, text, strlen(text), why);
    }
    arena_destroy(a);
    return good;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Text of a scalar below `root`, or NULL. */
static const char *text_of(const config_node *root, const char *key)
{
    const config_node *node = config_get(root, key);
    return node && node->kind == CONFIG_SCALAR ? node->text : NULL;
}

static bool summarize(const config_node *root, manifest_summary *summary)
{
    const char *status = text_of(root, "status"), *started = text_of(root, "started");
    const char *seconds = text_of(root, "seconds"), *resumes = text_of(root, "resumes");
    int64_t count;
    size_t known = 0;
    while (status && known < STATUSES && strcmp(status, status_names[known]) != 0) known++;
    if (!status || known == STATUSES || !started || strlen(started) >= sizeof summary->started ||
        !seconds || !text_to_number(seconds, &summary->seconds) || !resumes ||
        !text_to_integer(resumes, &count) || count < 0 || count > 1000000)
        return false;
    const char *shard = text_of(root, "shard");
    if (shard && sscanf(shard, "%zu/%zu", &summary->shard_index, &summary->shard_count) != 2)
        return false;
    summary->asked = text_of(root, "asked_by") != NULL;
    summary->status = (run_status)known;
    summary->resumes = (int)count;
    strcpy(summary->started, started);
    return true;
}

bool manifest_read(const char *folder, manifest_summary *summary, failure *why)
{
    arena *a = arena_create();
    const char *path = path_join(a, folder, "manifest.yaml");
    unsigned char *bytes;
    size_t count;
    bool good = file_read(path, &bytes, &count, why); /* for its clear reason where there is none */
    if (good) {
        free(bytes);
        *summary = (manifest_summary){0};
        good = summarize(config_load_file(a, path, diagnostics_create(a)), summary) ||
               failure_set(why, STATUS_ENVIRONMENT, "'%s' is not the manifest of a run", path);
    }
    arena_destroy(a);
    return good;
}

/* The entry of a list whose `key`, and `other` where it is given, have these texts. */
static const config_node *entry_of(const config_node *list, const char *key, const char *text,
                                   const char *other, const char *other_text)
{
    for (size_t i = 0; list && list->kind == CONFIG_SEQUENCE && i < list->count; i++) {
        const char *own = text_of(list->items[i], key);
        const char *second = other ? text_of(list->items[i], other) : NULL;
        if (own && strcmp(own, text) == 0 &&
            (!other || (second && strcmp(second, other_text) == 0)))
            return list->items[i];
    }
    return NULL;
}

static const char *change(arena *a, const char *before, const char *what, const config_node *entry,
                          const char *digest)
{
    const char *old = text_of(entry, "sha256");
    if (!old || strcmp(old, digest) == 0) return before;
    return arena_printf(a, "%s  %s: sha256 %.12s… then, %.12s… now\n", before, what, old, digest);
}

const char *manifest_changes(arena *a, const char *folder, const ingredients *now)
{
    const char *changes = "", *path = path_join(a, folder, "manifest.yaml");
    const config_node *root = config_load_file(a, path, diagnostics_create(a));
    const config_node *plugins = config_get(root, "plugins"), *data = config_get(root, "data");
    for (size_t i = 0; i < now->plugin_count; i++) {
        const host_plugin *p = now->plugins[i];
        char digest[65];
        failure why;
        if (digest_of_file(p->path, digest, &why))
            changes = change(a, changes,
                             arena_printf(a, "%s %s (%s)", kind_name(p->kind), p->id, p->path),
                             entry_of(plugins, "name", p->id, "kind", kind_name(p->kind)), digest);
    }
    for (size_t d = 0; d < now->dataset_count; d++)
        for (size_t f = 0; f < now->datasets[d]->file_count; f++) {
            const char *file = now->datasets[d]->files[f];
            changes =
                change(a, changes, arena_printf(a, "data file %s", file),
                       entry_of(data, "file", file, NULL, NULL), now->datasets[d]->digests[f]);
        }
    return changes;
}

const config_node *manifest_config(arena *a, const char *folder)
{
    const char *path = path_join(a, folder, "manifest.yaml");
    return config_get(config_load_file(a, path, diagnostics_create(a)), "config");
}

bool manifest_read_status(const char *folder, run_status *status, failure *why)
{
    manifest_summary summary;
    if (!manifest_read(folder, &summary, why)) return false;
    *status = summary.status;
    return true;
}
