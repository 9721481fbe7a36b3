/* kernels/random.c: see random.h. Compiled once for each instruction set (see CMakeLists.txt);
 * exports one table, random_kernels_<isa>.
 *
 * Philox works on several counters at once, by hand, because compilers do not find the product of
 * the lower halves of 64-bit lanes. The rest is straight-line arithmetic on one number, in loops
 * that compilers vectorise; every lane has the bits of the scalar computation. */
#include "kernels/random.h"

#include "kernels/elementary.h"

#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 8 };
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 4 };
#elif defined(__SSE2__)
#include <emmintrin.h>
enum { LANES = 2 };
#else
enum { LANES = 2 };
#endif

#define GLUE_(a) random_kernels_##a
#define GLUE(a)  GLUE_(a)

enum { BLOCK = 256 }; /* indices at once: their words stay in the first-level cache */

typedef uint64_t lanes __attribute__((vector_size(LANES * sizeof(uint64_t))));

/* ---- Philox ---------------------------------------------------------------------------------- */

/* Products of the lower halves; the upper halves may hold anything. */
static inline lanes multiply_halves(lanes a, lanes b)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (lanes)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (lanes)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & 0xffffffff) * (b & 0xffffffff);
#endif
}

/* The upper halves as lower ones; by a shuffle where a shift would wait for the multiplier's port.
 */
static inline lanes upper_halves(lanes a)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_shuffle_epi32((__m512i)a, _MM_PERM_DDBB);
#elif defined(__AVX2__)
    return (lanes)_mm256_shuffle_epi32((__m256i)a, 0xf5);
#else
    return a >> 32;
#endif
}

static inline lanes all(uint64_t x)
{
    return (lanes){0} + x;
}

/* The two words of the indices first … first + LANES - 1. A lane holds a word of a counter in its
 * lower half, and in the upper half whatever a round leaves there: no round looks at it. */
static inline void philox(const random_sequence *s, uint64_t first, lanes words[2])
{
    static const uint64_t steps[] = {0, 1, 2, 3, 4, 5, 6, 7};
    lanes index;
    memcpy(&index, steps, sizeof index);
    index += all(first);
    lanes c0 = index, c1 = index >> 32, c2 = all(s->upper[0]), c3 = all(s->upper[1]);
    for (uint32_t round = 0; round < 10; round++) {
        const uint32_t key0 = s->key[0] + round * 0x9e3779b9u;
        const uint32_t key1 = s->key[1] + round * 0xbb67ae85u;
        const lanes product0 = multiply_halves(c0, all(0xd2511f53u));
        const lanes product1 = multiply_halves(c2, all(0xcd9e8d57u));
        c0 = upper_halves(product1) ^ c1 ^ all(key0);
        c1 = product1;
        c2 = upper_halves(product0) ^ c3 ^ all(key1);
        c3 = product0;
    }
    words[0] = c1 << 32 | (c0 & 0xffffffff);
    words[1] = c3 << 32 | (c2 & 0xffffffff);
}

/* The words of `count` indices, and of a few more: there is room for whole vectors. */
static inline void draw(const random_sequence *s, uint64_t first, size_t count, uint64_t one[BLOCK],
                        uint64_t two[BLOCK])
{
    for (size_t i = 0; i < count; i += LANES) {
        lanes words[2];
        philox(s, first + i, words);
        memcpy(one + i, &words[0], sizeof words[0]);
        if (two) memcpy(two + i, &words[1], sizeof words[1]);
    }
}

/* ---- from words to numbers --------------------------------------------------------------------
 */

/* x as a double, for x < 2^52: the mantissa of 2^52 + x. No instruction set but the widest has a
 * conversion. */
static inline double whole(uint64_t x)
{
    return (bits){.bits = (integer)(x | 0x4330000000000000u)}.value - 0x1p52;
}

/* The upper 53 bits · 2^-53; both parts and their sum are exact. */
static inline double unit(uint64_t word)
{
    return whole(word >> 32) * 0x1p-32 + whole((word & 0xffffffff) >> 11) * 0x1p-53;
}

/* x, or -x if the third bit of `octant` is set. */
static inline double negative_from_4(double x, uint64_t octant)
{
    return (bits){.bits = (bits){.value = x}.bits ^ (integer)((octant & 4) << 61)}.value;
}

