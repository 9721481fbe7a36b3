/* test_losses.c: what every loss must keep to, on ordinary and on extreme scores. */
#include "conformance.h"

#include "host/description.h"

#include "slope/loss.h"

#include <float.h>

typedef struct batch {
    size_t rows, outputs;
    buffer scores, targets, gradient, scratch;
    int32_t *labels;
    double *losses; /* rows, and one beyond as a guard */
} batch;

static const double guard = 12345.678;

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
    random_numbers numbers = {rows * 31 + outputs};
    b.scores = buffer_make(s, rows * outputs);
    b.targets = buffer_make(s, rows * outputs);
    b.gradient = buffer_make(s, rows * outputs);
    b.scratch = buffer_make(s, rows * outputs);
    b.labels = arena_alloc(s->memory, rows * sizeof *b.labels);
    b.losses = arena_alloc(s->memory, (rows + 1) * sizeof *b.losses);
    b.losses[rows] = guard;
    for (size_t i = 0; i < rows * outputs; ++i) {
        put(&b.scores, i, spread * draw(&numbers));
        put(&b.targets, i, draw(&numbers));
    }
    for (size_t r = 0; r < rows; ++r) b.labels[r] = (int32_t)((r * 7 + 1) % outputs);
    return b;
}

/* Rows from `first` on; with the gradient where `gradient` says, or without it. */
static void evaluate(const subject *s, const void *config, const batch *b, size_t first,
                     size_t rows, void *gradient)
{
    const slope_loss *loss = (const slope_loss *)s->about;
    call_host host;
    call_host_init(&host, s->p, 1);
    const size_t at = first * b->outputs;
    const bool classes = loss->target == SLOPE_CLASS;
    const slope_loss_call call = {.size = sizeof call,
                                  .host = &host.host,
                                  .config = config,
                                  .rows = rows,
                                  .outputs = b->outputs,
                                  .scores = from_element(&b->scores, at),
                                  .labels = classes ? b->labels + first : NULL,
                                  .targets = loss->target == SLOPE_VALUES
                                                 ? from_element(&b->targets, at)
                                                 : NULL,
                                  .losses = b->losses + first,
                                  .gradient = gradient,
                                  .scratch = from_element(&b->scratch, at)};
    loss->evaluate(&call);
    if (!guards_whole(&b->scores) || !guards_whole(&b->gradient) || !guards_whole(&b->scratch) ||
        b->losses[b->rows] != guard)
        fail_msg("it writes outside its rows");
}

static void evaluate_all(const subject *s, const void *config, const batch *b)
{
    evaluate(s, config, b, 0, b->rows, b->gradient.data);
}

/* Loss of the row that element i belongs to, with that score changed by `change`. */
static double loss_beside(const subject *s, const void *config, const batch *b, size_t i,
                          double change)
{
    const double before = get(&b->scores, i);
    const size_t row = i / b->outputs;
    put(&b->scores, i, before + change);
    evaluate(s, config, b, row, 1, NULL);
    put(&b->scores, i, before);
    return b->losses[row];
}

/* Central differences, which only float64 can tell from noise. Where the slopes on the two sides
 * differ there is a kink, at which any slope between them will do. */
static void gradient_is_the_derivative(const subject *s, const void *config, size_t rows,
                                       size_t outputs)
{
    const batch b = make_batch(s, rows, outputs, 3.0);
    const double h = 1e-5;
    size_t kinks = 0;
    evaluate_all(s, config, &b);
    const buffer gradient = buffer_copy(s, &b.gradient);
    for (size_t i = 0; i < rows * outputs; ++i) {
        const double here = loss_beside(s, config, &b, i, 0);
        const double right = (loss_beside(s, config, &b, i, h) - here) / h;
        const double left = (here - loss_beside(s, config, &b, i, -h)) / h;
        const double found = get(&gradient, i);
        const double low = fmin(left, right), high = fmax(left, right);
        const bool kink = high - low > 1e-2;
        kinks += kink;
        const bool good = kink ? found >= low - 1e-6 && found <= high + 1e-6
                               : close_to(found, 0.5 * (left + right), 1e-6);
        if (!good)
            fail_msg("its gradient is not the derivative of its loss: row %zu, score %zu: %.9g, "
                     "differences give %.9g",
                     i / outputs, i % outputs, found, 0.5 * (left + right));
    }
    assert_true(4 * kinks <= rows * outputs);
}

