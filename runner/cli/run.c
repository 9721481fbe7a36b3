/* cli/run.c: `slope run` and `slope resume`. */
#include "cli/cli.h"
#include "cli/experiment_file.h"
#include "engine/run.h"

#include "base/files.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char run_help[] =
    "usage: slope run FILE [key=value …] [options]\n"
    "\n"
    "Trains what FILE describes, prints a table of its trials and writes the run's folder:\n"
    "config.yaml, trials.csv, metrics.csv, manifest.yaml and weights/.\n"
    "\n"
    "  key=value        sets a value of the file by its dotted path; value is YAML\n"
    "  --output DIR     the run's folder, empty or not there yet; otherwise\n"
    "                   results/<experiment>/<time>, with a link results/<experiment>/latest\n"
    "  --threads N      threads to use (default OMP_NUM_THREADS, else all processors); the\n"
    "                   results have the same bits for any number\n"
    "  --no-cache       read the data from their files, and keep nothing of them\n"
    "  --print-config   print the resolved file with the origin of every value; run nothing\n"
    "  --quiet          print neither progress nor table\n"
    "  --help           this text\n"
    "\n"
    "The first Ctrl-C finishes the step, saves and says how to go on; a second one ends at once.\n"
    "\n"
    "examples:\n"
    "  slope run configs/fashion_mnist.yaml\n"
    "  slope run configs/iris.yaml optimizer=adam optimizer.learning_rate=0.01 train.epochs=50\n";

static const char resume_help[] =
    "usage: slope resume DIR [options]\n"
    "\n"
    "Goes on with the run in the folder DIR: finished trials are kept, the one that was under way\n"
    "starts from its last checkpoint (see `checkpoint: {every: …}`), and the results get the same\n"
    "bits as if nothing had happened. A changed plugin or data file is refused.\n"
    "\n"
    "  --threads N      threads to use; results do not depend on it\n"
    "  --no-cache       read the data from their files, and keep nothing of them\n"
    "  --quiet          print neither progress nor table\n"
    "  --help           this text\n"
    "\n"
    "example:\n"
    "  slope resume results/fashion_mnist/latest\n";

enum {
    OPTION_OUTPUT = 1,
    OPTION_THREADS,
    OPTION_PRINT_CONFIG,
    OPTION_QUIET,
    OPTION_NO_CACHE,
    OPTION_HELP
};

static const struct option run_options_table[] = {
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"print-config", no_argument, NULL, OPTION_PRINT_CONFIG},
    {"no-cache", no_argument, NULL, OPTION_NO_CACHE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0}};
static const struct option resume_options_table[] = {
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"no-cache", no_argument, NULL, OPTION_NO_CACHE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0}};

typedef struct parsed {
    run_options options;
    bool print_config, no_cache;
} parsed;

/* False: nothing more to do, *status says how it went. */
static bool parse(int argc, char **argv, const struct option *table, const char *help, parsed *p,
                  exit_status *status)
{
    int option;
    optind = 0; /* glibc: scan afresh */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        switch (option) {
        case OPTION_OUTPUT:
            p->options.output = optarg;
            break;
        case OPTION_QUIET:
            p->options.quiet = true;
            break;
        case OPTION_NO_CACHE:
            p->no_cache = true;
            break;
        case OPTION_PRINT_CONFIG:
            p->print_config = true;
            break;
        case OPTION_THREADS:
            if (!cli_set_threads(argv[0], optarg, status)) return false;
            break;
        case OPTION_HELP:
            fputs(help, stdout);
            *status = STATUS_OK;
            return false;
        case ':':
            *status = cli_usage(argv[0], "%s needs a value", argv[optind - 1]);
            return false;
        default:
            *status = cli_usage(argv[0], "unknown option '%s'", argv[optind - 1]);
            return false;
        }
    }
    if (!p->no_cache) cli_use_cache();
    return true;
}

static exit_status run(const experiment *e, const run_options *options)
{
    failure why = {.status = STATUS_OK};
    const exit_status status = run_experiment(e, options, &why);
    return why.status == STATUS_OK ? status : cli_fail(&why);
}

exit_status command_run(int argc, char **argv)
{
    parsed p = {0};
    exit_status status;
    arena *a = arena_create();
    p.options.command = cli_command_line(a, argc, argv); /* before getopt moves the words */
    if (parse(argc, argv, run_options_table, run_help, &p, &status)) {
        const experiment *e =
            cli_load_experiment(a, "run", argc - optind, argv + optind, NULL, &status);
        if (e && p.print_config)
            fputs(config_to_yaml(a, e->resolved, true), stdout);
        else if (e)
            status = run(e, &p.options);
    }
    arena_destroy(a);
    return status;
}

static exit_status resume(arena *a, const run_options *options)
{
    exit_status status;
    char *config = path_join(a, options->resume, "config.yaml");
    if (!file_exists(config)) {
        failure why;
        failure_set(&why, STATUS_ENVIRONMENT, "cannot resume '%s': it holds no config.yaml",
                    options->resume);
        return cli_fail(&why);
    }
    const experiment *e = cli_load_experiment(a, "resume", 1, &config, NULL, &status);
    return e ? run(e, options) : status;
}

exit_status command_resume(int argc, char **argv)
{
    parsed p = {0};
    exit_status status;
    arena *a = arena_create();
    p.options.command = cli_command_line(a, argc, argv);
    if (parse(argc, argv, resume_options_table, resume_help, &p, &status)) {
        p.options.resume = argv[optind];
        status = argc - optind == 1 ? resume(a, &p.options)
                                    : cli_usage("resume", "expected one folder of a run");
    }
    arena_destroy(a);
    return status;
}
