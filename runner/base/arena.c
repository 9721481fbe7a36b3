/* base/arena.c: see arena.h. A list of blocks; the newest is filled from the front. The first is
 * small, since many arenas hold next to nothing; each is twice as large as the one before. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { FIRST_BYTES = 1024, MOST_BYTES = 64 * 1024 };

typedef struct block {
    struct block *older;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
} block;

struct arena {
    block *newest;
};

_Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "slope: out of memory: cannot allocate %zu bytes\n", size);
    exit(3);
}

enum { LINE = 64, LARGE_PAGE = 2 << 20 };

void *advise_large_pages(void *memory, size_t bytes)
{
    const uintptr_t first = ((uintptr_t)memory + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    const uintptr_t last = ((uintptr_t)memory + bytes) / LARGE_PAGE * LARGE_PAGE;
    if (memory && last > first) madvise((void *)first, last - first, MADV_HUGEPAGE);
    return memory;
}

void *allocate(size_t count, size_t size)
{
    if (size && count > (SIZE_MAX - LARGE_PAGE) / size) out_of_memory(SIZE_MAX);
    const size_t wanted = count && size ? count * size : 1;
    const size_t unit = wanted >= 2 * LARGE_PAGE ? LARGE_PAGE : LINE;
    const size_t bytes = (wanted + unit - 1) / unit * unit;
    void *memory = aligned_alloc(unit, bytes);
    if (!memory) out_of_memory(bytes);
    return memset(advise_large_pages(memory, bytes), 0, bytes);
}

arena *arena_create(void)
{
    return allocate(1, sizeof(arena));
}

void arena_destroy(arena *a)
{
    if (!a) return;
    for (block *b = a->newest; b;) {
        block *older = b->older;
        free(b);
        b = older;
    }
    free(a);
}

void *arena_alloc(arena *a, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX / 2) out_of_memory(size);
    const size_t need = (size + unit - 1) / unit * unit;
    if (!a->newest || a->newest->size - a->newest->used < need) {
        const size_t usual = !a->newest                        ? FIRST_BYTES
                             : a->newest->size < MOST_BYTES / 2 ? 2 * a->newest->size
                                                                : MOST_BYTES;
        const size_t room = need > usual ? need : usual;
        block *fresh = calloc(1, sizeof(block) + room);
        if (!fresh) out_of_memory(room);
        fresh->size = room;
        fresh->older = a->newest;
        a->newest = fresh;
    }
    void *memory = a->newest->bytes + a->newest->used;
    a->newest->used += need;
    return memory;
}

void *arena_copy(arena *a, const void *bytes, size_t size)
{
    void *copy = arena_alloc(a, size);
    if (size) memcpy(copy, bytes, size);
    return copy;
}

char *arena_strndup(arena *a, const char *text, size_t length)
{
    char *copy = arena_alloc(a, length + 1);
    if (length) memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_vprintf(arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, args);
    char *text = arena_alloc(a, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}
