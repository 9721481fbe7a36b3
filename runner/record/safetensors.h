/* record/safetensors.h: named arrays in a file, in the safetensors format
 * (https://github.com/huggingface/safetensors: 8 bytes little-endian length of the header, a JSON
 * header, raw data). Used for weights that users load elsewhere and for checkpoints. */
#ifndef SLOPE_RECORD_SAFETENSORS_H
#define SLOPE_RECORD_SAFETENSORS_H

#include "base/arena.h"
#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

typedef struct named_array {
    const char *name;
    const char *type; /* "F32", "F64", "I64", "U8" */
    size_t rank;
    size_t extents[4];
    const void *data;
} named_array;

typedef struct named_text {
    const char *name, *text;
} named_text;

/* Written aside, flushed, renamed. Data are aligned to 64 bytes (the header is padded with spaces).
 * `metadata` becomes the header's __metadata__. */
bool safetensors_write(const char *path, const named_array *arrays, size_t array_count,
                       const named_text *metadata, size_t metadata_count, failure *why);

typedef struct safetensors {
    size_t array_count;
    const named_array *arrays;
    size_t metadata_count;
    const named_text *metadata;
    unsigned char *memory; /* private: the file, to which arrays point */
    arena *names;          /* private */
} safetensors;

/* Reads and checks everything (lengths, bounds, overlaps, types): a damaged file is an error, never
 * a crash. Status ENVIRONMENT. */
bool safetensors_read(const char *path, safetensors *file, failure *why);
void safetensors_free(safetensors *file);
const named_array *safetensors_array(const safetensors *file, const char *name); /* NULL: none */
const char *safetensors_text(const safetensors *file, const char *name);         /* NULL: none */

#endif
