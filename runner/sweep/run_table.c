/* sweep/run_table.c: the table at the end of a run: all trials, or the best of a sweep, or, where
 * it went over several problems, whose losses tell nothing of each other, what `slope compare`
 * shows of them. See run_private.h. */
#include "sweep/run_private.h"

#include "record/table.h"
#include "report/compare.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SHOWN = 10 }; /* of a sweep */

/* What is shown, and how. */
typedef struct selection {
    const run *r;
    size_t count;
    size_t *trials;
    bool mixed; /* some predict numbers, some classes */
    const char *score;
    bool there[SLOPE_SPLITS]; /* splits that some trial has a score of: a surface has none */
} selection;

static bool has_row(const outcome *o)
{
    return o->status != TRIAL_RUNNING;
}

static void scores_of(const outcome *o, double scores[SLOPE_SPLITS])
{
    scores[SLOPE_TRAIN] = o->train_score;
    scores[SLOPE_VALIDATION] = o->validation_score;
    scores[SLOPE_TEST] = o->test_score;
}

/* "acc", "r2", or both where some trials are of this kind and some of that. */
static void choose_score(selection *s)
{
    size_t numbers = 0;
    for (size_t i = 0; i < s->count; i++) {
        const outcome *o = &s->r->outcomes[s->trials[i]];
        double scores[SLOPE_SPLITS];
        numbers += o->numbers;
        scores_of(o, scores);
        for (size_t split = 0; split < SLOPE_SPLITS; split++)
            s->there[split] = s->there[split] || !isnan(scores[split]);
    }
    s->mixed = numbers && numbers < s->count;
    s->score = s->mixed ? "acc/r2" : numbers ? "r2" : "acc";
}

/* ---- which trials ---------------------------------------------------------------------------- */

static const run *sorted_run; /* qsort has no argument for it; one thread */

static int by_metric(const void *a, const void *b)
{
    const size_t one = *(const size_t *)a, other = *(const size_t *)b;
    const outcome *o = sorted_run->outcomes;
    const bool ended[] = {o[one].status == TRIAL_FINISHED, o[other].status == TRIAL_FINISHED};
    if (ended[0] != ended[1]) return ended[0] ? -1 : 1;
    const double x = run_smaller_is_better(sorted_run->metric, o[one].metric);
    const double y = run_smaller_is_better(sorted_run->metric, o[other].metric);
    if (isnan(x) != isnan(y)) return isnan(x) ? 1 : -1;
    if (x != y && !isnan(x)) return x < y ? -1 : 1;
    return one < other ? -1 : 1;
}

static selection select_trials(const run *r, arena *a)
{
    selection s = {.r = r, .trials = arena_alloc(a, (r->count + 1) * sizeof *s.trials)};
    for (size_t t = 0; t < r->count; t++)
        if (has_row(&r->outcomes[t])) s.trials[s.count++] = t;
    choose_score(&s);
    if (!r->is_sweep) return s;
    sorted_run = r;
    if (s.count) qsort(s.trials, s.count, sizeof *s.trials, by_metric);
    if (s.count > MOST_SHOWN) s.count = MOST_SHOWN;
    return s;
}

/* ---- printing -------------------------------------------------------------------------------- */

static void score_cell(table *t, bool numbers, double score)
{
    if (isnan(score))
        table_cell(t, "-");
    else if (numbers)
        table_cell(t, "%.5f", score);
    else
        table_cell(t, "%.2f %%", 100 * score);
}

static void columns(const selection *s, arena *a, table *t)
{
    static const char *const names[SLOPE_SPLITS] = {"train", "val", "test"};
    table_column(t, "trial", ALIGN_LEFT);
    table_column(t, "epochs", ALIGN_RIGHT);
    table_column(t, "train loss", ALIGN_RIGHT);
    for (size_t split = 0; split < SLOPE_SPLITS; split++)
        if (s->there[split])
            table_column(t, arena_printf(a, "%s %s", names[split], s->score), ALIGN_RIGHT);
    table_column(t, "train s", ALIGN_RIGHT);
    table_column(t, "eval s", ALIGN_RIGHT);
    table_column(t, "status", ALIGN_LEFT);
}

