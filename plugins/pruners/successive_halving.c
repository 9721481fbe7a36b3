/* successive_halving: at each rung the better part goes on, and its next leg is as many times
 * longer as the part is smaller.
 *
 *     rung r after min_epochs · η^r epochs;    of n trials the best max(1, floor(n / η)) go on
 *
 * K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
 * Optimization", AISTATS 2016, with the factor η of L. Li et al., "Hyperband", JMLR 18, 2018.
 * Synchronous: all trials come to a rung before anyone is sent home. Equal values go by number, so
 * the outcome does not depend on which trial was faster.
 */
#include <slope/pruner.h>

typedef struct config {
    double eta, min_epochs;
} config;

static const slope_parameter parameters[] = {
    {.key = "eta",
     .type = SLOPE_NUMBER,
     .flags = SLOPE_MIN_OPEN,
     .offset = offsetof(config, eta),
     .fallback = "3",
     .min = 1,
     .max = INFINITY,
     .doc = "one in so many trials goes on from a rung, to train so many times as long"},
    SLOPE_PARAM_NUMBER(config, min_epochs, "1", SLOPE_POSITIVE,
                       "epochs that every trial has until the first rung"),
};

/* In whole steps, and at least one more than the rung before. 0 past the end of a uint64_t. */
static uint64_t rung(const slope_pruner_call *call)
{
    const config *c = call->config;
    double steps = c->min_epochs * (double)call->steps_per_epoch;
    uint64_t at = 0;
    for (size_t r = 0; r <= call->rung; ++r, steps *= c->eta) {
        if (steps >= 0x1p63) return 0;
        const uint64_t due = (uint64_t)floor(steps + 0.5);
        at = due > at ? due : at + 1;
    }
    return at;
}

typedef struct standing {
    double value;
    size_t number;
} standing;

/* Smaller is better, no number is worst, and of equals the first comes first. */
static bool before(const standing *one, const standing *other)
{
    if (isnan(one->value) != isnan(other->value)) return isnan(other->value);
    if (one->value < other->value) return true;
    if (one->value > other->value) return false;
    return one->number < other->number;
}

/* Lets all[at] sink to its place in the heap, whose root is the last of all. */
static void sink(standing *all, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&all[child], &all[child + 1])) ++child;
        if (!before(&all[at], &all[child])) return;
        const standing swap = all[at];
        all[at] = all[child];
        all[child] = swap;
    }
}

/* Heap sort, cut short: the worst leave one after the other until `kept` are left. */
static slope_status decide(const slope_pruner_call *call)
{
    const config *c = call->config;
    const size_t n = call->count;
    size_t kept = (size_t)((double)n / c->eta);
    if (kept == 0) kept = 1;
    standing *all = call->host->allocate(call->host, n * sizeof *all);
    for (size_t i = 0; i < n; ++i) {
        all[i] = (standing){call->values[i * (call->rung + 1) + call->rung], i};
        call->keep[i] = true;
    }
    for (size_t i = n / 2; i-- > 0;) sink(all, n, i);
    for (size_t left = n; left > kept; --left) {
        call->keep[all[0].number] = false;
        all[0] = all[left - 1];
        sink(all, left - 1, 0);
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_pruner) = {
    .plugin = {SLOPE_HEAD(slope_pruner, SLOPE_KIND_PRUNER), .id = "successive_halving",
               .version = "1.0",
               .summary = "at each rung the better part goes on, for so much longer",
               .description = "rung_r = min_epochs * eta^r, in epochs\n"
                              "kept = max(1, floor(n / eta)), the best of n\n"
                              "Jamieson and Talwalkar 2016, with the eta of Hyperband (Li et al. "
                              "2018). Equal values go by the number of the trial.",
               SLOPE_PARAMETERS(parameters, config)},
    .rung = rung,
    .decide = decide,
};
