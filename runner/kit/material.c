/* kit/material.c: what checks are made of: numbers, guarded buffers and traces. See private.h. */
#include "kit/private.h"

/* Multiplier and increment: Knuth's MMIX. */
double draw(random_numbers *from)
{
    from->state = from->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(int64_t)from->state / 9223372036854775808.0;
}

/* ---- buffers --------------------------------------------------------------------------------- */

enum { GUARD_BYTE = 0xA5 };

buffer buffer_of(arena *a, size_t count, size_t size)
{
    const size_t bytes = count * size + 2 * GUARD;
    const uintptr_t memory = (uintptr_t)arena_alloc(a, bytes + 64);
    unsigned char *aligned = (unsigned char *)((memory + 63) / 64 * 64);
    memset(aligned, GUARD_BYTE, bytes);
    memset(aligned + GUARD, 0, count * size);
    return (buffer){aligned, aligned + GUARD, count, size};
}

buffer buffer_make(const subject *s, size_t count)
{
    return buffer_of(s->memory, count, s->p == FLOAT64 ? sizeof(double) : sizeof(float));
}

buffer buffer_copy(const subject *s, const buffer *b)
{
    const buffer copy = buffer_of(s->memory, b->count, b->size);
    memcpy(copy.data, b->data, b->count * b->size);
    return copy;
}

double get(const buffer *b, size_t i)
{
    return b->size == sizeof(double) ? ((const double *)b->data)[i]
                                     : (double)((const float *)b->data)[i];
}

void put(const buffer *b, size_t i, double value)
{
    if (b->size == sizeof(double))
        ((double *)b->data)[i] = value;
    else
        ((float *)b->data)[i] = (float)value;
}

void *from_element(const buffer *b, size_t i)
{
    return (unsigned char *)b->data + i * b->size;
}

bool same_bits(const buffer *one, const buffer *other)
{
    return one->count == other->count && one->size == other->size &&
           memcmp(one->data, other->data, one->count * one->size) == 0;
}

bool guards_whole(const buffer *b)
{
    const unsigned char *after = b->guarded + GUARD + b->count * b->size;
    for (size_t i = 0; i < GUARD; ++i)
        if (b->guarded[i] != GUARD_BYTE || after[i] != GUARD_BYTE) return false;
    return true;
}

bool close_to(double one, double other, double tolerance)
{
    return fabs(one - other) <= tolerance * fmax(1.0, fmax(fabs(one), fabs(other)));
}

/* ---- traces ---------------------------------------------------------------------------------- */

void trace_bytes(trace *t, const void *bytes, size_t count)
{
    if (t->count + count > t->capacity) {
        const size_t capacity = 2 * (t->count + count) + 4096;
        unsigned char *larger = arena_alloc(t->memory, capacity);
        if (t->count > 0) memcpy(larger, t->bytes, t->count);
        t->bytes = larger;
        t->capacity = capacity;
    }
    if (count > 0) memcpy(t->bytes + t->count, bytes, count);
    t->count += count;
}

void trace_buffer(trace *t, const buffer *b)
{
    trace_bytes(t, b->data, b->count * b->size);
}

bool trace_same(const trace *one, const trace *other)
{
    return one->count == other->count &&
           (one->count == 0 || memcmp(one->bytes, other->bytes, one->count) == 0);
}

void exercise(const subject *s, const void *config, trace *out)
{
    out->memory = s->memory;
    switch (s->about->kind) {
    case SLOPE_KIND_READER:
        exercise_reader(s, config, out);
        break;
    case SLOPE_KIND_MODEL:
        exercise_model(s, config, out);
        break;
    case SLOPE_KIND_LOSS:
        exercise_loss(s, config, out);
        break;
    case SLOPE_KIND_OPTIMIZER:
        exercise_optimizer(s, config, out);
        break;
    case SLOPE_KIND_SCHEDULE:
        exercise_schedule(s, config, out);
        break;
    case SLOPE_KIND_SAMPLER:
        exercise_sampler(s, config, out);
        break;
    case SLOPE_KIND_PRUNER:
        exercise_pruner(s, config, out);
        break;
    }
}
