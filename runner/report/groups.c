/* report/groups.c: see groups.h. */
#include "report/groups.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 8 };

typedef struct member {
    double number; /* 0 of text */
    const char *text;
    size_t row;
} member;

static int by_value(const void *one, const void *other)
{
    const member *a = one, *b = other;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    const int texts = strcmp(a->text, b->text);
    return texts ? texts : a->row < b->row ? -1 : a->row > b->row;
}

static bool same_value(const factor *f, const member *a, const member *b)
{
    return f->numeric ? a->number == b->number : strcmp(a->text, b->text) == 0;
}

/* The trials that have a value at all, sorted by it. */
static member *collect(const results *r, const factor *f, size_t *count)
{
    member *all = arena_alloc(r->memory, r->count * sizeof *all);
    *count = 0;
    for (size_t row = 0; row < r->count; row++) {
        const char *text = r->cells[row][f->column];
        if (!*text) continue;
        all[(*count)++] = (member){f->numeric ? number_of(text) : 0, text, row};
    }
    qsort(all, *count, sizeof *all, by_value);
    return all;
}

static size_t count_values(const factor *f, const member *all, size_t count)
{
    size_t values = count > 0;
    for (size_t i = 1; i < count; i++) values += !same_value(f, &all[i - 1], &all[i]);
    return values;
}

/* Where the group ends that begins at `first`: with its value, or, in bins, with the value that
 * fills the bin. */
static size_t end_of_group(const factor *f, const member *all, size_t count, size_t first,
                           size_t bin)
{
    size_t end = first + 1;
    if (bin != SIZE_MAX) {
        const size_t full = (bin + 1) * count / BINS;
        if (full > end) end = full;
    }
    while (end < count && same_value(f, &all[end - 1], &all[end])) end++;
    return end;
}

value_groups groups_of(const results *r, const factor *f)
{
    size_t count;
    const member *all = collect(r, f, &count);
    size_t *rows = arena_alloc(r->memory, (count + 1) * sizeof *rows);
    value_groups made = {.trials = count, .values = count_values(f, all, count)};
    made.binned = f->numeric && made.values > MOST_VALUES;
    made.list = arena_alloc(r->memory, (made.binned ? BINS : made.values) * sizeof *made.list);
    for (size_t i = 0; i < count; i++) rows[i] = all[i].row;
    for (size_t first = 0, end, bin = 0; first < count; first = end, bin++) {
        while (made.binned && bin + 1 < BINS && (bin + 1) * count / BINS <= first) bin++;
        end = end_of_group(f, all, count, first, made.binned ? bin : SIZE_MAX);
        made.list[made.count++] =
            (value_group){all[first].text, all[end - 1].text, rows + first, end - first};
    }
    return made;
}

summary group_scores(const results *r, const value_group *g, const char *metric, const size_t *of,
                     size_t wanted, size_t *trials, size_t *failed)
{
    const size_t column = metric ? results_column(r, metric) : SIZE_MAX;
    double *values = allocate(g->count, sizeof *values);
    *trials = *failed = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (of && of[g->rows[i]] != wanted) continue;
        const bool bad = results_failed(r, g->rows[i]);
        *failed += bad;
        values[(*trials)++] = bad ? (double)NAN : results_number(r, g->rows[i], column);
    }
    const summary s = summarize(values, *trials, metric ? metric : "");
    free(values);
    return s;
}

bool group_is_range(const value_group *g)
{
    return strcmp(g->first, g->last) != 0 && number_of(g->first) != number_of(g->last);
}

const char *group_text(const results *r, const factor *f, const value_group *g)
{
    if (!group_is_range(g)) return results_shown(r, g->rows[0], f->column);
    return arena_printf(r->memory, "%.4g to %.4g", number_of(g->first), number_of(g->last));
}
