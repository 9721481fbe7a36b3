/* reads_rows: promises to leave its rows to the kernels, and reads them itself. `slope test`: "rows
 * may be packed late". */
#include "simple_model.h"

#include <string.h>

static void forward(const slope_model_call *call)
{
    const slope_model_shape *n = &call->shape;
    for (size_t r = 0; r < call->rows; ++r)
        for (size_t o = 0; o < n->outputs; ++o) {
            const real *w = call->weights + call->offsets[0] + o * n->features;
            real sum = 0;
            for (size_t i = 0; i < n->features; ++i) sum += w[i] * call->x[r * call->ldx + i];
            call->scores[r * n->outputs + o] = sum;
        }
}

static void backward(const slope_model_call *call)
{
    add_gradient(call);
}

static const void *extension(const char *name)
{
    static const slope_model_rows rows = {.size = sizeof rows};
    return strcmp(name, SLOPE_MODEL_ROWS) == 0 ? &rows : NULL;
}

SLOPE_PLUGIN(slope_model) = {
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = "reads_rows", .version = "1.0",
               .summary = "scores W x", .description = "Wrong on purpose.", .extension = extension},
    .initialisation = "zeros",
    .tensors = one_tensor,
    .forward = forward,
    .backward = backward};
