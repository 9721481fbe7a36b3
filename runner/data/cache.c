/* data/cache.c: see cache.h. What is in the files is in cache_file.c, what they are called in
 * cache_key.c. */
#include "data/cache.h"

#include "base/digests.h"
#include "base/files.h"
#include "data/cache_file.h"
#include "data/cache_key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX ".tables"
#define ASIDE  ".partial"

enum { DAY = 24 * 60 * 60, KEPT_DAYS = 60 };

static char place[PATH_MAX]; /* "": nowhere */

/* ---- the folder ------------------------------------------------------------------------------ */

const char *cache_default_folder(arena *a)
{
    /* XDG Base Directory Specification 0.8: a path that is not absolute does not count */
    const char *folder = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (folder && folder[0] == '/') return path_join(a, folder, "slope");
    return home && home[0] == '/' ? path_join(a, home, ".cache/slope") : NULL;
}

void cache_keep_in(const char *folder)
{
    place[0] = 0;
    if (folder && strlen(folder) < sizeof place) strcpy(place, folder);
    digests_keep_in(place[0] ? place : NULL);
}

/* Whether a file of that name is ours and has not been used for long. A file aside that is a day
 * old was left by a process that was killed. */
static bool outlived(const char *name, const struct stat *about, time_t now)
{
    const char *suffix = strrchr(name, '.');
    const double days = difftime(now, about->st_mtime) / DAY;
    if (!suffix || !S_ISREG(about->st_mode)) return false;
    return (strcmp(suffix, SUFFIX) == 0 && days > KEPT_DAYS) ||
           (strcmp(suffix, ASIDE) == 0 && days > 1);
}

/* Removes what was not used for KEPT_DAYS; when an entry is added, that is. */
static void prune(void)
{
    DIR *list = opendir(place);
    if (!list) return;
    const time_t now = time(NULL);
    for (const struct dirent *file; (file = readdir(list));) {
        struct stat about;
        if (fstatat(dirfd(list), file->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
            outlived(file->d_name, &about, now))
            (void)unlinkat(dirfd(list), file->d_name, 0);
    }
    closedir(list);
}

/* The time of change of an entry is the time of its last use, to a day. */
static void note_use(const char *path)
{
    struct stat about;
    if (stat(path, &about) == 0 && time(NULL) - about.st_mtime > DAY)
        (void)utimensat(AT_FDCWD, path, NULL, 0);
}

/* ---- finding --------------------------------------------------------------------------------- */

bool cache_find(cache_entry *entry, reading *r, const dataset_config *config, arena *memory)
{
    *entry = (cache_entry){0};
    const uint32_t *numbers;
    if (!place[0] || !cache_key_make(entry, config, memory)) return false;
    entry->path = arena_printf(memory, "%s/%s" SUFFIX, place, entry->key);
    *r = (reading){.memory = memory, .config = config};
    if (!cache_file_read(entry->path, entry->key, entry->file_count, memory, r, &numbers,
                         &entry->memory, &entry->bytes))
        return false;
    r->files = arena_alloc(memory, r->file_count * sizeof *r->files);
    for (size_t i = 0; i < r->file_count; i++) {
        r->files[i].path = entry->files[numbers[i]];
        memcpy(r->files[i].digest, entry->digests[numbers[i]], sizeof r->files[i].digest);
    }
    note_use(entry->path);
    entry->note = "used";
    return true;
}

/* ---- storing --------------------------------------------------------------------------------- */

/* Which of the files that the parameters name were read, in what order. False if there are others,
 * or one has changed since the key was made. */
static bool number_files(const cache_entry *entry, const reading *r, uint32_t *numbers)
{
    for (size_t i = 0; i < r->file_count; i++) {
        size_t n = 0;
        while (n < entry->file_count && strcmp(entry->files[n], r->files[i].path) != 0) n++;
        if (n == entry->file_count || strcmp(entry->digests[n], r->files[i].digest) != 0)
            return false;
        numbers[i] = (uint32_t)n;
    }
    return true;
}

/* Not flushed to the disk: what a loss of power leaves of it has a wrong checksum. */
static bool write_entry(const cache_entry *entry, const cache_contents *contents, arena *a,
                        failure *why)
{
    char *aside = arena_printf(a, "%s.XXXXXX" ASIDE, entry->path);
    const int file = mkostemps(aside, (int)strlen(ASIDE), O_CLOEXEC);
    if (file < 0)
        return failure_set(why, STATUS_ENVIRONMENT, "cannot write into '%s': %s", place,
                           strerror(errno));
    bool done = cache_file_write(file, contents);
    int reason = errno;
    if (close(file) != 0 && done) done = false, reason = errno;
    if (done && rename(aside, entry->path) != 0) done = false, reason = errno;
    if (done) return true;
    unlink(aside);
    return failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s': %s", entry->path,
                       strerror(reason));
}

void cache_store(cache_entry *entry, const reading *r, arena *memory)
{
    if (!entry->path) return;
    uint32_t *numbers = arena_alloc(memory, r->file_count * sizeof *numbers);
    const cache_contents contents = {r, entry->key, numbers};
    failure why;
    if (!number_files(entry, r, numbers)) {
        entry->note = "not kept: other files were read than the parameters name, or files changed";
    } else if (folder_make(place, &why) && write_entry(entry, &contents, memory, &why)) {
        entry->note = "written";
        prune();
    } else {
        entry->note = arena_printf(memory, "not kept: %s", why.text);
    }
}

void cache_release(cache_entry *entry)
{
    cache_file_release(entry->memory, entry->bytes);
    entry->memory = NULL;
}
