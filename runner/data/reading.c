/* data/reading.c: see reading.h. */
#include "data/reading.h"

#include "base/files.h"
#include "config/bind.h"
#include "data/gzip.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

static reading *reading_of(const slope_reader_call *call)
{
    return (reading *)(uintptr_t)call; /* call is the first member of a reading that we made */
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* Large tables are mappings of their own: zero without being touched, they grow without being
 * copied and begin on a cache line. (What malloc maps begins 16 bytes after one, so that rows of
 * whole lines lie across two each: a full batch of 3,072 bytes a row took 15 to 20 % longer.) */
static bool is_mapped(size_t bytes)
{
    enum { LARGE = 1 << 22 };
    return bytes >= LARGE;
}

static void release(void *memory, size_t bytes)
{
    if (memory && is_mapped(bytes))
        munmap(memory, bytes);
    else
        free(memory);
}

/* NULL: not enough memory. */
static void *map_or_grow(void *mapped, size_t old_bytes, size_t bytes)
{
    void *memory =
        mapped ? mremap(mapped, old_bytes, bytes, MREMAP_MAYMOVE)
               : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    /* all of it, as a part would become a mapping of its own, and mremap refuses several */
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

static void *grown_copy(const void *memory, size_t old_bytes, size_t bytes)
{
    enum { LINE = 64 };
    const size_t least = old_bytes < bytes ? old_bytes : bytes;
    char *copy = is_mapped(bytes) ? map_or_grow(NULL, 0, bytes)
                                  : aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
    if (!copy) return NULL;
    if (least) memcpy(copy, memory, least);
    if (!is_mapped(bytes)) memset(copy + least, 0, bytes - least);
    return copy;
}

/* Grows or shrinks *memory to count × size bytes, the new ones zero. count × size fits in size_t.
 */
static bool resize(void **memory, size_t old_count, size_t count, size_t size)
{
    const size_t old_bytes = *memory ? old_count * size : 0, bytes = count * size;
    if (*memory && is_mapped(old_bytes) && is_mapped(bytes)) {
        char *grown = map_or_grow(*memory, old_bytes, bytes);
        if (!grown) return false;
        const size_t page = (size_t)sysconf(_SC_PAGESIZE); /* the last one may have held more */
        for (size_t i = old_bytes; i < bytes && i % page; i++) grown[i] = 0;
        *memory = grown;
        return true;
    }
    void *copy = bytes ? grown_copy(*memory, old_bytes, bytes) : NULL;
    if (bytes && !copy) return false;
    release(*memory, old_bytes);
    *memory = copy;
    return true;
}

static bool fits(size_t rows, size_t row_bytes)
{
    const size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    return rows == 0 || row_bytes <= memory / rows;
}

static slope_status reserve(const slope_reader_call *call, slope_table *table,
                            slope_element element, size_t rows, size_t columns,
                            size_t target_columns)
{
    const slope_host *host = call->host;
    const size_t size = element_bytes(element);
    if (!size) return host->fail(host, "reserve: no such element type: %d", (int)element);
    if (table->rows && (table->element != element || table->columns != columns ||
                        table->target_columns != target_columns))
        return host->fail(host, "reserve: a table with rows cannot change its shape");
    if (rows > UINT32_MAX)
        return host->fail(host, "%zu rows are too many: at most %" PRIu32, rows, UINT32_MAX);
    if (columns > SIZE_MAX / 16 || target_columns > SIZE_MAX / 32 ||
        !fits(rows, columns * size + target_columns * sizeof(double) + sizeof(int32_t)))
        return host->fail(host, "%zu rows of %zu columns need more memory than this machine has",
                          rows, columns);
    void *labels = table->labels, *targets = table->targets;
    const size_t label_rows = target_columns ? 0 : rows;
    const size_t row = columns * size, target = target_columns * sizeof(double);
    const bool some = resize(&table->features, table->rows, rows, row);
    const bool most = some && resize(&labels, table->rows, label_rows, sizeof(int32_t));
    const bool done = most && resize(&targets, table->rows, rows, target);
    if (!done) {
        release(table->features, (some ? rows : table->rows) * row);
        release(labels, (most ? rows : table->rows) * sizeof(int32_t));
        release(targets, table->rows * target);
        *table = (slope_table){.layout = SLOPE_DENSE};
        return host->fail(host, "not enough memory for %zu rows of %zu columns", rows, columns);
    }
    table->labels = labels;
    table->targets = targets;
    table->layout = SLOPE_DENSE;
    table->element = element;
    table->rows = rows;
    table->columns = columns;
    table->target_columns = target_columns;
    return SLOPE_OK;
}

void tables_free(slope_table tables[SLOPE_SPLITS])
{
    for (size_t i = 0; i < SLOPE_SPLITS; i++) {
        const slope_table *t = &tables[i];
        release(t->features, t->rows * t->columns * element_bytes(t->element));
        release(t->labels, t->rows * sizeof *t->labels);
        release(t->targets, t->rows * t->target_columns * sizeof *t->targets);
        tables[i] = (slope_table){.layout = SLOPE_DENSE};
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Room for one more element at the end of a list that lives in the arena. */
static void *list_grow(arena *a, void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return list;
    *capacity = *capacity ? 2 * *capacity : 16;
    void *larger = arena_alloc(a, *capacity * size);
    if (count) memcpy(larger, list, count * size);
    return larger;
}

static slope_status name_class(const slope_reader_call *call, size_t index, const char *name)
{
    reading *const r = reading_of(call);
    if (index != r->class_name_count)
        return call->host->fail(call->host, "class %zu is named, but the next is %zu", index,
                                r->class_name_count);
    r->class_names = list_grow(r->memory, r->class_names, index, &r->class_name_capacity,
                               sizeof *r->class_names);
    r->class_names[r->class_name_count++] = arena_strdup(r->memory, name);
    return SLOPE_OK;
}

static slope_status name_column(const slope_reader_call *call, size_t index, const char *name)
{
    reading *const r = reading_of(call);
    if (index != r->column_name_count)
        return call->host->fail(call->host, "column %zu is named, but the next is %zu", index,
                                r->column_name_count);
    r->column_names = list_grow(r->memory, r->column_names, index, &r->column_name_capacity,
                                sizeof *r->column_names);
    r->column_names[r->column_name_count++] = arena_strdup(r->memory, name);
    return SLOPE_OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool was_read(const reading *r, const char *path)
{
    for (size_t i = 0; i < r->file_count; i++)
        if (!strcmp(r->files[i].path, path)) return true;
    return false;
}

/* Enters a file into the list of those read, and holds its digest against the one that is expected.
 */
static bool note_file(reading *r, const char *path, const char digest[65], failure *why)
{
    if (!was_read(r, path)) {
        r->files =
            list_grow(r->memory, r->files, r->file_count, &r->file_capacity, sizeof *r->files);
        read_file *const file = &r->files[r->file_count++];
        file->path = arena_strdup(r->memory, path);
        memcpy(file->digest, digest, sizeof file->digest);
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < r->config->checksum_count; i++) {
        if (strcmp(r->config->checksum_names[i], name) != 0 ||
            !strcasecmp(r->config->checksum_digests[i], digest))
            continue;
        r->to_get = true;
        return failure_set(why, STATUS_ENVIRONMENT,
                           "'%s' is damaged or another version: its sha256 is %s, expected %s",
                           path, digest, r->config->checksum_digests[i]);
    }
    return true;
}

/* The whole file, checked against its digest and unpacked. The caller owns *bytes. */
static bool load_file(reading *r, const char *path, unsigned char **bytes, size_t *count,
                      failure *why)
{
    if (!file_read(path, bytes, count, why)) {
        r->to_get = true;
        return false;
    }
    char digest[65];
    bytes_sha256(*bytes, *count, digest);
    bool done = note_file(r, path, digest, why);
    if (done && gzip_is(*bytes, *count)) {
        unsigned char *unpacked;
        size_t size;
        const char *wrong = gzip_unpack(*bytes, *count, &unpacked, &size);
        if (wrong) {
            done = failure_set(why, STATUS_ENVIRONMENT, "'%s': %s", path, wrong);
        } else {
            free(*bytes);
            *bytes = unpacked;
            *count = size;
        }
    }
    if (!done) free(*bytes);
    return done;
}

static slope_status load(const slope_reader_call *call, const char *path,
                         const unsigned char **bytes, size_t *count)
{
    reading *const r = reading_of(call);
    unsigned char *contents;
    failure why;
    if (!load_file(r, path, &contents, count, &why))
        return call->host->fail(call->host, "%s", why.text);
    r->contents = list_grow(r->memory, r->contents, r->content_count, &r->content_capacity,
                            sizeof *r->contents);
    r->contents[r->content_count++] = (content){.bytes = contents, .size = *count};
    *bytes = contents;
    return SLOPE_OK;
}

/* Gives whole pages back; they stay readable, as zeros, until the contents are freed. */
static void done_with(const slope_reader_call *call, const unsigned char *bytes, size_t count)
{
    const reading *r = reading_of(call);
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < r->content_count; i++) {
        content *const c = &r->contents[i];
        if (c->bytes != bytes || count > c->size || count <= c->given_back) continue;
        const uintptr_t first = ((uintptr_t)bytes + c->given_back + page - 1) / page * page;
        const uintptr_t last = ((uintptr_t)bytes + count) / page * page;
        if (last <= first) continue;
        (void)madvise((void *)first, last - first, MADV_DONTNEED);
        c->given_back = last - (uintptr_t)bytes;
    }
}

/* A reader may open files by its own means. So every file that the configuration names and that did
 * not come through load() is entered here. */
static bool note_other_files(reading *r, const slope_plugin *plugin, failure *why)
{
    for (size_t i = 0; i < plugin->parameter_count; i++) {
        const slope_parameter *p = parameter_at(plugin->parameters, plugin->parameter_size, i);
        const void *field = (const char *)r->config->reader.config + p->offset;
        slope_strings paths = {0};
        if (p->type == SLOPE_PATH) {
            paths = (slope_strings){*(const char *const *)field ? 1 : 0, field};
        } else if (p->type == SLOPE_PATHS) {
            paths = *(const slope_strings *)field;
        }
        for (size_t k = 0; k < paths.count; k++) {
            char digest[65];
            if (was_read(r, paths.values[k])) continue;
            if (!file_sha256(paths.values[k], digest, why) ||
                !note_file(r, paths.values[k], digest, why))
                return false;
        }
    }
    return true;
}

/* ---- the call -------------------------------------------------------------------------------- */

static bool call_reader(reading *r, const slope_plugin *plugin, failure *why)
{
    const slope_reader *reader = (const slope_reader *)(const void *)plugin;
    const slope_status status = reader->read(&r->call);
    for (size_t i = 0; i < r->content_count; i++) free(r->contents[i].bytes);
    r->content_count = 0;
    if (status == SLOPE_OK) return note_other_files(r, plugin, why);
    const exit_status kind = r->host.key[0] ? STATUS_CONFIG : STATUS_ENVIRONMENT;
    char who[128];
    snprintf(who, sizeof who, "reader %s", plugin->id);
    return call_host_failure(&r->host, kind, who, why);
}

bool reading_run(reading *r, const dataset_config *config, arena *memory, failure *why)
{
    /* Data do not depend on the precision of a run; the float32 description always exists. */
    const slope_plugin *plugin = config->reader.plugin->description[FLOAT32];
    *r = (reading){.memory = memory, .config = config};
    call_host_init(&r->host, FLOAT32, config->seed);
    r->call = (slope_reader_call){
        .size = sizeof(slope_reader_call),
        .host = &r->host.host,
        .config = config->reader.config,
        .seed = config->seed,
        .reserve = reserve,
        .name_class = name_class,
        .name_column = name_column,
        .load = load,
        .done_with = done_with,
    };
    for (size_t i = 0; i < SLOPE_SPLITS; i++) {
        r->tables[i] = (slope_table){.layout = SLOPE_DENSE};
        r->call.splits[i] = &r->tables[i];
    }
    if (call_reader(r, plugin, why)) return true;
    tables_free(r->tables);
    if (r->to_get && config->how_to_get) {
        const size_t length = strlen(why->text);
        snprintf(why->text + length, sizeof why->text - length, "; how to get it: %s",
                 config->how_to_get);
    }
    return false;
}
