/* two_names: exports a second name, which might collide with another plugin's. `slope test`:
 * "exports one name". */
#include "simple_rule.h"

#if SLOPE_REAL_BITS == 32 && !defined(SLOPE_VARIANT)
extern __attribute__((visibility("default"))) const int second_name;
const int second_name = 2;
#endif

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("two_names"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