static void cells(const selection *s, const outcome *o, const char *label, table *t)
{
    double scores[SLOPE_SPLITS];
    table_cell(t, "%s", label);
    table_cell(t, "%.4g", o->epochs);
    table_cell(t,
               isnan(o->train_loss)  ? "-"
               : o->train_loss < 1e5 ? "%.4f"
                                     : "%.4g",
               o->train_loss);
    scores_of(o, scores);
    for (size_t split = 0; split < SLOPE_SPLITS; split++)
        if (s->there[split]) score_cell(t, o->numbers, scores[split]);
    table_cell(t, "%.2f", o->train_seconds);
    table_cell(t, "%.2f", o->evaluate_seconds);
    table_cell(t, "%s%s%s", trial_status_name(o->status), *o->message ? ": " : "", o->message);
}

/* Among trials whose scores compare: a sweep by its metric, otherwise by the validation score. */
static size_t best_shown(const selection *s)
{
    size_t best = SIZE_MAX;
    if (s->r->is_sweep)
        return s->count && s->r->outcomes[s->trials[0]].status == TRIAL_FINISHED ? 0 : SIZE_MAX;
    for (size_t i = 0; i < s->count; i++) {
        const double score = s->r->outcomes[s->trials[i]].validation_score;
        if (!s->mixed && !isnan(score) &&
            (best == SIZE_MAX || score > s->r->outcomes[s->trials[best]].validation_score))
            best = i;
    }
    return best;
}

/* "64 trials: 60 finished, 3 diverged, 1 failed" */
static void print_counts(const run *r)
{
    size_t counts[TRIAL_TIMEOUT + 1] = {0}, all = 0;
    const char *separator = ":";
    for (size_t t = 0; t < r->count; t++) {
        if (!has_row(&r->outcomes[t])) continue;
        counts[r->outcomes[t].status]++;
        all++;
    }
    printf("%zu trial%s", all, all == 1 ? "" : "s");
    for (int status = TRIAL_FINISHED; status <= TRIAL_TIMEOUT; status++) {
        if (!counts[status]) continue;
        printf("%s %zu %s", separator, counts[status], trial_status_name((trial_status)status));
        separator = ",";
    }
    printf("\n");
}

/* Optimizers on problems, read back from the folder. False: there are not several problems. */
static bool print_standings(const run *r, arena *a)
{
    failure why;
    char *folder = arena_strdup(a, r->folder.path);
    const comparison_options options = {.target = NAN, .within = NAN, .curves = true};
    if (!r->is_sweep || r->experiment->base_count < 2) return false;
    const comparison *all = comparison_read(a, 1, &folder, &options, &why);
    if (!all || all->problem_count < 2) return false;
    compare_standings(all, false, stdout);
    return true;
}

static void print_trials(const run *r, arena *a)
{
    table *t = table_create();
    const selection s = select_trials(r, a);
    const size_t best = best_shown(&s);
    const char *best_label = "";
    columns(&s, a, t);
    if (best != SIZE_MAX) table_highlight_row(t, best);
    for (size_t i = 0; i < s.count; i++) {
        const char *label = plan_trial(r->plan, s.trials[i], a)->label;
        if (i == best) best_label = label;
        cells(&s, &r->outcomes[s.trials[i]], label, t);
    }
    if (s.count) table_print(t, stdout);
    table_destroy(t);
    if (r->is_sweep) print_counts(r);
    if (best == SIZE_MAX || s.count <= 1) return;
    if (r->is_sweep)
        printf("best by %s: %s\n", metric_name(r->metric), best_label);
    else
        printf("best by validation %s: %s\n", strcmp(s.score, "acc") == 0 ? "accuracy" : s.score,
               best_label);
}

void run_print_table(const run *r)
{
    arena *a = arena_create();
    if (print_standings(r, a)) {
        print_counts(r);
        printf("other tables: slope compare --help\n");
    } else {
        print_trials(r, a);
    }
    if (r->is_sweep) printf("all of them: slope show %s\n", r->folder.path);
    printf("results: %s\n", r->folder.path);
    arena_destroy(a);
}
