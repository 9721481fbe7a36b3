/* cli/ask_tell.c: `slope ask-tell`: lines in, lines out. What they say is in sweep/ask_tell.h. */
#include "cli/cli.h"
#include "cli/experiment_file.h"
#include "cli/lines.h"
#include "cli/options.h"
#include "sweep/ask_tell.h"

#include "base/files.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: slope ask-tell FILE [key=value …] [options]\n"
    "       slope ask-tell --resume DIR [options]\n"
    "\n"
    "Lets another program, such as an optimiser of hyper-parameters, drive slope: reads a trial a\n"
    "line as JSON from standard input, trains it, and writes what came of it as a line of JSON to\n"
    "standard output. Data and plugins stay in memory from one trial to the next.\n"
    "\n"
    "  key=value        sets a value of the file by its dotted path; value is YAML\n"
    "  --output DIR     the folder in which trials are kept, empty or not there yet; otherwise\n"
    "                   results/<experiment>/<time>, with a link results/<experiment>/latest\n"
    "  --resume DIR     go on with that folder, without FILE: what is asked again is answered "
    "from\n"
    "                   it\n"
    "  --no-output      keep nothing\n"
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
    "An answer has the columns of trials.csv; null is what is no number.\n"
    "\n"
    "The folder has config.yaml, trials.csv, metrics.csv and manifest.yaml as that of a run, for\n"
    "`slope show` and `slope compare`, also while it is written. A trial runs once in it: asked\n"
    "again it is answered from its row. So an optimiser that died can ask everything once more: "
    "it\n"
    "gets the same answers in no time, and goes on. Weights are not kept: `slope show DIR --trial "
    "N`\n"
    "prints a trial as a file that runs it again, with the same bits.\n"
    "\n"
    "exit status: 0 all is answered; 2 wrong configuration; 3 the environment; 130 interrupted;\n"
    "75 stopped by SIGTERM or SIGUSR1.\n"
    "\n"
    "examples:\n"
    "  slope ask-tell configs/iris.yaml\n"
    "  echo '{\"id\": 1, \"optimizer.learning_rate\": 0.5}' | slope ask-tell configs/iris.yaml\n"
    "  slope ask-tell --resume results/iris/latest\n";

enum { OPTION_THREADS = 1, OPTION_NO_CACHE, OPTION_OUTPUT, OPTION_NO_OUTPUT, OPTION_RESUME };

static const struct option options[] = {{"output", required_argument, NULL, OPTION_OUTPUT},
                                        {"resume", required_argument, NULL, OPTION_RESUME},
                                        {"no-output", no_argument, NULL, OPTION_NO_OUTPUT},
                                        {"threads", required_argument, NULL, OPTION_THREADS},
                                        {"no-cache", no_argument, NULL, OPTION_NO_CACHE},
                                        {"help", no_argument, NULL, CLI_HELP},
                                        {NULL, 0, NULL, 0}};

typedef struct parsed {
    ask_tell_folder folder;
    bool no_output, no_cache;
} parsed;

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    parsed *p = parsed_options;
    switch (option) {
    case OPTION_OUTPUT:
        p->folder.output = optarg;
        return true;
    case OPTION_RESUME:
        p->folder.resume = optarg;
        return true;
    case OPTION_NO_OUTPUT:
        return p->no_output = true;
    case OPTION_THREADS:
        return cli_set_threads("ask-tell", optarg, status);
    default:
        return p->no_cache = true;
    }
}

/* False: nothing more to do, *status says how it went. */
static bool parse(int argc, char **argv, parsed *p, exit_status *status)
{
    if (!cli_options(argc, argv, options, help, take_option, p, status)) return false;
    if ((p->folder.output != NULL) + (p->folder.resume != NULL) + p->no_output > 1) {
        *status = cli_usage("ask-tell", "--output, --resume and --no-output: give one of them");
        return false;
    }
    if (p->folder.resume && optind < argc) {
        *status = cli_usage("ask-tell",
                            "--resume DIR goes on with the configuration in DIR, without "
                            "a file or overrides; leave out '%s'",
                            argv[optind]);
        return false;
    }
    if (!p->no_cache) cli_use_cache();
    return true;
}

