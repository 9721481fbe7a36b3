/* engine/run_table.c: the table of trials at the end of a run. See run_private.h. */
#include "engine/run_private.h"

#include "record/table.h"

#include <string.h>

static void score_cell(table *t, bool numbers, double score)
{
    if (isnan(score))
        table_cell(t, "-");
    else if (numbers)
        table_cell(t, "%.5f", score);
    else
        table_cell(t, "%.2f %%", 100 * score);
}

/* "acc", "r2", or both where some trials are of this kind and some of that. */
static const char *score_title(const run *r, bool *mixed)
{
    size_t numbers = 0;
    for (size_t i = 0; i < r->experiment->base_count; i++)
        numbers += run_predicts_numbers(&r->experiment->bases[i]);
    *mixed = numbers && numbers < r->experiment->base_count;
    return *mixed ? "acc/r2" : numbers ? "r2" : "acc";
}

/* Scores of training, validation and test rows, in this order. */
static void scores_of(const row *at, double scores[SLOPE_SPLITS])
{
    scores[SLOPE_TRAIN] = at->train_score;
    scores[SLOPE_VALIDATION] = at->validation_score;
    scores[SLOPE_TEST] = at->test_score;
}

/* Columns for the splits that some trial has a score of: a surface has none. */
static void score_columns(const run *r, table *t, const char *score, bool there[SLOPE_SPLITS])
{
    static const char *const names[SLOPE_SPLITS] = {"train", "val", "test"};
    for (size_t s = 0; s < SLOPE_SPLITS; s++) {
        there[s] = false;
        for (size_t i = 0; i < r->experiment->base_count; i++) {
            double scores[SLOPE_SPLITS];
            scores_of(&r->rows[i], scores);
            there[s] = there[s] || (r->rows[i].done && !isnan(scores[s]));
        }
        if (there[s])
            table_column(t, arena_printf(r->memory, "%s %s", names[s], score), ALIGN_RIGHT);
    }
}

void run_print_table(const run *r)
{
    table *t = table_create();
    bool mixed, there[SLOPE_SPLITS];
    const char *score = score_title(r, &mixed);
    table_column(t, "trial", ALIGN_LEFT);
    table_column(t, "epochs", ALIGN_RIGHT);
    table_column(t, "train loss", ALIGN_RIGHT);
    score_columns(r, t, score, there);
    table_column(t, "train s", ALIGN_RIGHT);
    table_column(t, "eval s", ALIGN_RIGHT);
    table_column(t, "status", ALIGN_LEFT);
    size_t best = SIZE_MAX, shown = 0;
    for (size_t i = 0; i < r->experiment->base_count; i++) {
        const row *at = &r->rows[i];
        if (!at->done) continue;
        const bool numbers = run_predicts_numbers(&r->experiment->bases[i]);
        if (!mixed && !isnan(at->validation_score) &&
            (best == SIZE_MAX || at->validation_score > r->rows[best].validation_score)) {
            best = i;
            table_highlight_row(t, shown); /* the last call counts */
        }
        shown++;
        table_cell(t, "%s", r->experiment->bases[i].label);
        table_cell(t, "%.4g", at->epochs);
        table_cell(t,
                   isnan(at->train_loss)  ? "-"
                   : at->train_loss < 1e5 ? "%.4f"
                                          : "%.4g",
                   at->train_loss);
        double scores[SLOPE_SPLITS];
        scores_of(at, scores);
        for (size_t s = 0; s < SLOPE_SPLITS; s++)
            if (there[s]) score_cell(t, numbers, scores[s]);
        table_cell(t, "%.2f", at->train_seconds);
        table_cell(t, "%.2f", at->evaluate_seconds);
        table_cell(t, "%s%s%s", at->status, *at->message ? ": " : "", at->message);
    }
    table_print(t, stdout);
    table_destroy(t);
    if (best != SIZE_MAX && shown > 1)
        printf("best by validation %s: %s\n", strcmp(score, "acc") == 0 ? "accuracy" : score,
               r->experiment->bases[best].label);
    printf("results: %s\n", r->folder.path);
}
