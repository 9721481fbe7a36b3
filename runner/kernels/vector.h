/* kernels/vector.h: one vocabulary for the widest vectors of the instruction set being compiled
 * for.
 *
 * `vec` holds VLEN reals. All functions are exact IEEE operations lane by lane, so a computation
 * written with them gives the same bits at every width: where lanes are outputs of their own, and
 * in a dot product, whose LANES partial sums fill PARTS vectors (dots.h). Without vectors (baseline
 * x86-64 has no fused multiply-add) a vec is one real and fma is the C library's: slow, and right.
 *
 * Only for kernels/core.c, which is compiled once for each instruction set and precision. */
#ifndef SLOPE_KERNELS_VECTOR_H
#define SLOPE_KERNELS_VECTOR_H

#include "slope/plugin.h"

/* Before a loop of constant length over vectors that should stay in registers. */
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__))
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* Whether there are 32 vector registers; otherwise 16, or it does not matter. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define VECTORS_32 1
#else
#define VECTORS_32 0
#endif

#define SLOPE_VECTOR_OPS(load_, store_, set1_, add_, sub_, mul_, max_, fma_) \
    static inline vec v_load(const real *p) \
    { \
        return load_(p); \
    } \
    static inline void v_store(real *p, vec v) \
    { \
        store_(p, v); \
    } \
    static inline vec v_set1(real x) \
    { \
        return set1_(x); \
    } \
    static inline vec v_add(vec a, vec b) \
    { \
        return add_(a, b); \
    } \
    static inline vec v_sub(vec a, vec b) \
    { \
        return sub_(a, b); \
    } \
    static inline vec v_mul(vec a, vec b) \
    { \
        return mul_(a, b); \
    } \
    static inline vec v_max(vec a, vec b) /* a > b ? a : b; so b where one is no number */ \
    { \
        return max_(a, b); \
    } \
    static inline vec v_fma(vec a, vec b, vec c) /* a · b + c, rounded once */ \
    { \
        return fma_(a, b, c); \
    }

#if defined(__AVX512F__) && SLOPE_REAL_BITS == 32
typedef __m512 vec;
enum { VLEN = 16 };
SLOPE_VECTOR_OPS(_mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_add_ps, _mm512_sub_ps,
                 _mm512_mul_ps, _mm512_max_ps, _mm512_fmadd_ps)
#elif defined(__AVX512F__)
typedef __m512d vec;
enum { VLEN = 8 };
SLOPE_VECTOR_OPS(_mm512_loadu_pd, _mm512_storeu_pd, _mm512_set1_pd, _mm512_add_pd, _mm512_sub_pd,
                 _mm512_mul_pd, _mm512_max_pd, _mm512_fmadd_pd)
#elif defined(__AVX2__) && defined(__FMA__) && SLOPE_REAL_BITS == 32
typedef __m256 vec;
enum { VLEN = 8 };
SLOPE_VECTOR_OPS(_mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_add_ps, _mm256_sub_ps,
                 _mm256_mul_ps, _mm256_max_ps, _mm256_fmadd_ps)
#elif defined(__AVX2__) && defined(__FMA__)
typedef __m256d vec;
enum { VLEN = 4 };
SLOPE_VECTOR_OPS(_mm256_loadu_pd, _mm256_storeu_pd, _mm256_set1_pd, _mm256_add_pd, _mm256_sub_pd,
                 _mm256_mul_pd, _mm256_max_pd, _mm256_fmadd_pd)
#elif defined(__aarch64__) && SLOPE_REAL_BITS == 32
typedef float32x4_t vec;
enum { VLEN = 4 };
#define SLOPE_NEON_MAX(a, b)    vbslq_f32(vcgtq_f32(a, b), a, b)
#define SLOPE_NEON_FMA(a, b, c) vfmaq_f32(c, a, b)
SLOPE_VECTOR_OPS(vld1q_f32, vst1q_f32, vdupq_n_f32, vaddq_f32, vsubq_f32, vmulq_f32, SLOPE_NEON_MAX,
                 SLOPE_NEON_FMA)
