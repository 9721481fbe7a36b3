/* cli/run.c: `slope run` and `slope resume`. */
#include "cli/cli.h"
#include "cli/experiment_file.h"
#include "cli/options.h"
#include "sweep/run.h"

#include "base/files.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char run_help[] =
    "usage: slope run FILE [key=value …] [options]\n"
    "\n"
    "Trains what FILE describes, prints a table of its trials and writes the run's folder:\n"
    "config.yaml, trials.csv, metrics.csv, manifest.yaml and weights/. A section `sweep` in the\n"
    "file makes many trials of one, which train together where they can.\n"
    "\n"
    "  key=value        sets a value of the file by its dotted path; value is YAML. A path that\n"
    "                   the file sweeps is no longer swept; optimizer=adam leaves of alternatives\n"
    "                   that of adam\n"
    "  --sweep PATH=VALUES\n"
    "                   sweeps a path: values separated by commas, or a range as in the file\n"
    "                   ({from: 1e-4, to: 1, points: 9, scale: log}); may be given several times.\n"
    "                   Takes the place of what the file sweeps or sets there, in alternatives\n"
    "                   and in a zip, too; everything else stays as it is\n"
    "  --dry-run        print trials, groups, memory and the time they will take; run nothing\n"
    "  --shard I/N      only the trials whose number modulo N is I, 0 to N-1; put the folders\n"
    "                   together with `slope merge`\n"
    "  --extend DIR     go on with the finished run in DIR, whose trials are all in FILE: only\n"
    "                   those that are new are run\n"
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
    "SIGTERM and SIGUSR1 do the same, with exit status 75: run me again.\n"
    "\n"
    "examples:\n"
    "  slope run configs/fashion_mnist.yaml\n"
    "  slope run configs/iris.yaml optimizer=adam optimizer.learning_rate=0.01 train.epochs=50\n"
    "  slope run configs/iris.yaml --sweep optimizer.learning_rate=0.01,0.1,1\n"
    "  slope run configs/race.yaml optimizer=lion --sweep optimizer.learning_rate=1e-4,1e-3\n";

static const char resume_help[] =
    "usage: slope resume DIR [options]\n"
    "\n"
    "Goes on with the run in the folder DIR: finished trials are kept, the one that was under way\n"
    "starts from its last checkpoint (see `checkpoint: {every: …}`), and the results get the same\n"
    "bits as if nothing had happened. Where config.yaml, a plugin or a data file is not what it\n"
    "was, nothing is run, and what changed is said. Only limits (seconds, trial_seconds, on_error\n"
    "and max_failures of a sweep), fuse and checkpoint may be edited; values are added to a sweep\n"
    "with `slope run FILE --extend DIR`.\n"
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
    OPTION_SWEEP,
    OPTION_DRY_RUN,
    OPTION_SHARD,
    OPTION_EXTEND
};

static const struct option run_options_table[] = {
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"sweep", required_argument, NULL, OPTION_SWEEP},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"extend", required_argument, NULL, OPTION_EXTEND},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"print-config", no_argument, NULL, OPTION_PRINT_CONFIG},
    {"no-cache", no_argument, NULL, OPTION_NO_CACHE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, CLI_HELP},
    {NULL, 0, NULL, 0}};
static const struct option resume_options_table[] = {
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"no-cache", no_argument, NULL, OPTION_NO_CACHE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, CLI_HELP},
    {NULL, 0, NULL, 0}};

typedef struct parsed {
    run_options options;
    const char *name; /* of the command */
    arena *memory;
    size_t sweep_count;
    const char **sweeps; /* overrides that --sweep stands for, ended by NULL */
    bool print_config, no_cache, dry_run;
} parsed;

