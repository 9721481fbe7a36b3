/* loss_coarse: is larger in float64 than in float32. `slope test`: "precisions agree". */
#include "simple_loss.h"

static void evaluate(const slope_loss_call *call)
{
    squared(call);
    if (SLOPE_REAL_BITS == 64)
        for (size_t r = 0; r < call->rows; ++r) call->losses[r] += 0.01;
}

SLOPE_PLUGIN(slope_loss) = {SIMPLE_LOSS("loss_coarse"), .evaluate = evaluate};
