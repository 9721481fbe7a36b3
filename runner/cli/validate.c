/* cli/validate.c: `slope validate`: everything that is wrong with a file, or the file as it would
 * run. */
#include "cli/cli.h"
#include "cli/experiment_file.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: slope validate FILE [key=value …] [options]\n"
    "\n"
    "Checks FILE, the overrides after it, all trials, plugins and parameters, and whether the "
    "data\n"
    "files are there. Prints every error with its place; runs nothing and writes nothing.\n"
    "\n"
    "  --print-config   show the resolved configuration, with the origin of every value\n"
    "  --help           this text\n"
    "\n"
    "exit status: 0 all good; 2 wrong configuration; 3 a file or a plugin is missing.\n"
    "\n"
    "examples:\n"
    "  slope validate configs/iris.yaml\n"
    "  slope validate configs/iris.yaml optimizer.learning_rate=0.01 --print-config\n";

enum { PRINT_CONFIG = 1, HELP };

static const struct option options[] = {
    {"print-config", no_argument, NULL, PRINT_CONFIG},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static void report(arena *a, const char *file, const experiment *e, bool print_config)
{
    if (print_config)
        fputs(config_to_yaml(a, e->resolved, true), stdout);
    else
        printf("%s: ok (%zu trial%s)\n", file, e->base_count, e->base_count == 1 ? "" : "s");
}

exit_status command_validate(int argc, char **argv)
{
    bool print_config = false;
    optind = 0; /* start over: other subcommands use getopt, too */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == PRINT_CONFIG) {
            print_config = true;
        } else if (option == HELP || option == 'h') {
            fputs(help, stdout);
            return STATUS_OK;
        } else {
            return cli_usage("validate", "there is no option '%s'", argv[optind - 1]);
        }
    }
    exit_status status;
    arena *a = arena_create();
    const experiment *e =
        cli_load_experiment(a, "validate", argc - optind, argv + optind, NULL, &status);
    if (e) report(a, argv[optind], e, print_config);
    arena_destroy(a);
    return status;
}
