/* kit/plugins.c: what every plugin of every kind must keep to. */
#include "kit/private.h"

#include "config/bind.h"
#include "host/object_file.h"

#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id /* as in glibc 2.36 */
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* ---- the file -------------------------------------------------------------------------------- */

/* Names that a compiler or linker adds to every object. */
static bool added_by_tools(const char *name)
{
    const char *const tools[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    for (size_t i = 0; i < sizeof tools / sizeof *tools; ++i)
        if (strcmp(name, tools[i]) == 0) return true;
    return strncmp(name, "__odr_asan", 10) == 0 || strncmp(name, "__asan", 6) == 0;
}

static void exports_one_name(subject *s)
{
    failure why;
    const char *const *names;
    size_t count;
    if (!object_file_exports(s->memory, s->path, &names, &count, &why)) kit_fail("%s", why.text);
    for (size_t i = 0; i < count; ++i)
        if (strcmp(names[i], SLOPE_ENTRY_SYMBOL) != 0 && !added_by_tools(names[i]))
            kit_fail("it exports '%s': make it static, or compile with -fvisibility=hidden",
                     names[i]);
}

/* A sanitizer puts constructors into every object. */
static bool built_with_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;
#endif
#endif
    return false;
}

static void has_no_constructors(subject *s)
{
    enum { OF_THE_COMPILER = 1 }; /* frame_dummy, in every shared object that gcc or clang links */
    failure why;
    size_t count;
    if (built_with_sanitizer()) kit_skip("this slope is built with a sanitizer, which adds some");
    if (!object_file_constructors(s->path, &count, &why)) kit_fail("%s", why.text);
    if (count > OF_THE_COMPILER)
        kit_fail("it has code that runs when it is loaded (%zu functions): remove "
                 "__attribute__((constructor)) or -ffast-math",
                 count - OF_THE_COMPILER);
}

/* ---- what it says of itself ------------------------------------------------------------------ */

