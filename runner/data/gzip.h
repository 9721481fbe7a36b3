/* data/gzip.h: unpacking gzip files in memory, with zlib.
 *
 * Only whole files: data sets are read whole anyway. */
#ifndef SLOPE_DATA_GZIP_H
#define SLOPE_DATA_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes start like a gzip file. */
bool gzip_is(const unsigned char *packed, size_t count);

/* Unpacks all members of the file; zero bytes that fill up its end are fine. *bytes ends with a
 * zero byte that is not counted; free with free(). Returns NULL, or what is wrong with the file. */
const char *gzip_unpack(const unsigned char *packed, size_t count, unsigned char **bytes,
                        size_t *unpacked);

#endif
