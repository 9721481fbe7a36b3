/* cma_es: evolution strategy that learns how far to search along each weight (separable CMA-ES).
 *
 *     x_k = w + sigma · √C · z_k,   z_k ~ N(0, 1),   k = 1 … population
 *     the best half by loss, with weights p_1 > p_2 > …, gives   z̄ = Σ p_i z_i,   ȳ = √C · z̄
 *     w <- w + sigma · ȳ
 *     q <- (1 - c_s) · q + √(c_s (2 - c_s) m) · z̄                 (path of the step size)
 *     r <- (1 - c_c) · r + h · √(c_c (2 - c_c) m) · ȳ             (path of the variances)
 *     C <- (1 - c_1 - c_m + (1 - h) c_1 c_c (2 - c_c)) · C + c_1 · r² + c_m · Σ p_i (√C z_i)²
 *     sigma <- sigma · exp(min(1, c_s / d · (|q| / E|N(0, 1)| - 1)))
 *
 * C is a variance for each weight: the whole matrix of the full method would be the square of the
 * number of weights. R. Ros and N. Hansen, "A Simple Modification in CMA-ES Achieving Linear Time
 * and Space Complexity", PPSN 2008; constants as in N. Hansen, "The CMA Evolution Strategy: A
 * Tutorial", arXiv 1604.00772, with c_1 and c_m (n + 2) / 3 times as great. Where too few
 * candidates have a finite loss, w stays and sigma is halved. A schedule has no effect: sigma
 * governs itself.
 */
#include <slope/optimizer.h>

enum { MOST = 4096, BLOCK = 256 };

typedef struct config {
    int64_t population;
    double sigma;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, population, "32", SLOPE_BETWEEN(4.0, MOST),
                        "candidates drawn in each step"),
    SLOPE_PARAM_NUMBER(config, sigma, "0.1", SLOPE_POSITIVE,
                       "standard deviation of the first candidates"),
};

enum { VARIANCE, SIGMA_PATH, VARIANCE_PATH, SIGMA };
static const slope_slot slots[] = {{"variance", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"sigma_path", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"variance_path", SLOPE_PER_ELEMENT, .copies = 1},
                                   {"sigma", SLOPE_PER_MODEL, .copies = 1}};

/* The constants of the header, for n weights and this population. */
typedef struct constants {
    size_t parents;
    double share[MOST / 2];                             /* p_i */
    double mass, c_sigma, damping, c_path, c_1, c_mean; /* m, c_s, d, c_c, c_1, c_m */
    double length;                                      /* E|N(0, 1)| in n dimensions */
} constants;

static void find_constants(const slope_population *call, constants *c)
{
    const double n = (double)call->n;
    double sum = 0, squares = 0;
    c->parents = call->count / 2;
    for (size_t i = 0; i < c->parents; i++) {
        real logs[2] = {(real)((double)c->parents + 0.5), (real)(i + 1)};
        call->host->kernels->log(2, logs, logs);
        c->share[i] = (double)logs[0] - (double)logs[1];
        sum += c->share[i];
    }
    for (size_t i = 0; i < c->parents; i++) {
        c->share[i] /= sum;
        squares += c->share[i] * c->share[i];
    }
    const double m = c->mass = 1 / squares;
    const double excess = sqrt((m - 1) / (n + 1)) - 1;
    c->c_sigma = (m + 2) / (n + m + 5);
    c->damping = 1 + 2 * (excess > 0 ? excess : 0) + c->c_sigma;
    c->c_path = (4 + m / n) / (n + 4 + 2 * m / n);
    c->c_1 = (n + 2) / 3 * 2 / ((n + 1.3) * (n + 1.3) + m);
    c->c_mean = (n + 2) / 3 * 2 * (m - 2 + 1 / m) / ((n + 2) * (n + 2) + m);
    if (c->c_1 > 0.5) c->c_1 = 0.5; /* a handful of weights: what is kept must not be negative */
    if (c->c_mean > 1 - c->c_1) c->c_mean = 1 - c->c_1;
    c->length = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
}

static void draw(const slope_population *call, size_t k, real *z)
{
    call->host->normal(call->host, SLOPE_FOR_CANDIDATES, call->step, k * call->n, call->n, z);
}

static slope_status propose(const slope_population *call)
{
    const config *c = call->config;
    real *restrict variance = call->slots[VARIANCE];
    double *sigma = call->slots[SIGMA];
    const real *restrict w = call->weights;

    if (call->step == 1) {
        *sigma = c->sigma;
        for (size_t i = 0; i < call->n; i++) variance[i] = 1;
    }
    const real length = (real)*sigma;
    for (size_t k = 0; k < call->count; k++) {
        real *restrict x = call->candidates[k];
        draw(call, k, x);
        for (size_t i = 0; i < call->n; i++)
            x[i] = w[i] + length * (slope_sqrt(variance[i]) * x[i]);
    }
    return SLOPE_OK;
}

/* The best candidates, best first; equal losses in the order of candidates. False if too few have
 * a finite loss. */
