/* other_id: its id is not the stem of its file. */
#include "simple_rule.h"

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("my_rule"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
