/* base/digests.c: see digests.h.
 *
 * The file is a head and records of one size, the latest digest first, under one checksum. It is
 * replaced as a whole. Where two processes replace it at the same time, one forgets what the other
 * learnt, and will read those files again. */
#include "base/digests.h"

#include "base/arena.h"
#include "base/files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_RECORDS = 256, SETTLED_SECONDS = 2 };

/* What tells one state of a file from another. */
typedef struct file_state {
    char path[64]; /* digest of the absolute path */
    uint64_t device, inode, size;
    int64_t modified[2], changed[2]; /* seconds, nanoseconds */
} file_state;

typedef struct record {
    file_state state;
    char digest[64];
} record;

typedef struct head {
    char magic[8]; /* ends with the version of this layout */
    uint64_t count;
    char checksum[64]; /* SHA-256 of the records */
} head;

static const char magic[8] = "SLOPEd1";

static struct {
    char folder[PATH_MAX]; /* "": none */
    size_t count;
    record records[MOST_RECORDS]; /* latest first */
} known;

/* ---- the file of records --------------------------------------------------------------------- */

static const char *records_path(arena *a)
{
    return path_join(a, known.folder, "digests");
}

static void take_records(const unsigned char *bytes, size_t size)
{
    head h;
    char checksum[65];
    if (size < sizeof h) return;
    memcpy(&h, bytes, sizeof h);
    if (memcmp(h.magic, magic, sizeof magic) != 0 || h.count > MOST_RECORDS ||
        size != sizeof h + h.count * sizeof(record))
        return;
    bytes_sha256(bytes + sizeof h, size - sizeof h, checksum);
    if (memcmp(checksum, h.checksum, sizeof h.checksum) != 0) return;
    memcpy(known.records, bytes + sizeof h, size - sizeof h);
    known.count = (size_t)h.count;
}

void digests_keep_in(const char *folder)
{
    known.count = 0;
    known.folder[0] = 0;
    if (!folder || strlen(folder) >= sizeof known.folder) return;
    strcpy(known.folder, folder);
    arena *a = arena_create();
    unsigned char *bytes;
    size_t size;
    failure ignored; /* there is none yet, or it cannot be read: then nothing is known */
    if (file_exists(records_path(a)) && file_read(records_path(a), &bytes, &size, &ignored)) {
        take_records(bytes, size);
        free(bytes);
    }
    arena_destroy(a);
}

/* Not flushed to the disk: what a loss of power leaves of it has the wrong checksum. */
static void save_records(void)
{
    if (!known.folder[0]) return;
    arena *a = arena_create();
    head h = {.count = known.count};
    char checksum[65];
    const size_t bytes = known.count * sizeof(record);
    bytes_sha256(known.records, bytes, checksum);
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.checksum, checksum, sizeof h.checksum);
    char *aside = arena_printf(a, "%s/digests.XXXXXX.partial", known.folder);
    failure ignored;
    const int file = folder_make(known.folder, &ignored)
                         ? mkostemps(aside, (int)strlen(".partial"), O_CLOEXEC)
                         : -1;
    if (file >= 0) {
        const bool written = write(file, &h, sizeof h) == (ssize_t)sizeof h &&
                             write(file, known.records, bytes) == (ssize_t)bytes;
        if (close(file) != 0 || !written || rename(aside, records_path(a)) != 0) unlink(aside);
    }
    arena_destroy(a);
}

/* ---- states ---------------------------------------------------------------------------------- */

static bool state_of(const char *path, file_state *state)
{
    struct stat about;
    char folder[PATH_MAX], digest[65];
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return false;
    arena *a = arena_create();
    const char *whole = path;
    if (path[0] != '/' && getcwd(folder, sizeof folder)) whole = path_join(a, folder, path);
    bytes_sha256(whole, strlen(whole), digest);
    arena_destroy(a);
    *state = (file_state){.device = about.st_dev,
                          .inode = about.st_ino,
                          .size = (uint64_t)about.st_size,
                          .modified = {about.st_mtim.tv_sec, about.st_mtim.tv_nsec},
                          .changed = {about.st_ctim.tv_sec, about.st_ctim.tv_nsec}};
    memcpy(state->path, digest, sizeof state->path);
    return true;
}

/* Whether the file was left alone for long enough; one from the future was not. */
static bool settled(const file_state *state)
{
    const int64_t now = time(NULL);
    return state->modified[0] + SETTLED_SECONDS < now && state->changed[0] + SETTLED_SECONDS < now;
}

static bool same_state(const file_state *a, const file_state *b)
{
    return memcmp(a, b, sizeof *a) == 0; /* has no padding: see the assertion */
}

_Static_assert(sizeof(file_state) == 64 + 7 * 8 && sizeof(record) == 64 + 7 * 8 + 64,
               "records have no gaps");

/* Puts the digest in front, in the place of an earlier one of that path or of the oldest. */
static void remember(const file_state *state, const char digest[65])
{
    size_t place = 0;
    while (place < known.count &&
           memcmp(known.records[place].state.path, state->path, sizeof state->path) != 0)
        place++;
    if (place == known.count && known.count < MOST_RECORDS) known.count++;
    if (place == MOST_RECORDS) place--;
    memmove(known.records + 1, known.records, place * sizeof(record));
    known.records[0].state = *state;
    memcpy(known.records[0].digest, digest, sizeof known.records[0].digest);
    save_records();
}

bool digest_of_file(const char *path, char digest[65], failure *why)
{
    file_state before, after;
    if (!state_of(path, &before)) return file_sha256(path, digest, why);
    for (size_t i = 0; i < known.count; i++)
        if (same_state(&known.records[i].state, &before)) {
            memcpy(digest, known.records[i].digest, sizeof known.records[i].digest);
            digest[sizeof known.records[i].digest] = 0;
            return true;
        }
    const bool quiet = settled(&before);
    if (!file_sha256(path, digest, why)) return false;
    if (quiet && state_of(path, &after) && same_state(&before, &after)) remember(&before, digest);
    return true;
}
