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
static void circle(double t, double *cosine, double *sine)
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

void random_normal(random_key key, uint64_t first, size_t count, double *out)
{
    const kernels *k = kernels_for_bits(64);
    for (size_t i = 0; i < count;) {
        const uint64_t index = first + i;
        uint64_t words[2];
        draw(key, index / 2, words);
        double radius = 1.0 - unit(words[0]); /* in (0, 1] */
        k->plugin.log(1, &radius, &radius);
        radius = sqrt(-2.0 * radius);
        double cosine, sine;
        circle(unit(words[1]), &cosine, &sine);
        if (index % 2 == 0) out[i++] = radius * cosine;
        if (i < count && first + i == index / 2 * 2 + 1) out[i++] = radius * sine;
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
