/* report/trials.c: the table of the best trials (show.h), of each problem its own. */
#include "report/show.h"

#include "report/ranking.h"
#include "report/sheet.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* The rows that are shown of one contest. */
typedef struct chosen {
    const contest *contest;
    const size_t *order;
    size_t count;
} chosen;

/* What a table for people has: its columns, decided before its rows. */
typedef struct shape {
    const results *run; /* has the columns */
    const chosen *chosen;
    size_t contest_count;
    bool labels;
    bool metrics; /* contests differ in them */
    const char *scores[12];
    size_t score_count;
    size_t extra; /* column that the rows are sorted by, if it is none of the others */
} shape;

static const char *sorted_by(const contest *p, const show_options *options)
{
    return options->sort ? options->sort : p->metric ? p->metric : "trial";
}

static const chosen *choose(const contests *all, const show_options *options)
{
    chosen *made = arena_alloc(all->run->memory, (all->count + 1) * sizeof *made);
    for (size_t p = 0; p < all->count; p++) {
        const contest *own = &all->list[p];
        made[p] = (chosen){own, ranking_order(own->rows, sorted_by(own, options), options->reverse),
                           show_rows(all, options, own->rows->count)};
    }
    return made;
}

static void print_csv(const contests *all, const chosen *shown, FILE *out)
{
    const results *r = all->run;
    const size_t problem = all->count > 1 ? results_column(r, "problem") : SIZE_MAX;
    sheet *s = sheet_create(out, true);
    for (size_t c = 0; c < r->column_count; c++) sheet_text_column(s, NULL, r->columns[c]);
    for (size_t p = 0; p < all->count; p++)
        for (size_t i = 0; i < shown[p].count; i++)
            for (size_t c = 0; c < r->column_count; c++)
                sheet_text(s, c == problem ? shown[p].contest->name
                                           : shown[p].contest->rows->cells[shown[p].order[i]][c]);
    sheet_end(s);
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Whether some row that is shown has something in the column. */
static bool is_there(const shape *s, size_t column, bool number)
{
    for (size_t p = 0; p < s->contest_count && column != SIZE_MAX; p++)
        for (size_t i = 0; i < s->chosen[p].count; i++) {
            const results *rows = s->chosen[p].contest->rows;
            const char *text = results_text(rows, s->chosen[p].order[i], column);
            if (number ? !isnan(number_of(text)) : *text != 0) return true;
        }
    return false;
}

static void add_score(shape *s, const char *score)
{
    for (size_t i = 0; i < s->score_count; i++)
        if (strcmp(s->scores[i], score) == 0) return;
    if (s->score_count < sizeof s->scores / sizeof *s->scores) s->scores[s->score_count++] = score;
}

/* The metrics, and what stands beside them: losses, and scores on the other rows, as far as they
 * are there. */
static void find_scores(shape *s)
{
    static const char *const known[] = {"validation_accuracy",
                                        "validation_r2",
                                        "validation_loss",
                                        "train_loss",
                                        "test_accuracy",
                                        "test_r2",
                                        NULL};
    for (size_t p = 0; p < s->contest_count && p < 4; p++)
        if (s->chosen[p].contest->metric) add_score(s, s->chosen[p].contest->metric);
    for (const char *const *name = known; *name; name++)
        if (is_there(s, results_column(s->run, *name), true)) add_score(s, *name);
}

static bool is_swept(const results *r, size_t column)
{
    return column >= r->first_swept && column < r->first_swept + r->swept_count;
}

static size_t extra_column(const shape *s, const char *sort)
{
    static const char *const shown[] = {"trial",  "label",         "hash",   "steps",
                                        "epochs", "train_seconds", "status", "message"};
    const size_t column = sort ? results_column(s->run, sort) : SIZE_MAX;
    for (size_t i = 0; sort && i < sizeof shown / sizeof *shown; i++)
        if (strcmp(sort, shown[i]) == 0) return SIZE_MAX;
    for (size_t i = 0; sort && i < s->score_count; i++)
        if (strcmp(sort, s->scores[i]) == 0) return SIZE_MAX;
    return is_swept(s->run, column) ? SIZE_MAX : column;
}

/* "val acc" for validation_accuracy, as in the table of `slope run`. */
static const char *score_title(const results *r, const char *score)
{
    static const char *const words[][2] = {{"validation_", "val "},
                                           {"train_", "train "},
                                           {"test_", "test "},
                                           {"best_validation_", "best val "}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t length = strlen(words[i][0]);
        if (strncmp(score, words[i][0], length) != 0) continue;
        const char *rest = score + length;
        return arena_printf(r->memory, "%s%s", words[i][1],
                            strcmp(rest, "accuracy") == 0 ? "acc" : rest);
    }
    return score;
}

/* Parameters that none of the trials shown has say nothing. */
static void add_columns(const shape *p, sheet *s)
{
    const results *r = p->run;
    sheet_text_column(s, p->contest_count > 1 ? "problem" : NULL, NULL);
    sheet_text_column(s, p->metrics ? "metric" : NULL, NULL);
    sheet_number_column(s, "trial", NULL);
    sheet_text_column(s, "id", NULL);
    sheet_text_column(s, p->labels ? "label" : NULL, NULL);
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++)
        sheet_text_column(s, is_there(p, c, false) ? results_title(r, c) : NULL, NULL);
    for (size_t i = 0; i < p->score_count; i++)
        sheet_number_column(s, score_title(r, p->scores[i]), NULL);
    sheet_number_column(s, p->extra != SIZE_MAX ? r->columns[p->extra] : NULL, NULL);
    sheet_number_column(s, "steps", NULL);
    sheet_number_column(s, "epochs", NULL);
    sheet_number_column(s, "train s", NULL);
    sheet_text_column(s, "status", NULL);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const char *status_text(const results *r, size_t row)
{
    const char *status = results_named(r, row, "status"),
               *message = results_named(r, row, "message");
    return *message ? arena_printf(r->memory, "%s: %s", status, message) : status;
}

static void add_row(const shape *p, const results *r, size_t row, sheet *s)
{
    sheet_text(s, results_named(r, row, "trial"));
    sheet_text(s, arena_strndup(r->memory, results_named(r, row, "hash"),
                                strnlen(results_named(r, row, "hash"), 8)));
    sheet_text(s, results_short_label(r, row));
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++)
        sheet_text(s, results_shown(r, row, c));
    for (size_t i = 0; i < p->score_count; i++)
        sheet_score(s, p->scores[i], results_number(r, row, results_column(r, p->scores[i])));
    sheet_text(s, p->extra != SIZE_MAX ? results_shown(r, row, p->extra) : "");
    sheet_text(s, results_named(r, row, "steps"));
    sheet_plain(s, number_of(results_named(r, row, "epochs")));
    sheet_number(s, "%.3f", number_of(results_named(r, row, "train_seconds")));
    sheet_text(s, status_text(r, row));
}

