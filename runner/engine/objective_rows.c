/* engine/objective_rows.c: the rows of a chunk, on their way to the model: packed for it, used
 * where they are, or left to the kernels. See objective_private.h. */
#include "engine/objective_private.h"

#include <stdlib.h>
#include <string.h>

typedef struct range_copy {
    const objective *o;
    scratch *s;
    const batch *rows;
    const pack_call *pack; /* NULL: features are left for later */
} range_copy;

static void copy_range(void *argument, size_t first, size_t last)
{
    const range_copy *c = argument;
    const objective *o = c->o;
    const batch *b = c->rows;
    const bool targets = o->loss->target == SLOPE_VALUES;
    if (c->pack) {
        pack_call part = *c->pack;
        part.first += first;
        part.rows = last - first;
        part.out = (real *)(void *)((char *)part.out + first * part.ld * o->k->real_size);
        o->k->pack(&part);
    }
    for (size_t r = first; r < last; r++) {
        const size_t row = b->index ? b->index[b->first + r] : b->first + r;
        if (b->table->labels) c->s->labels[r] = b->table->labels[row];
        if (targets)
            memcpy(c->s->raw_targets + r * o->shape.outputs,
                   b->table->targets + row * o->shape.outputs, o->shape.outputs * sizeof(double));
    }
    if (targets) {
        const size_t n = o->shape.outputs;
        o->k->from_double((last - first) * n, c->s->raw_targets + first * n,
                          (char *)c->s->targets + first * n * o->k->real_size);
    }
}

/* Rows can be used where they are if there is nothing to do to them. */
static bool are_in_place(const objective *o, const batch *b)
{
    const slope_element own = o->k->real_size == 8 ? SLOPE_FLOAT64 : SLOPE_FLOAT32;
    return o->shape.features && b->table->element == own && !b->index && !o->shift && !o->factor;
}

static row_source source_in_place(const objective *o, const batch *b)
{
    const size_t row_bytes = o->shape.features * o->k->real_size;
    const char *x = (const char *)b->table->features + b->first * row_bytes;
    return (row_source){.pack = {.out = (real *)(uintptr_t)x,
                                 .rows = b->rows,
                                 .columns = o->shape.features,
                                 .ld = o->shape.features},
                        .packed = b->rows};
}

static row_source source_to_pack(const objective *o, const scratch *s, const batch *b)
{
    return (row_source){.pack = {.element = b->table->element,
                                 .features = b->table->features,
                                 .columns = b->table->columns,
                                 .index = b->index,
                                 .first = b->first,
                                 .rows = b->rows,
                                 .shift = o->shift,
                                 .factor = o->factor,
                                 .out = s->x,
                                 .ld = o->row_length},
                        .exact = o->exact,
                        .factor = o->exact_factor};
}

/* Lets the kernels fetch the rows that come next: where these lie one after another, line after
 * line as memory likes it best; otherwise a line of each row, then the next of each. Their labels
 * are fetched here. */
static void look_ahead(row_source *source, scratch *s, const batch *b)
{
    enum { LINE = 64 };
    const size_t places = source->exact ? b->rows : b->rows + FETCH_MOST;
    const size_t row_bytes = b->table->columns * element_bytes(b->table->element);
    const size_t first = b->first + b->ahead;
    const char *features = b->table->features;
    if (!b->ahead) return;
    for (size_t r = 0; r < b->rows; r++)
        s->next[r] = b->index ? features + b->index[first + r] * row_bytes
                              : features + first * row_bytes + r * LINE;
    source->next = s->next;
    source->stride = b->index ? LINE : b->rows * LINE;
    source->lines = b->rows * ((row_bytes + LINE - 1) / LINE);
    for (size_t r = 0; b->index && b->table->labels && r < b->rows; r++)
        __builtin_prefetch(&b->table->labels[b->index[first + r]], 0, 2);
    for (size_t i = b->rows; i < places; i++) s->next[i] = s->next[i - b->rows] + source->stride;
}

/* Pieces of at least `least` rows, as many for each thread. */
static size_t even_grain(size_t rows, size_t least)
{
    const size_t threads = (size_t)threads_count(), pieces = rows / least / threads * threads;
    return pieces ? (rows + pieces - 1) / pieces : least;
}

/* Whether the rows are left to the products: where several threads share these, only bytes are,
 * which nobody packs. */
static bool kernels_pack(const objective *o)
{
    return o->rows_by_kernels && (parallel_is_serial() || o->exact);
}

const void *objective_pack(const objective *o, scratch *s, batch b, row_source *source)
{
    /* rows that are worth a second thread: some tens of thousands of numbers */
    enum { SHORTEST = 32, NUMBERS = 1 << 15 };
    const size_t fair = NUMBERS / (o->shape.features + 1);
    const bool in_place = are_in_place(o, &b);
    *source = in_place ? source_in_place(o, &b) : source_to_pack(o, s, &b);
    const bool by_kernels = o->shape.features && !in_place && kernels_pack(o);
    const bool later = in_place || !o->shape.features || by_kernels;
    range_copy copy = {o, s, &b, later ? NULL : &source->pack};
    if (later) {
        look_ahead(source, s, &b);
        copy_range(&copy, 0, b.rows); /* labels and targets are few */
    } else {
        source->pack.ahead = b.ahead; /* fetched while these are packed */
        parallel_for(b.rows, even_grain(b.rows, fair > SHORTEST ? fair : SHORTEST), copy_range,
                     &copy);
        source->packed = b.rows;
    }
    return source->pack.out;
}
