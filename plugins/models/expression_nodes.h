/* models/expression_nodes.h: the graph while it grows: nodes, of which equal ones are shared, and
 * the stack of those that wait for an operation. What they mean is not known here
 * (expression_build.h). Only for expression.c. */
#ifndef EXPRESSION_NODES_H
#define EXPRESSION_NODES_H

#include "expression_passes.h"

#include <stdio.h>

enum { MOST_NODES = 200000, LONGEST_WORDS = 120 };

typedef struct build {
    const slope_host *host;
    const slope_arrays *parameters;
    const code *codes; /* the expressions, in an order in which each needs only those before it */
    size_t code_count;
    size_t *roots; /* node of each, once it is built */
    size_t features;
    const char *const *columns; /* or NULL */

    node *nodes;
    size_t count, capacity;
    uint32_t *table; /* number of a node + 1, or 0; open addressing */
    size_t slots;

    const code *out; /* the expression at hand, for FAIL_AT */
    const item *at;
    size_t *stack;
    size_t height;
} build;

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio */
    return hash ^ (hash >> 29);
}

static uint64_t hash_of(const node *n)
{
    union {
        double number;
        uint64_t bits;
    } u = {.number = n->number};
    uint64_t hash = mix(mix(mix(1, (uint64_t)n->op), n->a), n->b);
    return mix(mix(mix(hash, u.bits), n->index), n->width);
}

static bool same_node(const node *one, const node *other)
{
    return one->op == other->op && one->a == other->a && one->b == other->b &&
           memcmp(&one->number, &other->number, sizeof(double)) == 0 &&
           one->index == other->index && one->width == other->width && one->rank == other->rank;
}

static void *grow(const slope_host *host, const void *list, size_t count, size_t capacity,
                  size_t size)
{
    void *larger = host->allocate(host, capacity * size);
    if (count) memcpy(larger, list, count * size);
    return larger;
}

static void rebuild_table(build *b)
{
    b->slots = 4 * b->capacity; /* a power of two, at most a quarter full */
    b->table = b->host->allocate(b->host, b->slots * sizeof *b->table);
    for (size_t n = 0; n < b->count; n++) {
        size_t slot = (size_t)hash_of(&b->nodes[n]) & (b->slots - 1);
        while (b->table[slot]) slot = (slot + 1) & (b->slots - 1);
        b->table[slot] = (uint32_t)(n + 1);
    }
}

/* The user's words for what is being built; long ones are cut, as a long sum has many long parts.
 */
static const char *words_of(const build *b)
{
    const char *words = b->out->text + b->at->begin;
    const size_t length = b->at->end - b->at->begin;
    size_t kept = length;
    if (length > LONGEST_WORDS)
        for (kept = LONGEST_WORDS; (words[kept] & 0xC0) == 0x80;) kept--;
    char *text = b->host->allocate(b->host, kept + sizeof "…");
    memcpy(text, words, kept);
    if (kept < length) strcpy(text + kept, "…");
    return text;
}

/* The node that computes the same, or a new one. */
static size_t share(build *b, node n)
{
    if (b->count == b->capacity) {
        b->capacity = b->capacity ? 2 * b->capacity : 64;
        b->nodes = grow(b->host, b->nodes, b->count, b->capacity, sizeof *b->nodes);
        rebuild_table(b);
    }
    size_t slot = (size_t)hash_of(&n) & (b->slots - 1);
    for (; b->table[slot]; slot = (slot + 1) & (b->slots - 1))
        if (same_node(&b->nodes[b->table[slot] - 1], &n)) return b->table[slot] - 1;
    if (n.a != NOTHING) n.active = b->nodes[n.a].active;
    if (n.b != NOTHING) n.active = n.active || b->nodes[n.b].active;
    n.active = n.active || n.op == OP_PARAMETER;
    if (!n.text) n.text = words_of(b);
    n.uses = n.next_use = NOTHING;
    b->nodes[b->count] = n;
    b->table[slot] = (uint32_t)(b->count + 1);
    return b->count++;
}

static node new_node(operation op, size_t a, size_t b)
{
    return (node){.op = op,
                  .a = a,
                  .b = b,
                  .extents = {1, 1},
                  .width = 1,
                  .value = NOTHING,
                  .adjoint = NOTHING};
}

/* As `like`, which may be a number, a vector or a matrix. */
static node shaped(node n, const node *like)
{
    n.rank = like->rank;
    memcpy(n.extents, like->extents, sizeof n.extents);
    n.width = like->width;
    return n;
}

static bool push(build *b, size_t number)
{
    b->stack[b->height++] = number;
    return true;
}

static const char *shape_text(const node *n, char *buffer, size_t size)
{
    if (n->rank == 0) snprintf(buffer, size, "a number");
    if (n->rank == 1) snprintf(buffer, size, "a vector of %zu", n->extents[0]);
    if (n->rank == 2) snprintf(buffer, size, "a %zu × %zu matrix", n->extents[0], n->extents[1]);
    return buffer;
}

#endif
