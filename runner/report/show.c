/* report/show.c: see show.h. The header and the table of trials; effects.c and seeds.c have the
 * other tables. */
#include "report/show.h"

#include "base/text.h"
#include "report/ranking.h"
#include "report/sheet.h"

#include <math.h>
#include <string.h>

/* ---- header ---------------------------------------------------------------------------------- */

/* "118 of 120 trials: 100 finished, 15 pruned, 3 diverged": statuses in order of appearance. */
static void print_counts(const results *r, FILE *out)
{
    enum { MOST = 16 };
    const char *names[MOST];
    size_t counts[MOST], known = 0;
    for (size_t row = 0; row < r->count; row++) {
        const char *status = results_named(r, row, "status");
        size_t i = 0;
        while (i < known && strcmp(names[i], status) != 0) i++;
        if (i == MOST) continue;
        if (i == known) {
            names[known] = status;
            counts[known++] = 0;
        }
        counts[i]++;
    }
    if (r->planned > r->count)
        fprintf(out, "%zu of %zu trials", r->count, r->planned);
    else
        fprintf(out, "%zu trial%s", r->count, r->count == 1 ? "" : "s");
    for (size_t i = 0; i < known; i++)
        fprintf(out, "%s %zu %s", i ? "," : ":", counts[i], names[i]);
}

static void print_header(const results *r, FILE *out)
{
    fprintf(out, "%s (%s): ", r->experiment, r->status);
    print_counts(r, out);
    if (!isnan(r->seconds)) fprintf(out, r->seconds < 1000 ? "; %.4g s" : "; %.0f s", r->seconds);
    fputc('\n', out);
}

/* Whether labels say more than the swept values do. */
bool show_labels(const results *r)
{
    for (size_t row = 0; row < r->count; row++)
        if (*results_short_label(r, row)) return true;
    return false;
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void print_rows_as_csv(const results *r, const size_t *order, size_t count, FILE *out)
{
    sheet *s = sheet_create(out, true);
    for (size_t c = 0; c < r->column_count; c++) sheet_text_column(s, NULL, r->columns[c]);
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < r->column_count; c++) sheet_text(s, r->cells[order[i]][c]);
    sheet_end(s);
}

static bool any_number(const results *r, const size_t *order, size_t count, size_t column)
{
    for (size_t i = 0; i < count && column != SIZE_MAX; i++)
        if (!isnan(results_number(r, order[i], column))) return true;
    return false;
}

/* Scores that stand beside the metric: the losses, and the score of the metric's kind on the other
 * rows, as far as they are there. */
static size_t find_scores(const results *r, const char *metric, const size_t *order, size_t count,
                          const char *scores[8])
{
    static const char *const known[] = {"validation_accuracy",
                                        "validation_r2",
                                        "validation_loss",
                                        "train_loss",
                                        "test_accuracy",
                                        "test_r2",
                                        NULL};
    size_t found = 0;
    if (metric) scores[found++] = metric;
    for (const char *const *name = known; *name; name++)
        if ((!metric || strcmp(*name, metric) != 0) &&
            any_number(r, order, count, results_column(r, *name)))
            scores[found++] = *name;
    return found;
}

static const char *status_text(const results *r, size_t row)
{
    const char *status = results_named(r, row, "status"),
               *message = results_named(r, row, "message");
    return *message ? arena_printf(r->memory, "%s: %s", status, message) : status;
}

/* What a table for people has: its columns, decided before its rows. */
typedef struct shape {
    bool labels;
    const char *scores[8];
    size_t score_count;
    size_t extra; /* column that the rows are sorted by, if it is none of the others */
} shape;

static size_t extra_column(const results *r, const char *sort, const shape *p)
{
    static const char *const shown[] = {"trial",  "label",         "hash",   "steps",
                                        "epochs", "train_seconds", "status", "message"};
    const size_t column = sort ? results_column(r, sort) : SIZE_MAX;
    for (size_t i = 0; sort && i < sizeof shown / sizeof *shown; i++)
        if (strcmp(sort, shown[i]) == 0) return SIZE_MAX;
    for (size_t i = 0; sort && i < p->score_count; i++)
        if (strcmp(sort, p->scores[i]) == 0) return SIZE_MAX;
    const bool swept = column >= r->first_swept && column < r->first_swept + r->swept_count;
    return swept ? SIZE_MAX : column;
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

static void add_columns(const results *r, const shape *p, sheet *s)
{
    sheet_number_column(s, "trial", NULL);
    sheet_text_column(s, "id", NULL);
    if (p->labels) sheet_text_column(s, "label", NULL);
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++)
        sheet_text_column(s, results_title(r, c), NULL);
    for (size_t i = 0; i < p->score_count; i++)
        sheet_number_column(s, score_title(r, p->scores[i]), NULL);
    if (p->extra != SIZE_MAX) sheet_number_column(s, r->columns[p->extra], NULL);
    sheet_number_column(s, "steps", NULL);
    sheet_number_column(s, "epochs", NULL);
    sheet_number_column(s, "train s", NULL);
    sheet_text_column(s, "status", NULL);
}