#elif defined(__aarch64__)
typedef float64x2_t vec;
enum { VLEN = 2 };
#define SLOPE_NEON_MAX(a, b)    vbslq_f64(vcgtq_f64(a, b), a, b)
#define SLOPE_NEON_FMA(a, b, c) vfmaq_f64(c, a, b)
SLOPE_VECTOR_OPS(vld1q_f64, vst1q_f64, vdupq_n_f64, vaddq_f64, vsubq_f64, vmulq_f64, SLOPE_NEON_MAX,
                 SLOPE_NEON_FMA)
#else
typedef real vec;
enum { VLEN = 1 };
#define SLOPE_SCALAR_LOAD(p)     (*(p))
#define SLOPE_SCALAR_STORE(p, v) (*(p) = (v))
#define SLOPE_SCALAR_SET1(x)     (x)
#define SLOPE_SCALAR_ADD(a, b)   ((a) + (b))
#define SLOPE_SCALAR_SUB(a, b)   ((a) - (b))
#define SLOPE_SCALAR_MUL(a, b)   ((a) * (b))
#define SLOPE_SCALAR_MAX(a, b)   ((a) > (b) ? (a) : (b))
#if SLOPE_REAL_BITS == 32
SLOPE_VECTOR_OPS(SLOPE_SCALAR_LOAD, SLOPE_SCALAR_STORE, SLOPE_SCALAR_SET1, SLOPE_SCALAR_ADD,
                 SLOPE_SCALAR_SUB, SLOPE_SCALAR_MUL, SLOPE_SCALAR_MAX, fmaf)
#else
SLOPE_VECTOR_OPS(SLOPE_SCALAR_LOAD, SLOPE_SCALAR_STORE, SLOPE_SCALAR_SET1, SLOPE_SCALAR_ADD,
                 SLOPE_SCALAR_SUB, SLOPE_SCALAR_MUL, SLOPE_SCALAR_MAX, fma)
#endif
#endif

/* v in lanes where a > 0, and 0 elsewhere. */
static inline vec v_where_positive(vec a, vec v)
{
#if defined(__AVX512F__) && SLOPE_REAL_BITS == 32
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, v_set1(0), _CMP_GT_OQ), v);
#elif defined(__AVX512F__)
    return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a, v_set1(0), _CMP_GT_OQ), v);
#elif defined(__AVX2__) && defined(__FMA__) && SLOPE_REAL_BITS == 32
    return _mm256_and_ps(_mm256_cmp_ps(a, v_set1(0), _CMP_GT_OQ), v);
#elif defined(__AVX2__) && defined(__FMA__)
    return _mm256_and_pd(_mm256_cmp_pd(a, v_set1(0), _CMP_GT_OQ), v);
#elif defined(__aarch64__) && SLOPE_REAL_BITS == 32
    return vbslq_f32(vcgtq_f32(a, v_set1(0)), v, v_set1(0));
#elif defined(__aarch64__)
    return vbslq_f64(vcgtq_f64(a, v_set1(0)), v, v_set1(0));
#else
    return a > 0 ? v : 0;
#endif
}

/* The first n lanes (1 to VLEN) at p; other lanes are 0 when loaded and left alone when stored. */
#if defined(__AVX512F__) && SLOPE_REAL_BITS == 32
static inline vec v_load_part(const real *p, size_t n)
{
    return _mm512_maskz_loadu_ps((__mmask16)(0xffffu >> (16 - n)), p);
}
static inline void v_store_part(real *p, vec v, size_t n)
{
    _mm512_mask_storeu_ps(p, (__mmask16)(0xffffu >> (16 - n)), v);
}
#elif defined(__AVX512F__)
static inline vec v_load_part(const real *p, size_t n)
{
    return _mm512_maskz_loadu_pd((__mmask8)(0xffu >> (8 - n)), p);
}
static inline void v_store_part(real *p, vec v, size_t n)
{
    _mm512_mask_storeu_pd(p, (__mmask8)(0xffu >> (8 - n)), v);
}
#elif defined(__AVX2__) && defined(__FMA__) && SLOPE_REAL_BITS == 32
static inline __m256i v_part(size_t n)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lanes);
}
static inline vec v_load_part(const real *p, size_t n)
{
    return _mm256_maskload_ps(p, v_part(n));
}
static inline void v_store_part(real *p, vec v, size_t n)
{
    _mm256_maskstore_ps(p, v_part(n), v);
}
#elif defined(__AVX2__) && defined(__FMA__)
static inline __m256i v_part(size_t n)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
}
static inline vec v_load_part(const real *p, size_t n)
{
    return _mm256_maskload_pd(p, v_part(n));
}
static inline void v_store_part(real *p, vec v, size_t n)
{
    _mm256_maskstore_pd(p, v_part(n), v);
}
#else
static inline vec v_load_part(const real *p, size_t n)
{
    real lanes[VLEN] = {0};
    for (size_t i = 0; i < n; i++) lanes[i] = p[i];
    return v_load(lanes);
}
static inline void v_store_part(real *p, vec v, size_t n)
{
    real lanes[VLEN];
    v_store(lanes, v);
    for (size_t i = 0; i < n; i++) p[i] = lanes[i];
}
#endif

