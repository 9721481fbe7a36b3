/* data/cache_key.c: see cache_key.h. Everything is written into one text, each piece with its
 * length or of a fixed width, so that no two configurations can give the same. */
#include "data/cache_key.h"

#include "base/digests.h"
#include "base/files.h"
#include "config/bind.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* To be raised when readers are called otherwise, or tables are stored otherwise. */
#define LAYOUT "slope cache 1"

typedef struct writer {
    FILE *out;
    const dataset_config *config;
    const char **files;
    char (*digests)[65];
    size_t file_count;
} writer;

static void put_text(writer *w, const char *text)
{
    if (text)
        fprintf(w->out, "%zu:%s\n", strlen(text), text);
    else
        fputs("-\n", w->out);
}

static void put_integer(writer *w, int64_t value)
{
    fprintf(w->out, "%" PRId64 "\n", value);
}

static void put_number(writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    fprintf(w->out, "%016" PRIx64 "\n", bits);
}

/* A file counts by its contents and by the last part of its path, whose suffix may mean something.
 */
static bool put_file(writer *w, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
    failure ignored;
    put_text(w, name);
    if (!path) return true;
    char *digest = w->digests[w->file_count];
    if (!digest_of_file(path, digest, &ignored)) return false;
    for (size_t i = 0; i < w->config->checksum_count; i++)
        if (strcmp(w->config->checksum_names[i], name) == 0 &&
            strcasecmp(w->config->checksum_digests[i], digest) != 0)
            return false;
    put_text(w, digest);
    w->files[w->file_count++] = path;
    return true;
}

static void put_array(writer *w, const slope_array *array)
{
    put_text(w, array->name);
    put_integer(w, array->rank);
    for (uint32_t d = 0; d < array->rank; d++) put_integer(w, (int64_t)array->extents[d]);
    put_integer(w, array->values != NULL);
    for (size_t i = 0; array->values && i < array->count; i++) put_number(w, array->values[i]);
}

static void put_texts(writer *w, const slope_texts *texts)
{
    put_integer(w, (int64_t)texts->count);
    for (size_t i = 0; i < texts->count; i++) {
        put_text(w, texts->items[i].name);
        put_text(w, texts->items[i].text);
    }
}

/* Lists of texts, or of files. */
static bool put_strings(writer *w, const slope_strings *list, bool are_files)
{
    put_integer(w, (int64_t)list->count);
    for (size_t i = 0; i < list->count; i++) {
        if (!are_files) put_text(w, list->values[i]);
        if (are_files && !put_file(w, list->values[i])) return false;
    }
    return true;
}

static bool put_parameter(writer *w, const slope_parameter *p, const void *value)
{
    put_text(w, p->key);
    switch (p->type) {
    case SLOPE_BOOL:
        put_integer(w, *(const bool *)value);
        return true;
    case SLOPE_INTEGER:
    case SLOPE_CHOICE:
        put_integer(w, *(const int64_t *)value);
        return true;
    case SLOPE_NUMBER:
        put_number(w, *(const double *)value);
        return true;
    case SLOPE_STRING:
        put_text(w, *(const char *const *)value);
        return true;
    case SLOPE_PATH:
        return put_file(w, *(const char *const *)value);
    case SLOPE_INTEGERS: {
        const slope_integers *list = value;
        put_integer(w, (int64_t)list->count);
        for (size_t i = 0; i < list->count; i++) put_integer(w, list->values[i]);
        return true;
    }
    case SLOPE_PATHS:
    case SLOPE_STRINGS:
        return put_strings(w, value, p->type == SLOPE_PATHS);
    case SLOPE_TEXTS:
        put_texts(w, value);
        return true;
    case SLOPE_ARRAYS: {
        const slope_arrays *list = value;
        put_integer(w, (int64_t)list->count);
        for (size_t i = 0; i < list->count; i++) put_array(w, &list->items[i]);
        return true;
    }
    }
    return false; /* of a later contract: not kept */
}

static size_t count_files(const slope_plugin *plugin, const void *config)
{
    size_t count = 0;
    for (size_t i = 0; i < plugin->parameter_count; i++) {
        const slope_parameter *p = parameter_at(plugin->parameters, plugin->parameter_size, i);
        const void *value = (const char *)config + p->offset;
        if (p->type == SLOPE_PATH && *(const char *const *)value) count++;
        if (p->type == SLOPE_PATHS) count += ((const slope_strings *)value)->count;
    }
    return count;
}

static bool put_all(writer *w, const slope_plugin *plugin)
{
    const plugin_choice *reader = &w->config->reader;
    char digest[65];
    failure ignored;
    if (!digest_of_file(reader->plugin->path, digest, &ignored)) return false;
    put_text(w, LAYOUT);
    put_text(w, plugin->id);
    put_text(w, digest);
    put_integer(w, (int64_t)w->config->seed);
    for (size_t i = 0; i < plugin->parameter_count; i++) {
        const slope_parameter *p = parameter_at(plugin->parameters, plugin->parameter_size, i);
        if (!put_parameter(w, p, (const char *)reader->config + p->offset)) return false;
    }
    return true;
}

bool cache_key_make(cache_entry *entry, const dataset_config *config, arena *memory)
{
    const slope_plugin *plugin = config->reader.plugin->description[FLOAT32];
    const size_t count = count_files(plugin, config->reader.config);
    if (!count) return false;
    char *text = NULL;
    size_t length = 0;
    writer w = {.out = open_memstream(&text, &length),
                .config = config,
                .files = arena_alloc(memory, count * sizeof *w.files),
                .digests = arena_alloc(memory, count * sizeof *w.digests)};
    if (!w.out) return false;
    bool good = put_all(&w, plugin);
    good = fclose(w.out) == 0 && good;
    if (good) {
        bytes_sha256(text, length, entry->key);
        entry->file_count = w.file_count;
        entry->files = w.files;
        entry->digests = (const char(*)[65])w.digests;
    }
    free(text);
    return good;
}
