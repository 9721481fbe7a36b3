/* lbfgs: steps that learn the curvature from the last few, with a line search. For `batch_size:
 * full`.
 *
 *     d = -H g,   H from the last `history` pairs s = w′ - w, y = g′ - g (two loops), H₀ = <s, y> /
 * <y, y> w <- w + a d,   a so that the strong Wolfe conditions hold: f(w + a d) <= f(w) +
 * sufficient_decrease · a · <g, d>,   |<g(w + a d), d>| <= curvature · |<g, d>|
 *
 * D. C. Liu and J. Nocedal, "On the limited memory BFGS method for large scale optimization",
 * Mathematical Programming 45, 1989; J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd
 * edition, 2006: algorithms 7.4 (two loops), 3.5 and 3.6 (line search), equations 7.20 and 3.59.
 *
 * A step is one line search, and may evaluate the objective many times; both ends of a pair are of
 * this step's batch, so smaller batches work as well as such steps can. Where no step leads down,
 * not even along the gradient, w stays: that is the least value that rounding lets see. Clipping
 * changes g but not f, and confuses the search.
 */
#include <slope/optimizer.h>

#include <string.h>

typedef struct config {
    double learning_rate, sufficient_decrease, curvature;
    int64_t history, evaluations;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, learning_rate, "1", SLOPE_POSITIVE, "a that is tried first"),
    SLOPE_PARAM_INTEGER(config, history, "10", SLOPE_BETWEEN(1.0, 1000.0),
                        "pairs that are remembered"),
    SLOPE_PARAM_INTEGER(config, evaluations, "25", SLOPE_AT_LEAST(1.0),
                        "objectives that a line search may take"),
    SLOPE_PARAM_NUMBER(config, sufficient_decrease, "1e-4", SLOPE_BETWEEN(0.0, 1.0),
                       "share of the decrease by the slope at the start that a step must bring"),
    SLOPE_PARAM_NUMBER(config, curvature, "0.9", SLOPE_BETWEEN(0.0, 1.0),
                       "share of the slope at the start that may be left"),
};

static const slope_slot slots[] = {
    {"step", SLOPE_PER_ELEMENT, .copies = 1, .copies_parameter = "history"},   /* s */
    {"change", SLOPE_PER_ELEMENT, .copies = 1, .copies_parameter = "history"}, /* y */
    {"weight", SLOPE_PER_MODEL, .copies = 1, .copies_parameter = "history"},   /* 1 / <s, y> */
    {"pairs", SLOPE_PER_MODEL, .copies = 1}, /* stored so far; the last `history` are kept */
    {"direction", SLOPE_PER_ELEMENT, .copies = 1},
    {"point", SLOPE_PER_ELEMENT, .copies = 1},
    {"slope", SLOPE_PER_ELEMENT, .copies = 1},
};

static slope_status check(const slope_host *host, const void *config_)
{
    const config *c = config_;
    if (c->sufficient_decrease < c->curvature) return SLOPE_OK;
    return host->fail_key(host, "sufficient_decrease", "must be less than curvature (%g)",
                          c->curvature);
}

/* ---- one step at work ------------------------------------------------------------------------ */

/* Length, objective and slope along the direction. */
typedef struct place {
    double a, f, slope;
} place;

typedef struct search {
    const slope_update *call;
    const config *c;
    size_t history;
    real *const *s, *const *y;
    double *const *weight;
    double *pairs;
    real *d, *point, *g; /* g: the gradient at point = w + a d */
    place start, here;
    int64_t left; /* evaluations */
    slope_status status;
} search;

static search make_search(const slope_update *call)
{
    const config *c = call->config;
    const size_t m = (size_t)c->history;
    void *const *at = call->slots;
    return (search){.call = call,
                    .c = c,
                    .history = m,
                    .s = (real *const *)at,
                    .y = (real *const *)(at + m),
                    .weight = (double *const *)(at + 2 * m),
                    .pairs = at[3 * m],
                    .d = at[3 * m + 1],
                    .point = at[3 * m + 2],
                    .g = at[3 * m + 3],
                    .left = c->evaluations};
}

static double dot(const search *q, const real *x, const real *y)
{
    return q->call->host->kernels->dot(q->call->host, q->call->n, x, y);
}

/* y += a x */
static void add(const search *q, double a, const real *restrict x, real *restrict y)
{
    const real factor = (real)a;
    for (size_t i = 0; i < q->call->n; i++) y[i] += factor * x[i];
}

/* d = -H g, newest pair first on the way in, oldest first on the way out. */
static void find_direction(search *q)
{
    const size_t n = q->call->n, stored = (size_t)*q->pairs, m = q->history;
    const size_t kept = stored < m ? stored : m;
    double share[1000]; /* the greatest history */
    real *restrict d = q->d;
    for (size_t i = 0; i < n; i++) d[i] = -q->call->gradient[i];
    for (size_t k = 0; k < kept; k++) {
        const size_t p = (stored - 1 - k) % m;
        share[p] = *q->weight[p] * dot(q, q->s[p], d);
        add(q, -share[p], q->y[p], d);
    }
    if (kept > 0) {
        const size_t newest = (stored - 1) % m;
        const double squares = dot(q, q->y[newest], q->y[newest]);
        const real scale = (real)(1 / (*q->weight[newest] * squares));
        for (size_t i = 0; i < n; i++) d[i] *= scale;
    }
    for (size_t k = kept; k-- > 0;) {
        const size_t p = (stored - 1 - k) % m;
        add(q, share[p] - *q->weight[p] * dot(q, q->y[p], d), q->s[p], d);
    }
}

