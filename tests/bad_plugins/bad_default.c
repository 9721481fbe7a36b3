/* bad_default: the default of a parameter is out of its own bounds. */
#include "simple_rule.h"

typedef struct wrong_config {
    double momentum;
} wrong_config;

static const slope_parameter table[] = {
    SLOPE_PARAM_NUMBER(wrong_config, momentum, "1.5", SLOPE_IN_0_1, "share of the last step"),
};

SLOPE_PLUGIN(slope_optimizer) = {.plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER),
                                            .id = "bad_default", SIMPLE_TEXTS,
                                            SLOPE_PARAMETERS(table, wrong_config)},
                                 .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
