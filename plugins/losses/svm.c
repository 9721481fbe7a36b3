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

/* By how much a score comes too close; 0 if it does not. NaN stays, so that it is not lost. */
static inline real violation(real excess)
{
    return excess <= 0 ? 0 : excess;
}

static inline real slope_of(const config *c, real violation)
{
    if (c->squared) return 2 * violation;
    return (real)!(violation <= 0);
}

static inline double loss_of(const config *c, real violation)
{
    return c->squared ? (double)violation * (double)violation : (double)violation;
}

/* Violations of all classes, the right one's 0. Which scores come too close is not to be foreseen,
 * so there are no branches. */
static void compare(const config *c, size_t rows, size_t outputs, const int32_t *labels,
                    const real *restrict scores, real *restrict violations)
{
    const real margin = (real)c->margin;
    SLOPE_EACH_ROW(rows, outputs, violations, scores[begin + (size_t)labels[r]],
                   violation(scores[i] - own + margin), violations[begin + (size_t)labels[r]] = 0)
}

static double sum_of_all(const config *c, size_t outputs, const real *violations)
{
    double sum = 0;
    for (size_t j = 0; j < outputs; j++) sum += loss_of(c, violations[j]);
    return sum;
}

/* The wrong classes pull down what they exceed, and the right one against all of them. */
static void differentiate(const config *c, size_t rows, size_t outputs, const int32_t *labels,
                          const real *restrict violations, real *restrict gradient)
{
    for (size_t i = 0; i < rows * outputs; i++) gradient[i] = slope_of(c, violations[i]);
    for (size_t r = 0; r < rows; r++) {
        real *row = gradient + r * outputs, pull = 0;
        for (size_t j = 0; j < outputs; j++) pull += row[j];
        row[labels[r]] = -pull;
    }
}

/* Some rows at a time, so that their violations are still in the cache. */
static void weston_watkins(const slope_loss_call *call)
{
    enum { BLOCK_ROWS = 64 };
    const config *c = call->config;
    const size_t outputs = call->outputs;
    for (size_t first = 0; first < call->rows; first += BLOCK_ROWS) {
        const size_t left = call->rows - first, rows = left < BLOCK_ROWS ? left : BLOCK_ROWS;
        const int32_t *labels = call->labels + first;
        compare(c, rows, outputs, labels, call->scores + first * outputs, call->scratch);
        for (size_t r = 0; r < rows; r++)
            call->losses[first + r] = sum_of_all(c, outputs, call->scratch + r * outputs);
        if (call->gradient)
            differentiate(c, rows, outputs, labels, call->scratch,
                          call->gradient + first * outputs);
    }
}

/* Loss of one row and its gradient, for the worst wrong class alone. gradient may be NULL, and may
 * be the scores themselves. */
static double worst_of_all(const config *c, size_t outputs, size_t label, const real *scores,
                           real *gradient)
{
    size_t worst = label;
    for (size_t j = 0; j < outputs; j++) {
        if (j == label) continue;
        if (worst == label || scores[j] > scores[worst] || scores[j] != scores[j]) worst = j;
        if (scores[worst] != scores[worst]) break; /* nan is worse than anything */
    }
    const real margin = (real)c->margin;
    const real worst_violation =
        worst == label ? 0 : violation(scores[worst] - scores[label] + margin);
    for (size_t j = 0; gradient && j < outputs; j++) gradient[j] = 0;
    if (gradient && worst != label) {
        gradient[worst] = slope_of(c, worst_violation);
        gradient[label] = -gradient[worst];
    }
    return loss_of(c, worst_violation);
}

static void crammer_singer(const slope_loss_call *call)
{
    for (size_t r = 0; r < call->rows; r++) {
        const size_t row = r * call->outputs;
        call->losses[r] =
            worst_of_all(call->config, call->outputs, (size_t)call->labels[r], call->scores + row,
                         call->gradient ? call->gradient + row : NULL);
    }
}

static void evaluate(const slope_loss_call *call)
{
    const config *c = call->config;
    (c->variant == CRAMMER_SINGER ? crammer_singer : weston_watkins)(call);
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin =
        {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "svm", .version = "1.2",
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
