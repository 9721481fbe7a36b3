/* cli/validate.c: `slope validate`: everything that is wrong with a file, or the file as it would
 * run. */
#include "cli/cli.h"
#include "cli/experiment_file.h"
#include "sweep/plan.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: slope validate FILE [key=value …] [options]\n"
    "\n"
    "Checks FILE, the overrides after it, all trials, plugins and parameters, and whether the "
    "data\n"
    "files are there. Prints every error with its place; runs nothing and writes nothing.\n"
    "\n"
    "  --sweep P=VALUES sweep the path P, too: optimizer.learning_rate=0.01,0.1,1\n"
    "  --print-config   show the resolved configuration, with the origin of every value\n"
    "  --help           this text\n"
    "\n"
    "exit status: 0 all good; 2 wrong configuration; 3 a file or a plugin is missing.\n"
    "\n"
    "examples:\n"
    "  slope validate configs/iris.yaml\n"
    "  slope validate configs/iris.yaml optimizer.learning_rate=0.01 --print-config\n";

enum { PRINT_CONFIG = 1, SWEEP, HELP, MOST_SWEEPS = 64 };

static const struct option options[] = {
    {"print-config", no_argument, NULL, PRINT_CONFIG},
    {"sweep", required_argument, NULL, SWEEP},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* Makes the plan without reading data, which finds what is wrong with any trial. */
static exit_status report(arena *a, const char *file, const experiment *e, bool print_config)
{
    diagnostics *errors = diagnostics_create(a);
    plan *p = plan_create(e, false, errors);
    if (!p) {
        diagnostics_print(errors, stderr);
        return diagnostics_status(errors);
    }
    if (print_config) {
        fputs(config_to_yaml(a, e->resolved, true), stdout);
    } else {
        printf("%s: ok (%zu trial%s", file, plan_count(p), plural(plan_count(p)));
        if (plan_excluded(p)) printf(", %zu excluded", plan_excluded(p));
        if (plan_duplicates(p))
            printf(", %zu duplicate%s left out", plan_duplicates(p), plural(plan_duplicates(p)));
        printf(")\n");
    }
    plan_destroy(p);
    return STATUS_OK;
}

exit_status command_validate(int argc, char **argv)
{
    bool print_config = false;
    const char *sweeps[MOST_SWEEPS + 1] = {NULL};
    size_t sweep_count = 0;
    exit_status status = STATUS_OK;
    arena *a = arena_create();
    optind = 0; /* start over: other subcommands use getopt, too */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == PRINT_CONFIG) {
            print_config = true;
        } else if (option == SWEEP && sweep_count < MOST_SWEEPS) {
            sweeps[sweep_count] = cli_sweep(a, "validate", optarg, &status);
            if (!sweeps[sweep_count++]) goto done;
        } else if (option == HELP || option == 'h') {
            fputs(help, stdout);
            goto done;
        } else {
            status = cli_usage("validate", "there is no option '%s'", argv[optind - 1]);
            goto done;
        }
    }
    const experiment *e =
        cli_load_experiment(a, "validate", argc - optind, argv + optind, sweeps, &status);
    if (e) status = report(a, argv[optind], e, print_config);
done:
    arena_destroy(a);
    return status;
}
