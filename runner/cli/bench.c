/* cli/bench.c: `slope bench`: what a step of an update rule costs, as a table. */
#include "cli/cli.h"
#include "cli/options.h"

#include "base/files.h"
#include "base/text.h"
#include "host/loader.h"
#include "kernels/kernels.h"
#include "kit/bench.h"
#include "record/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: slope bench OPTIMIZER … [options]\n"
    "\n"
    "Times the update of the weights by each OPTIMIZER (a name, or a file mine.so) beside sgd and\n"
    "adam: one thread, the rules take turns, medians of 21 turns. Gradients and evaluations of "
    "the\n"
    "objective are not in it. State is memory beside each parameter.\n"
    "\n"
    "  --sizes N,N,…       numbers of parameters (default 1000,100000,2000000)\n"
    "  --precision P       float32 (default) or float64\n"
    "  --help              this text\n"
    "\n"
    "examples:\n"
    "  slope bench mine.so\n"
    "  slope bench lion adan --sizes 7850\n";

/* What every reader of the table knows. */
static const char *const peers[] = {"sgd", "adam"}; /* the first is the measure */
enum { PEERS = sizeof peers / sizeof *peers, MOST_SIZES = 16 };

typedef struct parsed {
    size_t size_count, sizes[MOST_SIZES];
    precision p;
} parsed;

enum { SIZES = 1, PRECISION };

static const struct option options[] = {{"sizes", required_argument, NULL, SIZES},
                                        {"precision", required_argument, NULL, PRECISION},
                                        {"help", no_argument, NULL, CLI_HELP},
                                        {NULL, 0, NULL, 0}};

static bool take_sizes(const char *text, parsed *p, exit_status *status)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", text);
    p->size_count = 0;
    for (char *rest = copy, *one; (one = strsep(&rest, ",")) != NULL;) {
        int64_t n;
        if (p->size_count == MOST_SIZES || !text_to_integer(one, &n) || n < 1 || n > 100000000) {
            *status = cli_usage("bench", "--sizes takes numbers from 1 to 10^8, not '%s'", text);
            return false;
        }
        p->sizes[p->size_count++] = (size_t)n;
    }
    return true;
}

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    switch (option) {
    case SIZES:
        return take_sizes(optarg, p, status);
    case PRECISION:
        p->p = strcmp(optarg, "float64") == 0 ? FLOAT64 : FLOAT32;
        if (p->p == FLOAT64 || strcmp(optarg, "float32") == 0) return true;
        *status = cli_usage("bench", "--precision is float32 or float64, not '%s'", optarg);
        return false;
    default:
        return false; /* there is no other */
    }
}

/* By name, or from a file wherever it is. */
static const host_plugin *find(arena *a, registry *all, const char *name, failure *why)
{
    const size_t length = strlen(name);
    if (length < 3 || strcmp(name + length - 3, ".so") != 0)
        return registry_find(all, SLOPE_KIND_OPTIMIZER, name, why);
    char *path = realpath(name, NULL);
    host_plugin *plugin = arena_alloc(a, sizeof *plugin);
    if (path == NULL) {
        failure_set(why, STATUS_ENVIRONMENT, "cannot open '%s': %s", name, strerror(errno));
        return NULL;
    }
    plugin->path = arena_strdup(a, path);
    plugin->id = path_stem(a, path);
    free(path);
    if (!plugin_load(plugin->path, plugin->id, (slope_kind)0, plugin->description, why))
        return NULL;
    plugin->kind = plugin->description[FLOAT32]->kind;
    if (plugin->kind == SLOPE_KIND_OPTIMIZER) return plugin;
    failure_set(why, STATUS_CONFIG, "'%s' is of kind %s: only optimizers are timed", name,
                kind_name(plugin->kind));
    return NULL;
}

static void add_rule(bench_rule *rules, size_t *count, const host_plugin *plugin)
{
    for (size_t i = 0; i < *count; ++i)
        if (strcmp(rules[i].plugin->path, plugin->path) == 0) return;
    rules[(*count)++].plugin = plugin;
}

static void print_time(table *t, double seconds)
{
    if (seconds < 1e-7)
        table_cell(t, "%.3g ns", 1e9 * seconds);
    else if (seconds < 1e-3)
        table_cell(t, "%.3g us", 1e6 * seconds);
    else
        table_cell(t, "%.3g ms", 1e3 * seconds);
}

static void print_table(const bench_rule *rules, size_t count, const parsed *p)
{
    table *t = table_create();
    const char *const titles[] = {"parameters", "optimizer",     "state",
                                  "per step",   "per parameter", "times sgd"};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; ++i)
        table_column(t, titles[i], i == 1 ? ALIGN_LEFT : ALIGN_RIGHT);
    for (size_t s = 0; s < p->size_count; ++s)
        for (size_t i = 0; i < count; ++i) {
            const double seconds = rules[i].seconds[s];
            table_cell(t, "%zu", p->sizes[s]);
            table_cell(t, "%s", rules[i].plugin->id);
            table_cell(t, "%.0f bytes", rules[i].memory);
            print_time(t, seconds);
            print_time(t, seconds / (double)p->sizes[s]);
            table_cell(t, "%.2f", seconds / rules[0].seconds[s]);
        }
    table_print(t, stdout);
    table_destroy(t);
}

static exit_status bench(arena *a, char **names, size_t name_count, const parsed *p)
{
    failure why;
    size_t count = 0;
    bench_rule *rules = arena_alloc(a, (name_count + PEERS) * sizeof *rules);
    if (!kernels_select(&why)) return cli_fail(&why);
    registry *all = registry_create(a, &why);
    if (all == NULL) return cli_fail(&why);
    for (size_t i = 0; i < PEERS + name_count; ++i) {
        const char *name = i < PEERS ? peers[i] : names[i - PEERS];
        const host_plugin *plugin = find(a, all, name, &why);
        if (plugin == NULL) return cli_fail(&why);
        add_rule(rules, &count, plugin);
    }
    if (!bench_run(a, rules, count, p->sizes, p->size_count, p->p, &why)) return cli_fail(&why);
    print_table(rules, count, p);
    return STATUS_OK;
}

exit_status command_bench(int argc, char **argv)
{
    parsed p = {.size_count = 3, .sizes = {1000, 100000, 2000000}, .p = FLOAT32};
    exit_status status;
    if (!cli_options(argc, argv, options, help, take_option, &p, &status)) return status;
    if (optind == argc) return cli_usage("bench", "which optimizer? a name, or a file mine.so");
    arena *a = arena_create();
    status = bench(a, argv + optind, (size_t)(argc - optind), &p);
    arena_destroy(a);
    return status;
}
