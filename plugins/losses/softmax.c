/* softmax: cross-entropy of the softmax of the scores, for one class per row.
 *
 *     loss = -log p_y = log Σⱼ exp(sⱼ - max s) - (s_y - max s),    p = exp(s) / Σⱼ exp(sⱼ)
 *     d loss / d s_j = p_j - [j = y]
 *
 * Multinomial logistic regression; the name is from J. S. Bridle, "Probabilistic Interpretation of
 * Feedforward Classification Network Outputs", Neurocomputing, 1990. With the greatest score taken
 * away first no exponential overflows, and the sum is at least 1. A score that is not a number
 * gives a loss that is not a number; so does the difference of two infinite scores.
 *
 * Order of the sum: outputs from the first to the last, from 0.
 */
#include <slope/loss.h>

/* Scores less the greatest of their row. */
static void shift(const real *restrict scores, size_t outputs, real *restrict shifted)
{
    real greatest = scores[0];
    for (size_t j = 1; j < outputs; j++) greatest = scores[j] > greatest ? scores[j] : greatest;
    for (size_t j = 0; j < outputs; j++) shifted[j] = scores[j] - greatest;
}

static void evaluate(const slope_loss_call *call)
{
    const slope_kernels *kernels = call->host->kernels;
    const size_t rows = call->rows, outputs = call->outputs;
    real *const scratch = call->scratch;

    for (size_t r = 0; r < rows; r++) {
        const real *shifted = scratch + r * outputs;
        shift(call->scores + r * outputs, outputs, scratch + r * outputs);
        call->losses[r] = -(double)shifted[call->labels[r]];
    }
    kernels->exp(rows * outputs, scratch, scratch);
    for (size_t r = 0; r < rows; r++) {
        const real *powers = scratch + r * outputs;
        real sum = 0;
        for (size_t j = 0; j < outputs; j++) sum += powers[j];
        if (call->gradient) {
            real *gradient = call->gradient + r * outputs;
            for (size_t j = 0; j < outputs; j++) gradient[j] = powers[j] / sum;
            gradient[call->labels[r]] -= 1;
        }
        scratch[r] = sum; /* r <= r · outputs: only a row that is done is overwritten */
    }
    kernels->log(rows, scratch, scratch);
    for (size_t r = 0; r < rows; r++) call->losses[r] += (double)scratch[r];
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "softmax", .version = "1.0",
               .summary = "cross-entropy of the softmax of the scores",
               .description = "loss = log(sum_j exp(s_j)) - s_y,   d loss / d s_j = p_j - [j = y]\n"
                              "Multinomial logistic regression; computed with the greatest score "
                              "taken away, so that nothing overflows."},
    .target = SLOPE_CLASS,
    .evaluate = evaluate,
};
