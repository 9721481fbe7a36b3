/* slope/arithmetic.h: small arithmetic that plugins share and that gives the same bits everywhere.
 *
 * Only what C itself lacks: a square root in terms of `real`, and powers without the C library's
 * pow(), whose last bit differs between machines. Whole rows of exp, log and tanh are in kernels.h.
 */
#ifndef SLOPE_ARITHMETIC_H
#define SLOPE_ARITHMETIC_H

#include "plugin.h"

#if SLOPE_REAL_BITS != 0
/* Correctly rounded (IEEE 754), one instruction per vector where errno is not asked for. */
static inline real slope_sqrt(real x)
{
#if SLOPE_REAL_BITS == 64
    return sqrt(x);
#else
    return sqrtf(x);
#endif
}
#endif

/* base to a whole power, by repeated squaring from the lowest bit of the exponent: at most 128
 * multiplications, each rounded once. A bias correction is 1 - slope_power(beta, step). */
static inline double slope_power(double base, uint64_t exponent)
{
    double power = 1.0;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1) power *= base;
        base *= base;
    }
    return power;
}

#endif
