/* reads_late: reads scores after it has written the gradient, which may be the same memory. `slope
 * test`: "gradient may be left out or replace the scores". */
#include "simple_loss.h"

static void evaluate(const slope_loss_call *call)
{
    squared(call);
    if (call->gradient == NULL) return;
    for (size_t r = 0; r < call->rows; ++r)
        for (size_t o = 0; o < call->outputs; ++o) {
            const size_t i = r * call->outputs + o;
            call->gradient[i] = call->scores[i] - (real)((int32_t)o == call->labels[r]);
        }
}

SLOPE_PLUGIN(slope_loss) = {SIMPLE_LOSS("reads_late"), .evaluate = evaluate};
