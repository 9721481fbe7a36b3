/* cli/merge.c: `slope merge`. */
#include "cli/cli.h"
#include "cli/experiment_file.h"
#include "cli/options.h"
#include "sweep/run.h"

#include "base/files.h"
#include "record/run_folder.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: slope merge DIR… --into DIR [options]\n"
    "\n"
    "Puts the trials of several folders of one experiment into a new one: those of its shards "
    "(see\n"
    "`slope run --shard`), in any order, also where a shard was run twice. Says which trials are\n"
    "missing; `slope resume` on the new folder runs them.\n"
    "\n"
    "  --into DIR       the new folder, empty or not there yet\n"
    "  --no-cache       read the data from their files, and keep nothing of them\n"
    "  --quiet          print no table\n"
    "  --help           this text\n"
    "\n"
    "Exit status 1: trials are missing, or some failed.\n"
    "\n"
    "example:\n"
    "  slope run sweep.yaml --shard 0/2 --output part0; slope run sweep.yaml --shard 1/2 --output "
    "part1\n"
    "  slope merge part0 part1 --into whole\n";

enum { INTO = 1, NO_CACHE, QUIET };

static const struct option table[] = {{"into", required_argument, NULL, INTO},
                                      {"no-cache", no_argument, NULL, NO_CACHE},
                                      {"quiet", no_argument, NULL, QUIET},
                                      {"help", no_argument, NULL, CLI_HELP},
                                      {NULL, 0, NULL, 0}};

/* Without a manifest a folder is told apart later, by its trials. */
static bool can_merge(arena *a, const char *folder, failure *why)
{
    failure unread;
    manifest_summary summary;
    if (!file_exists(path_join(a, folder, "config.yaml")))
        return failure_set(why, STATUS_ENVIRONMENT, "cannot merge '%s': it holds no config.yaml",
                           folder);
    if (!manifest_read(folder, &summary, &unread) || !summary.asked) return true;
    return failure_set(why, STATUS_CONFIG,
                       "cannot merge '%s': its trials are those that another program asked for "
                       "(slope ask-tell); `slope compare` takes several folders",
                       folder);
}

static exit_status merge(arena *a, const run_options *options, size_t count, char **folders)
{
    exit_status status;
    failure why = {.status = STATUS_OK};
    for (size_t i = 0; i < count; i++)
        if (!can_merge(a, folders[i], &why)) return cli_fail(&why);
    char *config = path_join(a, folders[0], "config.yaml");
    const experiment *e = cli_load_experiment(a, "merge", 1, &config, NULL, true, &status);
    if (!e) return status;
    status = run_merge(e, options, count, (const char *const *)folders, &why);
    if (why.status == STATUS_OK) return status;
    return why.text[0] ? cli_fail(&why) : why.status;
}

typedef struct parsed {
    run_options options;
    bool no_cache;
} parsed;

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    (void)status;
    if (option == INTO)
        p->options.output = optarg;
    else if (option == QUIET)
        p->options.quiet = true;
    else
        p->no_cache = true;
    return true;
}

exit_status command_merge(int argc, char **argv)
{
    exit_status status;
    arena *a = arena_create();
    parsed p = {.options.command = cli_command_line(a, argc, argv)}; /* before getopt moves words */
    if (cli_options(argc, argv, table, help, take_option, &p, &status)) {
        if (!p.no_cache) cli_use_cache();
        if (argc - optind < 1)
            status = cli_usage("merge", "which folders?");
        else if (!p.options.output)
            status = cli_usage("merge", "--into DIR says where the trials go");
        else
            status = merge(a, &p.options, (size_t)(argc - optind), argv + optind);
    }
    arena_destroy(a);
    return status;
}
