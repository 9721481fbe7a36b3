/* data/gzip.c: see gzip.h. */
#include "data/gzip.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#define ZLIB_CONST /* inflate() only reads its input */
#include <zlib.h>

/* deflate packs at most 1,032 to 1 (zlib, "zlib Technical Details"), so what a file can grow to is
 * bounded by its size and needs no other limit than memory. */

bool gzip_is(const unsigned char *packed, size_t count)
{
    return count >= 2 && packed[0] == 0x1f && packed[1] == 0x8b;
}

typedef struct buffer {
    unsigned char *bytes;
    size_t used, capacity;
} buffer;

static bool grow(buffer *out)
{
    const size_t capacity = out->capacity < SIZE_MAX / 2 ? out->capacity * 2 : SIZE_MAX;
    unsigned char *bytes = realloc(out->bytes, capacity);
    if (!bytes) return false;
    out->bytes = bytes;
    out->capacity = capacity;
    return true;
}

/* One member, from the stream's next byte to the end of the member. */
static const char *unpack_member(z_stream *stream, size_t *left, buffer *out)
{
    for (;;) {
        if (stream->avail_in == 0) {
            const uInt piece = *left < UINT_MAX ? (uInt)*left : UINT_MAX;
            stream->avail_in = piece;
            *left -= piece;
        }
        if (out->used == out->capacity && !grow(out)) return "not enough memory to unpack it";
        const size_t room = out->capacity - out->used;
        const uInt piece = room < UINT_MAX ? (uInt)room : UINT_MAX;
        stream->next_out = out->bytes + out->used;
        stream->avail_out = piece;
        const int result = inflate(stream, Z_NO_FLUSH);
        out->used += piece - stream->avail_out;
        if (result == Z_STREAM_END) return NULL;
        if (result == Z_BUF_ERROR && stream->avail_in == 0 && *left == 0)
            return "truncated gzip file";
        if (result != Z_OK && result != Z_BUF_ERROR) return "corrupt gzip file";
    }
}

const char *gzip_unpack(const unsigned char *packed, size_t count, unsigned char **bytes,
                        size_t *unpacked)
{
    z_stream stream = {.next_in = packed};
    buffer out = {.capacity = count < SIZE_MAX / 8 ? count * 4 + 64 : SIZE_MAX / 2};
    out.bytes = malloc(out.capacity);
    if (!out.bytes) return "not enough memory to unpack it";
    /* 15 window bits, plus 16 for gzip headers only */
    if (inflateInit2(&stream, 15 + 16) != Z_OK) {
        free(out.bytes);
        return "not enough memory to unpack it";
    }
    size_t left = count;
    const char *wrong = unpack_member(&stream, &left, &out);
    while (!wrong && (stream.avail_in || left)) { /* another member, or zeros */
        const unsigned char *at = stream.next_in, *end = packed + count;
        while (at < end && *at == 0) at++;
        if (at == end) break;
        if (at != stream.next_in || !gzip_is(at, (size_t)(end - at)) ||
            inflateReset(&stream) != Z_OK)
            wrong = "corrupt gzip file: other data after its end";
        else
            wrong = unpack_member(&stream, &left, &out);
    }
    inflateEnd(&stream);
    if (!wrong && out.used == out.capacity && !grow(&out)) wrong = "not enough memory to unpack it";
    if (wrong) {
        free(out.bytes);
        return wrong;
    }
    out.bytes[out.used] = 0;
    *bytes = out.bytes;
    *unpacked = out.used;
    return NULL;
}
