/* no_symbol: a shared object that is no plugin at all. */
#include <slope/plugin.h>

#if SLOPE_REAL_BITS == 32 && !defined(SLOPE_VARIANT)
__attribute__((visibility("default"))) int answer(void);
int answer(void)
{
    return 42;
}
#else
typedef int nothing; /* the other halves are empty */
#endif
