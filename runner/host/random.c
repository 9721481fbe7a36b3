/* host/random.c: see random.h. log comes from our kernels and sine and cosine from the polynomials
 * below, not from the C library, whose last bits differ between machines. */
#include "host/random.h"

#include "kernels/kernels.h"

#include <Random123/philox.h>

/* Two 64-bit words of index `index`. */
static void draw(random_key key, uint64_t index, uint64_t words[2])
{
    const philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32),
                                       (uint32_t)key.stream,
                                       (uint32_t)(key.stream >> 32 << 8) | (uint32_t)key.purpose}};
    const philox4x32_key_t seed = {{(uint32_t)key.seed, (uint32_t)(key.seed >> 32)}};
    const philox4x32_ctr_t r = philox4x32(counter, seed);
    words[0] = (uint64_t)r.v[1] << 32 | r.v[0];
    words[1] = (uint64_t)r.v[3] << 32 | r.v[2];
}

static double unit(uint64_t word)
{
    return (double)(word >> 11) * 0x1p-53;
}

void random_uniform(random_key key, uint64_t first, size_t count, double *out)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t words[2];
        draw(key, first + i, words);
        out[i] = unit(words[0]);
    }
}

/* cos and sin of 2 pi t for t in [0, 1): the octant is exact, then Taylor on [0, pi / 4]. */
static inline __attribute__((always_inline)) void circle(double t, double *cosine, double *sine)
{
    const double eighth = t * 8;
    const int octant = (int)eighth;
    const double fraction = octant % 2 ? octant + 1 - eighth : eighth - octant;
    const double a = fraction * 0.78539816339744830962; /* pi / 4 */
    const double z = a * a;
    double s = 1.0 / 355687428096000.0; /* 1/17! */
    s = fma(s, z, -1.0 / 1307674368000.0);
    s = fma(s, z, 1.0 / 6227020800.0);
    s = fma(s, z, -1.0 / 39916800.0);
    s = fma(s, z, 1.0 / 362880.0);
    s = fma(s, z, -1.0 / 5040.0);
    s = fma(s, z, 1.0 / 120.0);
    s = fma(s, z, -1.0 / 6.0);
    s = fma(a * z, s, a);
    double c = 1.0 / 20922789888000.0; /* 1/16! */
    c = fma(c, z, -1.0 / 87178291200.0);
    c = fma(c, z, 1.0 / 479001600.0);
    c = fma(c, z, -1.0 / 3628800.0);
    c = fma(c, z, 1.0 / 40320.0);
    c = fma(c, z, -1.0 / 720.0);
    c = fma(c, z, 1.0 / 24.0);
    c = fma(c, z, -0.5);
    c = fma(z, c, 1.0);
    const bool swapped = (octant + 1) / 2 % 2; /* octants 1, 2, 5, 6: nearer to the other axis */
    *cosine = swapped ? s : c;
    *sine = swapped ? c : s;
    if (octant >= 2 && octant < 6) *cosine = -*cosine;
    if (octant >= 4) *sine = -*sine;
}

enum { PAIRS = 64 };

/* Pairs of random words to pairs of independent standard normal numbers (Box and Muller). */
static inline __attribute__((always_inline)) void normal_pairs(size_t count, uint64_t words[][2],
                                                               double pairs[][2])
{
    double radius[PAIRS];
    for (size_t i = 0; i < count; i++) radius[i] = 1.0 - unit(words[i][0]); /* in (0, 1] */
    kernels_for_bits(64)->plugin.log(count, radius, radius);
    for (size_t i = 0; i < count; i++) {
        const double length = sqrt(-2.0 * radius[i]);
        circle(unit(words[i][1]), &pairs[i][0], &pairs[i][1]);
        pairs[i][0] *= length;
        pairs[i][1] *= length;
    }
}

/* Where the processor is not known to have it, a fused multiply-add is a call of the C library: the
 * same bits, many times as slow. */
#if defined(__x86_64__)
#define HAS_FMA __builtin_cpu_supports("fma")
__attribute__((target("fma"))) static void normal_pairs_fma(size_t count, uint64_t words[][2],
                                                            double pairs[][2])
{
    normal_pairs(count, words, pairs);
}
#else
#define HAS_FMA          0
#define normal_pairs_fma normal_pairs
#endif

void random_normal(random_key key, uint64_t first, size_t count, double *out)
{
    uint64_t words[PAIRS][2];
    double pairs[PAIRS][2];
    for (size_t done = 0; done < count;) {
        const uint64_t pair = (first + done) / 2;
        const size_t skip = (first + done) % 2, left = (skip + count - done + 1) / 2;
        const size_t now = left < PAIRS ? left : PAIRS;
        for (size_t i = 0; i < now; i++) draw(key, pair + i, words[i]);
        if (HAS_FMA)
            normal_pairs_fma(now, words, pairs);
        else
            normal_pairs(now, words, pairs);
        for (size_t i = skip; i < 2 * now && done < count; i++) out[done++] = pairs[i / 2][i % 2];
    }
}

void random_permutation(random_key key, size_t count, uint32_t *out)
{
    for (size_t i = 0; i < count; i++) out[i] = (uint32_t)i;
    for (size_t i = count; i-- > 1;) {
        uint64_t words[2];
        draw(key, i, words);
        /* (i + 1) · word / 2^64 without 128-bit numbers: below i + 1, with a bias below 2^-32 */
        const uint64_t high = words[0] >> 32, low = words[0] & 0xffffffff;
        const size_t j = (size_t)((high * (i + 1) + (low * (i + 1) >> 32)) >> 32);
        const uint32_t swap = out[i];
        out[i] = out[j];
        out[j] = swap;
    }
}
