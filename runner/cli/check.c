/* cli/check.c: `slope check`: the gradient check, as a table. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/experiment_file.h"
#include "engine/check.h"
#include "record/table.h"
#include "sweep/plan.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: slope check FILE [key=value …] [options]\n"
    "\n"
    "Compares the analytic gradient of every trial of FILE with central differences, in float64,\n"
    "for every tensor, for the data loss, the regularisation and both together. Entries where the\n"
    "objective has a kink (ReLU, hinge, absolute value) are set aside and counted. Of a sweep the\n"
    "first trial with each data set, model and loss is checked.\n"
    "\n"
    "  --tolerance E    greatest relative error allowed (default 1e-6)\n"
    "  --step H         step of the differences (default 1e-5)\n"
    "  --rows N         training rows to check on (default 32)\n"
    "  --entries N      entries of each tensor; a seeded sample of larger ones (default 256)\n"
    "  --verbose        show single weights: loss at weight + h, the quotient, the gradient\n"
    "  --threads N      threads to use\n"
    "  --no-cache       read the data from their files, and keep nothing of them\n"
    "  --help           this text\n"
    "\n"
    "exit status 1 if an error is over the tolerance.\n"
    "\n"
    "examples:\n"
    "  slope check configs/iris.yaml\n"
    "  slope check configs/iris.yaml model=mlp loss=svm --verbose\n";

typedef struct parsed {
    check_options options;
    bool verbose, no_cache;
} parsed;

enum { TOLERANCE = 1, STEP, ROWS, ENTRIES, VERBOSE, THREADS, NO_CACHE };

static bool positive(const char *name, const char *text, double *value, exit_status *status)
{
    if (text_to_number(text, value) && *value > 0 && isfinite(*value)) return true;
    *status = cli_usage("check", "--%s takes a positive number, not '%s'", name, text);
    return false;
}

static bool whole(const char *name, const char *text, size_t *value, exit_status *status)
{
    int64_t number;
    if (text_to_integer(text, &number) && number >= 1) {
        *value = (size_t)number;
        return true;
    }
    *status = cli_usage("check", "--%s takes a whole number of at least 1, not '%s'", name, text);
    return false;
}

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    switch (option) {
    case TOLERANCE:
        return positive("tolerance", optarg, &p->options.tolerance, status);
    case STEP:
        return positive("step", optarg, &p->options.h, status);
    case ROWS:
        return whole("rows", optarg, &p->options.rows, status);
    case ENTRIES:
        return whole("entries", optarg, &p->options.entries, status);
    case THREADS:
        return cli_set_threads("check", optarg, status);
    case VERBOSE:
        p->verbose = true;
        return true;
    case NO_CACHE:
        p->no_cache = true;
        return true;
    default:
        return false; /* there is no other */
    }
}

static bool parse(int argc, char **argv, parsed *p, exit_status *status)
{
    static const struct option options[] = {{"tolerance", required_argument, NULL, TOLERANCE},
                                            {"step", required_argument, NULL, STEP},
                                            {"rows", required_argument, NULL, ROWS},
                                            {"entries", required_argument, NULL, ENTRIES},
                                            {"verbose", no_argument, NULL, VERBOSE},
                                            {"threads", required_argument, NULL, THREADS},
                                            {"no-cache", no_argument, NULL, NO_CACHE},
                                            {"help", no_argument, NULL, CLI_HELP},
                                            {NULL, 0, NULL, 0}};
    if (!cli_options(argc, argv, options, help, take_option, p, status)) return false;
    if (!p->no_cache) cli_use_cache();
    return true;
}

static const char *part_name(objective_part part)
{
    return part == PART_DATA             ? "data loss"
           : part == PART_REGULARIZATION ? "regularization"
                                         : "both";
}

static void print_summary(const check_report *report)
{
    table *t = table_create();
    table_column(t, "tensor", ALIGN_LEFT);
    table_column(t, "part", ALIGN_LEFT);
    table_column(t, "checked", ALIGN_RIGHT);
    table_column(t, "at kinks", ALIGN_RIGHT);
    table_column(t, "greatest error", ALIGN_RIGHT);
    table_column(t, "entry", ALIGN_RIGHT);
    table_column(t, "analytic", ALIGN_RIGHT);
    table_column(t, "numerical", ALIGN_RIGHT);
    table_column(t, "result", ALIGN_LEFT);
    for (size_t i = 0; i < report->count; i++) {
        const check_row *row = &report->rows[i];
        table_cell(t, "%s", row->tensor);
        table_cell(t, "%s", part_name(row->part));
        table_cell(t, "%zu of %zu", row->checked, row->size);
        table_cell(t, "%zu", row->set_aside);
        table_cell(t, "%.2g", row->worst.error);
        table_cell(t, "%zu", row->worst.index);
        table_cell(t, "%.8g", row->worst.analytic);
        table_cell(t, "%.8g", row->worst.numerical);
        table_cell(t, row->passed                         ? "ok"
                      : 2 * row->set_aside > row->checked ? "FAILED: too many kinks to judge"
                                                          : "FAILED");
    }
    table_print(t, stdout);
    table_destroy(t);
}