/* The first n lanes (1 to VLEN) at p; the others are as in `rest`. */
#if defined(__AVX512F__) && SLOPE_REAL_BITS == 32
static inline vec v_load_part_over(const real *p, size_t n, vec rest)
{
    return _mm512_mask_loadu_ps(rest, (__mmask16)(0xffffu >> (16 - n)), p);
}
#elif defined(__AVX512F__)
static inline vec v_load_part_over(const real *p, size_t n, vec rest)
{
    return _mm512_mask_loadu_pd(rest, (__mmask8)(0xffu >> (8 - n)), p);
}
#else
static inline vec v_load_part_over(const real *p, size_t n, vec rest)
{
    real lanes[VLEN];
    v_store(lanes, rest);
    for (size_t i = 0; i < n; i++) lanes[i] = p[i];
    return v_load(lanes);
}
#endif

/* ---- folding partial results ----------------------------------------------------------------- */

enum {
    LANES = 64 / sizeof(real), /* partial results of a fold; part of its definition */
    PARTS = LANES / VLEN,      /* vectors that hold them */
};

/* The lower and the upper halves of two vectors, side by side, so that one operation joins both;
 * which half of a vector is in `one` does not matter to it. Step after step halves shrink until a
 * lane is what becomes of a whole vector: lane v_slot(i) of vector i. */
typedef struct halves {
    vec one, other;
} halves;
#if defined(__AVX512F__) && SLOPE_REAL_BITS == 32
static inline size_t v_slot(size_t i)
{
    return (i % 2 * 2 + i / 2 % 2) * 4 + i / 4;
}
/* Blends, which two ports can do, instead of shuffles, which one can. */
static inline halves v_halves(vec a, vec b, size_t half)
{
    const __m512i swapped =
        _mm512_setr_epi32(4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24, 25, 26, 27);
    if (half == 8)
        return (halves){_mm512_mask_blend_ps(0xff00, a, b), _mm512_shuffle_f32x4(a, b, 0x4e)};
    if (half == 4)
        return (halves){_mm512_mask_blend_ps(0xf0f0, a, b), _mm512_permutex2var_ps(a, swapped, b)};
    if (half == 2)
        return (halves){_mm512_mask_blend_ps(0xcccc, a, b), _mm512_shuffle_ps(a, b, 0x4e)};
    return (halves){_mm512_shuffle_ps(a, b, 0x88), _mm512_shuffle_ps(a, b, 0xdd)};
}
#elif defined(__AVX512F__)
static inline size_t v_slot(size_t i)
{
    return i % 4 * 2 + i / 4;
}
static inline halves v_halves(vec a, vec b, size_t half)
{
    if (half == 4)
        return (halves){_mm512_shuffle_f64x2(a, b, 0x44), _mm512_shuffle_f64x2(a, b, 0xee)};
    if (half == 2)
        return (halves){_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd)};
    return (halves){_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b)};
}
#elif defined(__AVX2__) && defined(__FMA__) && SLOPE_REAL_BITS == 32
static inline size_t v_slot(size_t i)
{
    return i % 2 * 4 + i / 2;
}
static inline halves v_halves(vec a, vec b, size_t half)
{
    if (half == 4)
        return (halves){_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31)};
    if (half == 2) return (halves){_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xee)};
    return (halves){_mm256_shuffle_ps(a, b, 0x88), _mm256_shuffle_ps(a, b, 0xdd)};
}
#elif defined(__AVX2__) && defined(__FMA__)
static inline size_t v_slot(size_t i)
{
    return i % 2 * 2 + i / 2;
}
static inline halves v_halves(vec a, vec b, size_t half)
{
    if (half == 2)
        return (halves){_mm256_permute2f128_pd(a, b, 0x20), _mm256_permute2f128_pd(a, b, 0x31)};
    return (halves){_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b)};
}
#elif defined(__aarch64__) && SLOPE_REAL_BITS == 32
static inline size_t v_slot(size_t i)
{
    return i;
}
static inline halves v_halves(vec a, vec b, size_t half)
{
    if (half == 2)
        return (halves){vcombine_f32(vget_low_f32(a), vget_low_f32(b)),
                        vcombine_f32(vget_high_f32(a), vget_high_f32(b))};
    return (halves){vuzp1q_f32(a, b), vuzp2q_f32(a, b)};
}
#elif defined(__aarch64__)
static inline size_t v_slot(size_t i)
{
    return i;
}
static inline halves v_halves(vec a, vec b, size_t half)
{
    (void)half;
    return (halves){vuzp1q_f64(a, b), vuzp2q_f64(a, b)};
}
#else
static inline size_t v_slot(size_t i)
{
    return i;
}
static inline halves v_halves(vec a, vec b, size_t half)
{
    (void)b, (void)half;
    return (halves){a, a};
}
#endif

