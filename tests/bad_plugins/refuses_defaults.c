/* refuses_defaults: its own check does not allow what its table gives. `slope test`: "accepts its
 * defaults". */
#include "simple_rule.h"

static slope_status check(const slope_host *host, const void *config_)
{
    const config *c = config_;
    return c->learning_rate < 1 ? host->fail_key(host, "learning_rate", "must be at least 1")
                                : SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {.plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER),
                                            .id = "refuses_defaults", SIMPLE_TEXTS,
                                            SLOPE_PARAMETERS(parameters, config), .check = check},
                                 .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
