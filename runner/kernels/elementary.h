/* kernels/elementary.h: exp, log, tanh, sin, cos and the logistic function, our own, because the C
 * library's differ between machines.
 *
 * Each is straight-line arithmetic (+ - * / fma, integer operations on the bits), so a loop over it
 * is vectorised and every lane has the bits of the scalar function.
 *
 * Greatest error seen over the tested range, in units in the last place (tests/unit/kernels):
 * exp 1, log 1.5, tanh 3, sigmoid 2.5, sin and cos 1 (float64 and float32; results that are
 * subnormal excepted for exp, which is then off by at most one subnormal step).
 *
 * Method. exp: n = round(x / ln 2), r = x - n ln 2 with ln 2 in two parts, Taylor polynomial of e^r
 * on |r| <= ln(2) / 2, scaling by 2^n in two steps so that subnormals and the largest numbers come
 * out. log: x = 2^e m with m in [sqrt(1/2), sqrt(2)), f = m - 1, s = f / (2 + f), log(1 + f) = 2
 * artanh(s) by its power series. tanh: expm1(2|x|) / (expm1(2|x|) + 2). sin and cos, in double for
 * both precisions: n = round(2x / pi), r = x - n pi/2 with pi/2 in three parts of 53 bits (with fma
 * the first difference is exact), Taylor polynomials on |r| <= pi/4; from |x| = 2^45 on, where
 * neighbouring float64 are a hundredth apart, the result is nan. The coefficients are 1/k! and
 * 2/(2k + 1); nothing was fitted.
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_ELEMENTARY_H
#define SLOPE_KERNELS_ELEMENTARY_H

#include "slope/plugin.h"

#if SLOPE_REAL_BITS == 32
#define R(x)           x##f
#define FMA(a, b, c)   __builtin_fmaf(a, b, c)
#define COPYSIGN(a, b) __builtin_copysignf(a, b)
#define ABS(a)         __builtin_fabsf(a)
typedef int32_t integer;
typedef uint32_t natural; /* for sums and shifts that may wrap round, on the way to NaN */
enum { MANTISSA = 23, BIAS = 127 };
static const float ROUND = 0x1.8p23f; /* adding and taking it away rounds to an integer */
static const float EXP_MAX = 89.0f, EXP_MIN = -104.0f;
static const float LN2_HIGH = 0x1.62e4p-1f, LN2_LOW = 0x1.7f7d1cp-20f;
static const float TANH_ONE = 10.0f; /* from here on tanh rounds to 1 */
static const integer SQRT_HALF_BITS = 0x3f3504f3;
static const float SUBNORMAL_LIFT = 0x1p24f;
enum { SUBNORMAL_SHIFT = 24 };
static const float SMALLEST_NORMAL = 0x1p-126f;
#else
#define R(x)           x
#define FMA(a, b, c)   __builtin_fma(a, b, c)
#define COPYSIGN(a, b) __builtin_copysign(a, b)
#define ABS(a)         __builtin_fabs(a)
typedef int64_t integer;
typedef uint64_t natural;
enum { MANTISSA = 52, BIAS = 1023 };
static const double ROUND = 0x1.8p52;
static const double EXP_MAX = 710.0, EXP_MIN = -746.0;
static const double LN2_HIGH = 0x1.62e42fefa38p-1, LN2_LOW = 0x1.ef35793c7673p-45;
static const double TANH_ONE = 20.0;
static const integer SQRT_HALF_BITS = 0x3fe6a09e667f3bcd;
static const double SUBNORMAL_LIFT = 0x1p54;
enum { SUBNORMAL_SHIFT = 54 };
static const double SMALLEST_NORMAL = 0x1p-1022;
#endif

static const double SINE_LIMIT = 0x1p45;

typedef union bits {
    real value;
    integer bits;
} bits;

static inline real power_of_two(integer n)
{
    return (bits){.bits = (integer)((natural)(n + BIAS) << MANTISSA)}.value;
}