static bool find_parents(const slope_population *call, size_t parents, size_t *best)
{
    size_t finite = 0;
    for (size_t k = 0; k < call->count; k++) {
        const double loss = call->losses[k];
        if (!isfinite(loss)) continue;
        finite++;
        size_t rank = 0;
        for (size_t j = 0; j < call->count; j++)
            rank += isfinite(call->losses[j]) &&
                    (call->losses[j] < loss || (call->losses[j] == loss && j < k));
        if (rank < parents) best[rank] = k;
    }
    return finite >= parents;
}

/* Draws the parents' z again, in place of the candidates, and their mean z̄ into the last one of
 * all, which is no parent's any more: parents come first by then. */
static real *recombine(const slope_population *call, const constants *c, const size_t *best,
                       real **z)
{
    real *restrict mean = call->candidates[call->count - 1];
    for (size_t p = 0; p < c->parents; p++) {
        z[p] = call->candidates[p];
        draw(call, best[p], z[p]);
    }
    for (size_t i = 0; i < call->n; i++) mean[i] = 0;
    for (size_t p = 0; p < c->parents; p++) {
        const real share = (real)c->share[p];
        const real *restrict one = z[p];
        for (size_t i = 0; i < call->n; i++) mean[i] += share * one[i];
    }
    return mean;
}

static void add_squares(size_t count, double share, const real *restrict z, real *restrict sums)
{
    for (size_t i = 0; i < count; i++) sums[i] += (real)share * z[i] * z[i];
}

/* C and its path. `stalled`: h = 0, the path of the step size is so long that r must wait. */
static void adapt_variances(const slope_population *call, const constants *c, real *const *z,
                            const real *mean, bool stalled)
{
    const double wait = stalled ? c->c_1 * c->c_path * (2 - c->c_path) : 0;
    const double push = sqrt(c->c_path * (2 - c->c_path) * c->mass);
    const real old_path = (real)(1 - c->c_path), new_path = (real)(stalled ? 0 : push);
    const real keep = (real)(1 - c->c_1 - c->c_mean + wait), one = (real)c->c_1;
    real *restrict variance = call->slots[VARIANCE], *restrict path = call->slots[VARIANCE_PATH];

    for (size_t at = 0; at < call->n; at += BLOCK) {
        const size_t end = call->n - at < BLOCK ? call->n : at + BLOCK;
        real spread[BLOCK] = {0};
        for (size_t p = 0; p < c->parents; p++)
            add_squares(end - at, c->share[p], z[p] + at, spread);
        for (size_t i = at; i < end; i++) {
            path[i] = old_path * path[i] + new_path * (slope_sqrt(variance[i]) * mean[i]);
            variance[i] = keep * variance[i] + one * path[i] * path[i] +
                          (real)c->c_mean * spread[i - at] * variance[i];
        }
    }
}

/* Moves q and sigma; returns |q| / E|N(0, 1)|. */
static double adapt_sigma(const slope_population *call, const constants *c, const real *mean)
{
    const slope_kernels *k = call->host->kernels;
    double *sigma = call->slots[SIGMA];
    real *restrict path = call->slots[SIGMA_PATH];
    const real old_path = (real)(1 - c->c_sigma);
    const real new_path = (real)sqrt(c->c_sigma * (2 - c->c_sigma) * c->mass);

    for (size_t i = 0; i < call->n; i++) path[i] = old_path * path[i] + new_path * mean[i];
    const double length = sqrt(k->sum_squares(call->host, call->n, path)) / c->length;
    const double growth = c->c_sigma / c->damping * (length - 1);
    real factor = (real)(growth < 1 ? growth : 1);
    k->exp(1, &factor, &factor);
    *sigma *= (double)factor;
    return length;
}

static slope_status select_best(const slope_population *call)
{
    constants c;
    size_t best[MOST / 2];
    real *z[MOST / 2];
    double *sigma = call->slots[SIGMA];
    find_constants(call, &c);
    if (!find_parents(call, c.parents, best)) {
        *sigma /= 2;
        return SLOPE_OK;
    }
    const real *restrict mean = recombine(call, &c, best, z);
    const real *restrict variance = call->slots[VARIANCE];
    const real before = (real)*sigma;
    real *restrict w = call->weights;

    for (size_t i = 0; i < call->n; i++) w[i] += before * (slope_sqrt(variance[i]) * mean[i]);
    const double length = adapt_sigma(call, &c, mean);
    const double settled = 1 - slope_power(1 - c.c_sigma, 2 * call->step);
    const double limit = 1.4 + 2 / ((double)call->n + 1);
    adapt_variances(call, &c, z, mean, !(length / sqrt(settled) < limit));
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "cma_es", .version = "1.0",
               .summary = "evolution strategy with a variance for each weight (sep-CMA-ES)",
               .description =
                   "x_k = w + sigma * sqrt(C) * z_k, z_k ~ N(0, 1)\n"
                   "w <- w + sigma * sqrt(C) * weighted mean of the best half of z_k\n"
                   "sigma and C (one number per weight) follow from the paths of the mean\n"
                   "Ros and Hansen 2008; constants of Hansen's tutorial, arXiv 1604.00772. "
                   "Needs no gradient. Meant for `batch_size: full`.",
               SLOPE_PARAMETERS(parameters, config)},
    .scope = SLOPE_SCOPE_POPULATION,
    SLOPE_SLOTS(slots),
    .count_parameter = "population",
    .propose = propose,
    .select = select_best,
};
