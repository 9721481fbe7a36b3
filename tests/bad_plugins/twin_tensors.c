/* twin_tensors: two tensors of one name, of which a file of weights could hold but one. `slope
 * test`: "declares its tensors". */
#include "simple_model.h"

static slope_status two_tensors(const slope_host *host, const void *config,
                                const slope_model_shape *shape, size_t capacity, slope_tensor *out,
                                size_t *count)
{
    one_tensor(host, config, shape, capacity, out, count);
    *count = 2;
    if (capacity > 1)
        out[1] = (slope_tensor){
            .name = "weight", .role = SLOPE_BIAS, .rank = 1, .extents = {shape->outputs}};
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_model) = {SIMPLE_MODEL("twin_tensors"), .tensors = two_tensors,
                             .forward = scores, .backward = add_gradient};
