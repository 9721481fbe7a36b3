/* median: a trial goes when even its best is worse than what trials before it were like.
 *
 *     trial i goes at rung r  ⇔  min_(s ≤ r) v_i,s  >  median over j of (1/(r+1)) Σ_(s ≤ r) v_j,s
 *
 * the median stopping rule of D. Golovin et al., "Google Vizier: A Service for Black-Box
 * Optimization", KDD 2017, section 3.2.2. There j are the trials that happen to be complete; here
 * they are those of earlier cohorts that came to this rung, so that the outcome does not depend on
 * which trial was faster. The first cohort is never pruned: the others are measured by it.
 */
#include <slope/pruner.h>

typedef struct config {
    int64_t startup_trials;
    double every_epochs, warmup_epochs;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, startup_trials, "10", SLOPE_AT_LEAST(1),
                        "trials of a cohort: the first ones run to their end, and each cohort is "
                        "measured by those before it"),
    SLOPE_PARAM_NUMBER(config, every_epochs, "1", SLOPE_POSITIVE, "epochs between two decisions"),
    SLOPE_PARAM_NUMBER(config, warmup_epochs, "0", SLOPE_NOT_NEGATIVE,
                       "epochs before the first of them begin"),
};

/* In whole steps, and at least one more than the rung before. 0 past the end of a uint64_t. */
static uint64_t rung(const slope_pruner_call *call)
{
    const config *c = call->config;
    const double epoch = (double)call->steps_per_epoch, start = c->warmup_epochs * epoch;
    const double apart = fmax(c->every_epochs * epoch, 1);
    const double steps = floor(start + 0.5) + floor(apart * ((double)call->rung + 1) + 0.5);
    return steps < 0x1p63 ? (uint64_t)steps : 0;
}

/* No number is as bad as the worst there can be. */
static double bad_if_none(double value)
{
    return isnan(value) ? INFINITY : value;
}

static double best(const double *values, size_t count)
{
    double least = INFINITY;
    for (size_t s = 0; s < count; ++s) least = fmin(least, bad_if_none(values[s]));
    return least;
}

static double mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t s = 0; s < count; ++s) sum += bad_if_none(values[s]);
    return sum / (double)count;
}

/* Shell sort with Ciura's gaps (2001), continued by 9/4: no more than it takes for thousands. */
static void sort(double *values, size_t count)
{
    size_t gaps[64] = {1, 4, 10, 23, 57, 132, 301, 701}, known = 8;
    while (known < 64 && gaps[known - 1] < count) {
        gaps[known] = gaps[known - 1] / 4 * 9 + 1;
        ++known;
    }
    for (size_t g = known; g-- > 0;)
        for (size_t i = gaps[g]; i < count; ++i) {
            const double value = values[i];
            size_t k = i;
            for (; k >= gaps[g] && values[k - gaps[g]] > value; k -= gaps[g])
                values[k] = values[k - gaps[g]];
            values[k] = value;
        }
}

static slope_status decide(const slope_pruner_call *call)
{
    const size_t n = call->earlier_count, rungs = call->rung + 1;
    double limit = INFINITY;
    if (n > 0) {
        double *means = call->host->allocate(call->host, n * sizeof *means);
        for (size_t j = 0; j < n; ++j) means[j] = mean(call->earlier + j * rungs, rungs);
        sort(means, n);
        limit = n % 2 == 1 ? means[n / 2] : means[n / 2 - 1] / 2 + means[n / 2] / 2;
    }
    for (size_t i = 0; i < call->count; ++i)
        call->keep[i] = !(best(call->values + i * rungs, rungs) > limit);
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_pruner) = {
    .plugin = {SLOPE_HEAD(slope_pruner, SLOPE_KIND_PRUNER), .id = "median", .version = "1.0",
               .summary = "ends trials whose best is worse than the median of those before",
               .description =
                   "keep_i = min(v_i,0 ... v_i,r) <= median over j of mean(v_j,0 ... v_j,r)\n"
                   "rung_r = warmup_epochs + (r + 1) * every_epochs, in epochs\n"
                   "The median stopping rule of Golovin et al. 2017 (Vizier), where j "
                   "are the trials of earlier cohorts that came to this rung.",
               SLOPE_PARAMETERS(parameters, config)},
    .cohort_parameter = "startup_trials",
    .rung = rung,
    .decide = decide,
};
