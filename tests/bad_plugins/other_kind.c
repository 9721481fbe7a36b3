/* other_kind: of a kind that does not exist. */
#include "simple_rule.h"

SLOPE_PLUGIN(slope_optimizer) = {.plugin = {SLOPE_HEAD(slope_optimizer, (slope_kind)99),
                                            .id = "other_kind", SIMPLE_TEXTS,
                                            SLOPE_PARAMETERS(parameters, config)},
                                 .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
