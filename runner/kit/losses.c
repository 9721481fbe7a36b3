/* kit/losses.c: what every loss must keep to, on ordinary and on extreme scores. */
#include "kit/private.h"

#include "slope/loss.h"

#include <float.h>

typedef struct batch {
    size_t rows, outputs;
    buffer scores, targets, gradient, scratch, losses;
    int32_t *labels;
} batch;

/* As many scores per row as the loss takes; `usual` where it takes any number. */
static size_t scores_for(const subject *s, size_t usual)
{
    const slope_loss *loss = (const slope_loss *)s->about;
    const bool says = loss->plugin.size >= SIZE_THROUGH(slope_loss, outputs);
    return says && loss->outputs ? loss->outputs : usual;
}

static batch make_batch(const subject *s, size_t rows, size_t outputs, double spread)
{
    batch b = {.rows = rows, .outputs = outputs};
    random_numbers numbers = {rows * 31 + outputs + s->seed * 1000003};
    b.scores = buffer_make(s, rows * outputs);
    b.targets = buffer_make(s, rows * outputs);
    b.gradient = buffer_make(s, rows * outputs);
    b.scratch = buffer_make(s, rows * outputs);
    b.losses = buffer_of(s->memory, rows, sizeof(double));
    b.labels = arena_alloc(s->memory, rows * sizeof *b.labels);
    for (size_t i = 0; i < rows * outputs; ++i) {
        put(&b.scores, i, spread * draw(&numbers));
        put(&b.targets, i, draw(&numbers));
        put(&b.scratch, i, 1e6); /* nobody said that it is zero */
    }
    for (size_t r = 0; r < rows; ++r) b.labels[r] = (int32_t)((r * 7 + 1) % outputs);
    return b;
}

/* Rows [first, first + rows); with the gradient where `gradient` says, or without it. */
static void evaluate(const subject *s, const void *config, const batch *b, size_t first,
                     size_t rows, void *gradient)
{
    const slope_loss *loss = (const slope_loss *)s->about;
    call_host host;
    call_host_init(&host, s->p, 1);
    const size_t at = first * b->outputs;
    const slope_loss_call call = {
        .size = sizeof call,
        .host = &host.host,
        .config = config,
        .rows = rows,
        .outputs = b->outputs,
        .scores = from_element(&b->scores, at),
        .labels = loss->target == SLOPE_CLASS ? b->labels + first : NULL,
        .targets = loss->target == SLOPE_VALUES ? from_element(&b->targets, at) : NULL,
        .losses = from_element(&b->losses, first),
        .gradient = gradient,
        .scratch = from_element(&b->scratch, at)};
    loss->evaluate(&call);
}

static void evaluate_all(const subject *s, const void *config, const batch *b)
{
    evaluate(s, config, b, 0, b->rows, b->gradient.data);
}

