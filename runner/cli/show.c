/* cli/show.c: `slope show`: the trials of a run as tables, or one of them as a file to run. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/experiment_file.h"
#include "report/one_trial.h"
#include "report/show.h"

#include "base/files.h"
#include "base/text.h"
#include "sweep/asked.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: slope show DIR [options]\n"
    "\n"
    "Shows what the run in the folder DIR has found, also while it is running: its best trials;\n"
    "for each parameter that was swept, the number of trials and best and median of the metric\n"
    "for each of its values (in groups, where there are many); and, of a sweep with several\n"
    "seeds, mean and spread of each configuration. Only trials that finished can be best.\n"
    "Trials on several data sets or surfaces, whose scores tell nothing of each other, are ranked\n"
    "on each by itself; values have the mean of their ranks.\n"
    "\n"
    "  --top N          this many trials (default 10, or 3 of each problem; all, with --csv)\n"
    "  --all            all trials\n"
    "  --sort COLUMN    sort the trials by this column of trials.csv, best first, instead of the\n"
    "                   metric of the sweep: accuracies and r2 from the greatest, all else from\n"
    "                   the smallest\n"
    "  --reverse        the other way round\n"
    "  --problem NAME   only the trials on this data set or surface, of several\n"
    "  --table WHICH    only one table: trials, effects or seeds\n"
    "  --csv            print a table as CSV, with all digits: trials (with all columns of\n"
    "                   trials.csv), or what --table names; of several problems one after another\n"
    "  --trial N        print the whole configuration of trial N, or of the trial whose id begins\n"
    "                   with N, as a file that runs this trial alone, with the same bits\n"
    "  --help           this text\n"
    "\n"
    "examples:\n"
    "  slope show results/fashion_mnist/latest\n"
    "  slope show results/fashion_mnist/latest --sort train_seconds --top 5\n"
    "  slope show results/race/latest --problem rosenbrock\n"
    "  slope show results/fashion_mnist/latest --csv --table effects > effects.csv\n"
    "  slope show results/fashion_mnist/latest --trial 17 > one.yaml && slope run one.yaml\n";

enum { TOP = 1, ALL, SORT, REVERSE, PROBLEM, TABLE, CSV, TRIAL };

static const struct option options[] = {{"top", required_argument, NULL, TOP},
                                        {"all", no_argument, NULL, ALL},
                                        {"sort", required_argument, NULL, SORT},
                                        {"reverse", no_argument, NULL, REVERSE},
                                        {"problem", required_argument, NULL, PROBLEM},
                                        {"table", required_argument, NULL, TABLE},
                                        {"csv", no_argument, NULL, CSV},
                                        {"trial", required_argument, NULL, TRIAL},
                                        {"help", no_argument, NULL, CLI_HELP},
                                        {NULL, 0, NULL, 0}};

typedef struct parsed {
    show_options show;
    const char *trial; /* NULL: tables */
} parsed;

static bool take_table(const char *name, show_table *chosen, exit_status *status)
{
    static const char *const names[] = {"trials", "effects", "seeds"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *chosen = (show_table)(SHOW_TRIALS + i);
            return true;
        }
    *status = cli_usage("show", "--table takes trials, effects or seeds, not '%s'", name);
    return false;
}

static bool take_top(const char *text, parsed *p, exit_status *status)
{
    int64_t count;
    if (text_to_integer(text, &count) && count >= 1) {
        p->show.top = (size_t)count;
        return true;
    }
    *status = cli_usage("show", "--top takes a number from 1, not '%s'", text);
    return false;
}

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    switch (option) {
    case TOP:
        return take_top(optarg, p, status);
    case ALL:
        p->show.top = SIZE_MAX;
        return true;
    case SORT:
        p->show.sort = optarg;
        return true;
    case REVERSE:
        return p->show.reverse = true;
    case PROBLEM:
        p->show.problem = optarg;
        return true;
    case TABLE:
        return take_table(optarg, &p->show.table, status);
    case CSV:
        return p->show.csv = true;
    case TRIAL:
        p->trial = optarg;
        return true;
    default:
        return false; /* there is no other */
    }
}

static exit_status print_trial(arena *a, const results *r, const char *wanted)
{
    failure why;
    exit_status status;
    char *config = path_join(a, r->folder, "config.yaml");
    if (!file_exists(config)) {
        failure_set(&why, STATUS_ENVIRONMENT, "'%s' holds no config.yaml", r->folder);
        return cli_fail(&why);
    }
    const experiment *e = cli_load_experiment(a, "show", 1, &config, NULL, false, &status);
    if (!e) return status;
    diagnostics *errors = diagnostics_create(a);
    const experiment *planned = r->asked ? asked_base(a, e, errors) : e;
    plan *trials = planned ? plan_create(planned, false, errors) : NULL;
    if (!trials) {
        diagnostics_print(errors, stderr);
        return diagnostics_status(errors);
    }
    const char *yaml = r->asked ? one_asked_yaml(r, e, trials, wanted, &why)
                                : one_trial_yaml(r, e, trials, wanted, &why);
    if (yaml) fputs(yaml, stdout);
    plan_destroy(trials);
    return yaml ? STATUS_OK : cli_fail(&why);
}

static exit_status show(arena *a, const char *folder, const parsed *p)
{
    failure why;
    const results *r = results_read(a, folder, &why);
    if (!r) return cli_fail(&why);
    if (p->trial) return print_trial(a, r, p->trial);
    return show_run(r, &p->show, stdout, &why) ? STATUS_OK : cli_fail(&why);
}

exit_status command_show(int argc, char **argv)
{
    parsed p = {0};
    exit_status status;
    arena *a = arena_create();
    const bool good = cli_options(argc, argv, options, help, take_option, &p, &status);
    if (good)
        status = argc - optind == 1 ? show(a, argv[optind], &p)
                                    : cli_usage("show", "expected one folder of a run");
    arena_destroy(a);
    return status;
}
