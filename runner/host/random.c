/* host/random.c: see random.h. The numbers themselves are made by kernels/random.c; log, sine and
 * cosine come from there, not from the C library, whose last bits differ between machines. */
#include "host/random.h"

#include "kernels/random.h"

static random_sequence sequence_of(random_key key)
{
    return (random_sequence){
        .key = {(uint32_t)key.seed, (uint32_t)(key.seed >> 32)},
        .upper = {(uint32_t)key.stream, (uint32_t)(key.stream >> 32 << 8) | (uint32_t)key.purpose},
    };
}

void random_uniform(random_key key, uint64_t first, size_t count, double *out)
{
    const random_sequence s = sequence_of(key);
    random_kernels_selected()->uniform(&s, first, count, out);
}

void random_normal(random_key key, uint64_t first, size_t count, double *out)
{
    const random_sequence s = sequence_of(key);
    random_kernels_selected()->normal(&s, first, count, out);
}

void random_permutation(random_key key, size_t count, uint32_t *out)
{
    enum { BLOCK = 256 };
    const random_sequence s = sequence_of(key);
    uint64_t words[BLOCK]; /* of the indices first … */
    size_t first = count;

    for (size_t i = 0; i < count; i++) out[i] = (uint32_t)i;
    for (size_t i = count; i-- > 1;) {
        if (i < first) {
            first = i + 1 > BLOCK ? i + 1 - BLOCK : 0;
            random_kernels_selected()->words(&s, first, i + 1 - first, words);
        }
        /* (i + 1) · word / 2^64 without 128-bit numbers: below i + 1, with a bias below 2^-32 */
        const uint64_t word = words[i - first], high = word >> 32, low = word & 0xffffffff;
        const size_t j = (size_t)((high * (i + 1) + (low * (i + 1) >> 32)) >> 32);
        const uint32_t swap = out[i];
        out[i] = out[j];
        out[j] = swap;
    }
}
