/* softmax: cross-entropy of the softmax of the scores, for one class per row.
 *
 *     loss = -Σⱼ q_j log p_j,    p = exp(s) / Σⱼ exp(sⱼ)
 *          = log Σⱼ exp(sⱼ - max s) - Σⱼ q_j (sⱼ - max s)
 *     q_j = (1 - label_smoothing) · [j = y] + label_smoothing / outputs
 *     d loss / d s_j = p_j - q_j
 *
 * Multinomial logistic regression; the name is from J. S. Bridle, "Probabilistic Interpretation of
 * Feedforward Classification Network Outputs", Neurocomputing, 1990. Smoothed labels: C. Szegedy et
 * al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, section 7, and
 * torch.nn.CrossEntropyLoss. With the greatest score taken away first no exponential overflows, and
 * the sum is at least 1. A score that is not a number gives a loss that is not a number; so does
 * the difference of two infinite scores.
 *
 * Order of the sums: that of sum_rows (slope/kernels.h). The division is one by row: p = exp(s) ·
 * (1 / Σⱼ exp(sⱼ)).
 */
#include <slope/loss.h>

typedef struct config {
    double label_smoothing;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, label_smoothing, "0", SLOPE_IN_0_1,
                       "share of the label that is spread over all classes"),
};

enum { BLOCK_ROWS = 64 };

/* Scores less the greatest of their row. */
static void shift(const slope_kernels *kernels, size_t rows, size_t outputs,
                  const real *restrict scores, real *restrict shifted)
{
    real greatest[BLOCK_ROWS];
    kernels->max_rows(rows, outputs, scores, greatest);
    SLOPE_EACH_ROW(rows, outputs, shifted, greatest[r], scores[i] - own, (void)0)
}

/* Σⱼ q_j (sⱼ - max s) of a row. */
static double expected(const real *restrict shifted, size_t outputs, size_t label, double smoothing)
{
    if (smoothing == 0) return (double)shifted[label]; /* the others count 0, were they infinite */
    double sum = 0;
    for (size_t j = 0; j < outputs; j++) sum += (double)shifted[j];
    return (1 - smoothing) * (double)shifted[label] + smoothing / (double)outputs * sum;
}

/* p - q of some rows, whose exponentials have these sums. */
static void differentiate(const config *c, size_t rows, size_t outputs, const int32_t *labels,
                          const real *restrict powers, const real *restrict sums,
                          real *restrict gradient)
{
    const real spread = (real)(c->label_smoothing / (double)outputs);
    const real right = (real)(1 - c->label_smoothing);
    real inverse[BLOCK_ROWS];
    for (size_t r = 0; r < rows; r++) inverse[r] = 1 / sums[r];
    SLOPE_EACH_ROW(rows, outputs, gradient, inverse[r], powers[i] * own - spread,
                   gradient[begin + (size_t)labels[r]] -= right)
}

static void evaluate(const slope_loss_call *call)
{
    const config *c = call->config;
    const slope_kernels *kernels = call->host->kernels;
    const size_t outputs = call->outputs;
    for (size_t first = 0; first < call->rows; first += BLOCK_ROWS) {
        const size_t left = call->rows - first, rows = left < BLOCK_ROWS ? left : BLOCK_ROWS;
        const int32_t *labels = call->labels + first;
        real *scratch = call->scratch, sums[BLOCK_ROWS];
        double *losses = call->losses + first;
        shift(kernels, rows, outputs, call->scores + first * outputs, scratch);
        for (size_t r = 0; r < rows; r++)
            losses[r] =
                -expected(scratch + r * outputs, outputs, (size_t)labels[r], c->label_smoothing);
        kernels->exp(rows * outputs, scratch, scratch);
        kernels->sum_rows(rows, outputs, scratch, sums);
        if (call->gradient)
            differentiate(c, rows, outputs, labels, scratch, sums,
                          (real *)call->gradient + first * outputs);
        kernels->log(rows, sums, sums);
        for (size_t r = 0; r < rows; r++) losses[r] += (double)sums[r];
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "softmax", .version = "1.2",
               .summary = "cross-entropy of the softmax of the scores",
               .description = "loss = log(sum_j exp(s_j)) - sum_j q_j * s_j\n"
                              "q_j = (1 - label_smoothing) * [j = y] + label_smoothing / outputs\n"
                              "d loss / d s_j = p_j - q_j, p = exp(s) / sum_j exp(s_j)\n"
                              "Multinomial logistic regression; computed with the greatest score "
                              "taken away, so that nothing overflows.",
               SLOPE_PARAMETERS(parameters, config)},
    .target = SLOPE_CLASS,
    .evaluate = evaluate,
};
