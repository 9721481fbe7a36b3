/* report/show.c: see show.h. The header, and which tables; they are in trials.c, effects.c and
 * seeds.c. */
#include "report/show.h"

#include "base/text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- header ---------------------------------------------------------------------------------- */

enum { MOST_STATUSES = 16 };

/* ": 100 finished, 15 pruned, 3 diverged": in order of appearance. */
static void print_statuses(const results *r, FILE *out)
{
    const char *names[MOST_STATUSES];
    size_t counts[MOST_STATUSES], known = 0;
    for (size_t row = 0; row < r->count; row++) {
        const char *status = results_named(r, row, "status");
        size_t i = 0;
        while (i < known && strcmp(names[i], status) != 0) i++;
        if (i == MOST_STATUSES) continue;
        if (i == known) {
            names[known] = status;
            counts[known++] = 0;
        }
        counts[i]++;
    }
    for (size_t i = 0; i < known; i++)
        fprintf(out, "%s %zu %s", i ? "," : ":", counts[i], names[i]);
}

/* "race (running): 118 of 120 trials on 6 problems: 115 finished, 3 diverged; 12.5 s" */
static void print_header(const contests *all, const show_options *options, FILE *out)
{
    const results *r = all->run;
    fprintf(out, "%s (%s)", r->experiment, r->status);
    if (options->problem) fprintf(out, ", %s", options->problem);
    fprintf(out, ": %zu", r->count);
    if (r->planned > r->count && !options->problem) fprintf(out, " of %zu", r->planned);
    fprintf(out, " trial%s", r->count == 1 && r->planned <= 1 ? "" : "s");
    if (all->count > 1) fprintf(out, " on %zu problems", all->count);
    print_statuses(r, out);
    if (!isnan(r->seconds) && !options->problem)
        fprintf(out, r->seconds < 1000 ? "; %.4g s" : "; %.0f s", r->seconds);
    fputc('\n', out);
}

/* ---- how much -------------------------------------------------------------------------------- */

enum { A_FEW = 10, A_FEW_OF_EACH = 3, MOST_PARTS = 20 };

size_t show_rows(const contests *all, const show_options *options, size_t count)
{
    const size_t most = options->top     ? options->top
                        : options->csv   ? SIZE_MAX
                        : all->count > 1 ? A_FEW_OF_EACH
                                         : A_FEW;
    return count < most ? count : most;
}

size_t show_contests(const contests *all, const show_options *options)
{
    const bool cut = !options->csv && options->top != SIZE_MAX && all->count > MOST_PARTS;
    return cut ? MOST_PARTS : all->count;
}

const char *show_metric(const contests *all)
{
    const char *metric = NULL;
    for (size_t p = 0; p < all->count; p++) {
        const char *own = all->list[p].metric;
        if (metric && own && strcmp(metric, own) != 0) return "its metric";
        if (own) metric = own;
    }
    return metric;
}

bool show_labels(const contests *all)
{
    for (size_t p = 0; p < all->count; p++)
        for (size_t row = 0; row < all->list[p].rows->count; row++)
            if (*results_short_label(all->list[p].rows, row)) return true;
    return false;
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

static bool show_one(const contests *all, const show_options *options, FILE *out, failure *why)
{
    const char *folder = all->run->folder;
    const bool measured = show_metric(all) != NULL;
    if (options->table == SHOW_EFFECTS && measured)
        show_effects(all, options->csv, out);
    else if (options->table == SHOW_EFFECTS)
        return failure_set(why, STATUS_TRIALS_FAILED, "no trial of '%s' has finished", folder);
    else if (options->table == SHOW_SEEDS && (!measured || !show_seeds(all, options, out)))
        return failure_set(why, STATUS_CONFIG,
                           "the trials of '%s' do not differ in seeds; see `seeds` of a sweep",
                           folder);
    else if (options->table != SHOW_SEEDS)
        show_trials(all, options, out);
    return true;
}

static void show_every_table(const contests *all, const show_options *options, FILE *out)
{
    show_trials(all, options, out);
    if (!show_metric(all)) {
        fprintf(out, "\nno trial has finished, so there is nothing to compare\n");
        return;
    }
    show_effects(all, false, out);
    show_seeds(all, options, out);
    if (all->count > 1)
        fprintf(out, "\none of the problems: slope show %s --problem '%s'\n", all->run->folder,
                all->list[0].name);
}

bool show_run(const results *r, const show_options *options, FILE *out, failure *why)
{
    if (options->sort && r->count && !known_column(r, options->sort, why)) return false;
    if (options->csv && !r->count)
        return failure_set(why, STATUS_TRIALS_FAILED, "no trial of '%s' has ended yet", r->folder);
    const contests *all = contests_of(r);
    if (options->problem && r->count) all = contest_named(all, options->problem, why);
    if (!all) return false;
    if (options->csv) return show_one(all, options, out, why);
    print_header(all, options, out);
    if (!r->count) {
        fprintf(out, "no trial has ended yet\n");
        return true;
    }
    fputc('\n', out);
    if (options->table != SHOW_ALL) return show_one(all, options, out, why);
    show_every_table(all, options, out);
    return true;
}
