/* spsa: a gradient from two losses only, along a random direction that shakes all weights at once.
 *
 *     Δ ~ ±1 for each weight,    c = perturbation / t^gamma,    a = learning_rate / (stability +
 * t)^alpha ĝ = (f(w + c Δ) - f(w - c Δ)) / (2 c) · Δ w <- w - a · ĝ
 *
 * With a population of more than 2, ĝ is the mean over several directions. A direction along which
 * a loss is not finite does not count.
 *
 * J. C. Spall, "Multivariate Stochastic Approximation Using a Simultaneous Perturbation Gradient
 * Approximation", IEEE Transactions on Automatic Control 37, 1992; exponents as in his
 * "Implementation of the Simultaneous Perturbation Algorithm for Stochastic Optimization", 1998,
 * who sets stability to a tenth of the steps at most. With alpha and gamma 0 a schedule alone
 * governs the steps.
 */
#include <slope/optimizer.h>

typedef struct config {
    int64_t population;
    double learning_rate, perturbation, alpha, gamma, stability;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, population, "2", SLOPE_AT_LEAST(2.0),
                        "losses in each step, two for each direction"),
    SLOPE_PARAM_NUMBER(config, learning_rate, "0.01", SLOPE_POSITIVE, "length of a step"),
    SLOPE_PARAM_NUMBER(config, perturbation, "0.01", SLOPE_POSITIVE,
                       "change of each weight for the difference"),
    SLOPE_PARAM_NUMBER(config, alpha, "0.602", SLOPE_NOT_NEGATIVE,
                       "the learning rate falls as a power of the step: this one"),
    SLOPE_PARAM_NUMBER(config, gamma, "0.101", SLOPE_NOT_NEGATIVE,
                       "the perturbation falls as a power of the step: this one"),
    SLOPE_PARAM_NUMBER(config, stability, "0", SLOPE_NOT_NEGATIVE,
                       "steps added to the count, so that the first steps are not too long"),
};

static slope_status check(const slope_host *host, const void *config_)
{
    const config *c = config_;
    if (c->population % 2 == 0) return SLOPE_OK;
    return host->fail_key(host, "population", "must be even: a direction takes two losses");
}

/* base to the power -exponent, for a base of at least 1, with the host's exp and log. */
static double falling(const slope_host *host, double base, double exponent)
{
    real x = (real)base;
    host->kernels->log(1, &x, &x);
    x *= (real)-exponent;
    host->kernels->exp(1, &x, &x);
    return (double)x;
}

static double perturbation(const slope_population *call)
{
    const config *c = call->config;
    return c->perturbation * falling(call->host, (double)call->step, c->gamma);
}

static slope_status propose(const slope_population *call)
{
    enum { BLOCK = 256 };
    const real c = (real)perturbation(call);
    const real *restrict w = call->weights;
    double coins[BLOCK];

    for (size_t k = 0; k + 1 < call->count; k += 2) {
        real *restrict plus = call->candidates[k], *restrict minus = call->candidates[k + 1];
        for (size_t at = 0; at < call->n; at += BLOCK) {
            const size_t count = call->n - at < BLOCK ? call->n - at : BLOCK;
            call->host->uniform(call->host, SLOPE_FOR_CANDIDATES, call->step, k * call->n + at,
                                count, coins);
            for (size_t i = 0; i < count; i++) {
                const real shift = coins[i] < 0.5 ? -c : c;
                plus[at + i] = w[at + i] + shift;
                minus[at + i] = w[at + i] - shift;
            }
        }
    }
    return SLOPE_OK;
}

static slope_status descend(const slope_population *call)
{
    const config *c = call->config;
    const double base = c->stability + (double)call->step;
    const double a = call->learning_rate * falling(call->host, base, c->alpha);
    const double pairs = (double)(call->count / 2);
    real *restrict w = call->weights;

    for (size_t k = 0; k + 1 < call->count; k += 2) {
        const double difference = call->losses[k] - call->losses[k + 1];
        if (!isfinite(difference)) continue;
        const real step = (real)(a * difference / (2 * perturbation(call) * pairs));
        const real *restrict plus = call->candidates[k], *restrict minus = call->candidates[k + 1];
        for (size_t i = 0; i < call->n; i++) w[i] -= plus[i] > minus[i] ? step : -step;
    }
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "spsa", .version = "1.0",
               .summary = "a gradient from two losses, along a random direction",
               .description =
                   "D = +1 or -1 at random for each weight\n"
                   "c = perturbation / t^gamma, a = learning_rate / (stability + t)^alpha\n"
                   "w <- w - a * (f(w + c * D) - f(w - c * D)) / (2 * c) * D\n"
                   "Spall 1992; exponents of Spall 1998. Needs no gradient.",
               SLOPE_PARAMETERS(parameters, config), .check = check},
    .scope = SLOPE_SCOPE_POPULATION,
    .count_parameter = "population",
    .propose = propose,
    .select = descend,
};
