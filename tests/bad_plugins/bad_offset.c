/* bad_offset: a parameter whose field lies outside the config struct (the table names another). */
#include "simple_rule.h"

typedef struct small_config {
    float learning_rate;
} small_config;

SLOPE_PLUGIN(slope_optimizer) = {.plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER),
                                            .id = "bad_offset", SIMPLE_TEXTS,
                                            SLOPE_PARAMETERS(parameters, small_config)},
                                 .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
