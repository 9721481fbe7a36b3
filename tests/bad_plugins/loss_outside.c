/* loss_outside: writes one loss too many. `slope test`: "writes its rows only". */
#include "simple_loss.h"

static void evaluate(const slope_loss_call *call)
{
    squared(call);
    call->losses[call->rows] = 0;
}

SLOPE_PLUGIN(slope_loss) = {SIMPLE_LOSS("loss_outside"), .evaluate = evaluate};