/* e^r - 1 for |r| <= 0.35. */
static inline real expm1_reduced(real r)
{
#if SLOPE_REAL_BITS == 32
    real p = R(1.0) / R(5040.0);
#else
    real p = R(1.0) / R(6227020800.0);
    p = FMA(p, r, R(1.0) / R(479001600.0));
    p = FMA(p, r, R(1.0) / R(39916800.0));
    p = FMA(p, r, R(1.0) / R(3628800.0));
    p = FMA(p, r, R(1.0) / R(362880.0));
    p = FMA(p, r, R(1.0) / R(40320.0));
    p = FMA(p, r, R(1.0) / R(5040.0));
#endif
    p = FMA(p, r, R(1.0) / R(720.0));
    p = FMA(p, r, R(1.0) / R(120.0));
    p = FMA(p, r, R(1.0) / R(24.0));
    p = FMA(p, r, R(1.0) / R(6.0));
    p = FMA(p, r, R(0.5));
    return FMA(p * r, r, r);
}

/* x = n ln 2 + r; returns r. */
static inline real reduce(real x, integer *n)
{
    const real shifted = FMA(x, R(1.4426950408889634), ROUND);
    *n = (bits){.value = shifted}.bits - (bits){.value = ROUND}.bits;
    const real whole = shifted - ROUND;
    return FMA(-whole, LN2_LOW, FMA(-whole, LN2_HIGH, x));
}

static inline real exp_one(real x)
{
    real y = x > EXP_MAX ? EXP_MAX : x;
    y = y < EXP_MIN ? EXP_MIN : y; /* comparisons let NaN through */
    integer n;
    const real r = reduce(y, &n);
    const integer half = n >> 1;
    return (R(1.0) + expm1_reduced(r)) * power_of_two(half) * power_of_two(n - half);
}

static inline real log_one(real x)
{
    const bool subnormal = x < SMALLEST_NORMAL;
    const real lifted = subnormal ? x * SUBNORMAL_LIFT : x;
    const integer whole = (bits){.value = lifted}.bits;
    /* the exponent plus BIAS: unsigned, and made a real by hand, since AVX2 neither shifts signed
     * 64-bit numbers nor converts them */
    const natural zero = (natural)SQRT_HALF_BITS - ((natural)BIAS << MANTISSA);
    const natural biased = ((natural)whole - zero) >> MANTISSA;
    const real m = (bits){.bits = (integer)((natural)whole - ((biased - BIAS) << MANTISSA))}.value;
    const real bias = ROUND + (real)(subnormal ? BIAS + SUBNORMAL_SHIFT : BIAS);
    const real exponent =
        (bits){.bits = (bits){.value = ROUND}.bits + (integer)biased}.value - bias;
    const real f = m - R(1.0);
    const real s = f / (R(2.0) + f);
    const real z = s * s;
#if SLOPE_REAL_BITS == 32
    real p = R(2.0) / R(11.0);
#else
    real p = R(2.0) / R(23.0);
    p = FMA(p, z, R(2.0) / R(21.0));
    p = FMA(p, z, R(2.0) / R(19.0));
    p = FMA(p, z, R(2.0) / R(17.0));
    p = FMA(p, z, R(2.0) / R(15.0));
    p = FMA(p, z, R(2.0) / R(13.0));
    p = FMA(p, z, R(2.0) / R(11.0));
#endif
    p = FMA(p, z, R(2.0) / R(9.0));
    p = FMA(p, z, R(2.0) / R(7.0));
    p = FMA(p, z, R(2.0) / R(5.0));
    p = FMA(p, z, R(2.0) / R(3.0));
    /* log(1 + f) = f - s (f - z p); the exponent's share is added from small to large */
    const real tail = FMA(exponent, LN2_LOW, -s * FMA(-z, p, f));
    real result = FMA(exponent, LN2_HIGH, f + tail);
    result = x == R(0.0) ? -(real)INFINITY : result;
    result = x == (real)INFINITY ? x : result;
    return x < R(0.0) || x != x ? (real)NAN : result;
}

