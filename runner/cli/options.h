/* cli/options.h: going through the options of a command line, the same way in every command: what
 * is unknown or lacks its value is told, and --help (or -h) prints the command's text. */
#ifndef SLOPE_CLI_OPTIONS_H
#define SLOPE_CLI_OPTIONS_H

#include "base/failure.h"

#include <getopt.h>

/* The value of the entry {"help", no_argument, NULL, CLI_HELP} in each table of options. */
enum { CLI_HELP = 'h' };

/* argv[0] is the command's name. `take` gets every option but help, its value in optarg; it returns
 * false, with *status set, to end. False: nothing more to do, *status says how it went. Afterwards
 * argv[optind …] are the words that are no options. */
bool cli_options(int argc, char **argv, const struct option *options, const char *help,
                 bool (*take)(void *parsed, int option, exit_status *status), void *parsed,
                 exit_status *status);

#endif