static void add_row(const results *r, const shape *p, size_t row, sheet *s)
{
    sheet_text(s, results_named(r, row, "trial"));
    sheet_text(s, arena_strndup(r->memory, results_named(r, row, "hash"),
                                strnlen(results_named(r, row, "hash"), 8)));
    if (p->labels) sheet_text(s, results_short_label(r, row));
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++)
        sheet_text(s, results_shown(r, row, c));
    for (size_t i = 0; i < p->score_count; i++)
        sheet_score(s, p->scores[i], results_number(r, row, results_column(r, p->scores[i])));
    if (p->extra != SIZE_MAX) sheet_text(s, results_shown(r, row, p->extra));
    sheet_text(s, results_named(r, row, "steps"));
    sheet_plain(s, number_of(results_named(r, row, "epochs")));
    sheet_number(s, "%.3f", number_of(results_named(r, row, "train_seconds")));
    sheet_text(s, status_text(r, row));
}

void show_trials(const results *r, const char *metric, const show_options *options, FILE *out)
{
    const char *sort = options->sort ? options->sort : metric ? metric : "trial";
    const size_t *order = ranking_order(r, sort, options->reverse);
    const size_t count = r->count < options->top ? r->count : options->top;
    if (options->csv) {
        print_rows_as_csv(r, order, count, out);
        return;
    }
    shape p = {.labels = show_labels(r)};
    p.score_count = find_scores(r, metric, order, count, p.scores);
    p.extra = extra_column(r, options->sort, &p);
    if (count < r->count)
        fprintf(out, "%s %zu of %zu trials by %s\n", options->reverse ? "last" : "best", count,
                r->count, sort);
    else
        fprintf(out, "trials by %s\n", sort);
    sheet *s = sheet_create(out, false);
    add_columns(r, &p, s);
    for (size_t i = 0; i < count; i++) add_row(r, &p, order[i], s);
    if (!options->reverse && count > 1) sheet_highlight(s, 0);
    sheet_end(s);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool known_column(const results *r, const char *name, failure *why)
{
    if (results_column(r, name) != SIZE_MAX) return true;
    const char *nearest = text_nearest(name, r->columns, r->column_count);
    if (nearest)
        return failure_set(why, STATUS_CONFIG,
                           "trials.csv of '%s' has no column '%s'; did you mean '%s'?", r->folder,
                           name, nearest);
    char list[1024] = "";
    for (size_t c = 0; c < r->column_count; c++)
        if (strlen(list) + strlen(r->columns[c]) + 3 < sizeof list)
            strcat(strcat(list, c ? ", " : ""), r->columns[c]);
    return failure_set(why, STATUS_CONFIG, "trials.csv of '%s' has no column '%s'; it has %s",
                       r->folder, name, list);
}

static bool show_one(const results *r, const char *metric, const show_options *options, FILE *out,
                     failure *why)
{
    if (options->table == SHOW_EFFECTS && metric)
        show_effects(r, metric, options->csv, out);
    else if (options->table == SHOW_EFFECTS)
        return failure_set(why, STATUS_TRIALS_FAILED, "no trial of '%s' has finished", r->folder);
    else if (options->table == SHOW_SEEDS && (!metric || !show_seeds(r, metric, options, out)))
        return failure_set(why, STATUS_CONFIG,
                           "the trials of '%s' do not differ in seeds; see `seeds` of a sweep",
                           r->folder);
    else if (options->table != SHOW_SEEDS)
        show_trials(r, metric, options, out);
    return true;
}

bool show_run(const results *r, const show_options *options, FILE *out, failure *why)
{
    const char *metric = ranking_metric(r);
    if (options->sort && r->count && !known_column(r, options->sort, why)) return false;
    if (options->csv && !r->count)
        return failure_set(why, STATUS_TRIALS_FAILED, "no trial of '%s' has ended yet", r->folder);
    if (options->csv) return show_one(r, metric, options, out, why);
    print_header(r, out);
    if (!r->count) {
        fprintf(out, "no trial has ended yet\n");
        return true;
    }
    fputc('\n', out);
    if (options->table != SHOW_ALL) return show_one(r, metric, options, out, why);
    show_trials(r, metric, options, out);
    if (!metric) {
        fprintf(out, "\nno trial has finished, so there is nothing to compare\n");
        return true;
    }
    show_effects(r, metric, false, out);
    show_seeds(r, metric, options, out);
    return true;
}
