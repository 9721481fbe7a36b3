/* simple_loss.h: a squared loss on classes, without a fault: ½ Σ (s_o - [o = label])². Each plugin
 * that takes it spoils one thing. */
#ifndef SLOPE_TESTS_SIMPLE_LOSS_H
#define SLOPE_TESTS_SIMPLE_LOSS_H

#include <slope/loss.h>

static inline void squared(const slope_loss_call *call)
{
    for (size_t r = 0; r < call->rows; ++r) {
        double sum = 0;
        for (size_t o = 0; o < call->outputs; ++o) {
            const size_t i = r * call->outputs + o;
            const real off = call->scores[i] - (real)((int32_t)o == call->labels[r]);
            sum += 0.5 * (double)off * (double)off;
            if (call->gradient != NULL) call->gradient[i] = off;
        }
        call->losses[r] = sum;
    }
}

#define SIMPLE_LOSS(id_) \
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = (id_), .version = "1.0", \
               .summary = "squared loss on classes", .description = "Wrong on purpose."}, \
    .target = SLOPE_CLASS

#endif
