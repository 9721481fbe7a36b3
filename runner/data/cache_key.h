/* data/cache_key.h: by what an entry of the cache is found. For cache.c alone; what goes into a key
 * is told in cache.h. */
#ifndef SLOPE_DATA_CACHE_KEY_H
#define SLOPE_DATA_CACHE_KEY_H

#include "data/cache.h"

/* Sets key, files and digests. False if there are no files, or one cannot be read, or its digest is
 * not the one that the configuration asks for: whoever reads will say so. */
bool cache_key_make(cache_entry *entry, const dataset_config *config, arena *memory);

#endif
