/* no_symbol: a shared object that is no plugin at all. */
#include <slope/plugin.h>

#if SLOPE_REAL_BITS == 32
__attribute__((visibility("default"))) int answer(void);
int answer(void)
{
    return 42;
}
#else
extern const int unused_float64_half;
const int unused_float64_half = 64;
#endif
