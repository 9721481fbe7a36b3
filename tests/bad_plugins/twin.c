/* twin: without fault, but there are two of it, in two folders. */
#include "simple_rule.h"

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("twin"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
