/* many_differ: several weight vectors at once get scores that are not those of one. `slope test`:
 * "several at once are as one". */
#include "simple_model.h"

#include <string.h>

static void scores_of_many(size_t count, const slope_model_call *calls)
{
    for (size_t i = 0; i < count; ++i) {
        scores(&calls[i]);
        calls[i].scores[0] *= i > 0 ? (real)1.0001 : 1;
    }
}

static void add_gradients(size_t count, const slope_model_call *calls, bool separate)
{
    for (size_t i = 0; i < count; ++i) {
        const slope_model_call *c = &calls[i];
        const size_t out = c->shape.outputs;
        const real *d = c->score_gradient;
        real *g = c->gradient + c->offsets[0];
        c->host->kernels->affine_weights_many(c->host, 1, c->rows, c->shape.features, out, c->x,
                                              c->ldx, &d, out, &g, c->shape.features, separate);
    }
}

static const void *extension(const char *name)
{
    static const slope_model_many many = {
        .size = sizeof many, .forward = scores_of_many, .backward = add_gradients};
    return strcmp(name, SLOPE_MODEL_MANY) == 0 ? &many : NULL;
}

static void forward(const slope_model_call *call)
{
    scores(call);
}

static void backward(const slope_model_call *call)
{
    add_gradient(call);
}

SLOPE_PLUGIN(slope_model) = {
    .plugin = {SLOPE_HEAD(slope_model, SLOPE_KIND_MODEL), .id = "many_differ", .version = "1.0",
               .summary = "scores W x", .description = "Wrong on purpose.", .extension = extension},
    .initialisation = "zeros",
    .tensors = one_tensor,
    .forward = forward,
    .backward = backward};
