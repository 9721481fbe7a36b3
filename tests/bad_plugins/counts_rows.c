/* counts_rows: a row's loss depends on its place in the batch. `slope test`: "rows are
 * independent". */
#include "simple_loss.h"

static void evaluate(const slope_loss_call *call)
{
    squared(call);
    for (size_t r = 0; r < call->rows; ++r) call->losses[r] += 0.001 * (double)r;
}

SLOPE_PLUGIN(slope_loss) = {SIMPLE_LOSS("counts_rows"), .evaluate = evaluate};
