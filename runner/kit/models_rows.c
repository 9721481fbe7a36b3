/* kit/models_rows.c: a model with the extension SLOPE_MODEL_ROWS leaves its rows to the kernels, so
 * rows that are packed only by these give the bits of rows that are there from the start. */
#include "kit/model_rig.h"

static bool keeps_rows(const subject *s)
{
    return s->about->extension != NULL && s->about->extension(SLOPE_MODEL_ROWS) != NULL;
}

/* Takes the features out of x, leaves something in their place that spoils whatever is made of it,
 * and hands them to the kernels. */
static row_source take_features(rig *t)
{
    const size_t columns = t->shape.features, size = t->x.size;
    const buffer stored = buffer_make(t->s, t->rows * columns);
    for (size_t r = 0; r < t->rows; ++r)
        for (size_t c = 0; c < columns; ++c) {
            put(&stored, r * columns + c, get(&t->x, r * t->ldx + c));
            put(&t->x, r * t->ldx + c, (double)NAN);
        }
    return (row_source){.pack = {.element = size == 8 ? SLOPE_FLOAT64 : SLOPE_FLOAT32,
                                 .features = stored.data,
                                 .columns = columns,
                                 .rows = t->rows,
                                 .out = t->x.data,
                                 .ld = t->ldx}};
}

static void late_and_early(rig *t, const size_t shape[3])
{
    rig *early = rig_create(t->s, t->config, shape, false);
    rig_pass(early, 0, early->rows, true);
    row_source source = take_features(t);
    t->host.host.rows = &source;
    rig_pass(t, 0, t->rows, true);
    if (!same_bits(&early->scores, &t->scores))
        kit_fail("it does more with rows than pass them on to affine: the scores are others");
    if (!same_bits(&early->gradient, &t->gradient))
        kit_fail("it does more with rows than pass them on to affine_weights: the gradients are "
                 "others");
}

static void with_late_rows(const subject *s, const void *config)
{
    every_shape(s, config, false, late_and_early);
}

void rows_may_come_late(subject *s)
{
    if (!keeps_rows(s)) kit_skip("it does not leave its rows to the kernels");
    with_every_config(s, with_late_rows);
}
