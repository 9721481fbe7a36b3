/* simple_rule.h: gradient descent without a fault. Each plugin of this folder takes it and spoils
 * one thing, so that a refusal can have one cause only. */
#ifndef SLOPE_TESTS_SIMPLE_RULE_H
#define SLOPE_TESTS_SIMPLE_RULE_H

#include <slope/optimizer.h>

typedef struct config {
    double learning_rate;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.1", SLOPE_POSITIVE, "length of a step"),
};

static inline slope_status descend(const slope_update *call)
{
    const real *gradient = call->gradient;
    real *w = call->weights;
    const real rate = (real)call->learning_rate;
    for (size_t i = 0; i < call->n; ++i) w[i] -= rate * gradient[i];
    return SLOPE_OK;
}

#define SIMPLE_TEXTS \
    .version = "1.0", .summary = "gradient descent", .description = "w <- w - learning_rate * g"

#define SIMPLE_PLUGIN(id_) \
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = (id_), SIMPLE_TEXTS, \
               SLOPE_PARAMETERS(parameters, config)}

#endif