/* cos and sin of 2 pi unit(word): the octant is exact, then Taylor on [0, pi / 4]. */
static inline void circle(uint64_t word, double *cosine, double *sine)
{
    const uint64_t octant = word >> 61;
    const uint64_t rest = word >> 11 & 0x3ffffffffffff; /* within the octant, of 2^50 */
    const uint64_t from_axis = octant & 1 ? 0x4000000000000 - rest : rest;
    const double a = whole(from_axis) * 0x1p-50 * 0.78539816339744830962; /* pi / 4 */
    const double z = a * a;
    double s = 1.0 / 355687428096000.0; /* 1/17! */
    s = FMA(s, z, -1.0 / 1307674368000.0);
    s = FMA(s, z, 1.0 / 6227020800.0);
    s = FMA(s, z, -1.0 / 39916800.0);
    s = FMA(s, z, 1.0 / 362880.0);
    s = FMA(s, z, -1.0 / 5040.0);
    s = FMA(s, z, 1.0 / 120.0);
    s = FMA(s, z, -1.0 / 6.0);
    s = FMA(a * z, s, a);
    double c = 1.0 / 20922789888000.0; /* 1/16! */
    c = FMA(c, z, -1.0 / 87178291200.0);
    c = FMA(c, z, 1.0 / 479001600.0);
    c = FMA(c, z, -1.0 / 3628800.0);
    c = FMA(c, z, 1.0 / 40320.0);
    c = FMA(c, z, -1.0 / 720.0);
    c = FMA(c, z, 1.0 / 24.0);
    c = FMA(c, z, -0.5);
    c = FMA(z, c, 1.0);
    const bool swapped = (octant + 1) & 2; /* octants 1, 2, 5, 6: nearer to the other axis */
    *cosine = negative_from_4(swapped ? s : c, octant + 2);
    *sine = negative_from_4(swapped ? c : s, octant);
}

/* Box and Muller: the pairs of `count` indices. */
static void normal_pairs(size_t count, const uint64_t *restrict one, const uint64_t *restrict two,
                         double *restrict out)
{
    for (size_t i = 0; i < count; i++) {
        const double radius = __builtin_sqrt(-2.0 * log_one(1.0 - unit(one[i])));
        double cosine, sine;
        circle(two[i], &cosine, &sine);
        out[2 * i] = radius * cosine;
        out[2 * i + 1] = radius * sine;
    }
}

/* ---- the table ---------------------------------------------------------------------------------
 */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void words(const random_sequence *s, uint64_t first, size_t count, uint64_t *out)
{
    uint64_t one[BLOCK];
    for (size_t at = 0; at < count; at += BLOCK) {
        const size_t now = least(count - at, BLOCK);
        draw(s, first + at, now, one, NULL);
        memcpy(out + at, one, now * sizeof *out);
    }
}

static void uniform(const random_sequence *s, uint64_t first, size_t count, double *out)
{
    uint64_t one[BLOCK];
    for (size_t at = 0; at < count; at += BLOCK) {
        const size_t now = least(count - at, BLOCK);
        draw(s, first + at, now, one, NULL);
        for (size_t i = 0; i < now; i++) out[at + i] = unit(one[i]);
    }
}

static void normal(const random_sequence *s, uint64_t first, size_t count, double *out)
{
    uint64_t one[BLOCK], two[BLOCK];
    double ends[2 * BLOCK]; /* where only one number of the first or last pair is wanted */
    while (count) {
        const size_t skip = first % 2;
        const size_t pairs = least((skip + count + 1) / 2, BLOCK);
        const size_t now = least(2 * pairs - skip, count);
        draw(s, first / 2, pairs, one, two);
        if (now == 2 * pairs) {
            normal_pairs(pairs, one, two, out);
        } else {
            normal_pairs(pairs, one, two, ends);
            memcpy(out, ends + skip, now * sizeof *out);
        }
        first += now;
        count -= now;
        out += now;
    }
}

extern const random_kernels GLUE(SLOPE_ISA);
const random_kernels GLUE(SLOPE_ISA) = {.words = words, .uniform = uniform, .normal = normal};
