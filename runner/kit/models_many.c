/* kit/models_many.c: the extension SLOPE_MODEL_MANY must give the bits of the plain functions. */
#include "kit/model_rig.h"

enum { MOST_AT_ONCE = 9 };

static const slope_model_many *model_many(const subject *s)
{
    return s->about->extension != NULL ? s->about->extension(SLOPE_MODEL_MANY) : NULL;
}

/* What the plain function leaves in scores and gradient of each, called for one after another. */
static void one_by_one(rig *const *all, size_t count, bool separate)
{
    for (size_t i = 0; i < count; ++i) {
        rig *t = all[i];
        for (size_t j = 0; !separate && j < t->gradient.count; ++j) put(&t->gradient, j, 0.25);
        rig_pass(t, 0, t->rows, true);
        for (size_t j = 0; separate && j < t->gradient.count; ++j)
            put(&t->gradient, j, 0.25 + get(&t->gradient, j));
    }
}

static void side_by_side(rig *const *all, size_t count, bool separate)
{
    const slope_model_many *many = model_many(all[0]->s);
    slope_model_call calls[MOST_AT_ONCE];
    buffer workspaces[MOST_AT_ONCE], incoming[MOST_AT_ONCE];
    for (size_t i = 0; i < count; ++i) {
        workspaces[i] = rig_workspace(all[i], all[i]->rows);
        calls[i] = rig_call(all[i], &workspaces[i], 0, all[i]->rows);
        calls[i].x = all[0]->x.data;
    }
    many->forward(count, calls);
    for (size_t i = 0; i < count; ++i) {
        for (size_t j = 0; j < all[i]->gradient.count; ++j) put(&all[i]->gradient, j, 0.25);
        incoming[i] = buffer_copy(all[i]->s, &all[i]->coefficients);
        calls[i].scores = NULL;
        calls[i].score_gradient = incoming[i].data;
        calls[i].gradient = all[i]->gradient.data;
    }
    many->backward(count, calls, separate);
    for (size_t i = 0; i < count; ++i)
        if (!guards_whole(&workspaces[i]) || !guards_whole(&incoming[i]) ||
            !guards_whole(&all[i]->scores) || !guards_whole(&all[i]->gradient))
            kit_fail("several at once: it writes outside what it may write");
}

/* Rigs with the same rows, each with weights and coefficients of its own. */
static void make_siblings(rig *t, const size_t shape[3], size_t count, rig **all)
{
    for (size_t i = 0; i < count; ++i) {
        subject *s = arena_alloc(t->s->memory, sizeof *s);
        *s = *t->s;
        s->seed = i + 1;
        all[i] = rig_create(s, t->config, shape, false);
        memcpy(all[i]->x.data, t->x.data, t->x.count * t->x.size);
    }
}

static void together(rig *t, const size_t shape[3])
{
    rig *alone[MOST_AT_ONCE], *beside[MOST_AT_ONCE];
    for (size_t count = 1; count <= MOST_AT_ONCE; count += 4)
        for (int separate = 0; separate < 2; ++separate) {
            make_siblings(t, shape, count, alone);
            make_siblings(t, shape, count, beside);
            one_by_one(alone, count, separate);
            side_by_side(beside, count, separate);
            for (size_t i = 0; i < count; ++i) {
                if (!same_bits(&alone[i]->scores, &beside[i]->scores))
                    kit_fail("the scores of %zu at once are not those of one after another", count);
                if (!same_bits(&alone[i]->gradient, &beside[i]->gradient))
                    kit_fail("the gradients of %zu at once%s are not those of one after another",
                             count, separate ? ", summed from zero," : "");
            }
        }
}

static void several_at_once(const subject *s, const void *config)
{
    every_shape(s, config, false, together);
}

void several_are_as_one(subject *s)
{
    if (model_many(s) == NULL) kit_skip("it has no way of its own to do several at once");
    with_every_config(s, several_at_once);
}
