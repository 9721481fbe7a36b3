/* svm: multiclass hinge loss, the sum over the wrong classes of how far they come too close.
 *
 *     loss = Σ_{j ≠ y} max(0, s_j - s_y + margin)          squared: Σ_{j ≠ y} max(0, s_j - s_y +
 * margin)²
 *
 * J. Weston and C. Watkins, "Support Vector Machines for Multi-Class Pattern Recognition", ESANN
 * 1999; the form that the CS231n notes teach. At the kink, where a margin is met exactly, the
 * gradient is 0. A score that is not a number gives a loss that is not a number. With one class the
 * loss is 0.
 *
 * Order of the sum: outputs from the first to the last, from 0, in double.
 */
#include <slope/loss.h>

typedef struct config {
    double margin;
    bool squared;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, margin, "1", SLOPE_NOT_NEGATIVE,
                       "by how much the right score must exceed each other one"),
    SLOPE_PARAM_BOOL(config, squared, "false", "squared hinge: punish large violations harder"),
};

/* gradient may be NULL, and may be the scores themselves. */
static double row_loss(const config *c, size_t outputs, size_t label, const real *scores,
                       real *gradient)
{
    const real right = scores[label], margin = (real)c->margin;
    double loss = 0;
    real pull = 0; /* of the wrong classes on the right one */
    for (size_t j = 0; j < outputs; j++) {
        if (j == label) continue;
        const real excess = scores[j] - right + margin;
        const bool violated = !(excess <= 0); /* true for nan, so that it is not lost */
        const real slope = !violated ? 0 : c->squared ? 2 * excess : 1;
        if (violated) loss += c->squared ? (double)excess * (double)excess : (double)excess;
        pull += slope;
        if (gradient) gradient[j] = slope;
    }
    if (gradient) gradient[label] = -pull;
    return loss;
}

static void evaluate(const slope_loss_call *call)
{
    for (size_t r = 0; r < call->rows; r++) {
        const size_t row = r * call->outputs;
        call->losses[r] =
            row_loss(call->config, call->outputs, (size_t)call->labels[r], call->scores + row,
                     call->gradient ? call->gradient + row : NULL);
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "svm", .version = "1.0",
               .summary = "multiclass hinge loss, plain or squared",
               .description =
                   "loss = sum over j != y of max(0, s_j - s_y + margin), or its square\n"
                   "Weston and Watkins 1999; the form of the CS231n notes.",
               SLOPE_PARAMETERS(parameters, config)},
    .target = SLOPE_CLASS,
    .evaluate = evaluate,
};
