/* grid: every combination of the values, the last dimension fastest.
 *
 * A mixed-radix count, in which a dimension that is there only under one choice of another counts
 * only there: with optimizer sgd or adam, three rates for sgd and two betas for adam there are
 * 3 + 2 combinations, not 2 · 3 · 2. Trial number t is found without looking at those before it.
 */
#include <slope/sampler.h>

/* What is known of each dimension, from the space alone. */
typedef struct branch {
    uint64_t size; /* how many combinations of it and of all that depends on it there are */
    bool parts;    /* whether anything depends on it */
} branch;

/* Product that stays at the greatest number instead of starting again from 0. */
static uint64_t times(uint64_t a, uint64_t b)
{
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Combinations of what depends on this choice of dimension d; 1 if nothing does. */
static uint64_t below(const slope_sampler_call *call, const branch *branches, size_t d,
                      uint64_t choice)
{
    uint64_t product = 1;
    for (size_t k = d + 1; k < call->dimension_count; ++k) {
        const slope_dimension *child = slope_dimension_at(call, k);
        if (child->parent == d && child->parent_choice == choice)
            product = times(product, branches[k].size);
    }
    return product;
}

/* Whether k is the first dimension that depends on this choice of its parent: each choice with
 * dependants is to count once. */
static bool leads(const slope_sampler_call *call, size_t k)
{
    const slope_dimension *d = slope_dimension_at(call, k);
    for (size_t i = d->parent + 1; i < k; ++i) {
        const slope_dimension *other = slope_dimension_at(call, i);
        if (other->parent == d->parent && other->parent_choice == d->parent_choice) return false;
    }
    return true;
}

/* All branches, the last dimension first, and the size of the whole space. */
static branch *grow(const slope_sampler_call *call, uint64_t *total)
{
    branch *all = call->host->allocate(call->host, call->dimension_count * sizeof *all);
    *total = 1;
    for (size_t d = call->dimension_count; d-- > 0;) {
        const slope_dimension *its = slope_dimension_at(call, d);
        all[d].size = plus(all[d].size, its->choices); /* beside what its children have added */
        if (its->parent == SLOPE_NO_PARENT) {
            *total = times(*total, all[d].size);
        } else if (leads(call, d)) {
            branch *parent = &all[its->parent];
            const uint64_t ways = below(call, all, its->parent, its->parent_choice);
            parent->size = plus(parent->size, ways - 1); /* the choice itself is one of choices */
            parent->parts = true;
        }
    }
    return all;
}

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    const slope_host *host = call->host;
    for (size_t i = 0; i < call->dimension_count; ++i) {
        const slope_dimension *d = slope_dimension_at(call, i);
        if (d->choices == 0)
            return host->fail(host,
                              "'%s' is a range, of which a grid needs points: write {from: …, to: "
                              "…, points: 5}, or choose the sampler random or sobol",
                              d->path);
    }
    grow(call, result);
    if (*result == UINT64_MAX)
        return host->fail(host, "the space has more than 10^19 points: leave values out, or choose "
                                "the sampler random or sobol");
    return SLOPE_OK;
}

/* `rest` is the number of combinations of all that is there, from dimension d on. */
static void place(const slope_sampler_call *call, const branch *all, uint64_t rest, uint64_t index,
                  double *point)
{
    for (size_t d = 0; d < call->dimension_count; ++d) {
        point[d] = 0;
        if (!slope_dimension_there(call, point, d)) continue;
        rest /= all[d].size;
        uint64_t choice = all[d].parts ? 0 : index / rest, ways = 1;
        if (!all[d].parts) index %= rest;
        for (; all[d].parts; ++choice) {
            ways = below(call, all, d, choice);
            if (index < ways * rest) break;
            index -= ways * rest;
        }
        rest *= ways;
        point[d] = (double)choice;
    }
}

static slope_status sample(const slope_sampler_call *call)
{
    uint64_t total;
    const branch *all = grow(call, &total);
    for (size_t i = 0; i < call->count; ++i)
        place(call, all, total, call->first + i, call->points + i * call->dimension_count);
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SLOPE_HEAD(slope_sampler, SLOPE_KIND_SAMPLER), .id = "grid", .version = "1.0",
               .summary = "every combination of the values",
               .description = "t = ((c_1 * n_2 + c_2) * n_3 + c_3) ...: choice c_i of n_i\n"
                              "The last dimension changes fastest; one that exists only under one "
                              "choice of another counts only there. Ranges need points."},
    .count = count,
    .sample = sample,
};
