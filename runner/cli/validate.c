/* cli/validate.c: `slope validate`: everything that is wrong with a file, or the file as it would
 * run. */
#include "cli/cli.h"
#include "cli/experiment_file.h"
#include "cli/options.h"
#include "sweep/plan.h"

#include <stdio.h>

static const char help[] =
    "usage: slope validate FILE [key=value …] [options]\n"
    "\n"
    "Checks FILE, the overrides after it, all trials, plugins and parameters, and whether the "
    "data\n"
    "files are there. Prints every error with its place; runs nothing and writes nothing.\n"
    "\n"
    "  --sweep P=VALUES sweep the path P, like `slope run` with this option, as in\n"
    "                   optimizer.learning_rate=0.01,0.1,1\n"
    "  --print-config   show the resolved configuration, with the origin of every value\n"
    "  --help           this text\n"
    "\n"
    "exit status: 0 all good; 2 wrong configuration; 3 a file or a plugin is missing.\n"
    "\n"
    "examples:\n"
    "  slope validate configs/iris.yaml\n"
    "  slope validate configs/iris.yaml optimizer.learning_rate=0.01 --print-config\n";

typedef struct parsed {
    arena *memory;
    bool print_config;
    size_t sweep_count;
    const char **sweeps; /* overrides that --sweep stands for, ended by NULL */
} parsed;

enum { PRINT_CONFIG = 1, SWEEP };

static const struct option options[] = {
    {"print-config", no_argument, NULL, PRINT_CONFIG},
    {"sweep", required_argument, NULL, SWEEP},
    {"help", no_argument, NULL, CLI_HELP},
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

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    if (option == PRINT_CONFIG) return p->print_config = true;
    p->sweeps[p->sweep_count] = cli_sweep(p->memory, "validate", optarg, status);
    return p->sweeps[p->sweep_count++] != NULL;
}

exit_status command_validate(int argc, char **argv)
{
    exit_status status;
    arena *a = arena_create();
    parsed p = {.memory = a, .sweeps = arena_alloc(a, ((size_t)argc + 1) * sizeof *p.sweeps)};
    if (cli_options(argc, argv, options, help, take_option, &p, &status)) {
        const experiment *e = cli_load_experiment(a, "validate", argc - optind, argv + optind,
                                                  p.sweeps, false, &status);
        if (e) status = report(a, argv[optind], e, p.print_config);
    }
    arena_destroy(a);
    return status;
}
