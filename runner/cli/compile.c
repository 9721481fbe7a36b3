/* cli/compile.c: `slope compile`: a plugin of a C file, with all halves that slope_add_plugin() of
 * plugins/cmake gives to those that are built with CMake. The options stand there, for
 * both; CMakeLists.txt hands them on. The C compiler does the work. */
#include "cli/cli.h"
#include "cli/options.h"

#include "base/files.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
    "usage: slope compile FILE.c … [options] [-- FLAG…]\n"
    "\n"
    "Compiles plugins: of FILE.c becomes FILE.so beside it, for float32 and float64, and each for\n"
    "the instruction sets that a run chooses from; results have the same bits with all of them.\n"
    "Needs a C compiler: cc, or what the environment variable CC says. FLAGs are passed on to it.\n"
    "An earlier FILE.so is replaced only if all is well.\n"
    "\n"
    "  --output FILE  instead of FILE.so, of one plugin\n"
    "  --verbose      show the commands\n"
    "  --help         this text\n"
    "\n"
    "exit status: 0 compiled; 2 the compiler found something wrong, or wrong usage; 3 there is no\n"
    "compiler, or a file cannot be written.\n"
    "\n"
    "examples:\n"
    "  slope compile mine.c\n"
    "  slope compile mine.c -- -g -Werror\n";

/* The first one finds what is wrong with the file. */
static const struct {
    const char *isa, *options;
} variants[] = {{"baseline", ""},
#if defined(__x86_64__)
                {"avx2", SLOPE_PLUGIN_OPTIONS_AVX2},
                {"avx512", SLOPE_PLUGIN_OPTIONS_AVX512}
#endif
};

enum { VARIANTS = sizeof variants / sizeof *variants, HALVES = 2 * VARIANTS, OUTPUT = 1, VERBOSE };

typedef struct compilation {
    arena *memory;
    const char *output;
    bool verbose;
    char **flags; /* of the user */
    size_t flag_count;
    const char *include; /* folder of the headers */
    const char *folder;  /* for what is in between */
} compilation;

/* ---- commands -------------------------------------------------------------------------------- */

typedef struct words {
    const char **list; /* ends with NULL */
    size_t count;
} words;

static void add(words *w, const char *word)
{
    w->list[w->count++] = word;
}

static void add_each(words *w, arena *a, const char *text)
{
    for (size_t length; *text; text += length) {
        text += strspn(text, " ");
        length = strcspn(text, " ");
        if (length) add(w, arena_strndup(a, text, length));
    }
}

/* The shell takes CC apart, which may be several words. */
static words compiler(const compilation *c)
{
    enum { OURS = 64 };
    words w = {arena_alloc(c->memory, (OURS + c->flag_count) * sizeof *w.list), 0};
    add(&w, "sh");
    add(&w, "-c");
    add(&w, "exec ${CC:-cc} \"$@\"");
    add(&w, "slope compile");
    return w;
}

static const char *object(const compilation *c, size_t half)
{
    return arena_printf(c->memory, "%s/%zu.o", c->folder, half);
}

static words compile_half(const compilation *c, const char *source, size_t half)
{
    arena *a = c->memory;
    const size_t variant = half % VARIANTS;
    words w = compiler(c);
    add_each(&w, a, SLOPE_PLUGIN_OPTIONS " -c -O3 -fPIC -I");
    add(&w, c->include);
    add_each(&w, a, variants[variant].options);
    add(&w, half < VARIANTS ? "-DSLOPE_REAL_BITS=32" : "-DSLOPE_REAL_BITS=64");
    add(&w, "-DSLOPE_BOTH_PRECISIONS");
    if (variant)
        add(&w, arena_printf(a, "-DSLOPE_VARIANT=_%s", variants[variant].isa));
    else if (VARIANTS > 1)
        add(&w, "-DSLOPE_WIDE_HALVES");
    add_each(&w, a, half ? "-w" : "-Wall -Wextra"); /* once is enough */
    for (size_t i = 0; i < c->flag_count; i++) add(&w, c->flags[i]);
    add(&w, source);
    add(&w, "-o");
    add(&w, object(c, half));
    return w;
}

static words link_halves(const compilation *c, const char *output)
{
    words w = compiler(c);
    add(&w, "-shared");
    for (size_t half = 0; half < HALVES; half++) add(&w, object(c, half));
    for (size_t i = 0; i < c->flag_count; i++) add(&w, c->flags[i]);
    add(&w, "-lm");
    add(&w, "-o");
    add(&w, output);
    return w;
}

/* ---- running them ---------------------------------------------------------------------------- */

extern char **environ;

static void show(const words *w)
{
    const char *cc = getenv("CC");
    fputs(cc && *cc ? cc : "cc", stdout);
    for (size_t i = 4; i < w->count; i++) printf(" %s", w->list[i]);
    putchar('\n');
    fflush(stdout);
}

/* What this program ignores meanwhile, so that it can clean up: Ctrl-C is for the compiler, and a
 * pipe that nobody reads any more is no reason to leave a folder behind. */
static const int ignored[] = {SIGINT, SIGPIPE};
enum { IGNORED = sizeof ignored / sizeof *ignored };

static bool start(const compilation *c, const words *w, pid_t *child, failure *why)
{
    if (c->verbose) show(w);
    posix_spawnattr_t attributes;
    sigset_t usual;
    sigemptyset(&usual);
    for (size_t i = 0; i < IGNORED; i++) sigaddset(&usual, ignored[i]);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const int error = posix_spawnp(child, w->list[0], NULL, &attributes,
                                   (char *const *)(uintptr_t)w->list, environ);
    posix_spawnattr_destroy(&attributes);
    return !error ||
           failure_set(why, STATUS_ENVIRONMENT, "cannot start the compiler: %s", strerror(error));
}

