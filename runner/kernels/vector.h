/* kernels/vector.h: one vocabulary for the widest vectors of the instruction set being compiled
 * for.
 *
 * `vec` holds VLEN reals. All functions are exact IEEE operations lane by lane, so a computation
 * written with them gives the same bits at every width as long as lanes are outputs and never parts
 * of one sum. Without vectors (baseline x86-64 has no fused multiply-add) a vec is one real and fma
 * is the C library's: slow, and right.
 *
 * Only for kernels/core.c, which is compiled once for each instruction set and precision. */
#ifndef SLOPE_KERNELS_VECTOR_H
#define SLOPE_KERNELS_VECTOR_H

#include "slope/plugin.h"

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

#define SLOPE_VECTOR_OPS(load_, store_, set1_, fma_) \
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
    static inline vec v_fma(vec a, vec b, vec c) /* a · b + c, rounded once */ \
    { \
        return fma_(a, b, c); \
    }

#if defined(__AVX512F__) && SLOPE_REAL_BITS == 32
typedef __m512 vec;
enum { VLEN = 16 };
SLOPE_VECTOR_OPS(_mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_fmadd_ps)
#elif defined(__AVX512F__)
typedef __m512d vec;
enum { VLEN = 8 };
SLOPE_VECTOR_OPS(_mm512_loadu_pd, _mm512_storeu_pd, _mm512_set1_pd, _mm512_fmadd_pd)
#elif defined(__AVX2__) && defined(__FMA__) && SLOPE_REAL_BITS == 32
typedef __m256 vec;
enum { VLEN = 8 };
SLOPE_VECTOR_OPS(_mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_fmadd_ps)
#elif defined(__AVX2__) && defined(__FMA__)
typedef __m256d vec;
enum { VLEN = 4 };
SLOPE_VECTOR_OPS(_mm256_loadu_pd, _mm256_storeu_pd, _mm256_set1_pd, _mm256_fmadd_pd)
#elif defined(__aarch64__) && SLOPE_REAL_BITS == 32
typedef float32x4_t vec;
enum { VLEN = 4 };
#define SLOPE_NEON_FMA(a, b, c) vfmaq_f32(c, a, b)
SLOPE_VECTOR_OPS(vld1q_f32, vst1q_f32, vdupq_n_f32, SLOPE_NEON_FMA)
#elif defined(__aarch64__)
typedef float64x2_t vec;
enum { VLEN = 2 };
#define SLOPE_NEON_FMA(a, b, c) vfmaq_f64(c, a, b)
SLOPE_VECTOR_OPS(vld1q_f64, vst1q_f64, vdupq_n_f64, SLOPE_NEON_FMA)
#else
typedef real vec;
enum { VLEN = 1 };
#define SLOPE_SCALAR_LOAD(p)     (*(p))
#define SLOPE_SCALAR_STORE(p, v) (*(p) = (v))
#define SLOPE_SCALAR_SET1(x)     (x)
#if SLOPE_REAL_BITS == 32
SLOPE_VECTOR_OPS(SLOPE_SCALAR_LOAD, SLOPE_SCALAR_STORE, SLOPE_SCALAR_SET1, fmaf)
#else
SLOPE_VECTOR_OPS(SLOPE_SCALAR_LOAD, SLOPE_SCALAR_STORE, SLOPE_SCALAR_SET1, fma)
#endif
#endif

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

/* Every `stride`th real from p on, as the lanes of a vector, and back. VLEN · stride < 2^31. */
#if defined(__AVX512F__) && SLOPE_REAL_BITS == 32
static inline __m512i v_offsets(size_t stride)
{
    return _mm512_mullo_epi32(
        _mm512_set1_epi32((int)stride),
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}
static inline vec v_gather(const real *p, size_t stride)
{
    return _mm512_i32gather_ps(v_offsets(stride), p, 4);
}
static inline void v_scatter(real *p, size_t stride, vec v)
{
    _mm512_i32scatter_ps(p, v_offsets(stride), v, 4);
}
#elif defined(__AVX512F__)
static inline __m256i v_offsets(size_t stride)
{
    return _mm256_mullo_epi32(_mm256_set1_epi32((int)stride),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vec v_gather(const real *p, size_t stride)
{
    return _mm512_i32gather_pd(v_offsets(stride), p, 8);
}
static inline void v_scatter(real *p, size_t stride, vec v)
{
    _mm512_i32scatter_pd(p, v_offsets(stride), v, 8);
}
#else
static inline vec v_gather(const real *p, size_t stride)
{
    real lanes[VLEN];
    for (size_t i = 0; i < VLEN; i++) lanes[i] = p[i * stride];
    return v_load(lanes);
}
static inline void v_scatter(real *p, size_t stride, vec v)
{
    real lanes[VLEN];
    v_store(lanes, v);
    for (size_t i = 0; i < VLEN; i++) p[i * stride] = lanes[i];
}
#endif

/* VLEN bytes as reals, where there are instructions for it. */
#if defined(__AVX512F__) && SLOPE_REAL_BITS == 32
#define HAS_V_LOAD_BYTES 1
static inline vec v_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}
static inline vec v_load_bytes(const unsigned char *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
#elif defined(__AVX2__) && defined(__FMA__) && SLOPE_REAL_BITS == 32
#define HAS_V_LOAD_BYTES 1
static inline vec v_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}
static inline vec v_load_bytes(const unsigned char *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
#else
#define HAS_V_LOAD_BYTES 0
#endif

#endif