/* As on a blackboard: each weight moved by h, and by how much that moves the loss, per h. The error
 * is that of central differences, which are nearer to the truth than this quotient. */
static void print_entries(const check_report *report, double h)
{
    for (size_t i = 0; i < report->count; i++) {
        const check_row *row = &report->rows[i];
        if (!row->entry_count) continue;
        printf("\n%s, %s: loss %.8f, h = %g\n", row->tensor, part_name(row->part),
               row->entries[0].loss, h);
        table *t = table_create();
        static const char *const titles[] = {"entry",
                                             "weight",
                                             "loss at weight + h",
                                             "(loss at weight + h - loss) / h",
                                             "analytic gradient",
                                             "error"};
        for (size_t c = 0; c < sizeof titles / sizeof titles[0]; c++)
            table_column(t, titles[c], ALIGN_RIGHT);
        for (size_t e = 0; e < row->entry_count; e++) {
            const check_entry *at = &row->entries[e];
            table_cell(t, "%zu", at->index);
            table_cell(t, "%.6f", at->weight);
            table_cell(t, "%.8f", at->loss_above);
            table_cell(t, "%.6g", (at->loss_above - at->loss) / h);
            table_cell(t, "%.8g", at->analytic);
            table_cell(t, "%.2g", at->error);
        }
        table_print(t, stdout);
        table_destroy(t);
    }
}

static bool check_trial(arena *a, const trial_config *c, const parsed *p, bool *passed,
                        failure *why)
{
    dataset *data = dataset_load(&c->dataset, why);
    if (!data) return false;
    check_report report;
    const bool good = check_gradient(a, c, data, &p->options, &report, why);
    dataset_destroy(data);
    if (!good) return false;
    printf("%s: model %s, loss %s, data set %s\n", c->label, c->model.plugin->id,
           c->loss.plugin->id, c->dataset.label);
    print_summary(&report);
    if (p->verbose) print_entries(&report, p->options.h);
    printf("%s: no relative error over %g%s\n\n", report.passed ? "passed" : "FAILED",
           p->options.tolerance, report.passed ? "" : " was wanted");
    *passed = *passed && report.passed;
    return true;
}

/* Whether an earlier trial had the same data set, model and loss: rates and seeds change no
 * formula. */
static bool seen_before(const trial_config *const *seen, size_t count, const trial_config *c)
{
    for (size_t i = 0; i < count; i++)
        if (seen[i]->model.plugin == c->model.plugin && seen[i]->loss.plugin == c->loss.plugin &&
            strcmp(seen[i]->dataset.label, c->dataset.label) == 0)
            return true;
    return false;
}

/* Every trial that stands in the file; of a sweep the first with each data set, model and loss. */
static exit_status check_all(arena *a, const experiment *e, const parsed *p)
{
    diagnostics *errors = diagnostics_create(a);
    plan *trials = plan_create(e, false, errors);
    exit_status status = diagnostics_status(errors);
    diagnostics_print(errors, stderr);
    const size_t count = trials ? plan_count(trials) : 0;
    const trial_config **seen = arena_alloc(a, count * sizeof *seen);
    size_t seen_count = 0;
    bool passed = true;
    failure why;
    for (size_t t = 0; t < count && status == STATUS_OK; t++) {
        arena *own = arena_create();
        const bool swept = e->sweep && seen_before(seen, seen_count, plan_trial(trials, t, own));
        arena_destroy(own);
        if (swept) continue;
        const trial_config *c = plan_trial(trials, t, a);
        seen[seen_count++] = c;
        if (!check_trial(a, c, p, &passed, &why)) status = cli_fail(&why);
    }
    plan_destroy(trials);
    return status == STATUS_OK && !passed ? STATUS_TRIALS_FAILED : status;
}

exit_status command_check(int argc, char **argv)
{
    static const char *const forced[] = {"train.precision=float64", NULL};
    parsed p = {.options = check_defaults};
    exit_status status;
    arena *a = arena_create();
    if (parse(argc, argv, &p, &status)) {
        const experiment *e =
            cli_load_experiment(a, "check", argc - optind, argv + optind, forced, true, &status);
        if (e) status = check_all(a, e, &p);
    }
    arena_destroy(a);
    return status;
}