static inline real tanh_one(real x)
{
    const real size = ABS(x);
    integer n;
    const real r = reduce(R(2.0) * (size > TANH_ONE ? TANH_ONE : size), &n);
    const real power = power_of_two(n);
    const real t = FMA(power, expm1_reduced(r), power - R(1.0));
    const real result = size > TANH_ONE ? R(1.0) : t / (t + R(2.0));
    return x != x ? x : COPYSIGN(result, x);
}

static inline real sigmoid_one(real x)
{
    return R(1.0) / (R(1.0) + exp_one(-x));
}

/* x = n pi/2 + r + rest, |r| <= pi/4 and a bit, rest a rounding error of r; n modulo 4 counts. */
typedef struct quarter {
    double r, rest;
    int64_t n;
} quarter;

static inline quarter reduce_to_quarter(double x)
{
    const double shifted = __builtin_fma(x, 0x1.45f306dc9c883p-1, 0x1.8p52);
    const double n = shifted - 0x1.8p52;
    const double first = __builtin_fma(-n, 0x1.921fb54442d18p+0, x); /* exact */
    const double r = __builtin_fma(-n, 0x1.1a62633145c07p-54, first);
    const double rest = __builtin_fma(-n, 0x1.1a62633145c07p-54, first - r);
    union {
        double value;
        int64_t bits;
    } whole = {.value = shifted};
    return (quarter){r, __builtin_fma(n, 0x1.f1976b7ed8fbcp-110, rest), whole.bits & 3};
}

static inline double sine_of(quarter q)
{
    const double z = q.r * q.r;
    double p = 1.0 / 355687428096000.0;
    p = __builtin_fma(p, z, -1.0 / 1307674368000.0);
    p = __builtin_fma(p, z, 1.0 / 6227020800.0);
    p = __builtin_fma(p, z, -1.0 / 39916800.0);
    p = __builtin_fma(p, z, 1.0 / 362880.0);
    p = __builtin_fma(p, z, -1.0 / 5040.0);
    p = __builtin_fma(p, z, 1.0 / 120.0);
    p = __builtin_fma(p, z, -1.0 / 6.0);
    return q.r + __builtin_fma(p * z, q.r, q.rest * __builtin_fma(-0.5, z, 1.0));
}

static inline double cosine_of(quarter q)
{
    const double z = q.r * q.r;
    double p = 1.0 / 20922789888000.0;
    p = __builtin_fma(p, z, -1.0 / 87178291200.0);
    p = __builtin_fma(p, z, 1.0 / 479001600.0);
    p = __builtin_fma(p, z, -1.0 / 3628800.0);
    p = __builtin_fma(p, z, 1.0 / 40320.0);
    p = __builtin_fma(p, z, -1.0 / 720.0);
    p = __builtin_fma(p, z, 1.0 / 24.0);
    const double half = 0.5 * z, head = 1.0 - half; /* 1 - z/2 with its rounding error */
    return head + (((1.0 - head) - half) + __builtin_fma(p * z, z, -q.r * q.rest));
}

/* sin(x + turns pi/2) */
static inline double sine_turned(double x, int64_t turns)
{
    const double size = __builtin_fabs(x);
    quarter q = reduce_to_quarter(size < SINE_LIMIT ? x : 0.0);
    q.n += turns;
    const double result = q.n & 1 ? cosine_of(q) : sine_of(q);
    const double turned = q.n & 2 ? -result : result;
    return size < SINE_LIMIT ? turned : (double)NAN;
}

static inline real sin_one(real x)
{
    const real result = (real)sine_turned((double)x, 0);
    return x == R(0.0) ? x : result; /* the zero keeps its sign */
}

static inline real cos_one(real x)
{
    return (real)sine_turned((double)x, 1);
}

#endif
