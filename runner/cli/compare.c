/* cli/compare.c: `slope compare`: optimizers beside each other, over the runs in several folders.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "report/compare.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: slope compare DIR… [options]\n"
    "\n"
    "Compares the optimizers of one or several runs. A problem is a data set with a model and a\n"
    "loss, or an item of `trials` with a label of its own; each optimizer is judged by the best "
    "of\n"
    "its trials on it (with several seeds, of its configurations: by their median).\n"
    "\n"
    "tables:\n"
    "  standings        all optimizers on all problems: effort to the target, and the best rate,\n"
    "                   in the order of the profile's score; what is printed for several problems\n"
    "  targets          the trial that met the target first: steps, epochs and seconds, to the\n"
    "                   first evaluation that saw it (as in AlgoPerf, Dahl et al. 2023)\n"
    "  profile          fraction of problems on which an optimizer needs at most tau times what\n"
    "                   the best one needs (Dolan and More 2002)\n"
    "  rates            metric at the end over the learning rate (as in DeepOBS, Schneider et al.\n"
    "                   2019), and the share of rates that are near the best; `slope plot` draws\n"
    "                   it as a picture\n"
    "\n"
    "  --table WHICH    only this table; otherwise standings, or, of a single problem, the others\n"
    "  --target GOAL    a metric and its value, or better (validation_accuracy=0.84); without it,\n"
    "                   for each problem, the value that half of the optimizers reach (but no\n"
    "                   nearer to the best than 1e-4 of the way there: More and Wild 2009)\n"
    "  --metric METRIC  the metric; otherwise that of the sweep, or validation accuracy, r2 or\n"
    "                   loss, or the training loss, whichever there is\n"
    "  --by WHAT        what targets and profile count: steps, epochs or seconds (default steps,\n"
    "                   which are the same in every run; seconds are fair to expensive steps)\n"
    "  --within X       what is near the best: of accuracy and r2 the difference (default 0.01),\n"
    "                   of losses the fraction (default 0.1)\n"
    "  --csv            print one table as CSV, with all digits (targets, or what --table says)\n"
    "  --help           this text\n"
    "\n"
    "examples:\n"
    "  slope compare results/fashion_mnist/latest\n"
    "  slope compare results/race/latest mine\n"
    "  slope compare results/*/latest --table profile --by seconds\n"
    "  slope compare results/iris/latest --target validation_accuracy=0.9 --csv\n";

enum { TABLE = 1, TARGET, METRIC, BY, WITHIN, CSV };

static const struct option options[] = {
    {"table", required_argument, NULL, TABLE},   {"target", required_argument, NULL, TARGET},
    {"metric", required_argument, NULL, METRIC}, {"by", required_argument, NULL, BY},
    {"within", required_argument, NULL, WITHIN}, {"csv", no_argument, NULL, CSV},
    {"help", no_argument, NULL, CLI_HELP},       {NULL, 0, NULL, 0}};

enum { USUAL_TABLES = -1, STANDINGS, TARGETS, PROFILE, RATES };

typedef struct parsed {
    comparison_options compare;
    int table;
    bool csv;
    char metric[64]; /* of --target */
} parsed;

/* Number of the word in the list that NULL ends; -1 after a message. */
static int take_word(const char *option, const char *word, const char *const *words,
                     exit_status *status)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0) return i;
    char all[128];
    size_t length = 0;
    for (int i = 0; words[i]; i++)
        length += (size_t)snprintf(all + length, sizeof all - length, "%s%s",
                                   !i             ? ""
                                   : words[i + 1] ? ", "
                                                  : " or ",
                                   words[i]);
    *status = cli_usage("compare", "%s takes %s, not '%s'", option, all, word);
    return -1;
}

static bool take_target(parsed *p, const char *text, exit_status *status)
{
    const char *equals = strchr(text, '=');
    const size_t length = equals ? (size_t)(equals - text) : 0;
    if (length && length < sizeof p->metric && text_to_number(equals + 1, &p->compare.target) &&
        isfinite(p->compare.target)) {
        memcpy(p->metric, text, length);
        p->metric[length] = '\0';
        p->compare.metric = p->metric;
        return true;
    }
    *status = cli_usage("compare",
                        "--target takes a metric and its value, as in "
                        "validation_accuracy=0.84, not '%s'",
                        text);
    return false;
}

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    static const char *const tables[] = {"standings", "targets", "profile", "rates", NULL};
    static const char *const efforts[] = {"steps", "epochs", "seconds", NULL};
    int word;
    switch (option) {
    case TABLE:
        return (p->table = take_word("--table", optarg, tables, status)) >= 0;
    case TARGET:
        return take_target(p, optarg, status);
    case METRIC:
        p->compare.metric = optarg;
        return true;
    case BY:
        word = take_word("--by", optarg, efforts, status);
        p->compare.by = (effort)(word < 0 ? 0 : word);
        return word >= 0;
    case WITHIN:
        if (text_to_number(optarg, &p->compare.within) && p->compare.within >= 0) return true;
        *status = cli_usage("compare", "--within takes a number from 0, not '%s'", optarg);
        return false;
    case CSV:
        return p->csv = true;
    default:
        return false; /* there is no other */
    }
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_header(const comparison *all)
{
    printf("%zu trial%s of %zu optimizer%s on %zu problem%s", all->entry_count,
           plural(all->entry_count), all->optimizer_count, plural(all->optimizer_count),
           all->problem_count, plural(all->problem_count));
    if (all->copy_count) printf("; %zu found again in another folder", all->copy_count);
    putchar('\n');
}

static exit_status compare(arena *a, int count, char **folders, parsed *p)
{
    failure why;
    if (p->csv && p->table == USUAL_TABLES) p->table = TARGETS;
    p->compare.curves = p->table != RATES;
    const comparison *all = comparison_read(a, (size_t)count, folders, &p->compare, &why);
    if (!all) return cli_fail(&why);
    const bool usual = p->table == USUAL_TABLES, several = all->problem_count > 1;
    if (!p->csv) print_header(all);
    if (p->table == STANDINGS || (usual && several)) compare_standings(all, p->csv, stdout);
    if (p->table == TARGETS || (usual && !several)) compare_targets(all, p->csv, stdout);
    if (p->table == PROFILE || (usual && !several)) compare_profile(all, p->csv, stdout);
    if (p->table == RATES || (usual && !several)) compare_rates(all, p->csv, stdout);
    if (usual && several) puts("more: --table targets, profile or rates");
    return STATUS_OK;
}

exit_status command_compare(int argc, char **argv)
{
    parsed p = {.compare = {.target = NAN, .within = NAN}, .table = USUAL_TABLES};
    exit_status status;
    arena *a = arena_create();
    const bool good = cli_options(argc, argv, options, help, take_option, &p, &status);
    if (good && argc == optind)
        status = cli_usage("compare", "expected one or more folders of runs");
    else if (good)
        status = compare(a, argc - optind, argv + optind, &p);
    arena_destroy(a);
    return status;
}
