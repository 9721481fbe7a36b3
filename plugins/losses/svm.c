/* svm: multiclass hinge loss, by how much wrong classes come too close to the right one.
 *
 *     variant: weston_watkins     loss = Σ_{j ≠ y} max(0, s_j - s_y + margin)
 *     variant: crammer_singer     loss = max(0, max_{j ≠ y} s_j - s_y + margin)
 *     squared: true               each max(0, …) squared
 *
 * J. Weston and C. Watkins, "Support Vector Machines for Multi-Class Pattern Recognition", ESANN
 * 1999, the form that the CS231n notes teach; K. Crammer and Y. Singer, "On the Algorithmic
 * Implementation of Multiclass Kernel-based Vector Machines", JMLR 2, 2001, where only the worst
 * wrong class counts (the first of several). With two classes they are the same, the binary hinge
 * loss of s_y - s_j. At the kink, where a margin is met exactly, the gradient is 0. A score that is
 * not a number gives a loss that is not a number. With one class the loss is 0.
 *
 * Order of the sum: outputs from the first to the last, from 0, in double.
 */
#include <slope/loss.h>

enum { WESTON_WATKINS, CRAMMER_SINGER };
static const char *const variants[] = {"weston_watkins", "crammer_singer", NULL};

typedef struct config {
    double margin;
    int64_t variant;
    bool squared;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, margin, "1", SLOPE_NOT_NEGATIVE,
                       "by how much the right score must exceed each other one"),
    SLOPE_PARAM_CHOICE(config, variant, "weston_watkins", variants,
                       "the sum over all wrong classes, or the worst of them only"),
    SLOPE_PARAM_BOOL(config, squared, "false", "squared hinge: punish large violations harder"),
};

/* Loss and slope of one violation; true for nan, so that it is not lost. */
static bool violation(const config *c, real excess, double *loss, real *slope)
{
    if (excess <= 0) return false;
    *loss = c->squared ? (double)excess * (double)excess : (double)excess;
    *slope = c->squared ? 2 * excess : 1;
    return true;
}

/* gradient may be NULL, and may be the scores themselves. */
static double sum_of_all(const config *c, size_t outputs, size_t label, const real *scores,
                         real *gradient)
{
    const real right = scores[label], margin = (real)c->margin;
    double sum = 0;
    real pull = 0; /* of the wrong classes on the right one */
    for (size_t j = 0; j < outputs; j++) {
        if (j == label) continue;
        double loss = 0;
        real slope = 0;
        if (violation(c, scores[j] - right + margin, &loss, &slope)) sum += loss;
        pull += slope;
        if (gradient) gradient[j] = slope;
    }
    if (gradient) gradient[label] = -pull;
    return sum;
}

/* The same, for the worst wrong class alone. */
static double worst_of_all(const config *c, size_t outputs, size_t label, const real *scores,
                           real *gradient)
{
    size_t worst = label;
    for (size_t j = 0; j < outputs; j++) {
        if (j == label) continue;
        if (worst == label || scores[j] > scores[worst] || scores[j] != scores[j]) worst = j;
        if (scores[worst] != scores[worst]) break; /* nan is worse than anything */
    }
    double loss = 0;
    real slope = 0;
    if (worst != label)
        violation(c, scores[worst] - scores[label] + (real)c->margin, &loss, &slope);
    if (!gradient) return loss;
    for (size_t j = 0; j < outputs; j++) gradient[j] = 0;
    if (worst == label) return loss;
    gradient[worst] = slope;
    gradient[label] = -slope;
    return loss;
}

static void evaluate(const slope_loss_call *call)
{
    const config *c = call->config;
    for (size_t r = 0; r < call->rows; r++) {
        const size_t row = r * call->outputs, label = (size_t)call->labels[r];
        const real *scores = call->scores + row;
        real *gradient = call->gradient ? call->gradient + row : NULL;
        call->losses[r] = c->variant == CRAMMER_SINGER
                              ? worst_of_all(c, call->outputs, label, scores, gradient)
                              : sum_of_all(c, call->outputs, label, scores, gradient);
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin =
        {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "svm", .version = "1.1",
         .summary = "multiclass hinge loss, plain or squared, of all classes or the worst",
         .description =
             "weston_watkins: loss = sum over j != y of max(0, s_j - s_y + margin)\n"
             "crammer_singer: loss = max(0, max over j != y of s_j - s_y + margin)\n"
             "squared: each max(0, ...) squared\n"
             "Weston and Watkins 1999, the form of the CS231n notes; Crammer and Singer 2001.",
         SLOPE_PARAMETERS(parameters, config)},
    .target = SLOPE_CLASS,
    .evaluate = evaluate,
};
