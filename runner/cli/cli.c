/* cli/cli.c: see cli.h. The list of subcommands, and what is said about the program as a whole. */
#include "cli/cli.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const command commands[] = {
    {"run", "train what a YAML file describes and write the results", command_run},
    {"resume", "go on with a run that was interrupted, from its last checkpoint", command_resume},
    {"merge", "put the trials of several folders (shards) of one experiment together",
     command_merge},
    {"ask-tell", "train what another program asks for, a line of JSON each", command_ask_tell},
    {"show", "show the trials of a run: the best, what each parameter does, one as YAML",
     command_show},
    {"compare", "compare optimizers: effort to a target, profiles, learning rates",
     command_compare},
    {"plot", "draw pictures of a run: curves, confusion, weights, paths", command_plot},
    {"check", "compare the analytic gradients of an experiment with differences", command_check},
    {"graph", "show what a model computes, node by node, forward and backward", command_graph},
    {"validate", "find everything that is wrong with a YAML file, and run nothing",
     command_validate},
    {"plugins", "list readers, models, losses, optimizers, schedules, samplers and pruners",
     command_plugins},
    {"describe", "explain a plugin: formula, parameters, an example in YAML", command_describe},
    {"new", "write a plugin to begin with, and say how to compile, test and use it", command_new},
    {"compile", "compile a plugin of one C file, for both precisions and wide vectors",
     command_compile},
    {"test", "test whether plugins keep to the contract (conformance kit)", command_test},
    {"bench", "time the steps of an optimizer beside sgd and adam", command_bench},
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_help(FILE *out)
{
    fputs("usage: slope COMMAND [ARGUMENTS]\n"
          "\n"
          "Runs optimisation experiments that YAML files describe.\n"
          "\n"
          "commands:\n",
          out);
    for (int i = 0; i < COMMAND_COUNT; ++i)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs(
        "\n"
        "  slope COMMAND --help explains one; slope --version --verbose tells all about the build\n"
        "\n"
        "environment variables:\n"
        "  SLOPE_PLUGIN_PATH  more folders with plugins, separated by colons\n"
        "  OMP_NUM_THREADS    number of threads where --threads does not say it;\n"
        "                     results do not depend on it\n"
        "  SLOPE_ISA          instruction set of the kernels (baseline, avx2, avx512, vnni, amx)\n"
        "                     instead of the best one; results do not depend on it\n"
        "  NO_COLOR           not empty: no colours\n"
        "\n"
        "exit status: 0 all good; 1 a trial failed or a check found something; 2 wrong\n"
        "configuration or usage; 3 the environment (a file, the disk, a plugin); 75 asked to stop "
        "by\n"
        "SIGTERM or SIGUSR1, run `slope resume`; 130 interrupted\n"
        "\n"
        "examples:\n"
        "  slope run configs/fashion_mnist.yaml train.epochs=2\n"
        "  slope describe adam\n",
        out);
}

exit_status cli_fail(const failure *why)
{
    fprintf(stderr, "slope: %s\n", why->text);
    return why->status;
}

exit_status cli_usage(const char *name, const char *format, ...)
{
    fprintf(stderr, "slope %s: ", name);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\ntry `slope %s --help`\n", name);
    return STATUS_CONFIG;
}

static const command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; ++i)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

static exit_status unknown(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; ++i) names[i] = commands[i].name;
    const char *nearest = text_nearest(name, names, COMMAND_COUNT);
    fprintf(stderr, "slope: there is no %s '%s'", name[0] == '-' ? "option" : "command", name);
    if (nearest != NULL) fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\ntry `slope --help`\n", stderr);
    return STATUS_CONFIG;
}

static bool is_help(const char *name)
{
    return strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0;
}

/* `slope help run` is `slope run --help`. */
static exit_status help(const char *name)
{
    const command *chosen = find_command(name);
    if (chosen == NULL) return unknown(name);
    char subcommand[16], option[] = "--help";
    snprintf(subcommand, sizeof subcommand, "%s", chosen->name);
    char *arguments[] = {subcommand, option, NULL};
    return chosen->run(2, arguments);
}

static exit_status dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return STATUS_CONFIG;
    }
    const char *name = argv[1];
    if (is_help(name) && argc == 3) return help(argv[2]);
    if (is_help(name)) {
        print_help(stdout);
        return STATUS_OK;
    }
    if (strcmp(name, "--version") == 0) {
        return command_version(argc - 1, argv + 1);
    }
    const command *chosen = find_command(name);
    return chosen == NULL ? unknown(name) : chosen->run(argc - 1, argv + 1);
}

exit_status cli_main(int argc, char **argv)
{
    const exit_status status = dispatch(argc, argv);
    const bool written = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (written) return status;
    /* A table that did not reach its file must not look like success. */
    fprintf(stderr, "slope: cannot write to standard output: %s\n", strerror(errno));
    return status == STATUS_OK ? STATUS_ENVIRONMENT : status;
}
