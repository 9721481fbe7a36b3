/* config/diagnostics.c: see diagnostics.h. A growing array in the arena, put in order for printing.
 */
#include "config/diagnostics.h"

#include <stdlib.h>
#include <string.h>

struct diagnostics {
    arena *memory;
    diagnostic *list;
    size_t count, capacity;
};

diagnostics *diagnostics_create(arena *a)
{
    diagnostics *all = arena_alloc(a, sizeof *all);
    all->memory = a;
    return all;
}

static void add(diagnostics *all, diagnostic d)
{
    if (all->count == all->capacity) {
        const size_t capacity = all->capacity ? 2 * all->capacity : 16;
        diagnostic *grown = arena_alloc(all->memory, capacity * sizeof *grown);
        if (all->count) memcpy(grown, all->list, all->count * sizeof *grown);
        all->list = grown;
        all->capacity = capacity;
    }
    d.path = d.path && *d.path ? arena_strdup(all->memory, d.path) : NULL;
    d.number = all->count;
    all->list[all->count++] = d;
}

void diagnostics_add(diagnostics *all, exit_status status, config_place place, const char *path,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(all->memory, format, args);
    va_end(args);
    add(all, (diagnostic){.status = status, .place = place, .path = path, .text = text});
}

void diagnostics_add_about(diagnostics *all, diagnostic_about about, config_place place,
                           const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(all->memory, format, args);
    va_end(args);
    add(all, (diagnostic){STATUS_CONFIG, place, path, text, about, 0});
}

void diagnostics_pass(diagnostics *to, const diagnostic *d, const char *front)
{
    diagnostic copy = *d;
    copy.text = arena_printf(to->memory, "%s%s", front, d->text);
    add(to, copy);
}

size_t diagnostics_count(const diagnostics *all)
{
    return all->count;
}

const diagnostic *diagnostics_at(const diagnostics *all, size_t i)
{
    return &all->list[i];
}

exit_status diagnostics_status(const diagnostics *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].status == STATUS_CONFIG) return STATUS_CONFIG;
    return all->count ? STATUS_ENVIRONMENT : STATUS_OK;
}

/* ---- printing -------------------------------------------------------------------------------- */

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* Files first, then the command line, then defaults. */
static int compare_places(const config_place *a, const config_place *b)
{
    static const int rank[] = {[ORIGIN_FILE] = 0, [ORIGIN_COMMAND_LINE] = 1, [ORIGIN_DEFAULT] = 2};
    int order = rank[a->origin] - rank[b->origin];
    if (order == 0) order = compare_text(a->file, b->file);
    if (order == 0) order = (a->line > b->line) - (a->line < b->line);
    if (order == 0) order = (a->column > b->column) - (a->column < b->column);
    return order;
}

bool config_place_same(const config_place *one, const config_place *other)
{
    return compare_places(one, other) == 0;
}

static int compare(const void *left, const void *right)
{
    const diagnostic *a = left, *b = right;
    const int order = compare_places(&a->place, &b->place);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static bool same(const diagnostic *a, const diagnostic *b)
{
    return compare_places(&a->place, &b->place) == 0 && compare_text(a->path, b->path) == 0 &&
           strcmp(a->text, b->text) == 0;
}

static void print_one(const diagnostic *d, FILE *out)
{
    if (d->place.origin == ORIGIN_COMMAND_LINE)
        fputs("command line: ", out);
    else if (d->place.origin == ORIGIN_FILE && d->place.file && d->place.line > 0)
        fprintf(out, "%s:%d:%d: ", d->place.file, d->place.line, d->place.column);
    else if (d->place.file)
        fprintf(out, "%s: ", d->place.file);
    if (d->path) fprintf(out, "%s: ", d->path);
    fprintf(out, "%s\n", d->text);
}

/* Trials share most of their configuration, so an error in the shared part is found once per trial.
 * It is printed once: what is equal stands at one place, and so within one group of the sorted
 * list. */
void diagnostics_print(const diagnostics *all, FILE *out)
{
    if (all->count == 0) return;
    diagnostic *sorted = arena_copy(all->memory, all->list, all->count * sizeof *sorted);
    qsort(sorted, all->count, sizeof *sorted, compare);
    size_t group = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (compare_places(&sorted[group].place, &sorted[i].place) != 0) group = i;
        bool seen = false;
        for (size_t j = group; j < i && !seen; j++) seen = same(&sorted[j], &sorted[i]);
        if (!seen) print_one(&sorted[i], out);
    }
}
