/* cli/test.c: `slope test`: the conformance kit on the command line. */
#include "cli/cli.h"
#include "cli/options.h"

#include "base/text.h"
#include "kernels/kernels.h"
#include "kit/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: slope test PLUGIN.so … [key=value …] [options]\n"
    "\n"
    "Tests whether plugins keep to the contract: memory, state, slices, threads, precisions,\n"
    "gradients. One line for each check, and totals. A check that crashes, hangs or prints fails,\n"
    "and the others go on. key=value gives a parameter, where the plugin needs some.\n"
    "\n"
    "  --junit FILE       write the results as JUnit XML, too\n"
    "  --timeout SECONDS  for one check (default 60)\n"
    "  --quiet            show only what failed, and the totals\n"
    "  --help             this text\n"
    "\n"
    "exit status: 0 all checks are ok; 1 some failed; 2 wrong usage; 3 a file is missing.\n"
    "\n"
    "examples:\n"
    "  slope test mine.so\n"
    "  slope test my_reader.so files.train=data.txt --junit report.xml\n";

typedef struct parsed {
    kit_options options;
    const char *junit;
    bool quiet, colours;
    size_t path_count;
    const char **paths;
} parsed;

enum { JUNIT = 1, TIMEOUT, QUIET };

static const struct option options[] = {{"junit", required_argument, NULL, JUNIT},
                                        {"timeout", required_argument, NULL, TIMEOUT},
                                        {"quiet", no_argument, NULL, QUIET},
                                        {"help", no_argument, NULL, CLI_HELP},
                                        {NULL, 0, NULL, 0}};

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    int64_t seconds;
    switch (option) {
    case JUNIT:
        p->junit = optarg;
        return true;
    case TIMEOUT:
        if (text_to_integer(optarg, &seconds) && seconds >= 1 && seconds <= 86400) {
            p->options.time_limit = (unsigned)seconds;
            return true;
        }
        *status = cli_usage("test", "--timeout takes seconds, 1 to 86400, not '%s'", optarg);
        return false;
    case QUIET:
        p->quiet = true;
        return true;
    default:
        return false; /* there is no other */
    }
}

static bool parse(arena *a, int argc, char **argv, parsed *p, exit_status *status)
{
    if (!cli_options(argc, argv, options, help, take_option, p, status)) return false;
    const char **overrides = arena_alloc(a, (size_t)argc * sizeof *overrides);
    p->paths = arena_alloc(a, (size_t)argc * sizeof *p->paths);
    p->options.overrides = overrides;
    for (int i = optind; i < argc; ++i) {
        if (strchr(argv[i], '=') != NULL && argv[i][0] != '=')
            overrides[p->options.override_count++] = argv[i];
        else
            p->paths[p->path_count++] = argv[i];
    }
    if (p->path_count > 0) return true;
    *status = cli_usage("test", "which plugin? name its file, mine.so");
    return false;
}

/* The first lines of what a failed check printed. */
static void print_output(const char *output)
{
    for (int line = 0; line < 12 && *output != '\0'; ++line) {
        const size_t length = strcspn(output, "\n");
        printf("         | %.*s\n", (int)(length < 200 ? length : 200), output);
        output += length + (output[length] == '\n');
    }
}

static void print_result(void *argument, const kit_report *report, const kit_result *r)
{
    static const char *const words[] = {"ok", "FAILED", "skipped"};
    static const char *const colours[] = {"\033[32m", "\033[1;31m", "\033[33m"};
    const parsed *p = argument;
    if (p->quiet && r->outcome != KIT_FAILED) return;
    printf("%s%-7s%s  %s: %s%s%s\n", p->colours ? colours[r->outcome] : "", words[r->outcome],
           p->colours ? "\033[0m" : "", report->name, r->check, r->text[0] != '\0' ? ": " : "",
           r->text);
    if (r->outcome == KIT_FAILED) print_output(r->output);
    fflush(stdout);
}

static void print_totals(const kit_report *reports, size_t count)
{
    size_t checks = 0, failed = 0, skipped = 0, bad = 0;
    double seconds = 0;
    for (size_t i = 0; i < count; ++i) {
        checks += reports[i].count;
        failed += reports[i].failed;
        skipped += reports[i].skipped;
        bad += reports[i].failed > 0;
        for (size_t k = 0; k < reports[i].count; ++k) seconds += reports[i].results[k].seconds;
    }
    printf("\n%zu plugin%s, %zu checks: %zu ok, %zu failed, %zu skipped (%.1f s)\n", count,
           count == 1 ? "" : "s", checks, checks - failed - skipped, failed, skipped, seconds);
    for (size_t i = 0; bad > 0 && count > 1 && i < count; ++i)
        if (reports[i].failed > 0) printf("FAILED   %s (%s)\n", reports[i].name, reports[i].path);
}

exit_status command_test(int argc, char **argv)
{
    arena *a = arena_create();
    parsed p = {.options = {.time_limit = 60, .listener = print_result, .argument = &p}};
    exit_status status = STATUS_OK;
    failure why;
    const char *no_color = getenv("NO_COLOR");
    p.colours = isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
    if (!parse(a, argc, argv, &p, &status)) {
        arena_destroy(a);
        return status;
    }
    kit_report *reports = arena_alloc(a, p.path_count * sizeof *reports);
    if (!kernels_select(&why)) status = cli_fail(&why);
    bool failed = false;
    size_t done = 0;
    for (; status == STATUS_OK && done < p.path_count; ++done) {
        if (!kit_test(a, p.paths[done], &p.options, &reports[done], &why)) {
            status = cli_fail(&why);
            break;
        }
        failed = failed || reports[done].failed > 0;
    }
    if (done > 0) print_totals(reports, done);
    if (p.junit != NULL && !kit_write_junit(p.junit, reports, done, &why)) status = cli_fail(&why);
    arena_destroy(a);
    return status == STATUS_OK && failed ? STATUS_TRIALS_FAILED : status;
}
