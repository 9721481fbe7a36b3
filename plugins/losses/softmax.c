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
 * Order of the sums: outputs from the first to the last, from 0.
 */
#include <slope/loss.h>

typedef struct config {
    double label_smoothing;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, label_smoothing, "0", SLOPE_IN_0_1,
                       "share of the label that is spread over all classes"),
};

/* Rows that are worked on side by side: along one row every step waits for the one before. */
enum { SIDE_BY_SIDE = 16 };

/* Scores less the greatest of their row, of up to SIDE_BY_SIDE rows. */
static void shift(const real *restrict scores, size_t rows, size_t outputs, real *restrict shifted)
{
    real greatest[SIDE_BY_SIDE];
    for (size_t r = 0; r < rows; r++) greatest[r] = scores[r * outputs];
    for (size_t j = 1; j < outputs; j++)
        for (size_t r = 0; r < rows; r++) {
            const real score = scores[r * outputs + j];
            greatest[r] = score > greatest[r] ? score : greatest[r];
        }
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < outputs; j++)
            shifted[r * outputs + j] = scores[r * outputs + j] - greatest[r];
}

/* Σⱼ q_j (sⱼ - max s) of a row. */
static double expected(const real *restrict shifted, size_t outputs, size_t label, double smoothing)
{
    if (smoothing == 0) return (double)shifted[label]; /* the others count 0, were they infinite */
    double sum = 0;
    for (size_t j = 0; j < outputs; j++) sum += (double)shifted[j];
    return (1 - smoothing) * (double)shifted[label] + smoothing / (double)outputs * sum;
}

/* Sums of rows, each in the order of its numbers. */
static void add_up(const real *restrict powers, size_t rows, size_t outputs, real *restrict sums)
{
    for (size_t r = 0; r < rows; r++) sums[r] = 0;
    for (size_t j = 0; j < outputs; j++)
        for (size_t r = 0; r < rows; r++) sums[r] += powers[r * outputs + j];
}

static void evaluate(const slope_loss_call *call)
{
    const config *c = call->config;
    const slope_kernels *kernels = call->host->kernels;
    const size_t rows = call->rows, outputs = call->outputs;
    const real spread = (real)(c->label_smoothing / (double)outputs);
    const real right = (real)(1 - c->label_smoothing);
    real *const scratch = call->scratch;

    for (size_t r = 0; r < rows; r += SIDE_BY_SIDE)
        shift(call->scores + r * outputs, rows - r < SIDE_BY_SIDE ? rows - r : SIDE_BY_SIDE,
              outputs, scratch + r * outputs);
    for (size_t r = 0; r < rows; r++)
        call->losses[r] = -expected(scratch + r * outputs, outputs, (size_t)call->labels[r],
                                    c->label_smoothing);
    kernels->exp(rows * outputs, scratch, scratch);
    for (size_t first = 0; first < rows; first += SIDE_BY_SIDE) {
        const size_t some = rows - first < SIDE_BY_SIDE ? rows - first : SIDE_BY_SIDE;
        const real *powers = scratch + first * outputs;
        real sums[SIDE_BY_SIDE];
        add_up(powers, some, outputs, sums);
        for (size_t r = 0; r < some && call->gradient; r++) {
            real *gradient = call->gradient + (first + r) * outputs;
            for (size_t j = 0; j < outputs; j++)
                gradient[j] = powers[r * outputs + j] / sums[r] - spread;
            gradient[call->labels[first + r]] -= right;
        }
        for (size_t r = 0; r < some; r++)
            scratch[first + r] = sums[r]; /* only rows that are done are overwritten */
    }
    kernels->log(rows, scratch, scratch);
    for (size_t r = 0; r < rows; r++) call->losses[r] += (double)scratch[r];
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "softmax", .version = "1.1",
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