static void rows_are_independent(const subject *s, const void *config, size_t rows, size_t outputs)
{
    const batch b = make_batch(s, rows, outputs, 3.0);
    const buffer scores = buffer_copy(s, &b.scores);
    double *alone = arena_alloc(s->memory, rows * sizeof *alone);
    for (size_t r = 0; r < rows; ++r) {
        evaluate(s, config, &b, r, 1, from_element(&b.gradient, r * outputs));
        alone[r] = b.losses[r];
    }
    const buffer single = buffer_copy(s, &b.gradient);
    evaluate_all(s, config, &b);
    if (!same_bits(&single, &b.gradient) || memcmp(alone, b.losses, rows * sizeof *alone) != 0)
        fail_msg("rows give other bits in a batch than alone");
    if (!same_bits(&scores, &b.scores)) fail_msg("it changes the scores");
    evaluate(s, config, &b, 0, rows, NULL);
    if (memcmp(alone, b.losses, rows * sizeof *alone) != 0)
        fail_msg("the loss is another when no gradient is asked for");
    evaluate(s, config, &b, 0, rows, b.scores.data);
    if (!same_bits(&single, &b.scores))
        fail_msg("the gradient is another when it replaces the scores");
}

static void survives_extreme_scores(const subject *s, const void *config)
{
    const double greatest = s->p == FLOAT64 ? DBL_MAX : (double)FLT_MAX;
    const double spreads[] = {0.0, 1e3, 1e20, greatest / 8, greatest};
    for (size_t k = 0; k < sizeof spreads / sizeof *spreads; ++k) {
        const batch b = make_batch(s, 8, scores_for(s, 4), spreads[k]);
        evaluate_all(s, config, &b);
        for (size_t r = 0; r < b.rows; ++r)
            if (isnan(b.losses[r]))
                fail_msg("extreme scores, up to %g: the loss is nan", spreads[k]);
        for (size_t i = 0; i < b.rows * b.outputs; ++i)
            if (isnan(get(&b.gradient, i)))
                fail_msg("extreme scores, up to %g: the gradient is nan", spreads[k]);
    }
}

static void precisions_agree(const subject *s, const void *config)
{
    const subject other = {s->memory, s->plugin, FLOAT64, s->plugin->description[FLOAT64]};
    if (s->p == FLOAT64 || other.about == NULL) return;
    const size_t outputs = scores_for(s, 5);
    const batch b = make_batch(s, 9, outputs, 3.0), wide = make_batch(&other, 9, outputs, 3.0);
    for (size_t i = 0; i < b.scores.count; ++i) {
        put(&wide.scores, i, get(&b.scores, i));
        put(&wide.targets, i, get(&b.targets, i));
    }
    evaluate_all(s, config, &b);
    evaluate_all(&other, config, &wide);
    for (size_t r = 0; r < b.rows; ++r)
        if (!close_to(b.losses[r], wide.losses[r], 1e-5))
            fail_msg("row %zu: the loss is %.9g in float32, %.9g in float64", r, b.losses[r],
                     wide.losses[r]);
    for (size_t i = 0; i < b.gradient.count; ++i)
        if (!close_to(get(&b.gradient, i), get(&wide.gradient, i), 1e-5))
            fail_msg("element %zu: the gradient is %.9g in float32, %.9g in float64", i,
                     get(&b.gradient, i), get(&wide.gradient, i));
}

static void one_config(const subject *s, const void *config)
{
    const size_t shapes[][2] = {{1, 1}, {1, 2}, {5, 1}, {7, 3}, {4, 10}, {3, 33}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; ++i) {
        const size_t outputs = scores_for(s, shapes[i][1]);
        rows_are_independent(s, config, shapes[i][0], outputs);
        if (s->p == FLOAT64) gradient_is_the_derivative(s, config, shapes[i][0], outputs);
    }
    precisions_agree(s, config);
    survives_extreme_scores(s, config);
}

static void every_loss(void **state)
{
    with_every_config(*state, one_config);
}

int main(int argc, char **argv)
{
    return conformance_run(argc, argv, SLOPE_KIND_LOSS, every_loss);
}
