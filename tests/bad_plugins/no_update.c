/* no_update: an optimizer without the one thing that an optimizer does. */
#include "simple_rule.h"

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("no_update"), .scope = SLOPE_SCOPE_ELEMENT};