static void remember_pair(search *q)
{
    const size_t n = q->call->n, p = (size_t)*q->pairs % q->history;
    const real *restrict w = q->call->weights, *restrict before = q->call->gradient;
    real *restrict s = q->s[p], *restrict y = q->y[p];
    for (size_t i = 0; i < n; i++) {
        s[i] = q->point[i] - w[i];
        y[i] = q->g[i] - before[i];
    }
    const double curvature = dot(q, s, y), squares = dot(q, y, y);
    if (!(curvature > 1e-10 * squares)) return; /* rounding has eaten it */
    *q->weight[p] = 1 / curvature;
    *q->pairs += 1;
}

/* ---- the line search
 * -------------------------------------------------------------------------------- */

/* Evaluates at length a; false if that fails or no evaluation is left. */
static bool go_to(search *q, double a)
{
    const slope_update *call = q->call;
    if (q->left-- <= 0) return false;
    memcpy(q->point, call->weights, call->n * sizeof *q->point);
    add(q, a, q->d, q->point);
    q->here.a = a;
    q->status = call->objective(call->host, q->point, &q->here.f, q->g);
    if (q->status != SLOPE_OK) return false;
    q->here.slope = dot(q, q->g, q->d);
    return true;
}

/* A loss that is not a number is too high, like any other. */
static bool too_high(const search *q, const place *p)
{
    return !(p->f <= q->start.f + q->c->sufficient_decrease * p->a * q->start.slope);
}

static bool flat_enough(const search *q)
{
    return fabs(q->here.slope) <= -q->c->curvature * q->start.slope;
}

/* Where the cubic through both ends is least, but not too near to them. */
static double between(const place *low, const place *high)
{
    const double width = high->a - low->a;
    if (!isfinite(high->f) || !isfinite(high->slope)) return low->a + 0.1 * width;
    const double d1 = low->slope + high->slope - 3 * (low->f - high->f) / (low->a - high->a);
    const double root = sqrt(d1 * d1 - low->slope * high->slope), d2 = width < 0 ? -root : root;
    const double a =
        high->a - width * (high->slope + d2 - d1) / (high->slope - low->slope + 2 * d2);
    const double share = (a - low->a) / width;
    if (!isfinite(share)) return low->a + 0.5 * width;
    return low->a + (share < 0.1 ? 0.1 : share > 0.9 ? 0.9 : share) * width;
}

/* Narrows an interval that holds good lengths; `low` is the best end so far. */
static bool zoom(search *q, place low, place high)
{
    while (go_to(q, between(&low, &high))) {
        if (too_high(q, &q->here) || q->here.f >= low.f) {
            high = q->here;
            continue;
        }
        if (flat_enough(q)) return true;
        if (q->here.slope * (high.a - low.a) >= 0) high = low;
        low = q->here;
    }
    if (q->status != SLOPE_OK || low.a == 0) return false;
    q->left = 1; /* the best that was found leads down, if not as far as it should */
    return q->here.a == low.a || go_to(q, low.a);
}

static bool find_length(search *q, double first)
{
    place before = q->start;
    for (double a = first; go_to(q, a); a *= 2) {
        if (too_high(q, &q->here) || (before.a > 0 && q->here.f >= before.f))
            return zoom(q, before, q->here);
        if (flat_enough(q)) return true;
        if (q->here.slope >= 0) return zoom(q, q->here, before);
        before = q->here;
    }
    return q->status == SLOPE_OK && before.a > 0; /* still going down when evaluations ran out */
}

/* ---- the step
 * ----------------------------------------------------------------------------------------- */

static bool search_along(search *q)
{
    const slope_update *call = q->call;
    find_direction(q);
    q->start = (place){0, call->loss, dot(q, call->gradient, q->d)};
    if (!(q->start.slope < 0)) return false;
    double first = call->learning_rate;
    if (*q->pairs == 0) {
        const double size = call->host->kernels->sum_absolute(call->host, call->n, call->gradient);
        if (size > 1) first /= size;
    }
    q->left = q->c->evaluations;
    return first > 0 && find_length(q, first);
}

static slope_status update(const slope_update *call)
{
    search q = make_search(call);
    bool found = search_along(&q);
    if (!found && q.status == SLOPE_OK && *q.pairs > 0) {
        *q.pairs = 0; /* forget the curvature, go along the gradient */
        found = search_along(&q);
    }
    if (!found) return q.status;
    remember_pair(&q);
    memcpy(call->weights, q.point, call->n * sizeof *q.point);
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "lbfgs", .version = "1.0",
               .summary = "steps that learn the curvature from the last few, with a line search",
               .description =
                   "d = -H g, H from the last `history` pairs of changes in w and in g\n"
                   "w <- w + a * d, a found so that the strong Wolfe conditions hold:\n"
                   "f(w + a d) <= f(w) + sufficient_decrease * a * <g, d>\n"
                   "|<g(w + a d), d>| <= curvature * |<g, d>|\n"
                   "Liu and Nocedal 1989; Nocedal and Wright 2006, algorithms 7.4, 3.5 and 3.6. "
                   "Meant for `batch_size: full`; a step evaluates the objective several times.",
               SLOPE_PARAMETERS(parameters, config), .check = check},
    .scope = SLOPE_SCOPE_MODEL,
    SLOPE_SLOTS(slots),
    .update = update,
};
