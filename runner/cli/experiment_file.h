/* cli/experiment_file.h: "FILE [key=value …]" on a command line, made into an experiment. Shared by
 * the subcommands that take one. */
#ifndef SLOPE_CLI_EXPERIMENT_FILE_H
#define SLOPE_CLI_EXPERIMENT_FILE_H

#include "config/experiment.h"

/* arguments[0] is the file, the others are overrides; `forced` (ended by NULL, or NULL) are
 * overrides that come after the user's. Prints all that is wrong to stderr; NULL then, with the
 * exit status. `data`: the command will read the data, so whether trials fit them is told, too. */
const experiment *cli_load_experiment(arena *a, const char *name, int count, char **arguments,
                                      const char *const *forced, bool data, exit_status *status);

/* The argument of --sweep, path=values, as one of the `forced`: values are a list without its
 * brackets (0.01,0.1,1), or what a file may have there ({from: 1e-3, to: 1, points: 4}, auto).
 * NULL, and the usage error is printed, if it is none. */
const char *cli_sweep(arena *a, const char *name, const char *argument, exit_status *status);

/* The number of --threads; false (and the usage error is printed) if it is none. */
bool cli_set_threads(const char *name, const char *text, exit_status *status);

/* Keeps tables in the user's cache folder from now on. */
void cli_use_cache(void);

/* The whole command line in one string, quoted for a shell where needed. */
const char *cli_command_line(arena *a, int argc, char **argv);

#endif