/* Rows and scores: one row, one class, few and many. */
static const size_t shapes[][2] = {{1, 1}, {1, 2}, {5, 1}, {7, 3}, {4, 10}, {3, 33}, {40, 5}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

void exercise_loss(const subject *s, const void *config, trace *out)
{
    for (size_t i = 0; i < SHAPES; ++i) {
        const batch b = make_batch(s, shapes[i][0], scores_for(s, shapes[i][1]), 3.0);
        evaluate_all(s, config, &b);
        trace_buffer(out, &b.losses);
        trace_buffer(out, &b.gradient);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void rows_only(const subject *s, const void *config)
{
    for (size_t i = 0; i < SHAPES; ++i) {
        const batch b = make_batch(s, shapes[i][0], scores_for(s, shapes[i][1]), 3.0);
        const buffer scores = buffer_copy(s, &b.scores), targets = buffer_copy(s, &b.targets);
        evaluate_all(s, config, &b);
        if (!guards_whole(&b.scores) || !guards_whole(&b.gradient) || !guards_whole(&b.scratch) ||
            !guards_whole(&b.losses) || !guards_whole(&b.targets))
            kit_fail("%zu rows of %zu scores: it writes outside its rows", b.rows, b.outputs);
        if (!same_bits(&scores, &b.scores)) kit_fail("it changes the scores");
        if (!same_bits(&targets, &b.targets)) kit_fail("it changes the targets");
    }
}

static void writes_its_rows_only(subject *s)
{
    with_every_config(s, rows_only);
}

static void with_and_without_gradient(const subject *s, const void *config)
{
    for (size_t i = 0; i < SHAPES; ++i) {
        const batch b = make_batch(s, shapes[i][0], scores_for(s, shapes[i][1]), 3.0);
        evaluate_all(s, config, &b);
        const buffer losses = buffer_copy(s, &b.losses);
        evaluate(s, config, &b, 0, b.rows, NULL);
        if (!same_bits(&losses, &b.losses))
            kit_fail("the loss is another when no gradient is asked for");
        evaluate(s, config, &b, 0, b.rows, b.scores.data);
        if (!same_bits(&b.gradient, &b.scores))
            kit_fail("the gradient is another when it replaces the scores: read a row before "
                     "writing it");
    }
}

static void gradient_anywhere(subject *s)
{
    with_every_config(s, with_and_without_gradient);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Loss of the row that element i belongs to, with that score changed by `change`. */
static double loss_beside(const subject *s, const void *config, const batch *b, size_t i,
                          double change)
{
    const double before = get(&b->scores, i);
    const size_t row = i / b->outputs;
    put(&b->scores, i, before + change);
    evaluate(s, config, b, row, 1, from_element(&b->gradient, row * b->outputs));
    put(&b->scores, i, before);
    return get(&b->losses, row);
}

/* Central differences, in float64 where there is such a half. Where the slopes on the two sides
 * differ there is a kink, at which any slope between them will do. */
static void derivative(const subject *s, const void *config, size_t rows, size_t outputs)
{
    const batch b = make_batch(s, rows, outputs, 3.0);
    const bool fine = s->p == FLOAT64;
    const double h = fine ? 1e-5 : 1e-2, tolerance = fine ? 1e-6 : 5e-3;
    size_t kinks = 0;
    evaluate_all(s, config, &b);
    const buffer gradient = buffer_copy(s, &b.gradient);
    for (size_t i = 0; i < rows * outputs; ++i) {
        const double here = loss_beside(s, config, &b, i, 0);
        const double right = (loss_beside(s, config, &b, i, h) - here) / h;
        const double left = (here - loss_beside(s, config, &b, i, -h)) / h;
        const double found = get(&gradient, i);
        const double low = fmin(left, right), high = fmax(left, right);
        const bool kink = high - low > (fine ? 1e-2 : 0.1);
        kinks += kink;
        const bool good = kink ? found >= low - tolerance && found <= high + tolerance
                               : close_to(found, 0.5 * (left + right), tolerance);
        if (!good)
            kit_fail("its gradient is not the derivative of its loss: %zu scores, row %zu, score "
                     "%zu: %.9g, differences give %.9g",
                     outputs, i / outputs, i % outputs, found, 0.5 * (left + right));
    }
    if (4 * kinks > rows * outputs) kit_fail("it is not smooth almost everywhere");
}

static void derivatives(const subject *s, const void *config)
{
    const bool finest = s->p == FLOAT64 || s->halves[FLOAT64] == NULL;
    for (size_t i = 0; finest && i < SHAPES; ++i)
        derivative(s, config, shapes[i][0], scores_for(s, shapes[i][1]));
}

static void gradient_is_the_derivative(subject *s)
{
    with_every_config(s, derivatives);
}

static void independent(const subject *s, const void *config, size_t rows, size_t outputs)
{
    const batch b = make_batch(s, rows, outputs, 3.0), mixed = make_batch(s, rows, outputs, 3.0);
    evaluate_all(s, config, &b);
    const buffer losses = buffer_copy(s, &b.losses), gradient = buffer_copy(s, &b.gradient);
    for (size_t r = 0; r < rows; ++r)
        evaluate(s, config, &b, r, 1, from_element(&b.gradient, r * outputs));
    if (!same_bits(&losses, &b.losses) || !same_bits(&gradient, &b.gradient))
        kit_fail("rows give other bits in a batch than alone");
    for (size_t r = 0; r < rows; ++r) { /* the same rows backwards */
        const size_t from = rows - 1 - r;
        mixed.labels[r] = b.labels[from];
        for (size_t o = 0; o < outputs; ++o) {
            put(&mixed.scores, r * outputs + o, get(&b.scores, from * outputs + o));
            put(&mixed.targets, r * outputs + o, get(&b.targets, from * outputs + o));
        }
    }
    evaluate_all(s, config, &mixed);
    for (size_t r = 0; r < rows; ++r)
        if (get(&mixed.losses, r) != get(&losses, rows - 1 - r))
            kit_fail("rows give other losses in another order");
}

static void independent_rows(const subject *s, const void *config)
{
    for (size_t i = 0; i < SHAPES; ++i)
        independent(s, config, shapes[i][0], scores_for(s, shapes[i][1]));
}

static void rows_are_independent(subject *s)
{
    with_every_config(s, independent_rows);
}

static void extremes(const subject *s, const void *config)
{
    const double greatest = s->p == FLOAT64 ? DBL_MAX : (double)FLT_MAX;
    const double spreads[] = {0.0, 1e3, 1e20, greatest / 8, greatest};
    for (size_t k = 0; k < sizeof spreads / sizeof *spreads; ++k) {
        const batch b = make_batch(s, 8, scores_for(s, 4), spreads[k]);
        evaluate_all(s, config, &b);
        for (size_t r = 0; r < b.rows; ++r)
            if (isnan(get(&b.losses, r))) kit_fail("scores up to %g: the loss is nan", spreads[k]);
        for (size_t i = 0; i < b.rows * b.outputs; ++i)
            if (isnan(get(&b.gradient, i)))
                kit_fail("scores up to %g: the gradient is nan", spreads[k]);
    }
}

static void survives_extreme_scores(subject *s)
{
    with_every_config(s, extremes);
}

static void both(const subject *s, const void *config)
{
    subject other;
    const size_t outputs = scores_for(s, 5);
    if (!other_precision(s, &other)) return;
    const batch b = make_batch(s, 9, outputs, 3.0), wide = make_batch(&other, 9, outputs, 3.0);
    for (size_t i = 0; i < b.scores.count; ++i) {
        put(&wide.scores, i, get(&b.scores, i));
        put(&wide.targets, i, get(&b.targets, i));
    }
    evaluate_all(s, config, &b);
    evaluate_all(&other, config, &wide);
    for (size_t r = 0; r < b.rows; ++r)
        if (!close_to(get(&b.losses, r), get(&wide.losses, r), 1e-5))
            kit_fail("row %zu: the loss is %.9g in float32, %.9g in float64", r, get(&b.losses, r),
                     get(&wide.losses, r));
    for (size_t i = 0; i < b.gradient.count; ++i)
        if (!close_to(get(&b.gradient, i), get(&wide.gradient, i), 1e-5))
            kit_fail("element %zu: the gradient is %.9g in float32, %.9g in float64", i,
                     get(&b.gradient, i), get(&wide.gradient, i));
}

static void precisions_agree(subject *s)
{
    if (s->halves[FLOAT64] == NULL)
        kit_skip("it is compiled for float32 only (`slope compile` makes both)");
    with_every_config(s, both);
}

const kit_check loss_checks[] = {
    {"writes its rows only", writes_its_rows_only, STANDS_ALONE},
    {"gradient is the derivative", gradient_is_the_derivative, STANDS_ALONE},
    {"gradient may be left out or replace the scores", gradient_anywhere, COMPARES},
    {"rows are independent", rows_are_independent, COMPARES},
    {"survives extreme scores", survives_extreme_scores, STANDS_ALONE},
    {"precisions agree", precisions_agree, STANDS_ALONE},
    {NULL, NULL, STANDS_ALONE},
};
