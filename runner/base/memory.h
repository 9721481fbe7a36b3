/* base/memory.h: how much memory the machine still has. */
#ifndef SLOPE_BASE_MEMORY_H
#define SLOPE_BASE_MEMORY_H

#include <stddef.h>

/* Bytes that can be had without another program losing any: what the system says is available, or
 * what is left of the limit of the control group (containers), whichever is less; nine tenths of
 * it. SIZE_MAX where nothing tells. */
size_t memory_available(void);

#endif
