/* huber: for regression, errors squared while they are small and taken as they are when large.
 *
 *     e = s_o - t_o
 *     loss = Σ_o  e² / 2                    where |e| <= delta
 *                 delta · (|e| - delta / 2)  elsewhere
 *     d loss / d s_o = e, but within [-delta, delta]
 *
 * P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35,
 * 1964; torch.nn.HuberLoss, summed over the outputs. An outlier pulls no harder than delta.
 *
 * Order of the sum: outputs from the first to the last, from 0, in double.
 */
#include <slope/loss.h>

typedef struct config {
    double delta;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, delta, "1", SLOPE_POSITIVE,
                       "error at which the loss goes on as a straight line"),
};

static void evaluate(const slope_loss_call *call)
{
    const config *c = call->config;
    const real delta = (real)c->delta;
    for (size_t r = 0; r < call->rows; r++) {
        double sum = 0;
        for (size_t o = r * call->outputs; o < (r + 1) * call->outputs; o++) {
            const real error = call->scores[o] - call->targets[o];
            const double size = fabs((double)error);
            sum += size > c->delta ? c->delta * (size - c->delta / 2) : size * size / 2;
            const real low = error < -delta ? -delta : error;
            if (call->gradient) call->gradient[o] = low > delta ? delta : low; /* nan stays nan */
        }
        call->losses[r] = sum;
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "huber", .version = "1.0",
               .summary = "for regression: squared for small errors, straight for large ones",
               .description = "e = s_o - t_o, loss = sum_o of\n"
                              "e^2 / 2 where |e| <= delta, delta * (|e| - delta / 2) elsewhere\n"
                              "Huber 1964; torch.nn.HuberLoss.",
               SLOPE_PARAMETERS(parameters, config)},
    .target = SLOPE_VALUES,
    .evaluate = evaluate,
};
