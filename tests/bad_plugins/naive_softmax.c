/* naive_softmax: exponentials without the greatest score taken off: large scores overflow and the
 * gradient is not a number. `slope test`: "survives extreme scores". */
#include <slope/loss.h>

static void evaluate(const slope_loss_call *call)
{
    const size_t outputs = call->outputs;
    for (size_t r = 0; r < call->rows; ++r) {
        const real *scores = call->scores + r * outputs;
        const size_t label = (size_t)call->labels[r];
        double sum = 0;
        for (size_t o = 0; o < outputs; ++o) sum += exp((double)scores[o]);
        call->losses[r] = log(sum) - (double)scores[label];
        if (call->gradient == NULL) continue;
        real *gradient = call->gradient + r * outputs;
        for (size_t o = 0; o < outputs; ++o)
            gradient[o] = (real)(exp((double)scores[o]) / sum - (o == label ? 1 : 0));
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "naive_softmax", .version = "1.0",
               .summary = "softmax that overflows", .description = "Wrong on purpose."},
    .target = SLOPE_CLASS,
    .evaluate = evaluate,
};
