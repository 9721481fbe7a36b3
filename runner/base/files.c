/* base/files.c: whole files in and out, digests, folders and paths.
 *
 * Writing goes to a new file beside the target, which is flushed and then renamed over it, so that
 * a reader (or a run that goes on after a crash) sees the earlier contents or the new ones, never a
 * part. Not for files that grow while a run goes on: those belong to record/csv.c. */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha2.h>

/* ---- writing --------------------------------------------------------------------------------- */

static bool write_all(int file, const unsigned char *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t written = write(file, bytes, count);
        if (written < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

/* The rename is only safe against a loss of power once the folder, too, is on disk. File systems
 * that cannot flush a folder say so with EINVAL, and need no flush. */
static bool flush_folder(const char *folder)
{
    const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return errno == EACCES; /* a folder that may be entered but not read: nothing to be done */
    const bool flushed = fsync(file) == 0 || errno == EINVAL || errno == EROFS;
    const int reason = errno;
    close(file);
    errno = reason;
    return flushed;
}

/* The new contents go to PATH.partial: always the same name, so that one left by a killed process
 * is overwritten by the next. Hence one writer per path at a time; the lock of a run's folder sees
 * to it. */
static bool write_aside(const char *aside, const void *bytes, size_t count, bool flush)
{
    const int file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0) return false;
    const bool written = write_all(file, bytes, count) && (!flush || fsync(file) == 0);
    const int reason = errno;
    const bool closed =
        close(file) == 0; /* network file systems may report a full disk only here */
    if (!written) errno = reason;
    return written && closed;
}

static bool replace(const char *path, const void *bytes, size_t count, bool flush, failure *why)
{
    arena *names = arena_create();
    const char *aside = arena_printf(names, "%s.partial", path);
    bool done = write_aside(aside, bytes, count, flush) && rename(aside, path) == 0;
    if (done) {
        done = !flush || flush_folder(path_folder(names, path));
    } else {
        const int reason = errno;
        unlink(aside);
        errno = reason;
    }
    if (!done) failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s': %s", path, strerror(errno));
    arena_destroy(names);
    return done;
}

bool file_write(const char *path, const void *bytes, size_t count, failure *why)
{
    return replace(path, bytes, count, true, why);
}

bool file_write_unflushed(const char *path, const void *bytes, size_t count, failure *why)
{
    return replace(path, bytes, count, false, why);
}

bool file_flush(const char *path, failure *why)
{
    arena *names = arena_create();
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    bool done = file >= 0 && fsync(file) == 0;
    const int reason = errno;
    if (file >= 0) close(file);
    errno = reason;
    done = done && flush_folder(path_folder(names, path));
    if (!done)
        failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s' to the disk: %s", path,
                    strerror(errno));
    arena_destroy(names);
    return done;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool cannot_read(const char *path, failure *why)
{
    return failure_set(why, STATUS_ENVIRONMENT, "cannot read '%s': %s", path, strerror(errno));
}

/* Opens a file for reading; a folder, which open() would accept, is refused here. */
static int open_to_read(const char *path, failure *why)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (file < 0 || fstat(file, &about) != 0 || S_ISDIR(about.st_mode)) {
        const int reason = file < 0 ? errno : EISDIR;
        if (file >= 0) close(file);
        failure_set(why, STATUS_ENVIRONMENT, "cannot open '%s': %s", path, strerror(reason));
        return -1;
    }
    return file;
}

/* read() that goes on after a signal. */
static ssize_t read_some(int file, void *bytes, size_t capacity)
{
    ssize_t count;
    do {
        count = read(file, bytes, capacity);
    } while (count < 0 && errno == EINTR);
    return count;
}

