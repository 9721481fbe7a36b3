/* host/registry.c: see registry.h. A list of the files there are; each is loaded once, when
 * somebody asks for it, and what came of it is remembered. */
#include "host/registry.h"

#include "base/files.h"
#include "base/text.h"
#include "host/loader.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef enum candidate_state { UNTRIED, LOADED, REFUSED } candidate_state;

typedef struct candidate {
    struct candidate *next;
    const char *path, *stem;
    slope_kind folder_kind; /* 0: lies outside the folders of kinds, so its kind shows on loading */
    dev_t device;
    ino_t inode;
    candidate_state state;
    host_plugin plugin;     /* if LOADED */
    const failure *refusal; /* if REFUSED */
} candidate;

struct registry {
    arena *memory;
    candidate *first, **end;
    const char *searched; /* folders, for messages */
};

/* ---- kinds ----------------------------------------------------------------------------------- */

static const struct {
    const char *name, *folder;
} kinds[] = {
    [SLOPE_KIND_READER] = {"reader", "readers"},
    [SLOPE_KIND_MODEL] = {"model", "models"},
    [SLOPE_KIND_LOSS] = {"loss", "losses"},
    [SLOPE_KIND_OPTIMIZER] = {"optimizer", "optimizers"},
    [SLOPE_KIND_SCHEDULE] = {"schedule", "schedules"},
    [SLOPE_KIND_SAMPLER] = {"sampler", "samplers"},
    [SLOPE_KIND_PRUNER] = {"pruner", "pruners"},
};

static const int kind_end = sizeof kinds / sizeof *kinds;

const char *kind_name(slope_kind kind)
{
    return kind > 0 && (int)kind < kind_end ? kinds[kind].name : "unknown";
}

const char *kind_folder(slope_kind kind)
{
    return kind > 0 && (int)kind < kind_end ? kinds[kind].folder : "unknown";
}

slope_kind kind_from_name(const char *name)
{
    for (int kind = 1; kind < kind_end; ++kind)
        if (strcmp(kinds[kind].name, name) == 0) return (slope_kind)kind;
    return (slope_kind)0;
}

/* ---- finding files --------------------------------------------------------------------------- */

static int is_object(const struct dirent *entry)
{
    const char *suffix = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && suffix != NULL && strcmp(suffix, ".so") == 0;
}

/* The same file may be reached on two ways (a folder named twice, a link): it counts once. */
static bool known(const registry *all, const struct stat *about)
{
    for (const candidate *c = all->first; c != NULL; c = c->next)
        if (c->device == about->st_dev && c->inode == about->st_ino) return true;
    return false;
}

static void add_file(registry *all, const char *path, slope_kind folder_kind)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        about = (struct stat){0}; /* a dangling link: listed, and refused when it is opened */
    } else if (S_ISDIR(about.st_mode) || known(all, &about)) {
        return;
    }
    candidate *c = arena_alloc(all->memory, sizeof *c);
    c->path = arena_strdup(all->memory, path);
    c->stem = path_stem(all->memory, path);
    c->folder_kind = folder_kind;
    c->device = about.st_dev;
    c->inode = about.st_ino;
    *all->end = c;
    all->end = &c->next;
}

/* The objects of one folder, in the order of their names. A folder that is not there is empty. */
static bool scan_folder(registry *all, const char *folder, slope_kind kind, failure *why)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_object, alphasort);
    if (count < 0)
        return errno == ENOENT ||
               failure_set(why, STATUS_ENVIRONMENT, "cannot open plugin folder '%s': %s", folder,
                           strerror(errno));
    for (int i = 0; i < count; ++i) {
        add_file(all, path_join(all->memory, folder, entries[i]->d_name), kind);
        free(entries[i]);
    }
    free(entries);
    return true;
}

static bool scan_tree(registry *all, const char *folder, failure *why)
{
    all->searched = all->searched == NULL
                        ? arena_strdup(all->memory, folder)
                        : arena_printf(all->memory, "%s, %s", all->searched, folder);
    if (!scan_folder(all, folder, (slope_kind)0, why)) return false;
    for (int kind = 1; kind < kind_end; ++kind)
        if (!scan_folder(all, path_join(all->memory, folder, kinds[kind].folder), (slope_kind)kind,
                         why))
            return false;
    return true;
}

/* Absolute and free of links and "..", as messages and manifests should show it; as it is where the
 * folder does not exist. */
static const char *real_path(arena *a, const char *path)
{
    char *resolved = realpath(path, NULL);
    if (resolved == NULL) return arena_strdup(a, path);
    const char *copy = arena_strdup(a, resolved);
    free(resolved);
    return copy;
}

static bool scan_search_path(registry *all, const char *search_path, failure *why)
{
    char *rest = arena_strdup(all->memory, search_path);
    for (char *folder; (folder = strsep(&rest, ":")) != NULL;) {
        if (folder[0] == 0) continue; /* elsewhere that would mean the current directory */
        struct stat about;
        const bool there = stat(folder, &about) == 0;
        if (!there || !S_ISDIR(about.st_mode))
            return failure_set(why, STATUS_ENVIRONMENT,
                               "cannot open plugin folder '%s': %s: correct SLOPE_PLUGIN_PATH",
                               folder, strerror(there ? ENOTDIR : errno));
        if (!scan_tree(all, real_path(all->memory, folder), why)) return false;
    }
    return true;
}

