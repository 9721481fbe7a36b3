/* cli/options.c: see options.h. */
#include "cli/options.h"

#include "cli/cli.h"

#include <stdio.h>

bool cli_options(int argc, char **argv, const struct option *options, const char *help,
                 bool (*take)(void *parsed, int option, exit_status *status), void *parsed,
                 exit_status *status)
{
    *status = STATUS_OK;
    optind = 0; /* glibc: scan afresh */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (option == CLI_HELP) {
            fputs(help, stdout);
            return false;
        }
        if (option == ':' || option == '?') {
            *status = cli_usage(argv[0], option == ':' ? "%s needs a value" : "unknown option '%s'",
                                argv[optind - 1]);
            return false;
        }
        if (!take(parsed, option, status)) return false;
    }
    return true;
}