static void check_line(const char *what, const char *text)
{
    if (text == NULL || text[0] == 0) kit_fail("its %s is empty", what);
    if (text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z')
        kit_fail("its %s begins with a capital: %s", what, text);
    if (text[strlen(text) - 1] == '.') kit_fail("its %s ends with a full stop: %s", what, text);
    if (strchr(text, '\n') != NULL) kit_fail("its %s has more than one line", what);
    if (strlen(text) > 250) kit_fail("its %s is too long for a line: %s", what, text);
}

static void describes_itself(subject *s)
{
    const slope_plugin *about = s->about;
    check_line("summary", about->summary);
    if (about->description == NULL || about->description[0] == 0)
        kit_fail("its description is empty: name the formula and its source");
    if (strspn(about->version, "0123456789.") != strlen(about->version))
        kit_fail("its version '%s' is not of numbers and points", about->version);
    for (size_t i = 0; i < about->parameter_count; ++i) {
        const slope_parameter *p = parameter_at(about->parameters, about->parameter_size, i);
        check_line(arena_printf(s->memory, "doc of parameter '%s'", p->key), p->doc);
    }
}

static bool requires_something(const slope_plugin *about)
{
    for (size_t i = 0; i < about->parameter_count; ++i)
        if (parameter_at(about->parameters, about->parameter_size, i)->flags & SLOPE_REQUIRED)
            return true;
    return false;
}

/* (A reader may well need files of which its table knows nothing.) */
static void accepts_its_defaults(subject *s)
{
    failure why;
    const bool complete = s->about->kind != SLOPE_KIND_READER && !requires_something(s->about);
    if (usual_config(s, &why) != NULL) return;
    if (complete && why.text[0] == 0) kit_fail("its check refuses its defaults without a reason");
    if (complete) kit_fail("it refuses its own defaults: %s", why.text);
    kit_skip("it has parameters without default: give them as key=value");
}

static void knows_no_unknown_extension(subject *s)
{
    const char *const names[] = {"slope.nobody.has_defined_this/1", "", "slope"};
    for (size_t i = 0; s->about->extension != NULL && i < sizeof names / sizeof *names; ++i)
        if (s->about->extension(names[i]) != NULL)
            kit_fail("it knows an extension that nobody has defined: '%s'", names[i]);
}

/* ---- what it does to the process ------------------------------------------------------------- */

typedef struct surroundings {
    int rounding;
    uint32_t registers[2];
    bool subnormals;
    char locale[512], folder[512];
} surroundings;

static surroundings look_round(void)
{
    surroundings now = {.rounding = fegetround()};
    volatile float small = FLT_MIN;
    small /= 2;
    now.subnormals = small > 0;
#if defined(__x86_64__)
    fenv_t environment;
    fegetenv(&environment);
    now.registers[0] = environment.__control_word;
    now.registers[1] = environment.__mxcsr & ~0x3fu; /* low six bits: exception flags */
#endif
    snprintf(now.locale, sizeof now.locale, "%s", setlocale(LC_ALL, NULL));
    if (getcwd(now.folder, sizeof now.folder) == NULL) now.folder[0] = '\0';
    return now;
}

static void run_exercise(const subject *s, const void *config)
{
    trace out = {0};
    exercise(s, config, &out);
}

static void leaves_the_process_alone(subject *s)
{
    const surroundings before = look_round();
    with_every_config(s, run_exercise);
    const surroundings after = look_round();
    if (before.rounding != after.rounding || before.subnormals != after.subnormals ||
        memcmp(before.registers, after.registers, sizeof before.registers) != 0)
        kit_fail("it changes the floating-point environment");
    if (strcmp(before.locale, after.locale) != 0) kit_fail("it changes the locale");
    if (strcmp(before.folder, after.folder) != 0) kit_fail("it changes the current folder");
}

static void prints_nothing(subject *s)
{
    struct stat output;
    with_every_config(s, run_exercise);
    fflush(NULL);
    if (fstat(STDOUT_FILENO, &output) == 0 && output.st_size > 0)
        kit_fail("it prints: errors go through host->fail()");
}

/* ---- the same results ------------------------------------------------------------------------ */

static void twice(const subject *s, const void *config)
{
    trace one = {0}, other = {0};
    exercise(s, config, &one);
    exercise(s, config, &other);
    if (!trace_same(&one, &other))
        kit_fail("the second run gives other results than the first: it remembers something "
                 "outside what the host hands it (a static variable?)");
}

static void repeats_itself(subject *s)
{
    with_every_config(s, twice);
}

enum { AT_ONCE = 6 };

typedef struct crowd {
    const subject *s;
    const void *config;
    atomic_uint threads; /* that have come, a bit each */
    trace traces[AT_ONCE];
    arena *memory[AT_ONCE];
} crowd;

/* Each on its own numbers: what they share by mistake is then never the same by luck. */
static void exercise_one(crowd *c, size_t number)
{
    subject mine = *c->s;
    mine.memory = c->memory[number];
    mine.seed = number;
    exercise(&mine, c->config, &c->traces[number]);
}

static void alone_in_region(void *argument)
{
    for (size_t i = 0; i < AT_ONCE; ++i) exercise_one(argument, i);
}

/* Waits until a second thread is there, too. Not for ever, as there may be no other. */
static void meet(crowd *c)
{
    const double end = kit_clock() + 0.2;
    unsigned threads = atomic_fetch_or(&c->threads, 1u << thread_index());
    while (!(threads & (threads - 1)) && kit_clock() < end) {
        sched_yield();
        threads = atomic_load(&c->threads);
    }
}

static void give_way(int signal)
{
    const int before = errno;
    (void)signal;
    sched_yield();
    errno = before;
}

/* From now on the calling thread lets others go on every now and then, in the midst of what it
 * does. On a busy machine they may have to share a processor, and an exercise is so short that none
 * would begin before another is through. */
static timer_t interrupt_often(void)
{
    enum { INTERVAL = 50000 /* ns */ };
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event.sigev_notify_thread_id = gettid();
    const struct timespec interval = {.tv_nsec = INTERVAL};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        kit_fail("no timer: %s", strerror(errno));
    timer_settime(timer, 0, &(struct itimerspec){interval, interval}, NULL);
    return timer;
}

static void some_of_crowd(void *argument, size_t first, size_t last)
{
    const timer_t timer = interrupt_often();
    meet(argument);
    for (size_t i = first; i < last; ++i) exercise_one(argument, i);
    timer_delete(timer);
}

static void crowd_in_region(void *argument)
{
    parallel_for(AT_ONCE, 1, some_of_crowd, argument);
}

static void crowd_run(const subject *s, const void *config, void (*body)(void *argument), crowd *c)
{
    *c = (crowd){.s = s, .config = config};
    for (size_t i = 0; i < AT_ONCE; ++i) c->memory[i] = arena_create();
    team_region(body, c);
}

static void crowd_end(crowd *c)
{
    for (size_t i = 0; i < AT_ONCE; ++i) arena_destroy(c->memory[i]);
}

/* A data race shows by luck, so there are several rounds. */
static void at_once(const subject *s, const void *config)
{
    enum { ROUNDS = 12 };
    const struct sigaction yielding = {.sa_handler = give_way, .sa_flags = SA_RESTART};
    crowd *alone = arena_alloc(s->memory, sizeof *alone), *c = arena_alloc(s->memory, sizeof *c);
    const int rounds = s->about->kind == SLOPE_KIND_READER ? 1 : ROUNDS; /* data may be large */
    crowd_run(s, config, alone_in_region, alone);
    sigaction(SIGUSR1, &yielding, NULL);
    for (int round = 0; round < rounds; ++round) {
        crowd_run(s, config, crowd_in_region, c);
        for (size_t i = 0; i < AT_ONCE; ++i)
            if (!trace_same(&alone->traces[i], &c->traces[i]))
                kit_fail("it gives other results when several threads use it at once: it shares "
                         "memory between calls");
        crowd_end(c);
    }
    crowd_end(alone);
}

static void bears_threads(subject *s)
{
    threads_set(3);
    with_defaults(s, at_once);
}

/* ---- wider vectors --------------------------------------------------------------------------- */

static bool processor_has(const char *isa)
{
#if defined(__x86_64__)
    if (strcmp(isa, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (strcmp(isa, "avx512") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif
    (void)isa;
    return false;
}

static const slope_wide *wide_at(const slope_entry *entry, size_t i)
{
    return (const void *)((const char *)entry->wide + i * entry->wide_size);
}

static size_t wide_count(const slope_entry *entry)
{
    return entry->size >= SIZE_THROUGH(slope_entry, wide_size) ? entry->wide_count : 0;
}

static void every_width(const subject *s, const void *config)
{
    subject base = *s;
    trace usual = {0};
    base.about = s->p == FLOAT64 ? s->entry->float64 : s->entry->float32;
    exercise(&base, config, &usual);
    for (size_t i = 0; i < wide_count(s->entry); ++i) {
        const slope_wide *wide = wide_at(s->entry, i);
        subject other = *s;
        trace out = {0};
        other.about = s->p == FLOAT64 ? wide->float64 : wide->float32;
        if (!processor_has(wide->isa) || other.about == NULL) continue;
        exercise(&other, config, &out);
        if (!trace_same(&usual, &out))
            kit_fail("compiled for %s it gives other bits: compile with -ffp-contract=off, and "
                     "let no result depend on the instruction set",
                     wide->isa);
    }
}

static void same_on_wide_vectors(subject *s)
{
    size_t runnable = 0;
    for (size_t i = 0; i < wide_count(s->entry); ++i)
        runnable += processor_has(wide_at(s->entry, i)->isa);
    if (wide_count(s->entry) == 0) kit_skip("it is compiled for the baseline only");
    if (runnable == 0) kit_skip("this processor has no wider vectors");
    with_every_config(s, every_width);
}

const kit_check plugin_checks[] = {
    {"exports one name", exports_one_name, STANDS_ALONE},
    {"runs nothing when it is loaded", has_no_constructors, STANDS_ALONE},
    {"describes itself", describes_itself, STANDS_ALONE},
    {"accepts its defaults", accepts_its_defaults, STANDS_ALONE},
    {"knows no unknown extension", knows_no_unknown_extension, STANDS_ALONE},
    {"leaves the process alone", leaves_the_process_alone, STANDS_ALONE},
    {"prints nothing", prints_nothing, STANDS_ALONE},
    {"gives the same again", repeats_itself, DECIDES},
    {"gives the same on several threads", bears_threads, COMPARES},
    {"gives the same on wider vectors", same_on_wide_vectors, COMPARES},
    {NULL, NULL, STANDS_ALONE},
};
