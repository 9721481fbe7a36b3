/* sweep/run_show.c: what a person sees while trials train. One trial at a time shows its epoch and
 * losses; a sweep shows how many trials are done, how long the rest takes and the best so far. See
 * run_private.h. */
#include "sweep/run_private.h"

static double fraction_of(const group *g)
{
    double sum = 0;
    for (size_t i = 0; i < g->count; i++) {
        const trial *t = g->lanes[i].trial;
        const double f = t ? trial_fraction(t) : 0;
        sum += isnan(f) ? 0 : f;
    }
    return sum;
}

/* Trials of this shard. */
static size_t all_trials(const run *r)
{
    return r->shard.count <= 1 ? r->count
                               : (r->count + r->shard.count - 1 - r->shard.index) / r->shard.count;
}

static void show_sweep(run *r, const group *g)
{
    const progress_sweep state = {.done = r->done,
                                  .done_before = r->done_before,
                                  .total = all_trials(r),
                                  .under_way = g ? fraction_of(g) * (double)r->groups_at_once : 0,
                                  .best = r->best_score,
                                  .best_name = r->score_name,
                                  .failures = r->failures};
    progress_show_sweep(r->progress, &state);
}

static void show_trial(run *r, const lane *l, double loss)
{
    const trial_config *c = l->config;
    const progress_state state = {.trial = l->number + 1,
                                  .trial_count = r->count,
                                  .label = c->label,
                                  .epoch = trial_epoch(l->trial),
                                  .step = trial_step(l->trial),
                                  .fraction = trial_fraction(l->trial),
                                  .epochs = c->train.epochs > 0 ? (double)c->train.epochs
                                                                : 0.0, /* absent is negative */
                                  .loss = isnan(loss) ? r->latest_loss : loss,
                                  .accuracy = r->latest_score,
                                  .loss_name = isnan(loss) ? r->loss_name : "batch_loss",
                                  .accuracy_name = r->score_name,
                                  .rows_per_second = trial_rows_per_second(l->trial),
                                  .best_accuracy = r->best_score};
    if (isnan(loss))
        progress_evaluation(r->progress, &state);
    else
        progress_update(r->progress, &state);
}

void run_show_step(run *r, const group *g, const lane *l, double loss)
{
    if (!r->is_sweep)
        show_trial(r, l, loss);
    else if (progress_is_due(r->progress))
        show_sweep(r, g);
}

void run_show_evaluation(run *r, const group *g, const lane *l)
{
    if (!r->is_sweep)
        show_trial(r, l, NAN);
    else if (progress_is_due(r->progress))
        show_sweep(r, g);
}

void run_show_end(run *r)
{
    if (r->is_sweep && progress_is_due(r->progress)) show_sweep(r, NULL);
}
