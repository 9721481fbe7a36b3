/* base/arena.h: memory that is freed all at once.
 *
 * For trees, names and tables that live as long as one command or one experiment. Not for data sets
 * and weights (those are large and have owners of their own), and not for threads: one arena, one
 * thread at a time. Running out of memory ends the program with a message and exit status 3. */
#ifndef SLOPE_BASE_ARENA_H
#define SLOPE_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

typedef struct arena arena;

arena *arena_create(void);
void arena_destroy(arena *a); /* NULL is allowed */

/* Zeroed, aligned for any type. size 0 gives a valid pointer. */
void *arena_alloc(arena *a, size_t size);
void *arena_copy(arena *a, const void *bytes, size_t size);
char *arena_strdup(arena *a, const char *text);
char *arena_strndup(arena *a, const char *text, size_t length);
char *arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(arena *a, const char *format, va_list args);

/* For memory outside an arena: like malloc and calloc, but never NULL (see above), aligned to 64
 * bytes, zeroed. Free with free(). */
void *allocate(size_t count, size_t size);

/* Asks for large pages where the system has them (advice, may be ignored) and returns `memory`.
 * Rows that are read in random order otherwise cost a walk through the page tables each. */
void *advise_large_pages(void *memory, size_t bytes);

_Noreturn void out_of_memory(size_t size);

#endif
