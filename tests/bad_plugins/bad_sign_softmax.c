/* bad_sign_softmax: the softmax loss with a sign error in its gradient: the label's own score
 * gets +1 - p instead of p - 1. `slope test`: "gradient is the derivative". */
#include <slope/loss.h>

static void evaluate(const slope_loss_call *call)
{
    const size_t outputs = call->outputs;
    for (size_t r = 0; r < call->rows; ++r) {
        const real *scores = call->scores + r * outputs;
        const size_t label = (size_t)call->labels[r];
        double greatest = (double)scores[0], sum = 0;
        for (size_t o = 1; o < outputs; ++o) greatest = fmax(greatest, (double)scores[o]);
        for (size_t o = 0; o < outputs; ++o) sum += exp((double)scores[o] - greatest);
        call->losses[r] = log(sum) + greatest - (double)scores[label];
        if (call->gradient == NULL) continue;
        real *gradient = call->gradient + r * outputs;
        for (size_t o = 0; o < outputs; ++o)
            gradient[o] = (real)(exp((double)scores[o] - greatest) / sum);
        gradient[label] = 1 - gradient[label];
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "bad_sign_softmax", .version = "1.0",
               .summary = "softmax with a sign error in the gradient",
               .description = "Wrong on purpose."},
    .target = SLOPE_CLASS,
    .evaluate = evaluate,
};