registry *registry_create(arena *a, failure *why)
{
    registry *all = arena_alloc(a, sizeof *all);
    all->memory = a;
    all->end = &all->first;
    const char *own = path_join(a, path_of_program(a), "../lib/slope/plugins");
    if (!scan_tree(all, real_path(a, own), why)) return NULL;
    const char *search_path = getenv("SLOPE_PLUGIN_PATH");
    if (search_path != NULL && !scan_search_path(all, search_path, why)) return NULL;
    return all;
}

const char *registry_folders(const registry *all)
{
    return all->searched;
}

/* ---- loading --------------------------------------------------------------------------------- */

static void try_loading(registry *all, candidate *c)
{
    if (c->state != UNTRIED) return;
    failure why;
    host_plugin *plugin = &c->plugin;
    if (!plugin_load(c->path, c->stem, c->folder_kind, plugin->description, &why)) {
        c->state = REFUSED;
        c->refusal = arena_copy(all->memory, &why, sizeof why);
        return;
    }
    c->state = LOADED;
    plugin->kind = plugin->description[FLOAT32]->kind;
    plugin->id = c->stem;
    plugin->path = c->path;
}

static void duplicate(const candidate *one, const candidate *other, failure *why)
{
    failure_set(
        why, STATUS_ENVIRONMENT,
        "the %s '%s' is there twice, as '%s' and as '%s': rename one (file and id), or take "
        "its folder off SLOPE_PLUGIN_PATH",
        kind_name(one->plugin.kind), one->stem, one->path, other->path);
}

/* No such file: says what there is instead, without loading anything more than has been. */
static void not_found(const registry *all, slope_kind kind, const char *id, failure *why)
{
    size_t count = 0;
    for (const candidate *c = all->first; c != NULL; c = c->next) ++count;
    const char **names = arena_alloc(all->memory, count * sizeof *names);
    count = 0;
    for (const candidate *c = all->first; c != NULL; c = c->next) {
        const slope_kind its = c->state == LOADED ? c->plugin.kind : c->folder_kind;
        if (its == kind) names[count++] = c->stem;
    }
    const char *nearest = text_nearest(id, names, count);
    if (nearest != NULL)
        failure_set(why, STATUS_CONFIG, "there is no %s '%s'; did you mean '%s'?", kind_name(kind),
                    id, nearest);
    else if (count > 0)
        failure_set(why, STATUS_CONFIG,
                    "there is no %s '%s'; `slope plugins %s` lists what there is", kind_name(kind),
                    id, kind_name(kind));
    else
        failure_set(why, STATUS_ENVIRONMENT,
                    "there is no %s at all in %s: install slope's plugins there or set "
                    "SLOPE_PLUGIN_PATH",
                    kind_name(kind), all->searched);
}

const host_plugin *registry_find(registry *all, slope_kind kind, const char *id, failure *why)
{
    const candidate *found = NULL;
    for (candidate *c = all->first; c != NULL; c = c->next) {
        if (strcmp(c->stem, id) != 0) continue;
        if (c->folder_kind != 0 && c->folder_kind != kind) continue;
        try_loading(all, c);
        if (c->state == REFUSED) { /* it may be what was meant: never silently take another */
            *why = *c->refusal;
            return NULL;
        }
        if (c->plugin.kind != kind) continue;
        if (found != NULL) {
            duplicate(found, c, why);
            return NULL;
        }
        found = c;
    }
    if (found == NULL) {
        not_found(all, kind, id, why);
        return NULL;
    }
    return &found->plugin;
}

/* ---- everything ------------------------------------------------------------------------------ */

static int compare(const void *left, const void *right)
{
    const host_plugin *one = *(const host_plugin *const *)left;
    const host_plugin *other = *(const host_plugin *const *)right;
    if (one->kind != other->kind) return one->kind < other->kind ? -1 : 1;
    return strcmp(one->id, other->id);
}

/* Another loaded file with the same name and kind, from `from` on. */
static const candidate *twin(const candidate *of, const candidate *from)
{
    for (const candidate *c = from; c != NULL; c = c->next)
        if (c != of && c->state == LOADED && c->plugin.kind == of->plugin.kind &&
            strcmp(c->stem, of->stem) == 0)
            return c;
    return NULL;
}

size_t registry_load_all(registry *all, const host_plugin *const **plugins,
                         void (*refused)(void *argument, const char *path, const failure *why),
                         void *argument)
{
    size_t count = 0;
    for (candidate *c = all->first; c != NULL; c = c->next) {
        try_loading(all, c);
        ++count;
    }
    const host_plugin **list = arena_alloc(all->memory, count * sizeof *list);
    count = 0;
    for (const candidate *c = all->first; c != NULL; c = c->next) {
        if (c->state == REFUSED) {
            refused(argument, c->path, c->refusal);
            continue;
        }
        if (twin(c, all->first) == NULL) {
            list[count++] = &c->plugin;
            continue;
        }
        const candidate *later = twin(c, c->next); /* neither is listed; each pair is told once */
        if (later != NULL) {
            failure why;
            duplicate(c, later, &why);
            refused(argument, later->path, &why);
        }
    }
    if (count > 0) qsort(list, count, sizeof(*list), compare);
    *plugins = list;
    return count;
}
