/* simple_model.h: scores W x without bias, without a fault. Each plugin that takes it spoils one
 * thing. */
#ifndef SLOPE_TESTS_SIMPLE_MODEL_H
#define SLOPE_TESTS_SIMPLE_MODEL_H

#include <slope/model.h>

static inline slope_status one_tensor(const slope_host *host, const void *config,
                                      const slope_model_shape *shape, size_t capacity,
                                      slope_tensor *out, size_t *count)
{
    (void)host, (void)config;
    *count = 1;
    if (capacity > 0)
        out[0] = (slope_tensor){.name = "weight",
                                .role = SLOPE_WEIGHT,
                                .rank = 2,
                                .extents = {shape->outputs, shape->features},
                                .fan_in = shape->features,
                                .fan_out = shape->outputs};
    return SLOPE_OK;
}

static inline void scores(const slope_model_call *call)
{
    const slope_model_shape *n = &call->shape;
    call->host->kernels->affine(call->host, call->rows, n->features, n->outputs, call->x, call->ldx,
                                call->weights + call->offsets[0], n->features, NULL, SLOPE_IDENTITY,
                                call->scores, n->outputs);
}

static inline void add_gradient(const slope_model_call *call)
{
    const slope_model_shape *n = &call->shape;
    call->host->kernels->affine_weights(call->host, call->rows, n->features, n->outputs, call->x,
                                        call->ldx, call->score_gradient, n->outputs,
                                        call->gradient + call->offsets[0], n->features);
}

#define SIMPLE_MODEL(id_) \
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = (id_), .version = "1.0", \
               .summary = "scores W x", .description = "Wrong on purpose."}, \
    .initialisation = "zeros"

#endif
