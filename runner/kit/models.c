/* kit/models.c: what every model must keep to: tensors that can be laid out, scores and gradients
 * that do not depend on how rows are cut, and a gradient that is the derivative. */
#include "kit/model_rig.h"

static void trace_shape(rig *t, trace *out)
{
    rig_pass(t, 0, t->rows, true);
    trace_buffer(out, &t->scores);
    trace_buffer(out, &t->gradient);
}

void exercise_model(const subject *s, const void *config, trace *out)
{
    for (size_t i = 0; i < RIG_SHAPES; ++i) {
        rig *t = rig_create(s, config, rig_shapes[i], false);
        if (t != NULL) trace_shape(t, out);
    }
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void declared(const subject *s, const void *config)
{
    every_shape(s, config, true, NULL);
}

static void declares_its_tensors(subject *s)
{
    with_every_config(s, declared);
}

static void only_there(rig *t, const size_t shape[3])
{
    (void)shape;
    for (size_t i = 0; i < t->gradient.count; ++i) put(&t->gradient, i, 0.25);
    rig_pass(t, 0, t->rows, true);
    if (!t->whole) kit_fail("it writes outside what it may write");
    for (size_t k = 0; k < t->tensor_count; ++k) /* gaps between tensors belong to nobody */
        for (size_t i = t->offsets[k] + t->sizes[k];
             i < (k + 1 < t->tensor_count ? t->offsets[k + 1] : t->gradient.count); ++i)
            if (get(&t->gradient, i) != 0.25) kit_fail("it writes between the tensors");
}

static void own_memory(const subject *s, const void *config)
{
    every_shape(s, config, false, only_there);
}

static void writes_only_where_it_may(subject *s)
{
    with_every_config(s, own_memory);
}

static double objective(rig *t)
{
    double sum = 0;
    rig_pass(t, 0, t->rows, false);
    for (size_t i = 0; i < t->scores.count; ++i)
        sum += get(&t->scores, i) * get(&t->coefficients, i);
    return sum;
}

static double objective_beside(rig *t, size_t i, double change)
{
    const double before = get(&t->weights, i);
    put(&t->weights, i, before + change);
    const double value = objective(t);
    put(&t->weights, i, before);
    return value;
}

static void derivative(rig *t, const size_t shape[3])
{
    const bool fine = t->s->p == FLOAT64, finest = fine || t->s->halves[FLOAT64] == NULL;
    const double h = fine ? 1e-6 : 1e-2, tolerance = fine ? 1e-6 : 1e-2;
    size_t kinks = 0, elements = 0;
    if (!finest || shape[0] * shape[1] * shape[2] > 100) return;
    rig_pass(t, 0, t->rows, true);
    const buffer gradient = buffer_copy(t->s, &t->gradient);
    const double here = objective(t);
    for (size_t k = 0; k < t->tensor_count; ++k) {
        for (size_t i = t->offsets[k]; i < t->offsets[k] + t->sizes[k]; ++i, ++elements) {
            const double right = (objective_beside(t, i, h) - here) / h;
            const double left = (here - objective_beside(t, i, -h)) / h;
            const bool kink = fabs(right - left) > (fine ? 1e-3 : 0.1);
            kinks += kink;
            if (!kink && !close_to(get(&gradient, i), 0.5 * (left + right), tolerance))
                kit_fail("its gradient is not the derivative of its scores: tensor '%s', element "
                         "%zu: %.9g, differences give %.9g",
                         t->tensors[k].name, i - t->offsets[k], get(&gradient, i),
                         0.5 * (left + right));
        }
    }
    if (10 * kinks > elements) kit_fail("it is not smooth almost everywhere");
}

static void derivatives(const subject *s, const void *config)
{
    every_shape(s, config, false, derivative);
}

static void gradient_is_the_derivative(subject *s)
{
    with_every_config(s, derivatives);
}

/* Rows in one call or in several give the same bits, and backward adds to what is there. */
static void independent(rig *whole, const size_t shape[3])
{
    rig *cut = rig_create(whole->s, whole->config, shape, false);
    for (size_t i = 0; i < whole->gradient.count; ++i) {
        put(&whole->gradient, i, 0.25);
        put(&cut->gradient, i, 0.25);
    }
    rig_pass(whole, 0, whole->rows, true);
    for (size_t first = 0, step = 1; first < cut->rows; first += step, ++step) {
        const size_t end = first + step < cut->rows ? first + step : cut->rows;
        rig_pass(cut, first, end, true);
        step = end - first;
    }
    if (!same_bits(&whole->scores, &cut->scores))
        kit_fail("the scores depend on the chunks of rows");
    if (!same_bits(&whole->gradient, &cut->gradient))
        kit_fail("the gradient depends on the chunks of rows: backward must add, row after row");
}

static void backwards_rows(rig *t, const size_t shape[3])
{
    rig *mixed = rig_create(t->s, t->config, shape, false);
    const size_t row = t->ldx * t->x.size, outputs = t->shape.outputs;
    for (size_t r = 0; r < t->rows; ++r)
        memcpy(from_element(&mixed->x, r * t->ldx), from_element(&t->x, (t->rows - 1 - r) * t->ldx),
               row);
    rig_pass(t, 0, t->rows, false);
    rig_pass(mixed, 0, t->rows, false);
    for (size_t r = 0; r < t->rows; ++r)
        if (memcmp(from_element(&mixed->scores, r * outputs),
                   from_element(&t->scores, (t->rows - 1 - r) * outputs),
                   outputs * t->scores.size) != 0)
            kit_fail("rows give other scores in another order");
}

static void independent_rows(const subject *s, const void *config)
{
    every_shape(s, config, false, independent);
    every_shape(s, config, false, backwards_rows);
}

static void rows_are_independent(subject *s)
{
    with_every_config(s, independent_rows);
}

static void both(rig *narrow, const size_t shape[3])
{
    subject other;
    if (!other_precision(narrow->s, &other)) return;
    rig *wide = rig_create(&other, narrow->config, shape, false);
    rig_pass(narrow, 0, narrow->rows, false);
    rig_pass(wide, 0, wide->rows, false);
    for (size_t i = 0; i < narrow->scores.count; ++i)
        if (!close_to(get(&narrow->scores, i), get(&wide->scores, i), 1e-4))
            kit_fail("score %zu is %.9g in float32, %.9g in float64", i, get(&narrow->scores, i),
                     get(&wide->scores, i));
}

static void both_precisions(const subject *s, const void *config)
{
    every_shape(s, config, false, both);
}

static void precisions_agree(subject *s)
{
    if (s->halves[FLOAT64] == NULL)
        kit_skip("it is compiled for float32 only (`slope compile` makes both)");
    with_every_config(s, both_precisions);
}

const kit_check model_checks[] = {
    {"declares its tensors", declares_its_tensors, STANDS_ALONE},
    {"writes only where it may", writes_only_where_it_may, STANDS_ALONE},
    {"gradient is the derivative", gradient_is_the_derivative, STANDS_ALONE},
    {"rows are independent", rows_are_independent, COMPARES},
    {"several at once are as one", several_are_as_one, COMPARES},
    {"rows may be packed late", rows_may_come_late, COMPARES},
    {"precisions agree", precisions_agree, STANDS_ALONE},
    {NULL, NULL, STANDS_ALONE},
};
