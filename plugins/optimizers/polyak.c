/* polyak: gradient descent whose step follows from how far the objective is above its least value.
 *
 *     w <- w - min(learning_rate · (f(w) - optimal_loss) / |g|², max_step) · g
 *
 * No step where f is at or below optimal_loss, or g is 0. f is the objective of the step's batch,
 * regularisation included.
 *
 * B. T. Polyak, "Minimization of unsmooth functionals", USSR Computational Mathematics and
 * Mathematical Physics 9, 1969 (learning_rate 1, no max_step); for batches N. Loizou, S. Vaswani,
 * I. Laradji and S. Lacoste-Julien, "Stochastic Polyak Step-size for SGD", AISTATS 2021, equation 4
 * (whose c is 1 / learning_rate).
 */
#include <slope/optimizer.h>

typedef struct config {
    double learning_rate, optimal_loss, max_step;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "1", SLOPE_POSITIVE, "factor of the step"),
    SLOPE_PARAM_NUMBER(config, optimal_loss, "0", SLOPE_ANY,
                       "least value that the objective can have, or a guess from below"),
    {.key = "max_step",
     .type = SLOPE_NUMBER,
     .offset = offsetof(config, max_step),
     .min = 0,
     .max = INFINITY,
     .flags = SLOPE_OPTIONAL | SLOPE_MIN_OPEN,
     .doc = "greatest factor of the gradient; none when absent"},
};

static const slope_slot slots[] = {{"step", SLOPE_PER_MODEL, .copies = 1}};

static slope_status begin(const slope_update *call)
{
    const config *c = call->config;
    const double squares = call->host->kernels->sum_squares(call->host, call->n, call->gradient);
    const double above = call->loss - c->optimal_loss;
    double step = above > 0 && squares > 0 ? call->learning_rate * above / squares : 0;
    if (step > c->max_step) step = c->max_step; /* never, where it is absent and so nan */
    *(double *)call->slots[0] = step;
    return SLOPE_OK;
}

static slope_status update(const slope_update *call)
{
    const double *step = call->slots[0];
    const real rate = (real)*step;
    real *restrict w = call->weights;
    const real *restrict g = call->gradient;

    for (size_t i = 0; i < call->n; i++) w[i] -= rate * g[i];
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "polyak", .version = "1.0",
               .summary = "gradient descent with steps by the distance from the least loss",
               .description =
                   "w <- w - min(learning_rate * (f(w) - optimal_loss) / |g|^2, max_step) * g\n"
                   "Polyak 1969; on batches Loizou et al. 2021.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_ELEMENT,
    SLOPE_SLOTS(slots),
    .begin = begin,
    .update = update,
};
