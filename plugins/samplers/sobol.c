/* sobol: points that fill the space more evenly than random ones: a scrambled Sobol' sequence.
 *
 *     x_t = v_0 t_0 ⊕ v_1 t_1 ⊕ …,    t_k: bits of t;    u_t = scrambled(x_t) / 2^32
 *
 * I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of
 * integrals", USSR Comput. Math. Math. Phys. 7, 1967, with the direction numbers v_k of Joe and Kuo
 * 2008 (sobol_directions.h). Any 2^k trials from a multiple of 2^k on have one in each of 2^k equal
 * parts of every dimension. Scrambling (Owen 1995) keeps that and makes each point uniform in the
 * space; it is done by hashing: S. Laine and T. Karras, "Stratified sampling for stochastic
 * transparency", EGSR 2011, as B. Burley puts it in "Practical Hash-based Owen Scrambling", JCGT
 * 9(4), 2020. A point is found from its number, without those before it.
 */
#include <slope/sampler.h>

#include "sobol_directions.h"

enum { BITS = 32 };

typedef struct config {
    bool scramble;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_BOOL(
        config, scramble, "true",
        "draw the points by the seed; otherwise they are those of the sequence itself"),
};

/* v_0 … v_31, by the recurrence of the dimension's polynomial of degree s:
 * v_k = a_1 v_(k-1) ⊕ a_2 v_(k-2) ⊕ … ⊕ v_(k-s) ⊕ v_(k-s) / 2^s */
static void make_directions(size_t dimension, uint32_t v[BITS])
{
    const sobol_direction first = {1, {0}};
    const sobol_direction *its = dimension > 0 ? &sobol_directions[dimension - 1] : &first;
    int degree = 0;
    while (its->polynomial >> (degree + 1) != 0) ++degree;
    for (int k = 0; k < BITS; ++k) {
        if (k < degree || degree == 0) {
            v[k] = (uint32_t)(degree == 0 ? 1 : its->m[k]) << (BITS - 1 - k);
            continue;
        }
        v[k] = v[k - degree] ^ v[k - degree] >> degree;
        for (int j = 1; j < degree; ++j)
            if (its->polynomial >> (degree - j) & 1) v[k] ^= v[k - j];
    }
}

static uint32_t reverse_bits(uint32_t x)
{
    x = (x & 0x55555555u) << 1 | (x >> 1 & 0x55555555u);
    x = (x & 0x33333333u) << 2 | (x >> 2 & 0x33333333u);
    x = (x & 0x0f0f0f0fu) << 4 | (x >> 4 & 0x0f0f0f0fu);
    x = (x & 0x00ff00ffu) << 8 | (x >> 8 & 0x00ff00ffu);
    return x << 16 | x >> 16;
}

/* Turns each bit by a hash of those above it. In the reversed number those are below, and sums and
 * products carry upwards only; the even factors keep a bit out of its own hash. */
static uint32_t scramble(uint32_t x, uint32_t seed)
{
    x = reverse_bits(x) + seed;
    x ^= x * 0x6c50b47cu;
    x ^= x * 0xb82f1e52u;
    x ^= x * 0xc7afe638u;
    x ^= x * 0x8d22f6e6u;
    return reverse_bits(x);
}

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    if (call->dimension_count > SOBOL_DIMENSIONS)
        return call->host->fail(call->host,
                                "the space has %zu dimensions, of which it knows %d: choose the "
                                "sampler random",
                                call->dimension_count, SOBOL_DIMENSIONS);
    *result = UINT64_C(1) << BITS;
    return SLOPE_OK;
}

static slope_status sample(const slope_sampler_call *call)
{
    const config *c = call->config;
    const size_t dimensions = call->dimension_count;
    for (size_t d = 0; d < dimensions; ++d) {
        uint32_t v[BITS];
        double key;
        make_directions(d, v);
        call->host->uniform(call->host, SLOPE_FOR_SAMPLES, d, 0, 1, &key);
        const uint32_t seed = (uint32_t)(key * 0x1p32);
        const double choices = (double)slope_dimension_at(call, d)->choices;
        for (size_t i = 0; i < call->count; ++i) {
            uint32_t x = 0;
            const uint64_t t = call->first + i;
            for (int k = 0; k < BITS && t >> k != 0; ++k)
                if (t >> k & 1) x ^= v[k];
            const double u = (c->scramble ? scramble(x, seed) : x) * 0x1p-32;
            call->points[i * dimensions + d] = choices > 0 ? floor(u * choices) : u;
        }
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SLOPE_HEAD(slope_sampler, SLOPE_KIND_SAMPLER), .id = "sobol", .version = "1.0",
               .summary = "fills the space more evenly than random points do",
               .description = "x_t = v_0 t_0 xor v_1 t_1 xor ..., t_k: bits of t\n"
                              "u_t = scrambled(x_t) / 2^32\n"
                              "Sobol 1967, direction numbers of Joe and Kuo 2008, scrambling of "
                              "Owen 1995 by hashing (Burley 2020). Best with a power of two as "
                              "number of trials; up to 128 dimensions.",
               SLOPE_PARAMETERS(parameters, config)},
    .needs_count = true,
    .count = count,
    .sample = sample,
};
