/* knows_everything: claims every extension. `slope test`: "knows no unknown extension". */
#include "simple_rule.h"

static const void *extension(const char *name)
{
    return name;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "knows_everything",
               SIMPLE_TEXTS, SLOPE_PARAMETERS(parameters, config), .extension = extension},
    .scope = SLOPE_SCOPE_ELEMENT,
    .update = descend};
