/* engine/check.c: see check.h. */
#include "engine/check.h"

#include "host/random.h"

#include <stdlib.h>
#include <string.h>

const check_options check_defaults = {.tolerance = 1e-6, .h = 1e-5, .rows = 32, .entries = 256};

typedef struct checker {
    objective *o;
    const check_options *options;
    batch rows;
    double *weights, *gradient;
    double here; /* objective at the weights */
    uint64_t seed;
} checker;

static double value_at(checker *c, size_t i, double offset)
{
    const double before = c->weights[i];
    c->weights[i] = before + offset;
    const double value = objective_gradient(c->o, c->weights, c->rows, NULL);
    c->weights[i] = before;
    return value;
}

/* The step is taken as the precision gave it: (w + h) - w. */
static double real_step(const checker *c, size_t i, double h)
{
    const volatile double moved = c->weights[i] + h;
    return moved - c->weights[i];
}

static double central(checker *c, size_t i, double h)
{
    const double step = real_step(c, i, h);
    return (value_at(c, i, step) - value_at(c, i, -step)) / (2 * step);
}

/* Right-hand slope minus left-hand slope over a step of h. */
static double asymmetry(checker *c, size_t i, double h)
{
    const double step = real_step(c, i, h);
    return ((value_at(c, i, step) - c->here) - (c->here - value_at(c, i, -step))) / step;
}

/* A kink at distance d < h makes asymmetry(h) - 2 asymmetry(h / 2) of the order of its jump, except
 * near d = h / 3; the same with h / 2 is blind only near h / 6. */
static bool has_kink(checker *c, size_t i, double error)
{
    const double h = c->options->h;
    const double whole = asymmetry(c, i, h), half = asymmetry(c, i, h / 2),
                 quarter = asymmetry(c, i, h / 4);
    return fabs(whole - 2 * half) > 0.1 * error || fabs(half - 2 * quarter) > 0.1 * error;
}

static double relative(double analytic, double numerical, double floor)
{
    const double scale = fmax(fmax(fabs(analytic), fabs(numerical)), floor);
    const double difference = fabs(analytic - numerical);
    return difference == 0 ? 0 : difference / scale;
}

static check_entry check_one(checker *c, size_t i, double floor)
{
    const double h = c->options->h, analytic = c->gradient[i];
    check_entry e = {.weight = c->weights[i],
                     .analytic = analytic,
                     .loss = c->here,
                     .loss_above = value_at(c, i, h),
                     .numerical = central(c, i, h)};
    e.error = relative(analytic, e.numerical, floor);
    for (double wide = 10 * h; wide <= 100 * h && !(e.error <= c->options->tolerance); wide *= 10) {
        const double numerical = (4 * central(c, i, wide / 2) - central(c, i, wide)) / 3;
        const double error = relative(analytic, numerical, floor);
        if (error < e.error || isnan(e.error)) {
            e.numerical = numerical;
            e.error = error;
        }
    }
    if (isnan(e.error)) e.error = INFINITY;
    return e;
}

static void check_tensor(arena *a, checker *c, size_t tensor, check_row *row)
{
    const layout *l = objective_layout(c->o);
    const double *gradient = c->gradient + l->offsets[tensor];
    row->tensor = arena_strdup(a, l->tensors[tensor].name);
    row->size = l->sizes[tensor];
    row->checked = row->size < c->options->entries ? row->size : c->options->entries;
    double greatest = 0;
    for (size_t i = 0; i < row->size; i++) greatest = fmax(greatest, fabs(gradient[i]));
    uint32_t *order = allocate(row->size, sizeof *order);
    if (row->checked < row->size)
        random_permutation((random_key){c->seed, SLOPE_FOR_CHECK, tensor}, row->size, order);
    else
        for (size_t i = 0; i < row->size; i++) order[i] = (uint32_t)i;
    for (size_t n = 0; n < row->checked; n++) {
        const size_t i = l->offsets[tensor] + order[n];
        check_entry e = check_one(c, i, 1e-3 * greatest);
        e.index = order[n];
        const double error = fabs(e.analytic - e.numerical);
        if (row->entry_count < sizeof row->entries / sizeof row->entries[0])
            row->entries[row->entry_count++] = e;
        if (e.error > c->options->tolerance && isfinite(error) && has_kink(c, i, error)) {
            row->set_aside++;
            continue;
        }
        if (n == row->set_aside || e.error > row->worst.error) row->worst = e;
    }
    free(order);
    row->passed = row->worst.error <= c->options->tolerance && 2 * row->set_aside <= row->checked;
}

static void perturb(checker *c, const trial_config *config)
{
    const layout *l = objective_layout(c->o);
    layout_initialise(l, &config->init, FLOAT64, c->seed, c->weights);
    for (size_t t = 0; t < l->tensor_count; t++) {
        const size_t n = l->sizes[t], fan_in = l->tensors[t].fan_in;
        double *noise = allocate(n, sizeof *noise);
        random_normal((random_key){c->seed, SLOPE_FOR_CHECK, l->tensor_count + t}, 0, n, noise);
        for (size_t i = 0; i < n; i++)
            c->weights[l->offsets[t] + i] += noise[i] / sqrt(fan_in ? (double)fan_in : 1);
        free(noise);
    }
}

bool check_gradient(arena *a, const trial_config *config, const dataset *data,
                    const check_options *options, check_report *report, failure *why)
{
    objective *o = objective_create(config, data, 0, why);
    if (!o) return false;
    const layout *l = objective_layout(o);
    checker c = {.o = o,
                 .options = options,
                 .rows = objective_split(o, SLOPE_TRAIN),
                 .weights = allocate(l->total, sizeof(double)),
                 .gradient = allocate(l->total, sizeof(double)),
                 .seed = config->train.seed};
    if (c.rows.rows > options->rows) c.rows.rows = options->rows;
    perturb(&c, config);
    static const objective_part parts[] = {PART_DATA, PART_REGULARIZATION, PART_BOTH};
    const bool penalised = config->regularization.l2 != 0 || config->regularization.l1 != 0;
    *report = (check_report){.rows = arena_alloc(a, 3 * l->tensor_count * sizeof *report->rows),
                             .passed = true};
    for (size_t p = 0; p < 3; p++) {
        if (parts[p] != PART_DATA && !penalised) continue; /* both is data, regularisation is 0 */
        objective_restrict(o, parts[p]);
        c.here = objective_gradient(o, c.weights, c.rows, c.gradient);
        for (size_t t = 0; t < l->tensor_count; t++) {
            if (parts[p] == PART_REGULARIZATION && l->tensors[t].role != SLOPE_WEIGHT) continue;
            check_row *row = &report->rows[report->count++];
            row->part = parts[p];
            check_tensor(a, &c, t, row);
            report->passed = report->passed && row->passed;
        }
    }
    free(c.weights);
    free(c.gradient);
    objective_destroy(o);
    return true;
}
