/* kernels/random.h: random numbers in blocks, at the width of the processor's vectors.
 *
 * random.c is compiled once for each instruction set; this table is what it fills. All give the
 * same bits. Which counter stands for what (seed, purpose, stream) is host/random.c's business:
 * call that. */
#ifndef SLOPE_KERNELS_RANDOM_H
#define SLOPE_KERNELS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What the counters of one sequence share; their first two words are the index, low word first. */
typedef struct random_sequence {
    uint32_t key[2];   /* of Philox 4x32-10 */
    uint32_t upper[2]; /* third and fourth word of each counter */
} random_sequence;

/* out[i] is of index first + i (normal: of the pair (first + i) / 2; even is its cosine). */
typedef struct random_kernels {
    /* the first 64 of the 128 bits of an index */
    void (*words)(const random_sequence *s, uint64_t first, size_t count, uint64_t *out);
    /* the upper 53 bits of the word · 2^-53 */
    void (*uniform)(const random_sequence *s, uint64_t first, size_t count, double *out);
    /* sqrt(-2 log(1 - u)) · cos and sin of 2 pi v; u and v are uniform, of the two words of index
     * (first + i) / 2 */
    void (*normal)(const random_sequence *s, uint64_t first, size_t count, double *out);
} random_kernels;

/* Of the instruction set that kernels_select() chose. */
const random_kernels *random_kernels_selected(void);

#endif
