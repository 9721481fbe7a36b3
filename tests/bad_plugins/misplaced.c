/* misplaced: an optimizer; the build puts it into a folder of losses. */
#include "simple_rule.h"

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("misplaced"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
