/* cli/ask_tell.c: `slope ask-tell`: lines in, lines out. What they say is in sweep/ask_tell.h. */
#include "cli/cli.h"
#include "cli/experiment_file.h"
#include "cli/options.h"
#include "sweep/ask_tell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: slope ask-tell FILE [key=value …] [options]\n"
    "\n"
    "Lets another program, such as an optimiser of hyper-parameters, drive slope: reads a trial a\n"
    "line as JSON from standard input, trains it, and writes what came of it as a line of JSON to\n"
    "standard output. Data and plugins stay in memory from one trial to the next.\n"
    "\n"
    "  key=value        sets a value of the file by its dotted path; value is YAML\n"
    "  --threads N      threads to use; results do not depend on it\n"
    "  --no-cache       read the data from their files, and keep nothing of them\n"
    "  --help           this text\n"
    "\n"
    "A question is an object with what is different from FILE, as dotted paths or objects in one\n"
    "another: {\"optimizer.learning_rate\": 0.1, \"model\": {\"name\": \"mlp\", \"hidden\": "
    "[32]}}.\n"
    "An `id` in it is given back. An array of such objects is a batch: its trials train together\n"
    "where they can, and the answer is an array in the same order. A question that is wrong is\n"
    "answered with the status `error` and a message. An empty line, or the end of the input, ends\n"
    "the program.\n"
    "\n"
    "A trial with `until_step` or `until_epoch` is answered as `paused` there, and waits:\n"
    "{\"resume\": N} goes on with trial N, which may wait again, and {\"prune\": N} ends it.\n"
    "\n"
    "The first line out says which metric the answers' `value` is and whether to minimize or to\n"
    "maximize it (sweep.metric, else as for a sweep), and the space if FILE has a section "
    "`sweep`.\n"
    "An answer has the columns of trials.csv; null is what is no number. No folder is written: to\n"
    "keep a trial, run it with `slope run` and the same values, which gives the same bits.\n"
    "\n"
    "exit status: 0 all is answered; 2 wrong configuration; 3 the environment; 130 interrupted;\n"
    "75 stopped by SIGTERM or SIGUSR1.\n"
    "\n"
    "examples:\n"
    "  slope ask-tell configs/iris.yaml\n"
    "  echo '{\"id\": 1, \"optimizer.learning_rate\": 0.5}' | slope ask-tell configs/iris.yaml\n";

enum { OPTION_THREADS = 1, OPTION_NO_CACHE };

static const struct option options[] = {{"threads", required_argument, NULL, OPTION_THREADS},
                                        {"no-cache", no_argument, NULL, OPTION_NO_CACHE},
                                        {"help", no_argument, NULL, CLI_HELP},
                                        {NULL, 0, NULL, 0}};

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    bool *no_cache = parsed_options;
    if (option == OPTION_THREADS) return cli_set_threads("ask-tell", optarg, status);
    return *no_cache = true;
}

/* False: nothing more to do, *status says how it went. */
static bool parse(int argc, char **argv, exit_status *status)
{
    bool no_cache = false;
    if (!cli_options(argc, argv, options, help, take_option, &no_cache, status)) return false;
    if (!no_cache) cli_use_cache();
    return true;
}

/* ---- being asked to stop --------------------------------------------------------------------- */

/* While nothing trains there is nothing to finish, and a signal ends the program where it waits. */
static volatile sig_atomic_t asked_to_stop, waiting;

static void on_signal(int number)
{
    const int status = number == SIGINT ? STATUS_INTERRUPTED : STATUS_AGAIN;
    if (waiting || asked_to_stop) _exit(status);
    asked_to_stop = status;
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

static bool interrupted(void *argument)
{
    (void)argument;
    return asked_to_stop;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Length of the next line without its end; 0 where there is none, or an empty one. */
static size_t read_line(char **line, size_t *room)
{
    waiting = 1;
    ssize_t length = asked_to_stop ? 0 : getline(line, room, stdin);
    waiting = 0;
    while (length > 0 && strchr(" \t\r\n", (*line)[length - 1])) length--;
    return length > 0 ? (size_t)length : 0;
}

static exit_status serve(ask_tell *s)
{
    char *line = NULL;
    size_t room = 0, length;
    ask_tell_greet(s, stdout);
    watch_signals();
    while (fflush(stdout) == 0 && !asked_to_stop && (length = read_line(&line, &room)) > 0)
        ask_tell_answer(s, line, length, interrupted, stdout);
    free(line);
    if (ferror(stdin)) {
        fprintf(stderr, "slope: cannot read from standard input: %s\n", strerror(errno));
        return STATUS_ENVIRONMENT;
    }
    return asked_to_stop ? (exit_status)asked_to_stop : STATUS_OK;
}

exit_status command_ask_tell(int argc, char **argv)
{
    exit_status status;
    arena *a = arena_create();
    if (parse(argc, argv, &status)) {
        const experiment *e =
            cli_load_experiment(a, "ask-tell", argc - optind, argv + optind, NULL, true, &status);
        diagnostics *errors = diagnostics_create(a);
        ask_tell *s = e ? ask_tell_create(e, errors) : NULL;
        if (s) {
            status = serve(s);
        } else if (e) {
            diagnostics_print(errors, stderr);
            status = diagnostics_status(errors);
        }
        ask_tell_destroy(s);
    }
    arena_destroy(a);
    return status;
}