bool file_read(const char *path, unsigned char **bytes, size_t *count, failure *why)
{
    *bytes = NULL;
    *count = 0;
    const int file = open_to_read(path, why);
    if (file < 0) return false;
    struct stat about;
    /* The size is a hint only: pipes and files in /proc say 0, and files may grow. */
    size_t capacity = 65536;
    if (fstat(file, &about) == 0 && about.st_size > 0) capacity = (size_t)about.st_size + 1;
    unsigned char *buffer = malloc(capacity + 1);
    size_t used = 0;
    for (;;) {
        if (buffer == NULL) out_of_memory(capacity + 1);
        const ssize_t some = read_some(file, buffer + used, capacity - used);
        if (some < 0) {
            cannot_read(path, why);
            close(file);
            free(buffer);
            return false;
        }
        if (some == 0) break;
        used += (size_t)some;
        if (used == capacity) {
            capacity *= 2;
            buffer = realloc(buffer, capacity + 1);
        }
    }
    close(file);
    buffer[used] = 0;
    *bytes = buffer;
    *count = used;
    return true;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* ---- digests --------------------------------------------------------------------------------- */

static void finish_sha256(struct sha256_ctx *context, char digest[65])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[SHA256_DIGEST_SIZE];
    sha256_digest(context, sizeof raw, raw);
    for (size_t i = 0; i < sizeof raw; ++i) {
        digest[2 * i] = digits[raw[i] >> 4];
        digest[2 * i + 1] = digits[raw[i] & 15];
    }
    digest[64] = 0;
}

void bytes_sha256(const void *bytes, size_t count, char digest[65])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, count, bytes);
    finish_sha256(&context, digest);
}

bool file_copy(const char *from, const char *to, failure *why)
{
    unsigned char *bytes;
    size_t count;
    if (!file_read(from, &bytes, &count, why)) return false;
    const bool good = file_write(to, bytes, count, why);
    free(bytes);
    return good;
}

bool file_sha256(const char *path, char digest[65], failure *why)
{
    const int file = open_to_read(path, why);
    if (file < 0) return false;
    struct sha256_ctx context;
    sha256_init(&context);
    unsigned char piece[65536];
    ssize_t count;
    while ((count = read_some(file, piece, sizeof piece)) > 0)
        sha256_update(&context, (size_t)count, piece);
    const bool done = count == 0 || cannot_read(path, why);
    close(file);
    if (done) finish_sha256(&context, digest);
    return done;
}

/* ---- folders and paths ----------------------------------------------------------------------- */

/* Makes one folder, or finds it there. */
static bool make_one(const char *path)
{
    if (mkdir(path, 0777) == 0) return true;
    const int reason = errno;
    struct stat about;
    if (stat(path, &about) == 0) {
        if (S_ISDIR(about.st_mode)) return true;
        errno = ENOTDIR;
        return false;
    }
    errno = reason;
    return false;
}

bool folder_make(const char *path, failure *why)
{
    arena *names = arena_create();
    char *partial = arena_strdup(names, path);
    bool done = true;
    for (char *slash = strchr(partial, '/'); done && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        if (slash == partial) continue; /* the root is always there */
        *slash = 0;
        done = make_one(partial);
        *slash = '/';
    }
    done = done && make_one(partial);
    if (!done)
        failure_set(why, STATUS_ENVIRONMENT, "cannot make folder '%s': %s", path, strerror(errno));
    arena_destroy(names);
    return done;
}

char *path_join(arena *a, const char *folder, const char *name)
{
    if (name[0] == '/' || folder[0] == 0) return arena_strdup(a, name);
    const size_t length = strlen(folder);
    return arena_printf(a, "%s%s%s", folder, folder[length - 1] == '/' ? "" : "/", name);
}

char *path_folder(arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return arena_strdup(a, ".");
    if (slash == path) return arena_strdup(a, "/");
    return arena_strndup(a, path, (size_t)(slash - path));
}

char *path_stem(arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');
    const bool has_suffix = dot != NULL && dot != name; /* ".profile" is all stem */
    return arena_strndup(a, name, has_suffix ? (size_t)(dot - name) : strlen(name));
}

char *path_of_program(arena *a)
{
    char *path = realpath("/proc/self/exe", NULL);
    if (!path) { /* no /proc, as in a bare chroot: the path by which the program was started */
        const char *started = (const char *)getauxval(AT_EXECFN);
        path = started ? realpath(started, NULL) : NULL;
    }
    char *folder = path_folder(a, path ? path : "/");
    free(path);
    return folder;
}
