/* small_description: takes the common head for the whole description of an optimizer. */
#include "simple_rule.h"

SLOPE_PLUGIN(slope_optimizer) = {.plugin = {.size = sizeof(slope_plugin),
                                            .kind = SLOPE_KIND_OPTIMIZER,
                                            .id = "small_description",
                                            SIMPLE_TEXTS,
                                            SLOPE_PARAMETERS(parameters, config)},
                                 .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
