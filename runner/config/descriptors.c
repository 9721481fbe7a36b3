/* config/descriptors.c: see descriptors.h. */
#include "config/descriptors.h"

#include "base/files.h"
#include "base/text.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS = 4 };

/* Beside the file, beside its parent folder, in the current folder, beside the installed program.
 * The kernel resolves "..", so that this is right for links, too. */
static void search_path(arena *a, const char *config_path, const char *folders[FOLDERS])
{
    const char *beside = path_folder(a, config_path);
    folders[0] = path_join(a, beside, "datasets");
    folders[1] = path_join(a, beside, "../datasets");
    folders[2] = "datasets";
    folders[3] = path_join(a, path_of_program(a), "../share/slope/datasets");
}

/* Without ".." and links, and relative if it lies below the current folder: for people to read. */
static const char *shorten(arena *a, const char *path)
{
    char real[PATH_MAX], here[PATH_MAX];
    if (!realpath(path, real) || !getcwd(here, sizeof here)) return path;
    const size_t length = strlen(here);
    const bool below = strncmp(real, here, length) == 0 && real[length] == '/';
    return arena_strdup(a, below ? real + length + 1 : real);
}

const char *descriptor_find(arena *a, const char *config_path, const char *name)
{
    if (!*name || strchr(name, '/')) return NULL;
    const char *folders[FOLDERS];
    search_path(a, config_path, folders);
    for (size_t i = 0; i < FOLDERS; i++) {
        const char *path = path_join(a, folders[i], arena_printf(a, "%s.yaml", name));
        if (file_exists(path)) return shorten(a, path);
    }
    return NULL;
}

const char *descriptor_nearest(arena *a, const char *config_path, const char *name)
{
    enum { MOST = 1000 };
    const char *names[MOST];
    const char *folders[FOLDERS];
    size_t count = 0;
    search_path(a, config_path, folders);
    for (size_t i = 0; i < FOLDERS; i++) {
        DIR *folder = opendir(folders[i]);
        if (!folder) continue;
        for (const struct dirent *e; count < MOST && (e = readdir(folder));) {
            const size_t length = strlen(e->d_name);
            if (length > 5 && strcmp(e->d_name + length - 5, ".yaml") == 0)
                names[count++] = arena_strndup(a, e->d_name, length - 5);
        }
        closedir(folder);
    }
    return text_nearest(name, names, count);
}
