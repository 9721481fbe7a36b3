/* data/cache_file.c: see cache_file.h. */
#include "data/cache_file.h"

#include "host/team.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { ALIGNMENT = 64, KEY = 64 };

/* A part of the file. */
typedef struct span {
    uint64_t offset, bytes;
} span;

typedef struct stored_table {
    uint64_t element, rows, columns, target_columns;
    span features, labels, targets;
} stored_table;

typedef struct stored_names {
    uint64_t count;
    span text; /* one after the other, each with its zero byte */
} stored_names;

typedef struct head {
    char magic[8];           /* ends with the version of this layout */
    uint64_t checksum;       /* of everything from here to the payload */
    uint64_t order;          /* tells the machine's byte order and word size */
    uint64_t bytes, payload; /* the file's length, where the payload begins */
    char key[KEY];
    stored_table tables[SLOPE_SPLITS];
    stored_names classes, columns;
    uint64_t file_count;
    span file_numbers;
} head;

static const char magic[8] = "SLOPEc1";
static const uint64_t machine = 0x0102030405060700u + sizeof(size_t);

static uint64_t pieces_of(uint64_t bytes)
{
    return (bytes + CACHE_PIECE - 1) / CACHE_PIECE;
}

static size_t element_size(uint64_t element)
{
    return element == SLOPE_UINT8     ? 1
           : element == SLOPE_FLOAT32 ? 4
           : element == SLOPE_FLOAT64 ? 8
                                      : 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct layout {
    head h;
    uint64_t end; /* offset into the payload; offsets are shifted once its start is known */
} layout;

static span place(layout *l, uint64_t bytes)
{
    const span s = {l->end, bytes};
    l->end = (l->end + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return s;
}

static uint64_t names_bytes(const char *const *names, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += strlen(names[i]) + 1;
    return bytes;
}

static void shift(span *s, uint64_t by)
{
    s->offset += by;
}

static void lay_out(layout *l, const cache_contents *contents)
{
    const reading *r = contents->r;
    head *const h = &l->h;
    memcpy(h->magic, magic, sizeof magic);
    memcpy(h->key, contents->key, KEY);
    h->order = machine;
    for (size_t i = 0; i < SLOPE_SPLITS; i++) {
        const slope_table *t = &r->tables[i];
        if (!t->rows) continue;
        stored_table *const s = &h->tables[i];
        *s = (stored_table){t->element, t->rows, t->columns, t->target_columns, {0}, {0}, {0}};
        s->features = place(l, t->rows * t->columns * element_size(t->element));
        s->labels = place(l, t->target_columns ? 0 : t->rows * sizeof *t->labels);
        s->targets = place(l, t->rows * t->target_columns * sizeof *t->targets);
    }
    h->classes.count = r->class_name_count;
    h->classes.text = place(l, names_bytes(r->class_names, r->class_name_count));
    h->columns.count = r->column_name_count;
    h->columns.text = place(l, names_bytes(r->column_names, r->column_name_count));
    h->file_count = r->file_count;
    h->file_numbers = place(l, r->file_count * sizeof *contents->file_numbers);
    const uint64_t before = sizeof *h + pieces_of(l->end) * sizeof(uint64_t);
    h->payload = (before + CACHE_PAGE - 1) / CACHE_PAGE * CACHE_PAGE;
    h->bytes = h->payload + l->end;
    for (size_t i = 0; i < SLOPE_SPLITS; i++) {
        shift(&h->tables[i].features, h->payload);
        shift(&h->tables[i].labels, h->payload);
        shift(&h->tables[i].targets, h->payload);
    }
    shift(&h->classes.text, h->payload);
    shift(&h->columns.text, h->payload);
    shift(&h->file_numbers, h->payload);
}

/* The payload on its way to the file, with the checksums of its pieces. */
typedef struct stream {
    int file;
    bool failed;
    uint64_t offset, piece_used; /* in the file; in the piece */
    uint64_t *checksums;
    size_t piece;
    XXH3_state_t state;
} stream;

static bool write_at(int file, const void *bytes, size_t count, uint64_t offset)
{
    for (const char *at = bytes; count > 0;) {
        const ssize_t written = pwrite(file, at, count, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        at += written;
        offset += (uint64_t)written;
        count -= (size_t)written;
    }
    return true;
}

static void end_piece(stream *s)
{
    s->checksums[s->piece++] = XXH3_64bits_digest(&s->state);
    XXH3_64bits_reset(&s->state);
    s->piece_used = 0;
}

static void append(stream *s, const void *bytes, uint64_t count)
{
    for (const char *at = bytes; count > 0 && !s->failed;) {
        const uint64_t room = CACHE_PIECE - s->piece_used, some = count < room ? count : room;
        XXH3_64bits_update(&s->state, at, some);
        s->failed = !write_at(s->file, at, some, s->offset);
        at += some;
        count -= some;
        s->offset += some;
        s->piece_used += some;
        if (s->piece_used == CACHE_PIECE) end_piece(s);
    }
}

/* A part, after zeros up to its place. */
static void append_part(stream *s, span place_of, const void *bytes)
{
    static const char zeros[ALIGNMENT];
    append(s, zeros, place_of.offset - s->offset);
    if (place_of.bytes) append(s, bytes, place_of.bytes);
}

static void append_names(stream *s, span place_of, const char *const *names, size_t count)
{
    append_part(s, (span){place_of.offset, 0}, NULL);
    for (size_t i = 0; i < count; i++) append(s, names[i], strlen(names[i]) + 1);
}

static void append_payload(stream *s, const head *h, const cache_contents *contents)
{
    const reading *r = contents->r;
    for (size_t i = 0; i < SLOPE_SPLITS; i++) {
        if (!r->tables[i].rows) continue;
        append_part(s, h->tables[i].features, r->tables[i].features);
        append_part(s, h->tables[i].labels, r->tables[i].labels);
        append_part(s, h->tables[i].targets, r->tables[i].targets);
    }
    append_names(s, h->classes.text, r->class_names, r->class_name_count);
    append_names(s, h->columns.text, r->column_names, r->column_name_count);
    append_part(s, h->file_numbers, contents->file_numbers);
    append_part(s, (span){h->bytes, 0}, NULL);
    if (s->piece_used) end_piece(s);
}

bool cache_file_write(int file, const cache_contents *contents)
{
    layout l = {.end = 0};
    lay_out(&l, contents);
    /* A disk without room says so here, before it is full. EOPNOTSUPP, EINVAL: it cannot say. */
    const int refused = posix_fallocate(file, 0, (off_t)l.h.bytes);
    if (refused && refused != EOPNOTSUPP && refused != EINVAL) {
        errno = refused;
        return false;
    }
    char *before = allocate(1, l.h.payload);
    stream *s = allocate(1, sizeof *s);
    s->file = file;
    s->offset = l.h.payload;
    s->checksums = (uint64_t *)(void *)(before + sizeof(head));
    XXH3_64bits_reset(&s->state);
    append_payload(s, &l.h, contents);
    memcpy(before, &l.h, sizeof(head));
    const size_t covered = offsetof(head, order);
    const uint64_t checksum = XXH3_64bits(before + covered, l.h.payload - covered);
    memcpy(before + offsetof(head, checksum), &checksum, sizeof checksum);
    const bool done = !s->failed && write_at(file, before, l.h.payload, 0);
    free(s);
    free(before);
    return done;
}

/* ---- believing ------------------------------------------------------------------------------- */

typedef struct inspection {
    const char *file;
    const head *h;
    const uint64_t *checksums;
    atomic_bool damaged;
} inspection;

static void inspect_pieces(void *argument, size_t first, size_t last)
{
    inspection *const in = argument;
    for (size_t piece = first; piece < last; piece++) {
        const uint64_t start = in->h->payload + piece * CACHE_PIECE, left = in->h->bytes - start;
        const size_t count = left < CACHE_PIECE ? (size_t)left : CACHE_PIECE;
        if (XXH3_64bits(in->file + start, count) != in->checksums[piece])
            atomic_store(&in->damaged, true);
    }
}

static bool head_is_right(const char *file, uint64_t bytes, const char *key)
{
    const head *h = (const head *)(const void *)file;
    const size_t covered = offsetof(head, order);
    if (bytes < sizeof *h || memcmp(h->magic, magic, sizeof magic) != 0 || h->bytes != bytes ||
        h->order != machine || h->payload > bytes || h->payload % CACHE_PAGE != 0 ||
        h->payload < sizeof *h ||
        (h->payload - sizeof *h) / sizeof(uint64_t) < pieces_of(bytes - h->payload))
        return false;
    return XXH3_64bits(file + covered, h->payload - covered) == h->checksum &&
           memcmp(h->key, key, KEY) == 0;
}

static bool all_is_right(const char *file, uint64_t bytes, const char *key)
{
    if (!head_is_right(file, bytes, key)) return false;
    const head *h = (const head *)(const void *)file;
    inspection in = {
        .file = file, .h = h, .checksums = (const uint64_t *)(const void *)(file + sizeof *h)};
    parallel_for((size_t)pieces_of(bytes - h->payload), 1, inspect_pieces, &in);
    return !atomic_load(&in.damaged);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void take_tables(char *file, const head *h, reading *r)
{
    for (size_t i = 0; i < SLOPE_SPLITS; i++) {
        const stored_table *s = &h->tables[i];
        r->tables[i] = (slope_table){.layout = SLOPE_DENSE};
        if (!s->rows) continue;
        r->tables[i] = (slope_table){
            .layout = SLOPE_DENSE,
            .element = (slope_element)s->element,
            .rows = (size_t)s->rows,
            .columns = (size_t)s->columns,
            .target_columns = (size_t)s->target_columns,
            .features = s->features.bytes ? file + s->features.offset : NULL,
            .labels = s->labels.bytes ? (void *)(file + s->labels.offset) : NULL,
            .targets = s->targets.bytes ? (void *)(file + s->targets.offset) : NULL,
        };
    }
}

static const char **take_names(const char *file, const stored_names *s, arena *names)
{
    const char **list = arena_alloc(names, (size_t)s->count * sizeof *list);
    const char *at = file + s->text.offset;
    for (size_t i = 0; i < s->count; i++, at += strlen(at) + 1) list[i] = at;
    return s->count ? list : NULL;
}

/* The file as memory that nobody writes to, its pages shared by all who use it. (Read into large
 * pages instead, an epoch of shuffled rows of Fashion-MNIST takes 3 % less time, but the start 10
 * ms more, and every process has a copy.) */
static char *take_in(const char *path, size_t *bytes)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    void *memory = MAP_FAILED;
    if (file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode) &&
        about.st_size >= (off_t)sizeof(head)) {
        *bytes = (size_t)about.st_size;
        memory = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, file, 0);
        if (memory != MAP_FAILED) (void)madvise(memory, *bytes, MADV_WILLNEED);
    }
    if (file >= 0) close(file);
    return memory == MAP_FAILED ? NULL : memory;
}

bool cache_file_read(const char *path, const char *key, size_t file_count, arena *names, reading *r,
                     const uint32_t **file_numbers, void **memory, size_t *bytes)
{
    char *file = take_in(path, bytes);
    if (!file) return false;
    const head *h = (const head *)(const void *)file;
    bool good = all_is_right(file, *bytes, key);
    const uint32_t *numbers = good ? (const void *)(file + h->file_numbers.offset) : NULL;
    for (size_t i = 0; good && i < h->file_count; i++) good = numbers[i] < file_count;
    if (!good) {
        cache_file_release(file, *bytes);
        return false;
    }
    take_tables(file, h, r);
    r->class_name_count = (size_t)h->classes.count;
    r->class_names = take_names(file, &h->classes, names);
    r->column_name_count = (size_t)h->columns.count;
    r->column_names = take_names(file, &h->columns, names);
    r->file_count = (size_t)h->file_count;
    *file_numbers = numbers;
    *memory = file;
    return true;
}

void cache_file_release(void *memory, size_t bytes)
{
    if (memory) munmap(memory, bytes);
}
