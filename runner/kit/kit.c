/* kit/kit.c: running checks, each in a process of its own. See kit.h. */
#include "kit/private.h"

#include "base/files.h"
#include "host/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How a child tells its parent what came of the check. */
typedef struct verdict {
    bool ended; /* the check came to its own end */
    kit_outcome outcome;
    char situation[128];
    char text[1024];
} verdict;

static verdict *shared;     /* memory of both parent and child */
static unsigned time_limit; /* of the checks that run now, in seconds */

/* ---- in the child ---------------------------------------------------------------------------- */

static _Noreturn void end(kit_outcome outcome, const char *format, va_list args)
{
    const char *where = outcome == KIT_FAILED ? shared->situation : "";
    const int n = snprintf(shared->text, sizeof shared->text, "%s%s", where, where[0] ? ": " : "");
    vsnprintf(shared->text + n, sizeof shared->text - (size_t)n, format, args);
    shared->outcome = outcome;
    shared->ended = true;
    fflush(NULL);
    _exit(0);
}

void kit_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    end(KIT_FAILED, format, args);
}

void kit_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    end(KIT_SKIPPED, format, args);
}

void kit_note(const char *format, ...)
{
    const size_t length = strlen(shared->text);
    va_list args;
    va_start(args, format);
    vsnprintf(shared->text + length, sizeof shared->text - length, format, args);
    va_end(args);
}

void kit_situation(const char *text)
{
    snprintf(shared->situation, sizeof shared->situation, "%s", text);
}

static _Noreturn void run_child(const kit_check *check, subject *s, int output)
{
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGALRM, SIG_DFL);
    alarm(time_limit);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    s->memory = arena_create();
    check->run(s);
    fflush(NULL);
    shared->ended = true;
    _exit(0);
}

/* ---- in the parent --------------------------------------------------------------------------- */

double kit_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What the child printed, its first lines. */
static char *read_output(arena *a, int file)
{
    enum { MOST = 4000 };
    char *text = arena_alloc(a, MOST + 1);
    const ssize_t count = pread(file, text, MOST, 0);
    text[count > 0 ? count : 0] = '\0';
    return text;
}

/* The line of a sanitizer's report that says what is wrong, or the first line. */
static const char *telling_line(arena *a, const char *output)
{
    const char *const marks[] = {"ERROR: ", "runtime error: ", "WARNING: "};
    const char *from = NULL;
    for (size_t i = 0; from == NULL && i < sizeof marks / sizeof *marks; ++i)
        from = strstr(output, marks[i]);
    if (from == NULL) from = output;
    return arena_strndup(a, from, strcspn(from, "\n"));
}

static void judge(arena *a, kit_result *result, int status)
{
    const char *said = telling_line(a, result->output);
    const char *dash = said[0] != '\0' ? ": " : "";
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        result->text =
            arena_printf(a, "%s: it has not ended after %u seconds", shared->situation, time_limit);
    } else if (WIFSIGNALED(status)) {
        result->text = arena_printf(a, "%s: it crashes (%s)%s%s", shared->situation,
                                    strsignal(WTERMSIG(status)), dash, said);
    } else if (!shared->ended) {
        result->text = arena_printf(a, "%s: it ends the program, with status %d%s%s",
                                    shared->situation, WEXITSTATUS(status), dash, said);
    } else {
        result->outcome = shared->outcome;
        result->text = arena_strdup(a, shared->text);
        return;
    }
    result->outcome = KIT_FAILED;
}

static kit_result run_check(arena *a, const kit_check *check, subject *s)
{
    kit_result result = {.check = check->name, .text = "", .output = ""};
    const double start = kit_clock();
    const int output = memfd_create("slope-test", MFD_CLOEXEC);
    *shared = (verdict){.outcome = KIT_OK};
    fflush(NULL);
    const pid_t child = output < 0 ? -1 : fork();
    if (child == 0) run_child(check, s, output);
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (child < 0) {
        result.outcome = KIT_FAILED;
        result.text = arena_printf(a, "cannot start a process: %s", strerror(errno));
    } else {
        result.output = read_output(a, output);
        judge(a, &result, status);
    }
    if (output >= 0) close(output);
    result.seconds = kit_clock() - start;
    return result;
}

