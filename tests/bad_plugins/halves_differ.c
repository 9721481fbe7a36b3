/* halves_differ: the default in the float64 half is another one. */
#include "simple_rule.h"

static const slope_parameter table[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, SLOPE_REAL_BITS == 64 ? "0.01" : "0.1",
                       SLOPE_POSITIVE, "length of a step"),
};

SLOPE_PLUGIN(slope_optimizer) = {.plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER),
                                            .id = "halves_differ", SIMPLE_TEXTS,
                                            SLOPE_PARAMETERS(table, config)},
                                 .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
