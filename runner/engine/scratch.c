/* engine/scratch.c: see scratch.h. */
#include "engine/scratch.h"

#include "base/arena.h"
#include "host/team.h"
#include "kernels/kernels.h"

#include <stdlib.h>

enum { LINE = 64 };

/* By thread_index(). Each is touched by its own thread only. */
static struct block {
    _Alignas(LINE) char *memory;
    size_t bytes;
    uint64_t takings;
} blocks[MOST_THREADS];

/* Sizes first, with base NULL, then places. */
typedef struct carver {
    char *base;
    size_t used;
} carver;

static void *carve(carver *c, size_t bytes)
{
    char *piece = c->base ? c->base + c->used : NULL;
    c->used += (bytes + LINE - 1) / LINE * LINE;
    return piece;
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

static scratch divide(const scratch_size *z, carver *c)
{
    const size_t scores = z->rows * z->outputs;
    scratch s = {.workspace_bytes = whole_lines(z->workspace * z->real_size),
                 .score_bytes = whole_lines(scores * z->real_size)};
    s.labels = carve(c, z->rows * sizeof *s.labels);
    s.guesses = carve(c, z->rows * sizeof *s.guesses);
    s.losses = carve(c, z->rows * sizeof *s.losses);
    s.next = carve(c, (z->rows + FETCH_MOST) * sizeof *s.next);
    s.targets = carve(c, scores * z->real_size);
    s.raw_targets = carve(c, scores * sizeof *s.raw_targets);
    s.loss_scratch = carve(c, scores * z->real_size);
    s.scores = carve(c, z->lanes * s.score_bytes);
    s.score_gradient = carve(c, z->lanes * s.score_bytes);
    s.workspace = carve(c, z->lanes * s.workspace_bytes);
    s.sums = carve(c, z->sums * z->real_size);
    s.x = carve(c, z->rows * z->row_length * z->real_size);
    return s;
}

scratch scratch_take(const scratch_size *size)
{
    struct block *b = &blocks[thread_index()];
    carver c = {NULL, 0};
    divide(size, &c);
    if (c.used > b->bytes) {
        free(b->memory);
        b->memory = allocate(c.used, 1);
        b->bytes = c.used;
    }
    c = (carver){b->memory, 0};
    scratch s = divide(size, &c);
    s.taking = ++b->takings;
    return s;
}

bool scratch_is_latest(const scratch *s)
{
    return s->taking == blocks[thread_index()].takings;
}

scratch scratch_lane(const scratch *s, size_t lane)
{
    scratch one = *s;
    one.workspace = (char *)s->workspace + lane * s->workspace_bytes;
    one.scores = (char *)s->scores + lane * s->score_bytes;
    one.score_gradient = (char *)s->score_gradient + lane * s->score_bytes;
    return one;
}