static bool finish(const char *source, pid_t child, failure *why)
{
    enum { NOT_FOUND = 127 };
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return failure_set(why, STATUS_ENVIRONMENT, "lost the compiler: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return failure_set(why,
                           WTERMSIG(status) == SIGINT ? STATUS_INTERRUPTED : STATUS_ENVIRONMENT,
                           "the compiler was ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) == NOT_FOUND)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "there is no C compiler: install one (Debian: apt install gcc), or name "
                           "yours in the environment variable CC");
    return WEXITSTATUS(status) == 0 ||
           failure_set(why, STATUS_CONFIG, "'%s' cannot be compiled", source);
}

/* All at the same time. The first failure is told. */
static bool run_all(const compilation *c, const char *source, const words *commands, size_t count,
                    failure *why)
{
    pid_t children[HALVES];
    size_t started = 0;
    bool good = true;
    while (good && started < count) {
        good = start(c, &commands[started], &children[started], why);
        started += good;
    }
    for (size_t i = 0; i < started; i++) {
        failure later;
        good &= finish(source, children[i], good ? why : &later);
    }
    return good;
}

/* ---- a plugin -------------------------------------------------------------------------------- */

static bool make(const compilation *c, const char *source, const char *made, failure *why)
{
    words commands[HALVES], last;
    for (size_t half = 0; half < HALVES; half++) commands[half] = compile_half(c, source, half);
    last = link_halves(c, made);
    return run_all(c, source, commands, 1, why) &&
           run_all(c, source, commands + 1, HALVES - 1, why) && run_all(c, source, &last, 1, why);
}

static bool compile(const compilation *c, const char *source, failure *why)
{
    arena *a = c->memory;
    const char *temporary = getenv("TMPDIR");
    if (!temporary || !*temporary) temporary = "/tmp";
    char *folder = arena_printf(a, "%s/slope-compile-XXXXXX", temporary);
    if (!mkdtemp(folder))
        return failure_set(why, STATUS_ENVIRONMENT, "cannot make a folder in '%s': %s", temporary,
                           strerror(errno));
    compilation here = *c;
    here.folder = folder;
    const char *made = arena_printf(a, "%s/made.so", folder);
    const int stem = (int)strlen(source) - 2; /* without .c */
    const char *output = c->output ? c->output : arena_printf(a, "%.*s.so", stem, source);
    const bool good = make(&here, source, made, why) && file_copy(made, output, why);
    for (size_t half = 0; half < HALVES; half++) (void)remove(object(&here, half));
    (void)remove(made);
    (void)rmdir(folder);
    if (!good) return false;
    printf("wrote %s: float32 and float64, %s", output, variants[0].isa);
    for (size_t i = 1; i < VARIANTS; i++) printf(", %s", variants[i].isa);
    putchar('\n');
    return true;
}

/* Beside the folder of the program, in a build as in an installation. */
static const char *find_headers(arena *a, failure *why)
{
    const char *folder = path_join(a, path_of_program(a), "../include");
    if (file_exists(path_join(a, folder, "slope/plugin.h"))) return folder;
    failure_set(why, STATUS_ENVIRONMENT,
                "the headers of slope are not installed: there is no '%s/slope/plugin.h' (Debian: "
                "apt install slope-dev)",
                folder);
    return NULL;
}

/* ---- the command line ------------------------------------------------------------------------ */

static bool take_option(void *parsed, int option, exit_status *status)
{
    compilation *c = parsed;
    (void)status;
    if (option == OUTPUT)
        c->output = optarg;
    else
        c->verbose = true;
    return true;
}

static bool is_source(const char *path)
{
    const size_t length = strlen(path);
    return length > 2 && strcmp(path + length - 2, ".c") == 0;
}

static exit_status compile_all(compilation *c, char **sources, int count)
{
    failure why;
    c->include = find_headers(c->memory, &why);
    bool good = c->include != NULL;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before[IGNORED];
    for (size_t i = 0; i < IGNORED; i++) sigaction(ignored[i], &ignore, &before[i]);
    for (int i = 0; good && i < count; i++) good = compile(c, sources[i], &why);
    for (size_t i = 0; i < IGNORED; i++) sigaction(ignored[i], &before[i], NULL);
    return good ? STATUS_OK : cli_fail(&why);
}

exit_status command_compile(int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, OUTPUT},
                                            {"verbose", no_argument, NULL, VERBOSE},
                                            {"help", no_argument, NULL, CLI_HELP},
                                            {NULL, 0, NULL, 0}};
    int own = 1; /* words before the flags */
    while (own < argc && strcmp(argv[own], "--") != 0) own++;
    compilation c = {.flags = argv + (own < argc ? own + 1 : own)};
    c.flag_count = own < argc ? (size_t)(argc - own - 1) : 0;
    exit_status status;
    if (!cli_options(own, argv, options, help, take_option, &c, &status)) return status;
    if (optind == own) return cli_usage("compile", "which plugin? name its file, mine.c");
    for (int i = optind; i < own; i++) {
        if (!is_source(argv[i]))
            return cli_usage("compile",
                             "expected a C file, mine.c, not '%s' (flags for the compiler come "
                             "after --)",
                             argv[i]);
        failure why;
        if (!file_exists(argv[i])) {
            failure_set(&why, STATUS_ENVIRONMENT, "cannot open '%s': %s", argv[i],
                        strerror(ENOENT));
            return cli_fail(&why);
        }
    }
    if (c.output && own - optind > 1)
        return cli_usage("compile", "--output is for one plugin, not %d", own - optind);
    c.memory = arena_create();
    status = compile_all(&c, argv + optind, own - optind);
    arena_destroy(c.memory);
    return status;
}