/* ---- being asked to stop --------------------------------------------------------------------- */

/* Threads that train look at it, too; lock-free, so a signal handler may set it. */
static atomic_int asked_to_stop;

/* The first signal asks; a second one ends the program at once. */
static void on_signal(int number)
{
    const int status = number == SIGINT ? STATUS_INTERRUPTED : STATUS_AGAIN;
    if (asked_to_stop) _exit(status);
    atomic_store(&asked_to_stop, status);
    lines_wake();
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

typedef struct session {
    ask_tell *trials;
    failure why;
    bool failed;
} session;

static bool is_over(void *argument)
{
    const session *s = argument;
    return asked_to_stop || s->failed;
}

/* Milliseconds until it wants to be called again; -1: never. */
static int rest(void *argument)
{
    session *s = argument;
    bool left = false;
    s->failed = s->failed || !ask_tell_idle(s->trials, &left, &s->why);
    return left ? 100 : -1;
}

static exit_status say_how_to_go_on(const char *results)
{
    if (results)
        fprintf(stderr, "slope: %s; go on with: slope ask-tell --resume %s\n",
                asked_to_stop == STATUS_INTERRUPTED ? "interrupted" : "asked to stop", results);
    return (exit_status)asked_to_stop;
}

static void answer_all(session *s, lines *in)
{
    const char *line;
    size_t length;
    ask_tell_greet(s->trials, stdout);
    while (fflush(stdout) == 0 && !is_over(s) &&
           (line = lines_next(in, &length, is_over, rest, s)) != NULL && length > 0)
        s->failed = !ask_tell_answer(s->trials, line, length, interrupted, stdout, &s->why);
}

/* `folder` NULL: nothing is kept. `trials` is gone afterwards. */
static exit_status serve(arena *a, ask_tell *trials, const ask_tell_folder *folder)
{
    session s = {.trials = trials};
    lines in = {0};
    failure second;
    s.failed = !lines_open(&s.why) || (folder && !ask_tell_open(trials, folder, &s.why));
    const char *results = ask_tell_results(trials);
    if (results) results = arena_strdup(a, results);
    watch_signals();
    if (!s.failed) answer_all(&s, &in);
    free(in.text);
    const bool stopped = asked_to_stop || s.failed;
    const bool closed = ask_tell_end(trials, stopped, s.failed ? &second : &s.why);
    if (s.failed || !closed) return cli_fail(&s.why);
    if (in.error) {
        fprintf(stderr, "slope: cannot read from standard input: %s\n", strerror(in.error));
        return STATUS_ENVIRONMENT;
    }
    return asked_to_stop ? say_how_to_go_on(results) : STATUS_OK;
}

/* ---- the command ----------------------------------------------------------------------------- */

/* FILE and its overrides, or what the folder has. */
static const experiment *load(arena *a, const parsed *p, int count, char **words,
                              exit_status *status)
{
    if (!p->folder.resume)
        return cli_load_experiment(a, "ask-tell", count, words, NULL, true, status);
    char *config = path_join(a, p->folder.resume, "config.yaml");
    if (file_exists(config))
        return cli_load_experiment(a, "ask-tell", 1, &config, NULL, true, status);
    failure why;
    failure_set(&why, STATUS_ENVIRONMENT, "cannot go on with '%s': it holds no config.yaml",
                p->folder.resume);
    *status = cli_fail(&why);
    return NULL;
}

exit_status command_ask_tell(int argc, char **argv)
{
    exit_status status;
    arena *a = arena_create();
    parsed p = {.folder.command = cli_command_line(a, argc, argv)}; /* before getopt moves words */
    if (parse(argc, argv, &p, &status)) {
        const experiment *e = load(a, &p, argc - optind, argv + optind, &status);
        diagnostics *errors = diagnostics_create(a);
        ask_tell *s = e ? ask_tell_create(e, errors) : NULL;
        if (s) {
            status = serve(a, s, p.no_output ? NULL : &p.folder);
        } else if (e) {
            diagnostics_print(errors, stderr);
            status = diagnostics_status(errors);
        }
    }
    arena_destroy(a);
    return status;
}
