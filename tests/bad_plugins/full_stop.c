/* full_stop: its summary is no line for a table. `slope test`: "describes itself". */
#include "simple_rule.h"

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "full_stop",
               .version = "1.0", .summary = "This is gradient descent.", .description = "w - g",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    .update = descend};
