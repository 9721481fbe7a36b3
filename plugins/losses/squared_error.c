/* squared_error: for regression, the sum of the squared errors of a row's outputs.
 *
 *     loss = Σ_o (s_o - t_o)²
 *     d loss / d s_o = 2 (s_o - t_o)
 *
 * A. M. Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes", 1805. Without
 * ½, as in torch.nn.MSELoss: with one output, the mean over rows is the mean squared error. With
 * more it is as many times that, because outputs are added.
 *
 * Order of the sum: outputs from the first to the last, from 0, in double.
 */
#include <slope/loss.h>

static void evaluate(const slope_loss_call *call)
{
    for (size_t r = 0; r < call->rows; r++) {
        double sum = 0;
        for (size_t o = r * call->outputs; o < (r + 1) * call->outputs; o++) {
            const real error = call->scores[o] - call->targets[o];
            sum += (double)error * (double)error;
            if (call->gradient) call->gradient[o] = 2 * error;
        }
        call->losses[r] = sum;
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "squared_error", .version = "1.0",
               .summary = "for regression: the sum of squared errors of a row",
               .description = "loss = sum_o (s_o - t_o)^2\n"
                              "Without 1/2: with one output the mean is the mean squared error."},
    .target = SLOPE_VALUES,
    .evaluate = evaluate,
};
