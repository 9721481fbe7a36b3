/* record/run_folder.c: making, opening and locking the folder of a run; see run_folder.h. What is
 * written into manifest.yaml is in manifest.c.
 *
 * The lock is a file `.lock`, held with flock() and holding the number of the process. The kernel
 * lets go of it when the process ends, however it ends. */
#include "record/run_folder.h"

#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const subfolders[] = {"weights", "checkpoint"};
enum { SUBFOLDERS = sizeof subfolders / sizeof *subfolders };

/* ---- the lock -------------------------------------------------------------------------------- */

/* Says who holds the lock, as far as the file tells. */
static bool refuse_locked(const run_folder *folder, int lock, failure *why)
{
    char text[32] = "";
    const ssize_t length = pread(lock, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return failure_set(why, STATUS_ENVIRONMENT,
                       "'%s' is in use by process %s; wait for it, or end it first", folder->path,
                       *text ? text : "(unknown)");
}

/* Whether the file that was opened is still the one of that name: the process that held the lock
 * may have removed it in between. */
static bool still_there(const char *path, int file)
{
    struct stat opened, named;
    return fstat(file, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

static bool lock_folder(run_folder *folder, failure *why)
{
    for (;;) {
        const int lock = open(folder->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (lock < 0)
            return failure_set(why, STATUS_ENVIRONMENT, "cannot write into '%s': %s", folder->path,
                               strerror(errno));
        if (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            refuse_locked(folder, lock, why);
            close(lock);
            return false;
        } /* Any other error: a file system without locks. Better without one than not at all. */
        if (!still_there(folder->lock_path, lock)) {
            close(lock);
            continue;
        }
        if (ftruncate(lock, 0) != 0 || dprintf(lock, "%ld\n", (long)getpid()) < 0) {
            failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s': %s", folder->lock_path,
                        strerror(errno));
            unlink(folder->lock_path);
            close(lock);
            return false;
        }
        folder->lock = lock;
        return true;
    }
}

/* Locks the folder and makes the folders inside. */
static bool take_over(arena *a, run_folder *folder, failure *why)
{
    folder->lock = -1;
    folder->lock_path = path_join(a, folder->path, ".lock");
    if (!lock_folder(folder, why)) return false;
    for (size_t i = 0; i < SUBFOLDERS; i++)
        if (!folder_make(path_join(a, folder->path, subfolders[i]), why)) {
            run_folder_close(folder);
            return false;
        }
    return true;
}

void run_folder_close(run_folder *folder)
{
    if (folder->lock < 0) return;
    arena *names = arena_create();
    for (size_t i = 0; i < SUBFOLDERS; i++)
        (void)rmdir(path_join(names, folder->path, subfolders[i])); /* only if it is empty */
    arena_destroy(names);
    unlink(folder->lock_path); /* while it is locked: see still_there() */
    close(folder->lock);
    folder->lock = -1;
}

/* ---- a new folder ---------------------------------------------------------------------------- */

/* What a run that was killed before it had a manifest leaves: nothing that could be lost. */
static bool is_beginning(const char *name)
{
    static const char *const names[] = {".", "..", ".lock", "weights", "checkpoint"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return strncmp(name, "config.yaml", 11) == 0 ||
           (strncmp(name, "manifest.yaml", 13) == 0 && name[13]); /* written aside */
}

/* Whether the folder holds nothing, or only such beginnings; one that cannot be listed does not. */
static bool folder_is_empty(const char *path)
{
    DIR *list = opendir(path);
    if (!list) return false;
    bool empty = true, locked = false;
    for (const struct dirent *entry; empty && (entry = readdir(list));) {
        empty = is_beginning(entry->d_name);
        locked = locked || strcmp(entry->d_name, ".lock") == 0;
    }
    closedir(list);
    if (!empty || locked) return empty;
    list = opendir(path); /* without a lock no run began here: then it is truly empty, or not */
    for (const struct dirent *entry; empty && list && (entry = readdir(list));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (list) closedir(list);
    return empty;
}

/* --output DIR. */
static bool make_given(const char *output, bool *made, failure *why)
{
    *made = !file_exists(output);
    if (!folder_make(output, why)) return false;
    if (folder_is_empty(output)) return true;
    failure none;
    manifest_summary there;
    const bool asked = manifest_read(output, &there, &none) && there.asked;
    return failure_set(why, STATUS_CONFIG,
                       "'%s' is not empty: give another folder, or go on with what is there: "
                       "slope %s %s",
                       output, asked ? "ask-tell --resume" : "resume", output);
}

/* results/<experiment>/<time>, with a number where several runs begin in one second. */
static bool make_named(arena *a, const char *group, const char **path, failure *why)
{
    char name[32];
    const time_t now = time(NULL);
    struct tm local;
    strftime(name, sizeof name, "%Y-%m-%dT%H%M%S", localtime_r(&now, &local));
    if (!folder_make(group, why)) return false;
    *path = path_join(a, group, name);
    for (int number = 2; mkdir(*path, 0777) != 0; number++) {
        if (errno != EEXIST)
            return failure_set(why, STATUS_ENVIRONMENT, "cannot make folder '%s': %s", *path,
                               strerror(errno));
        *path = arena_printf(a, "%s/%s-%d", group, name, number);
    }
    return true;
}

/* Points <group>/latest at the folder. A convenience: a file system without symbolic links, or a
 * file of that name, is no reason not to run. */
static void point_latest(arena *a, const char *group, const char *path)
{
    const char *aside = arena_printf(a, "%s/.latest-%ld", group, (long)getpid());
    const char *latest = path_join(a, group, "latest");
    if (symlink(strrchr(path, '/') + 1, aside) != 0) return;
    if (rename(aside, latest) != 0) unlink(aside);
}

bool run_folder_create(arena *a, const char *experiment_name, const char *output,
                       run_folder *folder, failure *why)
{
    *folder = (run_folder){.lock = -1};
    bool made = true;
    const char *group = path_join(a, "results", experiment_name);
    if (output) {
        folder->path = arena_strdup(a, output);
        if (!make_given(output, &made, why)) return false;
    } else {
        if (!*experiment_name || *experiment_name == '.' || strchr(experiment_name, '/'))
            return failure_set(why, STATUS_CONFIG, "'%s' cannot be the name of a folder",
                               experiment_name);
        if (!make_named(a, group, &folder->path, why)) return false;
    }
    if (!take_over(a, folder, why)) {
        if (made) (void)rmdir(folder->path);
        return false;
    }
    if (!output) point_latest(a, group, folder->path);
    return true;
}

/* ---- an existing folder ---------------------------------------------------------------------- */

/* results/x/latest may point elsewhere by the time the run ends: go on with what it names now. */
static const char *follow_link(arena *a, const char *path)
{
    char *name = arena_strdup(a, path);
    for (size_t end = strlen(name); end > 1 && name[end - 1] == '/'; end--) name[end - 1] = '\0';
    struct stat about;
    if (lstat(name, &about) != 0 || !S_ISLNK(about.st_mode)) return name;
    char *target = realpath(name, NULL);
    if (target) name = arena_strdup(a, target);
    free(target);
    return name;
}

bool run_folder_open(arena *a, const char *path, run_folder *folder, failure *why)
{
    *folder = (run_folder){.path = follow_link(a, path), .lock = -1};
    if (!file_exists(folder->path))
        return failure_set(why, STATUS_ENVIRONMENT, "cannot open '%s': %s", path, strerror(errno));
    if (!file_exists(path_join(a, folder->path, "manifest.yaml")))
        return failure_set(why, STATUS_ENVIRONMENT,
                           "'%s' is not the folder of a run: it has no manifest.yaml", path);
    return take_over(a, folder, why);
}
