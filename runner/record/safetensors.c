/* record/safetensors.c: see safetensors.h. The JSON header is the business of jansson; everything
 * that the format says beyond JSON is checked here. */
#include "record/safetensors.h"

#include "base/files.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Numbers are little-endian in the file and are neither swapped here nor by anybody else. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "slope needs a little-endian machine");

enum { PREFIX = 8, ALIGNMENT = 64, LONGEST_HEADER = 100 * 1000 * 1000 };
static const char METADATA[] = "__metadata__";

static const struct {
    const char *name;
    size_t size;
} types[] = {{"F64", 8}, {"I64", 8}, {"F32", 4}, {"U8", 1}}; /* large ones first */
enum { TYPES = sizeof types / sizeof *types };

/* 0 for a type that is not known. */
static size_t size_of_type(const char *name)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(types[i].name, name) == 0) return types[i].size;
    return 0;
}

/* Bytes of an array; false if they do not fit into memory or the type is not known. */
static bool array_bytes(const named_array *array, size_t *bytes)
{
    *bytes = size_of_type(array->type);
    bool fits = *bytes > 0;
    for (size_t i = 0; i < array->rank; i++)
        fits = fits && !__builtin_mul_overflow(*bytes, array->extents[i], bytes);
    return fits && *bytes <= SIZE_MAX / 4;
}

/* ---- writing --------------------------------------------------------------------------------- */

static json_t *describe_array(const named_array *array, size_t begin, size_t end)
{
    json_t *shape = json_array();
    for (size_t i = 0; i < array->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)array->extents[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", array->type, "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)end);
}

/* The arrays in the order of the file. The format allows no gaps, so those with large elements come
 * first: then every array starts at a multiple of its element's size. */
static const named_array **in_file_order(const named_array *arrays, size_t count)
{
    const named_array **order = allocate(count, sizeof *order);
    size_t placed = 0;
    for (size_t size = 8; size > 0; size /= 2)
        for (size_t i = 0; i < count; i++)
            if (size_of_type(arrays[i].type) == size) order[placed++] = &arrays[i];
    return order;
}

/* Text of the header, and how many bytes of data follow it. NULL if a name or a text is not UTF-8,
 * the only thing that jansson refuses here. */
static char *make_header(const named_array *const *order, size_t count, const named_text *metadata,
                         size_t metadata_count, size_t *data_bytes)
{
    json_t *header = json_object();
    bool good = true;
    if (metadata_count) {
        json_t *texts = json_object();
        for (size_t i = 0; i < metadata_count; i++)
            good &= !json_object_set_new(texts, metadata[i].name, json_string(metadata[i].text));
        json_object_set_new(header, METADATA, texts);
    }
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t begin = end;
        size_t bytes = 0;
        array_bytes(order[i], &bytes);
        end += bytes;
        good &= !json_object_set_new(header, order[i]->name, describe_array(order[i], begin, end));
    }
    char *text = good ? json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(header);
    *data_bytes = end;
    return text;
}

/* What a caller may not hand over. (A JSON library would drop a second array of one name.) */
static bool check_arrays(const named_array *arrays, size_t count, failure *why)
{
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        if (!array_bytes(&arrays[i], &bytes))
            return failure_set(why, STATUS_ENVIRONMENT, "array '%s' of type %s cannot be stored",
                               arrays[i].name, arrays[i].type);
        for (size_t j = 0; j < i; j++)
            if (strcmp(arrays[i].name, arrays[j].name) == 0)
                return failure_set(why, STATUS_ENVIRONMENT, "two arrays are named '%s'",
                                   arrays[i].name);
    }
    return true;
}

