/* logistic: binary logistic regression of each class against all others.
 *
 *     loss = Σⱼ log(1 + exp(-t_j s_j)),    t_y = 1, all other t_j = -1
 *     d loss / d s_j = -t_j / (1 + exp(t_j s_j))
 *
 * Each score is the log-odds of its class (D. R. Cox, "The Regression Analysis of Binary
 * Sequences", Journal of the Royal Statistical Society B 20, 1958); torch.nn.BCEWithLogitsLoss on
 * labels that are 1 for the right class and 0 for the others, summed over the outputs. With two
 * classes these are two binary regressions that mirror each other. (A single one, on the difference
 * of the two scores, is what softmax is with two classes.)
 *
 * Only exp of negative numbers is taken, so nothing overflows; where log(1 + e) would round e away
 * it is corrected (W. Kahan's log1p). A score that is not a number gives a loss that is not one.
 *
 * Order of the sum: outputs from the first to the last, from 0, in double.
 */
#include <slope/loss.h>

/* e = exp(-|s|) and l = log(1 + e), with the rounding of 1 + e taken back. */
static real corrected(real e, real l)
{
    const real rounded = (1 + e) - 1;
    return rounded == 0 ? e : l * (e / rounded);
}

/* Loss and derivative of one output, in terms of m = t s: log(1 + exp(-m)) and -t / (1 + exp(m)).
 */
static double one_output(real score, bool right, real e, real l, real *slope)
{
    const real m = right ? score : -score;
    const real part = m > 0 ? e / (1 + e) : 1 / (1 + e);
    *slope = right ? -part : part;
    return (double)(m > 0 ? 0 : -m) + (double)corrected(e, l);
}

static void evaluate(const slope_loss_call *call)
{
    enum { BLOCK = 64 };
    const slope_kernels *kernels = call->host->kernels;
    const size_t outputs = call->outputs;
    real *const powers = call->scratch;
    const size_t count = call->rows * outputs;

    for (size_t i = 0; i < count; i++)
        powers[i] = call->scores[i] > 0 ? -call->scores[i] : call->scores[i];
    kernels->exp(count, powers, powers);
    for (size_t r = 0; r < call->rows; r++) {
        double sum = 0;
        for (size_t first = 0; first < outputs; first += BLOCK) {
            const size_t some = outputs - first < BLOCK ? outputs - first : BLOCK;
            const size_t at = r * outputs + first;
            real logs[BLOCK], slope;
            for (size_t j = 0; j < some; j++) logs[j] = 1 + powers[at + j];
            kernels->log(some, logs, logs);
            for (size_t j = 0; j < some; j++) {
                const bool right = first + j == (size_t)call->labels[r];
                sum += one_output(call->scores[at + j], right, powers[at + j], logs[j], &slope);
                if (call->gradient) call->gradient[at + j] = slope;
            }
        }
        call->losses[r] = sum;
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "logistic", .version = "1.0",
               .summary = "binary logistic regression of each class against all others",
               .description =
                   "loss = sum_j log(1 + exp(-t_j * s_j)), t_y = 1, all other t_j = -1\n"
                   "d loss / d s_j = -t_j / (1 + exp(t_j * s_j))\n"
                   "Cox 1958, one against the rest. With two classes: two regressions that mirror "
                   "each other; softmax is the single one."},
    .target = SLOPE_CLASS,
    .evaluate = evaluate,
};
