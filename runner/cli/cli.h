/* cli/cli.h: the subcommands. Each has one file, takes the arguments from its own name on, prints,
 * and returns the exit status of the program. Thin: they parse, call the modules and print. */
#ifndef SLOPE_CLI_CLI_H
#define SLOPE_CLI_CLI_H

#include "base/failure.h"

typedef struct command {
    const char *name;
    const char *summary; /* one line for `slope --help` */
    exit_status (*run)(int argc, char **argv);
} command;

/* Prints "slope: text" to stderr and returns the status. */
exit_status cli_fail(const failure *why);
/* Usage error: prints "slope NAME: text" and how to get help; returns STATUS_CONFIG. */
exit_status cli_usage(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The whole program: finds the subcommand, runs it, and makes sure that what it printed arrived. */
exit_status cli_main(int argc, char **argv);

exit_status command_version(int argc, char **argv); /* slope --version */
exit_status command_run(int argc, char **argv);
exit_status command_resume(int argc, char **argv);
exit_status command_ask_tell(int argc, char **argv);
exit_status command_merge(int argc, char **argv);
exit_status command_show(int argc, char **argv);
exit_status command_compare(int argc, char **argv);
exit_status command_plot(int argc, char **argv);
exit_status command_check(int argc, char **argv);
exit_status command_graph(int argc, char **argv);
exit_status command_validate(int argc, char **argv);
exit_status command_plugins(int argc, char **argv);
exit_status command_describe(int argc, char **argv);
exit_status command_new(int argc, char **argv);
exit_status command_compile(int argc, char **argv);
exit_status command_test(int argc, char **argv);
exit_status command_bench(int argc, char **argv);

#endif