bool safetensors_write(const char *path, const named_array *arrays, size_t array_count,
                       const named_text *metadata, size_t metadata_count, failure *why)
{
    if (!check_arrays(arrays, array_count, why))
        return failure_context(why, "cannot write '%s'", path);
    const named_array **order = in_file_order(arrays, array_count);
    size_t data_bytes;
    char *header = make_header(order, array_count, metadata, metadata_count, &data_bytes);
    if (!header) {
        free(order);
        return failure_set(why, STATUS_ENVIRONMENT,
                           "cannot write '%s': a name or text in its header is not UTF-8", path);
    }
    const size_t used = PREFIX + strlen(header);
    const size_t start = (used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    unsigned char *file = allocate(start + data_bytes, 1);
    const uint64_t header_bytes = start - PREFIX;
    memcpy(file, &header_bytes, PREFIX);
    memset(file + PREFIX, ' ', start - PREFIX);
    memcpy(file + PREFIX, header, used - PREFIX);
    unsigned char *data = file + start;
    for (size_t i = 0; i < array_count; i++) {
        size_t bytes = 0;
        array_bytes(order[i], &bytes);
        if (bytes) memcpy(data, order[i]->data, bytes);
        data += bytes;
    }
    const bool written = file_write(path, file, start + data_bytes, why);
    free(file);
    free(header);
    free(order);
    return written;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* One file while it is being read. */
typedef struct reading {
    failure *why;
    arena *names;
    const unsigned char *data;
    size_t data_bytes;
    named_array *arrays;
    size_t array_count;
} reading;

static bool bad(reading *r, const char *name, const char *reason)
{
    return failure_set(r->why, STATUS_ENVIRONMENT, "array '%s': %s", name, reason);
}

/* A JSON number as a size. */
static bool get_size(const json_t *value, size_t *size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *size = (size_t)json_integer_value(value);
    return true;
}

static bool read_shape(reading *r, const json_t *shape, named_array *array)
{
    const size_t most = sizeof array->extents / sizeof *array->extents;
    if (!json_is_array(shape)) return bad(r, array->name, "shape is no list");
    if (json_array_size(shape) > most) return bad(r, array->name, "more than 4 dimensions");
    array->rank = json_array_size(shape);
    for (size_t i = 0; i < array->rank; i++)
        if (!get_size(json_array_get(shape, i), &array->extents[i]))
            return bad(r, array->name, "shape holds something that is no size");
    return true;
}

/* The place of an array in the data, checked against its shape. */
static bool read_offsets(reading *r, const json_t *offsets, named_array *array)
{
    size_t begin, end, bytes;
    if (json_array_size(offsets) != 2 || !get_size(json_array_get(offsets, 0), &begin) ||
        !get_size(json_array_get(offsets, 1), &end))
        return bad(r, array->name, "data_offsets are not two sizes");
    if (begin > end || end > r->data_bytes)
        return bad(r, array->name, "its data lie outside the file (truncated?)");
    if (!array_bytes(array, &bytes) || bytes != end - begin)
        return bad(r, array->name, "its shape does not fit its data");
    if (begin % size_of_type(array->type)) return bad(r, array->name, "its data are not aligned");
    array->data = r->data + begin;
    return true;
}

static bool read_array(reading *r, const char *name, const json_t *entry)
{
    named_array *array = &r->arrays[r->array_count++];
    array->name = arena_strdup(r->names, name);
    if (!json_is_object(entry) || json_object_size(entry) != 3)
        return bad(r, name, "its entry does not hold dtype, shape and data_offsets");
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    for (size_t i = 0; type && i < TYPES; i++)
        if (strcmp(types[i].name, type) == 0) array->type = types[i].name;
    if (!array->type) return bad(r, name, "its dtype is none of F64, I64, F32, U8");
    return read_shape(r, json_object_get(entry, "shape"), array) &&
           read_offsets(r, json_object_get(entry, "data_offsets"), array);
}

static bool read_metadata(reading *r, json_t *texts, safetensors *file)
{
    named_text *metadata = arena_alloc(r->names, json_object_size(texts) * sizeof *metadata);
    const char *name;
    json_t *text;
    if (!json_is_object(texts))
        return failure_set(r->why, STATUS_ENVIRONMENT, "%s is no mapping", METADATA);
    json_object_foreach(texts, name, text)
    {
        if (!json_is_string(text))
            return failure_set(r->why, STATUS_ENVIRONMENT, "%s: '%s' is no text", METADATA, name);
        metadata[file->metadata_count++] = (named_text){
            arena_strdup(r->names, name), arena_strdup(r->names, json_string_value(text))};
    }
    file->metadata = metadata;
    return true;
}

static int by_place(const void *one, const void *other)
{
    const unsigned char *a = (*(const named_array *const *)one)->data;
    const unsigned char *b = (*(const named_array *const *)other)->data;
    if (a != b) return a < b ? -1 : 1;
    /* An empty array stands before the one that begins at the same place. */
    size_t bytes_a = 0, bytes_b = 0;
    array_bytes(*(const named_array *const *)one, &bytes_a);
    array_bytes(*(const named_array *const *)other, &bytes_b);
    return (bytes_a > bytes_b) - (bytes_a < bytes_b);
}

/* The arrays must cover the data without a gap and without touching a byte twice. */
static bool check_cover(reading *r)
{
    const named_array **order = allocate(r->array_count, sizeof *order);
    for (size_t i = 0; i < r->array_count; i++) order[i] = &r->arrays[i];
    qsort(order, r->array_count, sizeof *order, by_place);
    const unsigned char *end = r->data;
    bool good = true;
    for (size_t i = 0; good && i < r->array_count; i++) {
        size_t bytes = 0;
        array_bytes(order[i], &bytes);
        if (order[i]->data != end)
            good = bad(r, order[i]->name, "its data overlap another array's or leave a gap");
        end += bytes;
    }
    free(order);
    if (good && end != r->data + r->data_bytes)
        good = failure_set(r->why, STATUS_ENVIRONMENT, "%zu bytes at its end belong to no array",
                           (size_t)(r->data + r->data_bytes - end));
    return good;
}

static bool read_header(reading *r, json_t *header, safetensors *file)
{
    const char *name;
    json_t *entry;
    if (!json_is_object(header))
        return failure_set(r->why, STATUS_ENVIRONMENT, "its header is no mapping");
    r->arrays = arena_alloc(r->names, json_object_size(header) * sizeof *r->arrays);
    json_object_foreach(header, name, entry)
    {
        const bool good = strcmp(name, METADATA) == 0 ? read_metadata(r, entry, file)
                                                      : read_array(r, name, entry);
        if (!good) return false;
    }
    file->arrays = r->arrays;
    file->array_count = r->array_count;
    return check_cover(r);
}

/* Finds the header in the file's bytes and gives it as JSON. NULL with the reason. */
static json_t *parse_header(const unsigned char *bytes, size_t count, size_t *header_bytes,
                            failure *why)
{
    uint64_t length;
    if (count < PREFIX) {
        failure_set(why, STATUS_ENVIRONMENT, "only %zu bytes: truncated", count);
        return NULL;
    }
    memcpy(&length, bytes, PREFIX);
    if (length > LONGEST_HEADER || length > count - PREFIX) {
        failure_set(why, STATUS_ENVIRONMENT,
                    "a header of %" PRIu64 " bytes in a file of %zu: truncated, or no safetensors",
                    length, count);
        return NULL;
    }
    json_error_t error;
    json_t *header =
        json_loadb((const char *)bytes + PREFIX, (size_t)length, JSON_REJECT_DUPLICATES, &error);
    if (!header) failure_set(why, STATUS_ENVIRONMENT, "its header is damaged: %s", error.text);
    *header_bytes = (size_t)length;
    return header;
}

bool safetensors_read(const char *path, safetensors *file, failure *why)
{
    *file = (safetensors){.names = arena_create()};
    size_t count, header_bytes;
    if (!file_read(path, &file->memory, &count, why)) {
        safetensors_free(file);
        return false;
    }
    json_t *header = parse_header(file->memory, count, &header_bytes, why);
    bool good = header != NULL;
    if (good) {
        /* malloc aligns for any type; the data follow the header, which does not when it comes from
         * a writer that does not pad it. It has been parsed: the data may lie over it. */
        reading r = {.why = why, .names = file->names, .data = file->memory};
        r.data_bytes = count - PREFIX - header_bytes;
        memmove(file->memory, file->memory + PREFIX + header_bytes, r.data_bytes);
        good = read_header(&r, header, file);
        json_decref(header);
    }
    if (!good) {
        failure_context(why, "cannot read '%s'", path);
        safetensors_free(file);
    }
    return good;
}

void safetensors_free(safetensors *file)
{
    arena_destroy(file->names);
    free(file->memory);
    *file = (safetensors){0};
}

const named_array *safetensors_array(const safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->array_count; i++)
        if (strcmp(file->arrays[i].name, name) == 0) return &file->arrays[i];
    return NULL;
}

const char *safetensors_text(const safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[i].name, name) == 0) return file->metadata[i].text;
    return NULL;
}