/* "2/8": both numbers, nothing else, the first below the second. */
static bool parse_shard(const char *text, shard *out)
{
    char *end;
    errno = 0;
    const unsigned long index = strtoul(text, &end, 10);
    if (end == text || *end != '/' || !isdigit((unsigned char)*text)) return false;
    const char *second = end + 1;
    const unsigned long count = strtoul(second, &end, 10);
    if (!isdigit((unsigned char)*second) || *end || errno || index >= count) return false;
    *out = (shard){index, count};
    return true;
}

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    switch (option) {
    case OPTION_OUTPUT:
        p->options.output = optarg;
        return true;
    case OPTION_QUIET:
        return p->options.quiet = true;
    case OPTION_NO_CACHE:
        return p->no_cache = true;
    case OPTION_PRINT_CONFIG:
        return p->print_config = true;
    case OPTION_THREADS:
        return cli_set_threads(p->name, optarg, status);
    case OPTION_SWEEP:
        p->sweeps[p->sweep_count] = cli_sweep(p->memory, p->name, optarg, status);
        return p->sweeps[p->sweep_count++] != NULL;
    case OPTION_DRY_RUN:
        return p->dry_run = true;
    case OPTION_EXTEND:
        p->options.extend = optarg;
        return true;
    case OPTION_SHARD:
        if (parse_shard(optarg, &p->options.shard)) return true;
        *status = cli_usage(p->name,
                            "--shard takes I/N with I from 0 to N-1 (--shard 0/8 is the first of "
                            "eight), not '%s'",
                            optarg);
        return false;
    default:
        return false; /* there is no other */
    }
}

/* False: nothing more to do, *status says how it went. */
static bool parse(int argc, char **argv, const struct option *table, const char *help, parsed *p,
                  exit_status *status)
{
    p->name = argv[0];
    if (!cli_options(argc, argv, table, help, take_option, p, status)) return false;
    if (p->options.extend && p->options.output) {
        *status = cli_usage(p->name, "--extend has its folder: leave out --output");
        return false;
    }
    if (!p->no_cache) cli_use_cache();
    return true;
}

static exit_status run(const experiment *e, const parsed *p)
{
    failure why = {.status = STATUS_OK};
    const exit_status status =
        p->dry_run ? run_rehearse(e, &p->options, &why) : run_experiment(e, &p->options, &why);
    if (why.status == STATUS_OK) return status;
    return why.text[0] ? cli_fail(&why) : why.status; /* "": all errors were printed */
}

exit_status command_run(int argc, char **argv)
{
    parsed p = {0};
    exit_status status;
    arena *a = arena_create();
    p.options.command = cli_command_line(a, argc, argv); /* before getopt moves the words */
    p.memory = a;
    p.sweeps = arena_alloc(a, ((size_t)argc + 1) * sizeof *p.sweeps);
    if (parse(argc, argv, run_options_table, run_help, &p, &status)) {
        const experiment *e =
            cli_load_experiment(a, "run", argc - optind, argv + optind, p.sweeps, true, &status);
        if (e && p.print_config)
            fputs(config_to_yaml(a, e->resolved, true), stdout);
        else if (e)
            status = run(e, &p);
    }
    arena_destroy(a);
    return status;
}

static exit_status resume(arena *a, const parsed *p)
{
    exit_status status;
    char *config = path_join(a, p->options.resume, "config.yaml");
    if (!file_exists(config)) {
        failure why;
        failure_set(&why, STATUS_ENVIRONMENT, "cannot resume '%s': it holds no config.yaml",
                    p->options.resume);
        return cli_fail(&why);
    }
    const experiment *e = cli_load_experiment(a, "resume", 1, &config, NULL, true, &status);
    return e ? run(e, p) : status;
}

exit_status command_resume(int argc, char **argv)
{
    parsed p = {0};
    exit_status status;
    arena *a = arena_create();
    p.options.command = cli_command_line(a, argc, argv);
    if (parse(argc, argv, resume_options_table, resume_help, &p, &status)) {
        p.options.resume = argv[optind];
        status = argc - optind == 1 ? resume(a, &p)
                                    : cli_usage("resume", "expected one folder of a run");
    }
    arena_destroy(a);
    return status;
}
