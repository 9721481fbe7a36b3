/* engine/layout.c: see layout.h. */
#include "engine/layout.h"

#include "host/random.h"
#include "host/services.h"

#include <stdlib.h>
#include <string.h>

bool layout_create(arena *a, const slope_model *model, const void *model_config,
                   slope_model_shape shape, layout *out, failure *why)
{
    call_host call;
    call_host_init(&call, FLOAT32, 0);
    const char *who = arena_printf(a, "model %s", model->plugin.id);
    size_t count = 0;
    if (model->tensors(&call.host, model_config, &shape, 0, NULL, &count) != SLOPE_OK)
        return call_host_failure(&call, STATUS_CONFIG, who, why);
    if (count == 0) return failure_set(why, STATUS_CONFIG, "%s: has no parameters", who);
    slope_tensor *tensors = arena_alloc(a, count * sizeof *tensors);
    if (model->tensors(&call.host, model_config, &shape, count, tensors, &count) != SLOPE_OK)
        return call_host_failure(&call, STATUS_CONFIG, who, why);
    size_t *offsets = arena_alloc(a, count * sizeof *offsets);
    size_t *sizes = arena_alloc(a, count * sizeof *sizes);
    *out = (layout){.tensor_count = count, .tensors = tensors, .offsets = offsets, .sizes = sizes};
    for (size_t t = 0; t < count; t++) {
        size_t size = 1;
        for (size_t d = 0; d < tensors[t].rank; d++)
            if (__builtin_mul_overflow(size, tensors[t].extents[d], &size) || size > SIZE_MAX / 64)
                return failure_set(why, STATUS_CONFIG, "%s: tensor '%s' is too large", who,
                                   tensors[t].name);
        offsets[t] = out->total;
        sizes[t] = size;
        out->parameters += size;
        out->total += (size + 15) / 16 * 16; /* 16 float32 are 64 bytes, 16 float64 are 128 */
    }
    return true;
}

static void draw(const init_config *init, const slope_tensor *tensor, random_key key, size_t count,
                 double *out)
{
    const double in = tensor->fan_in ? (double)tensor->fan_in : 1;
    const double both = in + (double)tensor->fan_out;
    const bool normal = init->distribution == INIT_NORMAL || init->distribution == INIT_HE;
    const double std = init->distribution == INIT_HE ? sqrt(2 / in) : init->std;
    const double limit = init->distribution == INIT_XAVIER ? sqrt(6 / both) : init->limit;
    if (normal)
        random_normal(key, 0, count, out);
    else
        random_uniform(key, 0, count, out);
    for (size_t i = 0; i < count; i++) out[i] = normal ? std * out[i] : limit * (2 * out[i] - 1);
}

void layout_initialise(const layout *l, const init_config *init, precision p, uint64_t seed,
                       void *weights)
{
    const kernels *k = kernels_for_bits(p == FLOAT64 ? 64 : 32);
    memset(weights, 0, l->total * k->real_size);
    for (size_t t = 0; t < l->tensor_count; t++) {
        const slope_tensor *tensor = &l->tensors[t];
        char *target = (char *)weights + l->offsets[t] * k->real_size;
        if (tensor->initial) {
            k->from_double(l->sizes[t], tensor->initial, target);
        } else if (tensor->role == SLOPE_WEIGHT && init->distribution != INIT_ZEROS) {
            double *values = allocate(l->sizes[t], sizeof *values);
            draw(init, tensor, (random_key){seed, SLOPE_FOR_INITIAL_WEIGHTS, t}, l->sizes[t],
                 values);
            k->from_double(l->sizes[t], values, target);
            free(values);
        }
    }
}
