/* svrg: gradient descent on batches, corrected by what the batch says of a place where the whole
 * gradient is known.
 *
 *     every `anchor_steps` steps:  a <- w,  μ <- ∇f(a) on all training rows
 *     w <- w - learning_rate · (∇f_batch(w) - ∇f_batch(a) + μ)
 *
 * The correction has mean 0 and takes away most of the noise of batches while w is near a, so the
 * learning rate need not fall.
 *
 * R. Johnson and T. Zhang, "Accelerating Stochastic Gradient Descent using Predictive Variance
 * Reduction", NIPS 2013, with option I: the next anchor is the last w. They advise anchors two to
 * five epochs apart. A step costs two gradients of its batch, an anchor a pass over the data.
 * Clipping would bend one of the gradients only: leave it out.
 */
#include <slope/optimizer.h>

#include <string.h>

typedef struct config {
    double learning_rate;
    int64_t anchor_steps;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.01", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_INTEGER(config, anchor_steps, "1000", SLOPE_AT_LEAST(1.0),
                        "steps from one whole gradient to the next"),
};

enum { ANCHOR, WHOLE, BATCH };
static const slope_slot slots[] = {{"anchor", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"anchor_gradient", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"batch_gradient", SLOPE_PER_ELEMENT, .copies = 1}};

static slope_status update(const slope_update *call)
{
    const config *c = call->config;
    const slope_host *host = call->host;
    const real rate = (real)call->learning_rate;
    real *restrict w = call->weights;
    real *restrict a = call->slots[ANCHOR], *restrict mu = call->slots[WHOLE];
    real *restrict there = call->slots[BATCH];
    const real *restrict here = call->gradient;
    double loss;

    if ((call->step - 1) % (uint64_t)c->anchor_steps == 0) {
        memcpy(a, w, call->n * sizeof *a);
        if (call->full_objective(host, a, &loss, mu)) return SLOPE_ERROR;
    }
    if (call->objective(host, a, &loss, there)) return SLOPE_ERROR;
    for (size_t i = 0; i < call->n; i++) w[i] -= rate * (here[i] - there[i] + mu[i]);
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "svrg", .version = "1.0",
               .summary = "sgd whose noise is taken away with the gradient on all rows",
               .description = "every anchor_steps steps: a <- w, mu <- gradient on all rows at a\n"
                              "w <- w - learning_rate * (g(w) - g(a) + mu), g: of the batch\n"
                              "Johnson and Zhang 2013. Two gradients in each step.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_MODEL,
    SLOPE_SLOTS(slots),
    .update = update,
};