/* Steps of a fold: `of_two` says what becomes of elements 2 i and 2 i + 1, or i and i + n. They are
 * written out because no compiler unrolls a loop over halves, and vectors in an array that is not
 * unrolled go through memory. */
#define V_FOLD_STEP(n, element, of_two) \
    if ((n) >= 1) UNROLL for (size_t i = 0; i < ((n) >= 1 ? (n) : 1); i++)(element) = (of_two);

/* v_NAME_parts: the PARTS vectors of one fold, number j + n/2 joined to j, for n = LANES, … 2 VLEN.
 * v_NAME_lanes: the same from there on, for VLEN folds at once: lane v_slot(i) of the result is
 * what all lanes of at[i] come to. */
#define DEFINE_FOLD(NAME, JOIN) \
    static inline vec v_##NAME##_parts(const vec *part) \
    { \
        vec at[PARTS]; \
        UNROLL for (size_t i = 0; i < PARTS; i++) at[i] = part[i]; \
        V_FOLD_STEP(PARTS / 2, at[i], JOIN(at[i], at[i + PARTS / 2])) \
        V_FOLD_STEP(PARTS / 4, at[i], JOIN(at[i], at[i + PARTS / 4])) \
        V_FOLD_STEP(PARTS / 8, at[i], JOIN(at[i], at[i + PARTS / 8])) \
        V_FOLD_STEP(PARTS / 16, at[i], JOIN(at[i], at[i + PARTS / 16])) \
        return at[0]; \
    } \
    static inline vec v_##NAME##_pair(vec a, vec b, size_t half) \
    { \
        const halves h = v_halves(a, b, half); \
        return JOIN(h.one, h.other); \
    } \
    static inline vec v_##NAME##_lanes(vec *at) \
    { \
        V_FOLD_STEP(VLEN / 2, at[i], v_##NAME##_pair(at[2 * i], at[2 * i + 1], VLEN / 2)) \
        V_FOLD_STEP(VLEN / 4, at[i], v_##NAME##_pair(at[2 * i], at[2 * i + 1], VLEN / 4)) \
        V_FOLD_STEP(VLEN / 8, at[i], v_##NAME##_pair(at[2 * i], at[2 * i + 1], VLEN / 8)) \
        V_FOLD_STEP(VLEN / 16, at[i], v_##NAME##_pair(at[2 * i], at[2 * i + 1], VLEN / 16)) \
        return at[0]; \
    }
DEFINE_FOLD(sum, v_add)
DEFINE_FOLD(max, v_max)

#endif
