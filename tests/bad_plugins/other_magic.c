/* other_magic: exports the right name, but what is there is no entry of slope. */
#include <slope/plugin.h>

#undef SLOPE_MAGIC
#define SLOPE_MAGIC 0x12345678u

#include "simple_rule.h"

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("other_magic"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
