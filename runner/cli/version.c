/* cli/version.c: `slope --version`, and what else a report of a fault should tell. */
#include "cli/cli.h"

#include "base/arena.h"
#include "host/registry.h"
#include "host/team.h"
#include "kernels/kernels.h"
#include "record/build_facts.h"

#include <stdio.h>
#include <string.h>

static void print_line(const char *name, const char *value)
{
    printf("%-15s  %s\n", name, value);
}

static exit_status print_all(arena *a)
{
    failure why;
    print_line("git state", build_facts.git);
    print_line("compiler", build_facts.compiler);
    print_line("flags", build_facts.flags);
    if (!kernels_select(&why)) return cli_fail(&why);
    print_line("instruction set",
               arena_printf(a, "%s (available: %s)", kernels_isa(), kernels_available(a)));
    print_line("threads", arena_printf(a, "%d", threads_count()));
    registry *all = registry_create(a, &why);
    if (!all) return cli_fail(&why);
    print_line("plugin folders", registry_folders(all));
    return STATUS_OK;
}

exit_status command_version(int argc, char **argv)
{
    bool verbose = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") != 0)
            return cli_usage("--version", "unknown option '%s'; there is --verbose", argv[i]);
        verbose = true;
    }
    printf("slope %s (plugin contract %u.%u)\n", build_facts.version, SLOPE_MAJOR, SLOPE_MINOR);
    if (!verbose) return STATUS_OK;
    arena *a = arena_create();
    const exit_status status = print_all(a);
    arena_destroy(a);
    return status;
}