/* ---- one plugin ------------------------------------------------------------------------------ */

static void check_loads(subject *s)
{
    const slope_plugin *halves[2];
    failure why;
    if (!plugin_load(s->path, path_stem(s->memory, s->path), (slope_kind)0, halves, &why))
        kit_fail("%s", why.text);
}

static const kit_check loading[] = {{"can be loaded", check_loads, STANDS_ALONE},
                                    {NULL, NULL, STANDS_ALONE}};

static const kit_check *checks_of(slope_kind kind)
{
    switch (kind) {
    case SLOPE_KIND_READER:
        return reader_checks;
    case SLOPE_KIND_MODEL:
        return model_checks;
    case SLOPE_KIND_LOSS:
        return loss_checks;
    case SLOPE_KIND_OPTIMIZER:
        return optimizer_checks;
    case SLOPE_KIND_SCHEDULE:
        return schedule_checks;
    case SLOPE_KIND_SAMPLER:
        return sampler_checks;
    case SLOPE_KIND_PRUNER:
        break;
    }
    return pruner_checks;
}

typedef struct session {
    arena *memory;
    kit_report *report;
    kit_result *results;
    const kit_options *options;
    bool repeatable; /* as far as is known: otherwise comparisons say nothing */
    subject s;
} session;

static void run_list(session *t, const kit_check *checks)
{
    for (; checks->name != NULL; ++checks) {
        kit_report *r = t->report;
        kit_result *result = &t->results[r->count++];
        if (checks->place == COMPARES && !t->repeatable)
            *result =
                (kit_result){checks->name, KIT_SKIPPED, "it never gives the same twice", "", 0};
        else
            *result = run_check(t->memory, checks, &t->s);
        if (checks->place == DECIDES) t->repeatable = result->outcome != KIT_FAILED;
        r->failed += result->outcome == KIT_FAILED;
        r->skipped += result->outcome == KIT_SKIPPED;
        if (t->options->listener != NULL) t->options->listener(t->options->argument, r, result);
    }
}

/* After a child has loaded it and come to no harm. */
static bool load(session *t, failure *why)
{
    subject *s = &t->s;
    arena *a = t->memory;
    if (!plugin_load(s->path, path_stem(a, s->path), (slope_kind)0, s->halves, why)) return false;
    void *object = dlopen(s->path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    s->entry = object != NULL ? dlsym(object, SLOPE_ENTRY_SYMBOL) : NULL;
    if (s->entry == NULL)
        return failure_set(why, STATUS_ENVIRONMENT, "cannot find the entry of '%s' again", s->path);
    s->about = s->halves[FLOAT32];
    t->report->name = arena_printf(a, "%s %s", kind_name(s->about->kind), s->about->id);
    return true;
}

/* What the user gave must fit; what is missing is each check's business. */
static bool overrides_fit(session *t, failure *why)
{
    if (t->s.override_count == 0) return true;
    t->s.memory = t->memory;
    return usual_config(&t->s, why) != NULL || failure_context(why, "%s", t->report->name);
}

bool kit_test(arena *a, const char *path, const kit_options *options, kit_report *report,
              failure *why)
{
    enum { MOST_CHECKS = 64 };
    char *resolved = realpath(path, NULL);
    if (resolved == NULL)
        return failure_set(why, STATUS_ENVIRONMENT, "cannot open '%s': %s", path, strerror(errno));
    session t = {.memory = a,
                 .report = report,
                 .results = arena_alloc(a, MOST_CHECKS * sizeof(kit_result)),
                 .options = options,
                 .repeatable = true,
                 .s = {.path = arena_strdup(a, resolved),
                       .override_count = options->override_count,
                       .overrides = options->overrides}};
    free(resolved);
    time_limit = options->time_limit;
    *report = (kit_report){.path = path, .name = path_stem(a, path), .results = t.results};
    if (shared == NULL) {
        void *memory =
            mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) out_of_memory(sizeof *shared);
        shared = memory;
    }
    run_list(&t, loading);
    if (report->failed > 0) return true;
    if (!load(&t, why) || !overrides_fit(&t, why)) return false;
    run_list(&t, plugin_checks);
    run_list(&t, checks_of(t.s.about->kind));
    return true;
}