static void print_title(const contests *all, const shape *p, const show_options *options, FILE *out)
{
    const char *words = options->reverse ? "last" : "best";
    const char *by = options->sort ? options->sort : show_metric(all);
    const size_t trials = all->run->count, shown = p->chosen[0].count;
    if (!by) by = "trial";
    if (all->count > 1 && p->contest_count < all->count)
        fprintf(out, "%s trials of each problem by %s (%zu of %zu problems; --all shows all)\n",
                words, by, p->contest_count, all->count);
    else if (all->count > 1)
        fprintf(out, "%s trials of each problem by %s\n", words, by);
    else if (shown < trials)
        fprintf(out, "%s %zu of %zu trials by %s\n", words, shown, trials, by);
    else
        fprintf(out, "trials by %s\n", by);
}

static bool have_own_metrics(const contests *all)
{
    const char *metric = show_metric(all);
    for (size_t p = 0; metric && p < all->count; p++)
        if (all->list[p].metric && strcmp(all->list[p].metric, metric) != 0) return true;
    return false;
}

void show_trials(const contests *all, const show_options *options, FILE *out)
{
    const chosen *shown = choose(all, options);
    if (options->csv) {
        print_csv(all, shown, out);
        return;
    }
    shape p = {.run = all->run,
               .chosen = shown,
               .contest_count = show_contests(all, options),
               .labels = show_labels(all),
               .metrics = have_own_metrics(all)};
    find_scores(&p);
    p.extra = extra_column(&p, options->sort);
    print_title(all, &p, options, out);
    sheet *s = sheet_create(out, false);
    add_columns(&p, s);
    for (size_t k = 0; k < p.contest_count; k++)
        for (size_t i = 0; i < shown[k].count; i++) {
            const char *metric = shown[k].contest->metric;
            sheet_text(s, i ? "" : shown[k].contest->name); /* once is enough */
            sheet_text(s, i || !metric ? "" : metric);
            add_row(&p, shown[k].contest->rows, shown[k].order[i], s);
        }
    if (!options->reverse && all->count == 1 && shown[0].count > 1) sheet_highlight(s, 0);
    sheet_end(s);
}
