/* fast_math: built and linked with -ffast-math. With many compilers that adds a constructor which
 * makes the processor flush subnormal numbers to zero in the whole program; those that no longer do
 * (gcc from 13) or never did for shared objects (clang) get one here. */
#include "simple_rule.h"

#if SLOPE_REAL_BITS == 32 && (defined(__clang__) || __GNUC__ >= 13)
#if defined(__x86_64__)
#include <xmmintrin.h>

__attribute__((constructor)) static void set_fast_math(void)
{
    _mm_setcsr(_mm_getcsr() | 0x8040); /* flush to zero, denormals are zero */
}
#elif defined(__aarch64__)
__attribute__((constructor)) static void set_fast_math(void)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | (UINT64_C(1) << 24)));
}
#endif
#endif

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("fast_math"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
